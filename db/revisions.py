"""How often a dataset has changed: whoever keeps figures keeps them under this, and no writer has to think of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState
from sqlmodel import Session, SQLModel, col, select, update

from db.batching import id_batches
from db.tables import (
    Assignment,
    Dataset,
    Exclusion,
    Frame,
    GroupPart,
    Image,
    Instance,
    KeypointRevision,
    ModelUse,
    PeopleEvent,
    Person,
    Prediction,
    Promotion,
    TrainedModel,
    Video,
)

# What the figures of models, the counts of labels and the order of what to label next are made of.
_COUNTED: Final[dict[str, tuple[type[SQLModel], ...]]] = {
    "revision": (
        *(Assignment, Exclusion, Frame, GroupPart, Image, Instance, KeypointRevision, ModelUse, PeopleEvent, Person),
        *(Prediction, TrainedModel),
    ),
    "ranking_revision": (Exclusion, GroupPart, Prediction, Promotion, TrainedModel),
}
_OWNERS: Final = ("dataset_id", "instance_id", "video_id")
_ALL: Final = ("dataset_id", None)  # a statement over many rows does not say whose they are

_Owner = tuple[str, int | None]


class DatasetChanges:
    """Which datasets a session changes from now on."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._owners: dict[str, set[_Owner]] = defaultdict(set)
        event.listen(session, "after_flush", self._after_flush)
        event.listen(session, "do_orm_execute", self._before_statement)

    def count(self) -> None:
        """Let the counters of the changed datasets rise, inside the transaction."""
        self._session.flush()
        for column, owners in self._owners.items():
            one_more = update(Dataset).values({column: getattr(Dataset, column) + 1})
            if _ALL not in owners:
                one_more = one_more.where(col(Dataset.id).in_(_datasets(owners, self._session)))
            self._session.connection().execute(one_more)

    def _after_flush(self, session: Session, _context: object) -> None:
        dirty = [row for row in session.dirty if session.is_modified(row)]
        for row in (*session.new, *dirty, *session.deleted):
            self._note(type(row), _owner(row))

    def _before_statement(self, state: ORMExecuteState) -> None:
        if not state.is_select and state.bind_mapper is not None:
            self._note(state.bind_mapper.class_, _ALL)

    def _note(self, table: type, owner: _Owner) -> None:
        for column, tables in _COUNTED.items():
            if table in tables:
                self._owners[column].add(owner)


def _owner(row: Any) -> _Owner:
    return next(((name, getattr(row, name)) for name in _OWNERS if hasattr(row, name)), _ALL)


def _datasets(owners: set[_Owner], session: Session) -> set[int]:
    known = {number for name, number in owners if name == "dataset_id" and number is not None}
    for name, table in (("instance_id", Instance), ("video_id", Video)):
        for part in id_batches([number for owner, number in owners if owner == name]):
            known |= set(session.exec(select(table.dataset_id).where(col(table.id).in_(part)).distinct()))
    return known
