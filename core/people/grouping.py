"""Grouping the faces of a dataset into people, under everything that humans have decided."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlmodel import Session, col, delete, insert

from core.clustering.constraints import Constraints
from core.clustering.identity import carry_person_ids
from core.clustering.linkage import group
from core.foundation.arrays import Bools, Ints
from core.foundation.errors import Conflict
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.people.assigning import carry_separations, record
from core.people.encoders import encoder_of, threshold_of
from core.people.naming_by_folder import confirm_identities
from core.people.vectors import FaceVectors, face_vectors
from db.batching import id_batches
from db.engine import reading
from db.queries.people.decisions import last_decision
from db.queries.people.ownership import Ownership, ownerships, separations
from db.tables import Assignment, PeopleEvent, Run, Source, now
from db.writes.people import add_person
from db.writing import writing

_NOBODY: Final = -1
_ATTEMPTS: Final = 5


@dataclass(frozen=True)
class _Evidence:
    """What is known about N faces before they are grouped."""

    faces: FaceVectors
    ownerships: dict[int, Ownership]
    separations: list[tuple[int, int]]
    decision: int


@dataclass(frozen=True)
class GroupingPreview:
    """What a grouping would change.

    Attributes
    ----------
    people_now, people_then
        How many people have faces.
    placed
        Faces of nobody that would be somebody's.
    split
        Person id to the faces of each part that they would fall into, the largest first.
    joined
        For each group that faces of several people would be in: person id to their faces in it.
    """

    people_now: int
    people_then: int
    placed: int
    split: dict[int, list[list[int]]]
    joined: list[dict[int, list[int]]]

    @property
    def changes(self) -> bool:
        """Whether anything would."""
        return bool(self.placed or self.split or self.joined)


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
    that a machine has placed, in people without a name, grouped afresh. Human rows are never changed.

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
        evidence = _evidence(workspace, dataset_id, version.id)
        progress.begin(len(evidence.faces.instances), message=message("progress.grouping"))
        labels, together, decided = _grouped(evidence, value, regroup, _share_of(progress, evidence))
        with writing(workspace.engine) as session:
            if _still_true(evidence, dataset_id, session=session):
                at = value if decision or regroup else None
                people = _store(evidence, labels, together, decided, dataset_id, run_id, at, session=session)
                return {"faces": len(labels), "people": people, "threshold": value}
    raise Conflict("people.changed_while_grouped")


def preview_grouping(
    workspace: Workspace,
    dataset_id: int,
    encoder_id: int,
    threshold: float,
    *,
    regroup: bool,
    progress: Progress = DEAF,
) -> GroupingPreview:
    """What `group_people` would change, without changing it: who would be split, who joined, which faces find a place.

    What it confirms beforehand by the names of folders is not looked at. It takes as long as the grouping.
    """
    evidence = _evidence(workspace, dataset_id, encoder_id)
    progress.begin(len(evidence.faces.instances), message=message("progress.looking_at_grouping"))
    labels, _, _ = _grouped(evidence, threshold, regroup, _share_of(progress, evidence))
    instances = evidence.faces.instances.tolist()
    parts: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for instance, label in zip(instances, labels.tolist(), strict=True):
        parts[_owner(evidence, instance)][label].append(instance)
    placed = sum(len(faces) for faces in parts.pop(_NOBODY, {}).values())
    split = {
        person: sorted(faces.values(), key=lambda part: (-len(part), part))
        for person, faces in sorted(parts.items())
        if len(faces) > 1
    }
    heirs: dict[int, dict[int, list[int]]] = defaultdict(dict)
    for person, faces in parts.items():
        for label, part in faces.items():
            heirs[label][person] = part
    joined = [people for _, people in sorted(heirs.items()) if len(people) > 1]
    return GroupingPreview(len(parts), len(set(labels.tolist())), placed, split, joined)


def _grouped(
    evidence: _Evidence, threshold: float, regroup: bool, report: Callable[[float], None] | None
) -> tuple[Ints, Ints, Bools]:
    """The new group of each face; and whom it stays with, and whether that person joins no other (`_anchors`)."""
    together, decided = _anchors(evidence, regroup)
    constraints = Constraints(
        together=together,
        decided=frozenset(together[decided].tolist()),
        photos=evidence.faces.images,
        apart=_forbidden_pairs(evidence, together),
    )
    return group(evidence.faces.vectors, threshold, constraints, report), together, decided


def _share_of(progress: Progress, evidence: _Evidence) -> Callable[[float], None]:
    count = len(evidence.faces.instances)
    return lambda share: progress.advance(round(share * count))


def _evidence(workspace: Workspace, dataset_id: int, encoder_id: int) -> _Evidence:
    with reading(workspace.engine) as session:
        decision = last_decision(dataset_id, session=session)
        return _Evidence(
            face_vectors(workspace, dataset_id, encoder_id, session=session),
            ownerships(dataset_id, session=session),
            list(separations(dataset_id, session=session)),
            decision,
        )


def _still_true(evidence: _Evidence, dataset_id: int, *, session: Session) -> bool:
    """Whether nobody decided anything meanwhile, and no other run placed or confirmed a face."""
    return (
        last_decision(dataset_id, session=session) == evidence.decision
        and ownerships(dataset_id, session=session) == evidence.ownerships
        and set(separations(dataset_id, session=session)) == set(evidence.separations)
    )


def _anchors(evidence: _Evidence, regroup: bool) -> tuple[Ints, Bools]:
    """For each face the person it stays with (-1: free), and whether that person never joins another such person.

    Those are people that a human has decided about, and without `regroup` all who exist: a join has no undo.
    """
    humans = {owner.person_id for owner in evidence.ownerships.values() if owner.human or owner.named}
    together = np.full(len(evidence.faces.instances), _NOBODY, dtype=np.int64)
    decided = np.zeros(len(together), dtype=bool)
    for row, instance in enumerate(evidence.faces.instances.tolist()):
        owner = evidence.ownerships.get(instance)
        if owner is not None and (owner.human or owner.named or not regroup):
            together[row] = owner.person_id
            decided[row] = not regroup or owner.person_id in humans
    return together, decided


def _forbidden_pairs(evidence: _Evidence, together: Ints) -> Ints:
    """(M, 2) rows of every two faces that must not meet, the lower one first, each pair once.

    One row stands for all faces that stay together anyway.
    """
    stands = _representatives(together)
    row_of = {instance: row for row, instance in enumerate(evidence.faces.instances.tolist())}
    apart_from: dict[int, set[int]] = defaultdict(set)
    for instance, person in evidence.separations:
        if instance in row_of and _owner(evidence, instance) != person:
            apart_from[person].add(int(stands[row_of[instance]]))
    ends: dict[int, set[int]] = defaultdict(set)
    for row, instance in enumerate(evidence.faces.instances.tolist()):
        ends[_owner(evidence, instance)].add(int(stands[row]))
    pairs = [np.zeros((0, 2), np.int64)]
    for person, rows in apart_from.items():
        if person in ends:
            mine, theirs = (np.array(sorted(side), np.int64) for side in (rows, ends[person]))
            pairs.append(np.stack([np.repeat(mine, len(theirs)), np.tile(theirs, len(mine))], axis=1))
    # As one number each, since NumPy finds equal numbers many times faster than equal rows.
    codes = np.unique(np.sort(np.concatenate(pairs), axis=1) @ np.array([len(together), 1]))
    return np.stack(np.divmod(codes, max(len(together), 1)), axis=1)


def _representatives(together: Ints) -> Ints:
    """(N,) the first row of those that each row stays together with; a free face stands for itself."""
    rows = np.arange(len(together))
    _, first, group_of = np.unique(together, return_index=True, return_inverse=True)
    return np.where(together == _NOBODY, rows, first[group_of]).astype(np.int64)


def _store(
    evidence: _Evidence,
    labels: Ints,
    together: Ints,
    decided: Bools,
    dataset_id: int,
    run_id: int,
    threshold: float | None,
    *,
    session: Session,
) -> int:
    """Write who is who now, as a decision where a `threshold` says so; how many people there are."""
    instances = evidence.faces.instances.tolist()
    previous = np.array([_owner(evidence, instance) for instance in instances], dtype=np.int64)
    people = carry_person_ids(labels, previous, np.where(decided, together, _NOBODY))
    made = {label: add_person(dataset_id, session=session).id for label, person in people.items() if person is None}
    person_of = {label: person or made[label] for label, person in people.items()}
    person_by_face = {
        instance: person_of[label]
        for instance, label in zip(instances, labels.tolist(), strict=True)
        if not (instance in evidence.ownerships and evidence.ownerships[instance].human)
    }
    changed = [instance for instance, person in person_by_face.items() if _owner(evidence, instance) != person]
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


def _owner(evidence: _Evidence, instance: int) -> int:
    owner = evidence.ownerships.get(instance)
    return owner.person_id if owner else _NOBODY


def _replace_automatic(person_by_face: dict[int, int], dataset_id: int, run_id: int, *, session: Session) -> None:
    """Write the rows whose person changed; the others keep the run that first placed them."""
    for part in id_batches(person_by_face):
        session.exec(delete(Assignment).where(col(Assignment.instance_id).in_(part)))
    common = {"dataset_id": dataset_id, "source": Source.MODEL, "run_id": run_id, "at": now()}
    rows = [{"instance_id": instance, "person_id": person, **common} for instance, person in person_by_face.items()]
    if rows:
        session.exec(insert(Assignment), params=rows)
