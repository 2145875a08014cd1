"""Grouping the faces of a dataset into people, under everything that humans have decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, delete, insert, select, update

from core.clustering import Constraints, carry, group
from core.foundation.errors import Conflict
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.people.assigning import carry_separations
from core.people.encoders import encoder_of, threshold_of
from core.people.naming_by_folder import confirm_identities
from core.people.vectors import FaceVectors, face_vectors
from db.batching import id_batches
from db.engine import reading
from db.queries.people.decisions import last_decision
from db.queries.people.ownership import Ownership, ownerships, separations
from db.tables import Assignment, Person, Source, now
from db.writing import writing

_NOBODY: Final = -1
_ATTEMPTS: Final = 5


@dataclass(frozen=True)
class _Known:
    """What is known about N faces before they are grouped."""

    faces: FaceVectors
    ownerships: dict[int, Ownership]
    separations: list[tuple[int, int]]
    decision: int


def group_people(
    workspace: Workspace,
    *,
    dataset_id: int,
    run_id: int,
    encoder: str | None = None,
    threshold: float | None = None,
    regroup: bool = False,
    progress: Progress | None = None,
) -> dict[str, float | int]:
    """Join faces into people by average linkage at a threshold.

    People who exist stay as they are, and new faces join one of them or form new people. Only with `regroup` are faces
    that a machine has placed, in people without a name, grouped afresh. Human rows are never changed.

    The threshold is the one given, else the one saved last for this dataset and encoder, else the encoder's own.

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
    progress = progress or Progress()
    version = encoder_of(workspace, dataset_id, encoder)
    value = threshold if threshold is not None else threshold_of(workspace, dataset_id, version)
    confirm_identities(workspace, dataset_id=dataset_id, run_id=run_id)
    for _ in range(_ATTEMPTS):
        known = _known(workspace, dataset_id, version.id)
        progress.begin(len(known.faces.instances), message="Grouping faces into people")
        together, decided = _anchors(known, regroup)
        labels = group(known.faces.vectors, value, _constraints(known, together, decided), _share_of(progress, known))
        with writing(workspace.engine) as session:
            if _still_true(known, dataset_id, session=session):
                people = _store(known, labels, together, decided, dataset_id, run_id, session=session)
                return {"faces": len(labels), "people": people, "threshold": value}
    raise Conflict("people.changed_while_grouped")


def _share_of(progress: Progress, known: _Known) -> Callable[[float], None]:
    count = len(known.faces.instances)
    return lambda share: progress.advance(round(share * count))


def _known(workspace: Workspace, dataset_id: int, encoder_id: int) -> _Known:
    with reading(workspace.engine) as session:
        decision = last_decision(dataset_id, session=session)
        return _Known(
            face_vectors(workspace, dataset_id, encoder_id, session=session),
            ownerships(dataset_id, session=session),
            list(separations(dataset_id, session=session)),
            decision,
        )


def _still_true(known: _Known, dataset_id: int, *, session: Session) -> bool:
    """Whether nobody decided anything meanwhile, and no other run placed or confirmed a face."""
    return (
        last_decision(dataset_id, session=session) == known.decision
        and ownerships(dataset_id, session=session) == known.ownerships
        and set(separations(dataset_id, session=session)) == set(known.separations)
    )


def _anchors(known: _Known, regroup: bool) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """For each face the person it stays with (-1: free), and whether that person never joins another such person.

    Those are people that a human has decided about, and without `regroup` all who exist: a join has no undo.
    """
    humans = {item.person_id for item in known.ownerships.values() if item.human or item.named}
    together = np.full(len(known.faces.instances), _NOBODY, dtype=np.int64)
    decided = np.zeros(len(together), dtype=bool)
    for row, instance in enumerate(known.faces.instances.tolist()):
        item = known.ownerships.get(instance)
        if item is not None and (item.human or item.named or not regroup):
            together[row] = item.person_id
            decided[row] = not regroup or item.person_id in humans
    return together, decided


def _constraints(known: _Known, together: NDArray[np.int64], decided: NDArray[np.bool_]) -> Constraints:
    return Constraints(
        together=together,
        decided=frozenset(together[decided].tolist()),
        photos=known.faces.images,
        apart=_apart(known, together),
    )


