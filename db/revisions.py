"""How often a dataset has changed: whoever keeps figures keeps them under this, and no writer has to think of it."""

from collections import defaultdict
from functools import cache
from typing import Any, Final, cast

from sqlalchemy import Update, bindparam, event, update
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session, SQLModel, select

from db.batching import id_batches
from db.tables import (
    Assignment,
    Dataset,
    Exclusion,
    FaceQuality,
    Frame,
    GroupPart,
    Image,
    ImagePath,
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
        *(Assignment, Exclusion, Frame, GroupPart, Image, ImagePath, Instance, KeypointRevision, ModelUse, PeopleEvent),
        *(Person, Prediction, TrainedModel, Video, FaceQuality),
    ),
    # Which pictures a list of names leaves out follows from their paths too.
    "ranking_revision": (Exclusion, GroupPart, ImagePath, Prediction, Promotion, TrainedModel),
}
_OWNERS: Final[dict[str, Any]] = {"instance_id": Instance, "video_id": Video, "image_id": Image}
_DATASETS: Final = Dataset.__table__  # type: ignore[attr-defined]
_ALL: Final = ("dataset_id", None)  # a statement over many rows does not say whose they are

_Owner = tuple[str, int | None]


class CountingSession(Session):
    """A session that knows which datasets it changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owners: dict[str, set[_Owner]] = defaultdict(set)

    def note(self, table: type, owner: _Owner) -> None:
        """Remember that a row of a table is changed, and what says whose it is."""
        for column, tables in _COUNTED.items():
            if table in tables:
                self.owners[column].add(owner)

    def count_changes(self) -> None:
        """Let the counters of the changed datasets rise, inside the transaction."""
        self.flush()
        for column, owners in self.owners.items():
            if _ALL in owners:
                self.connection().execute(_one_more(column, every=True))
            elif changed := _datasets(owners, self):
                self.connection().execute(_one_more(column), [{"dataset": dataset} for dataset in changed])


@cache
def _one_more(column: str, *, every: bool = False) -> Update:
    """Put together once for each counter: it stands at the end of every transaction."""
    one_more = update(_DATASETS).values({column: _DATASETS.c[column] + 1})
    return one_more if every else one_more.where(_DATASETS.c.id == bindparam("dataset"))


@event.listens_for(CountingSession, "after_flush")
def _after_flush(session: CountingSession, _context: object) -> None:
    dirty = [row for row in session.dirty if session.is_modified(row)]
    for row in (*session.new, *dirty, *session.deleted):
        if isinstance(row, _COUNTED["revision"] + _COUNTED["ranking_revision"]):
            session.note(type(row), _owner(row, session))


@event.listens_for(CountingSession, "do_orm_execute")
def _before_statement(state: ORMExecuteState) -> None:
    if not state.is_select and state.bind_mapper is not None:
        cast(CountingSession, state.session).note(state.bind_mapper.class_, _ALL)


def _owner(row: Any, session: Session) -> _Owner:
    """The dataset of a row where that is known without a read, else the instance or clip that it belongs to."""
    if hasattr(row, "dataset_id"):
        return "dataset_id", row.dataset_id
    name, table = next((name, table) for name, table in _OWNERS.items() if hasattr(row, name))
    owner = session.identity_map.get(identity_key(table, getattr(row, name)))
    return (name, getattr(row, name)) if owner is None else ("dataset_id", owner.dataset_id)


def _datasets(owners: set[_Owner], session: Session) -> set[int]:
    known = {number for name, number in owners if name == "dataset_id" and number is not None}
    for name, table in _OWNERS.items():
        for part in id_batches([number for owner, number in owners if owner == name]):
            known |= set(session.exec(select(table.dataset_id).where(table.id.in_(part)).distinct()))
    return known
