"""Grouping the faces of a dataset into people, under everything that humans have decided."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np
from sqlmodel import Session, col, delete, insert

from core.clustering.constraints import Constraints
from core.clustering.identity import carry_person_ids
from core.clustering.linkage import group
from core.foundation.arrays import Ints
from core.foundation.errors import Conflict
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.models import pair_finder
from core.people.assigning import carry_separations, record
from core.people.encoders import encoder_of, threshold_of
from core.people.evidence import NOBODY, Evidence
from core.people.kept_trees import kept_tree
from core.people.naming_by_folder import confirm_identities
from db.batching import id_batches
from db.tables import Assignment, PeopleEvent, Run, Source, now
from db.writes.people import add_person
from db.writing import writing

_ATTEMPTS: Final = 5


def group_people(
    workspace: Workspace,
    *,
    dataset_id: int,
    run_id: int,
    encoder: str | None = None,
    threshold: float | None = None,
    regroup: bool = False,
    decision: bool = False,
    progress: Progress = DEAF,
) -> dict[str, float | int]:
    """Join faces into people by average linkage at a threshold.

    People who exist stay as they are, and new faces join one of them or form new people. Only with `regroup` are faces
    that a machine has placed, in people without a name, grouped afresh. Human rows are never changed. Poor faces
    (`core.people.quality.reason_of`) found nobody and join nobody: each is given to whom it is nearest, where that is
    near and plain enough, else to somebody who is seen once.

    The threshold is the one given, else the one saved last for this dataset and encoder, else the encoder's own.

    A grouping that somebody has asked for (`decision`, and always with `regroup`) and that changes something is a
    decision of the run's author: it stands in the history and can be undone.

    Returns
    -------
    dict
        ``faces``, ``people``, ``threshold``.

    Raises
    ------
    NotFound
        If no face of the dataset has an embedding of that encoder.
    Conflict
        If decisions keep coming in faster than the faces can be grouped.
    """
    version = encoder_of(workspace, dataset_id, encoder)
    value = threshold if threshold is not None else threshold_of(workspace, dataset_id, version)
    confirm_identities(workspace, dataset_id=dataset_id, run_id=run_id)
    for _ in range(_ATTEMPTS):
        evidence = Evidence.of(workspace, dataset_id, version.id)
        count = len(evidence.faces.instances)
        progress.begin(count, message=message("progress.grouping"))
        limits = evidence.limits(regroup=regroup)
        kept = kept_tree(workspace, dataset_id, version.id, least=value, regroup=regroup)
        if kept is not None and np.array_equal(kept.instances, evidence.faces.instances):
            labels = kept.tree.cut(value)
        else:
            gate = evidence.gate(limits, workspace.settings.attach_margin)
            tell = partial(_tell, progress, count)
            labels = group(
                evidence.faces.vectors, value, limits, tell, gate, pair_finder(workspace.settings.device, count)
            )
        with writing(workspace.engine) as session:
            if evidence.is_still_true(dataset_id, session=session):
                at = value if decision or regroup else None
                people = _store(evidence, labels, limits, dataset_id, run_id, at, session=session)
                return {"faces": len(labels), "people": people, "threshold": value}
    raise Conflict("people.changed_while_grouped")


def _tell(progress: Progress, count: int, share: float) -> None:
    progress.advance(round(share * count))


def _store(
    evidence: Evidence,
    labels: Ints,
    limits: Constraints,
    dataset_id: int,
    run_id: int,
    threshold: float | None,
    *,
    session: Session,
) -> int:
    """Write who is who now, as a decision where a `threshold` says so; how many people there are."""
    instances = evidence.faces.instances.tolist()
    decided = np.where(np.isin(limits.together, list(limits.decided)), limits.together, NOBODY)
    people = carry_person_ids(labels, evidence.people(), decided)
    made = {label: add_person(dataset_id, session=session).id for label, person in people.items() if person is None}
    person_of = {label: person or made[label] for label, person in people.items()}
    person_by_face = {
        instance: person_of[label]
        for instance, label in zip(instances, labels.tolist(), strict=True)
        if not (instance in evidence.ownerships and evidence.ownerships[instance].human)
    }
    changed = [instance for instance, person in person_by_face.items() if evidence.person_of(instance) != person]
    if changed and threshold is not None:
        event = _record(changed, list(made.values()), threshold, dataset_id, run_id, session=session)
        carry_separations(person_by_face, evidence.ownerships, event, session=session)
    _replace_automatic(
        {instance: person_by_face[instance] for instance in changed}, dataset_id, run_id, session=session
    )
    return len(person_of)


def _record(
    changed: Sequence[int], made: Sequence[int], threshold: float, dataset_id: int, run_id: int, *, session: Session
) -> PeopleEvent:
    """The decision to group again. Undone, the people that it has made disappear; those who were there stay."""
    run = session.get_one(Run, run_id)
    summary = message("decisions.grouped", threshold=threshold, faces=len(changed))
    event = record("group", summary, dataset_id, changed, [], run.author_id, session=session)
    event.payload = {**event.payload, "people": list(made)}
    return event


def _replace_automatic(person_by_face: dict[int, int], dataset_id: int, run_id: int, *, session: Session) -> None:
    """Write the rows whose person changed; the others keep the run that first placed them."""
    for part in id_batches(person_by_face):
        session.exec(delete(Assignment).where(col(Assignment.instance_id).in_(part)))
    common = {"dataset_id": dataset_id, "source": Source.MODEL, "run_id": run_id, "at": now()}
    rows = [{"instance_id": instance, "person_id": person, **common} for instance, person in person_by_face.items()]
    if rows:
        session.exec(insert(Assignment), params=rows)
