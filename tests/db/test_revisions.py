"""How often a dataset has changed: every kind of write counts, of that dataset alone, and only if it is committed."""

from __future__ import annotations

import pytest
from sqlmodel import delete, select

from db.engine import reading
from db.queries.learning.models import model_cache_key, ranking_cache_key
from db.tables import Assignment, Exclusion, Frame, GroupPart, Instance, Person, Prediction, Promotion, Run, Source
from db.writes.library import ensure_dataset
from db.writes.models import note_model_use
from db.writes.people import ensure_person
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


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
