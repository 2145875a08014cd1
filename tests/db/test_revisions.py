"""How often a dataset has changed: every kind of write counts, of that dataset alone, and only if it is committed."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from sqlmodel import SQLModel, delete, insert, select, update

from db import revisions
from db.engine import reading
from db.queries.learning.models import model_cache_key, ranking_cache_key
from db.tables import (
    Assignment,
    Dataset,
    Exclusion,
    FaceQuality,
    Frame,
    GroupPart,
    ImagePath,
    Instance,
    PeopleEvent,
    Person,
    Prediction,
    Promotion,
    Run,
    Source,
    now,
)
from db.writes.library import ensure_dataset
from db.writes.models import note_model_use
from db.writes.people import ensure_person
from db.writing import writing
from tests.builders.learning_rows import Shelf, face
from tests.builders.places import ROOT


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


@pytest.fixture
def filled(shelf):
    """A clip of one frame whose face somebody has labelled, and a model."""
    image = shelf.image("clip/0.png")
    shelf.clip("clip.mp4", [image])
    return shelf, shelf.instance(image, face()), shelf.model("net")


def _keys(shelf, dataset=None):
    with reading(shelf.workspace.engine) as session:
        number = dataset or shelf.dataset
        return model_cache_key(number, session=session), ranking_cache_key(number, session=session)


def _grew(shelf, write):
    before = _keys(shelf)
    with writing(shelf.workspace.engine) as session:
        write(session)
    return tuple(now > then for now, then in zip(_keys(shelf), before, strict=True))


def _exclude(shelf, name):
    return lambda session: session.add(Exclusion(dataset_id=shelf.dataset, name=name, author_id=shelf.author))


def _include(shelf, name):
    return lambda session: session.delete(session.get(Exclusion, (shelf.dataset, name)))


def test_another_list_of_as_many_left_out_pictures_makes_kept_figures_old(shelf):
    assert _grew(shelf, _exclude(shelf, "a.png")) == (True, True)
    before = _keys(shelf)
    assert _grew(shelf, _include(shelf, "a.png")) == (True, True)
    assert _grew(shelf, _exclude(shelf, "b.png")) == (True, True)
    assert _keys(shelf) != before


def test_a_picture_that_comes_under_another_name_makes_figures_old_as_a_list_may_leave_that_out(filled):
    shelf, *_ = filled
    image = shelf.image("b.png")
    assert _grew(shelf, lambda session: session.add(ImagePath(image_id=image, path="bad.png"))) == (True, True)
    assert _grew(shelf, lambda session: session.exec(delete(ImagePath))) == (True, True)


def test_a_label_makes_figures_old_and_leaves_the_order_of_what_to_label_next(filled):
    shelf, *_ = filled
    before = _keys(shelf)
    shelf.instance(shelf.image("b.png"), face())
    now = _keys(shelf)
    assert now[0] > before[0]
    assert now[1] == before[1]


def test_predictions_their_changes_and_their_loss_count(filled):
    shelf, instance, version = filled
    before = _keys(shelf)
    shelf.predict(instance, version, face())
    assert all(now > then for now, then in zip(_keys(shelf), before, strict=True))

    def change(session):
        session.exec(select(Prediction)).one().points = b"other"

    assert _grew(shelf, change) == (True, True)
    assert _grew(shelf, lambda session: session.exec(delete(Prediction))) == (True, True)


def test_boxes_people_splits_cuts_models_and_promotions_count(filled):
    shelf, instance, version = filled

    def move(session):
        session.get(Instance, instance).left = 3.0

    def assign(session):
        person = ensure_person(shelf.dataset, "Ada", shelf.author, session=session)
        session.add(Assignment(instance_id=instance, dataset_id=shelf.dataset, person_id=person, source=Source.HUMAN))

    def cut(session):
        session.exec(select(Frame)).one().scene = 4

    assert _grew(shelf, move) == (True, False)
    assert _grew(shelf, assign) == (True, False)
    assert _grew(shelf, lambda session: session.exec(delete(Assignment))) == (True, False)
    assert _grew(shelf, cut) == (True, False)
    assert _grew(shelf, lambda session: note_model_use(shelf.dataset, version, session=session)) == (True, False)
    part = GroupPart(dataset_id=shelf.dataset, group="folder ", part="test")
    assert _grew(shelf, lambda session: session.add(part)) == (True, True)
    promoted = Promotion(dataset_id=shelf.dataset, skeleton="face68", model_version_id=version, author_id=shelf.author)
    assert _grew(shelf, lambda session: session.add(promoted)) == (False, True)


def test_what_is_written_again_as_it_was_and_what_figures_do_not_show_change_nothing(filled):
    shelf, _, version = filled
    with writing(shelf.workspace.engine) as session:
        note_model_use(shelf.dataset, version, session=session)
        ensure_person(shelf.dataset, "Ada", shelf.author, session=session)
    run = Run(kind="predict", dataset_id=shelf.dataset, author_id=shelf.author)
    assert _grew(shelf, lambda session: session.add(run)) == (False, False)
    assert _grew(shelf, lambda session: note_model_use(shelf.dataset, version, session=session)) == (False, False)
    assert _grew(shelf, lambda session: session.exec(select(Person))) == (False, False)


def test_another_dataset_keeps_its_figures(filled):
    shelf, instance, version = filled
    with writing(shelf.workspace.engine) as session:
        other = ensure_dataset("others", shelf.author, session=session)
    before = _keys(shelf, other)
    shelf.predict(instance, version, face())
    shelf.instance(shelf.image("b.png"), face())
    assert _keys(shelf, other) == before


def test_what_is_rolled_back_counts_for_nothing(filled):
    shelf, *_ = filled
    before = _keys(shelf)
    with pytest.raises(RuntimeError):
        _grew(shelf, _excluded_in_vain(shelf))
    assert _keys(shelf) == before


def _excluded_in_vain(shelf):
    def write(session):
        _exclude(shelf, "a.png")(session)
        session.flush()
        raise RuntimeError

    return write


def test_a_transaction_counts_once_however_many_rows_it_writes(filled):
    shelf, *_ = filled
    (before, _), image = _keys(shelf), shelf.image("crowd.png")

    def crowd(session):
        for left in range(20):
            session.add(
                Instance(dataset_id=shelf.dataset, image_id=image, kind="face", left=left, top=0, right=99, bottom=9)
            )
            session.flush()

    assert _grew(shelf, crowd) == (True, False)
    assert _keys(shelf)[0] == before + 2  # the picture, and the faces


# What none of the kept figures is made of, and why.
_NOT_COUNTED = {
    "capturetime": "no figure asks when a picture was taken",
    "clipedit": "what it changed are rows of their own",
    "dailywork": "counts of who did what on a day",
    "dataset": "the counters themselves, and a name",
    "boxrevision": "what counts of it stands in instance",
    "embedding": "people_state has its own key",
    "export": "what has left",
    "modelversion": "never changed; what a dataset holds of it is a ModelUse",
    "pair": "what a threshold was chosen on",
    "promotion": "it counts for the order of pictures alone",
    "run": "how work goes",
    "scan": "that a detector was there; what it found is an Instance",
    "separation": "people_state has its own key",
    "skipped": "what a run could not use",
    "store": "who the store is",
    "threshold": "read afresh",
    "track": "which instances are one says nothing about any of them",
    "user": "names of who works",
    "waitinglabel": "labels that are of no picture yet",
}


def test_every_table_makes_kept_figures_old_or_is_known_not_to_be_in_any():
    counted = {table.__tablename__ for table in revisions._COUNTED["revision"]}
    assert not counted & _NOT_COUNTED.keys()
    assert counted | _NOT_COUNTED.keys() == set(SQLModel.metadata.tables)


def _one_of(table, session):
    return session.exec(select(table)).first()


def _plain_columns(table):
    """Columns that are no keys and of which another value is known."""
    columns = table.__table__.columns
    return [
        column.key for column in columns if not (column.primary_key or column.foreign_keys) and column.key in _TEXTS
    ]


def _changed_row(table, session):
    """Another value in a column that is no key."""
    (plain, *_) = _plain_columns(table)
    setattr(_one_of(table, session), plain, _TEXTS[plain])


_TEXTS = {
    "name": "another",
    "path": "another",
    "part": "validation",
    "skeleton": "body24",
    "recipe": "another",
    "kind": "person",
    "scene": 9,
    "sharpness": 9.0,
    "uncertainty": b"",
    "settings": {},
    "source": Source.MODEL,
}
_HOW = {
    "a row is changed": _changed_row,
    "a row is deleted": lambda table, session: session.delete(_one_of(table, session)),
    "rows are changed by a statement": lambda table, session: session.exec(
        update(table).values({table.__table__.primary_key.columns[0].key: table.__table__.primary_key.columns[0]})
    ),
    "rows are deleted by a statement": lambda table, session: session.exec(delete(table)),
}


class _Enough(Exception):
    """Nothing is kept of what was tried."""


@pytest.fixture
def one_of_each(filled):
    """A row of every table that counts."""
    shelf, instance, version = filled
    shelf.predict(instance, version, face())
    image = shelf.image("b.png")
    shelf.instance(image, face())
    with writing(shelf.workspace.engine) as session:
        session.add(ImagePath(image_id=image, path="b.png"))
        session.add(Exclusion(dataset_id=shelf.dataset, name="b.png", author_id=shelf.author))
        session.add(FaceQuality(instance_id=instance, sharpness=1, size=1))
        person = ensure_person(shelf.dataset, "Ada", shelf.author, session=session)
        session.add(Assignment(instance_id=instance, dataset_id=shelf.dataset, person_id=person, source=Source.HUMAN))
        session.add(GroupPart(dataset_id=shelf.dataset, group="folder ", part="test"))
        note_model_use(shelf.dataset, version, session=session)
        session.add(
            PeopleEvent(
                dataset_id=shelf.dataset, author_id=shelf.author, kind="name", summary={"code": "x", "fields": {}}
            )
        )
    return shelf


@pytest.mark.parametrize("how", _HOW)
@pytest.mark.parametrize("table", revisions._COUNTED["revision"], ids=lambda table: table.__name__)
def test_however_a_row_is_written_that_figures_are_made_of_they_are_old(one_of_each, table, how):
    if how == "a row is changed" and not _plain_columns(table):
        how = "rows are changed by a statement"  # nothing but keys and times in it
    with reading(one_of_each.workspace.engine) as session:
        assert _one_of(table, session) is not None
    before = _keys(one_of_each)
    with suppress(_Enough), writing(one_of_each.workspace.engine) as session:
        session.connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        _HOW[how](table, session)
        session.count_changes()
        now = session.exec(select(Dataset.revision).where(Dataset.id == one_of_each.dataset)).one()
        raise _Enough
    assert now > before[0]


def test_rows_that_are_added_many_at_once_count_too(filled):
    shelf, *_ = filled
    rows = [{"dataset_id": shelf.dataset, "name": name, "author_id": shelf.author, "at": now()} for name in "ab"]
    assert _grew(shelf, lambda session: session.exec(insert(Exclusion), params=rows)) == (True, True)


def test_nobody_writes_past_the_session_that_counts():
    """A statement on the connection itself changes rows that no session hears of.

    What is swept of a dataset that never became visible is in no figure, and would make those of all others old.
    """
    past = re.compile(r"connection\(\)\.execute\(")
    found = [path.name for path in (ROOT / "core").rglob("*.py") if past.search(path.read_text(encoding="utf-8"))]
    assert found == ["staged_rows.py"]