def _apart(known: _Known, together: NDArray[np.int64]) -> NDArray[np.int64]:
    """(M, 2) rows of every two faces that must not meet, the lower one first, each pair once.

    One row stands for all faces that stay together anyway.
    """
    stands = _representatives(together)
    row_of = {instance: row for row, instance in enumerate(known.faces.instances.tolist())}
    apart_from: dict[int, set[int]] = defaultdict(set)
    for instance, person in known.separations:
        if instance in row_of and _owner(known, instance) != person:
            apart_from[person].add(int(stands[row_of[instance]]))
    ends: dict[int, set[int]] = defaultdict(set)
    for row, instance in enumerate(known.faces.instances.tolist()):
        ends[_owner(known, instance)].add(int(stands[row]))
    pairs = [np.zeros((0, 2), np.int64)]
    for person, rows in apart_from.items():
        if person in ends:
            mine, theirs = (np.array(sorted(side), np.int64) for side in (rows, ends[person]))
            pairs.append(np.stack([np.repeat(mine, len(theirs)), np.tile(theirs, len(mine))], axis=1))
    # As one number each, since NumPy finds equal numbers many times faster than equal rows.
    codes = np.unique(np.sort(np.concatenate(pairs), axis=1) @ np.array([len(together), 1]))
    return np.stack(np.divmod(codes, max(len(together), 1)), axis=1)


def _representatives(together: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) the first row of those that each row stays together with; a free face stands for itself."""
    rows = np.arange(len(together))
    _, first, group_of = np.unique(together, return_index=True, return_inverse=True)
    return np.where(together == _NOBODY, rows, first[group_of]).astype(np.int64)


def _store(
    known: _Known,
    labels: NDArray[np.int64],
    together: NDArray[np.int64],
    decided: NDArray[np.bool_],
    dataset_id: int,
    run_id: int,
    *,
    session: Session,
) -> int:
    instances = known.faces.instances.tolist()
    previous = np.array([_owner(known, instance) for instance in instances], dtype=np.int64)
    carried = carry(labels, previous, np.where(decided, together, _NOBODY))
    person_of = {label: person or _new_person(dataset_id, session=session) for label, person in carried.items()}
    placed = {
        instance: person_of[label]
        for instance, label in zip(instances, labels.tolist(), strict=True)
        if not (instance in known.ownerships and known.ownerships[instance].human)
    }
    _replace_automatic(placed, known, dataset_id, run_id, session=session)
    carry_separations(placed, known.ownerships, known.separations, session=session)
    _retire_empty(dataset_id, session=session)
    return len(person_of)


def _owner(known: _Known, instance: int) -> int:
    item = known.ownerships.get(instance)
    return item.person_id if item else _NOBODY


def _new_person(dataset_id: int, *, session: Session) -> int:
    person = Person(dataset_id=dataset_id)
    session.add(person)
    session.flush()
    return person.id


def _replace_automatic(
    placed: dict[int, int], known: _Known, dataset_id: int, run_id: int, *, session: Session
) -> None:
    """Write the rows whose person changed; the others keep the run that first placed them."""
    changed = [instance for instance, person in placed.items() if _owner(known, instance) != person]
    for part in id_batches(changed):
        session.exec(delete(Assignment).where(col(Assignment.instance_id).in_(part)))
    common = {"dataset_id": dataset_id, "source": Source.MODEL, "run_id": run_id, "at": now()}
    rows = [{"instance_id": instance, "person_id": placed[instance], **common} for instance in changed]
    if rows:
        session.connection().execute(insert(Assignment), rows)


def _retire_empty(dataset_id: int, *, session: Session) -> None:
    """People without a name and without a face are nobody; a human's person stays."""
    has_face = select(Assignment.instance_id).where(Assignment.person_id == Person.id).exists()
    session.exec(
        update(Person)
        .where(
            col(Person.dataset_id) == dataset_id,
            col(Person.active),
            col(Person.name).is_(None),
            col(Person.created_by).is_(None),
            ~has_face,
        )
        .values(active=False)
    )
