"""The whole picture as the box: one for each picture without any, none where a human took such a box out."""

import pytest
from sqlmodel import select

from core.points.boxes import add_instances
from core.points.whole_pictures import box_whole_pictures
from db.engine import reading
from db.tables import BoxSource, Image, Instance, Source
from db.writing import writing
from tests.builders.learning_rows import Shelf


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def _box(shelf, kind="person"):
    return box_whole_pictures(shelf.workspace, dataset_id=shelf.dataset, kind=kind, author_id=shelf.author, run_id=None)


def _boxes(shelf, image):
    with reading(shelf.workspace.engine) as session:
        return session.exec(select(Instance).where(Instance.image_id == image, Instance.kind == "person")).all()


def test_a_picture_without_a_box_gets_all_of_it_as_one_and_only_once(shelf):
    image = shelf.image("a.png")
    assert _box(shelf) == 1
    assert _box(shelf) == 0
    (made,) = _boxes(shelf, image)
    assert made.box == (-0.5, -0.5, 199.5, 149.5)
    assert (made.origin, made.box_source, made.author_id) == (Source.HUMAN, BoxSource.PICTURE, shelf.author)
    with reading(shelf.workspace.engine) as session:
        assert session.get(Image, image).faces == 0


def test_a_picture_with_a_box_of_another_kind_gets_one_too_and_one_of_the_same_kind_none(shelf):
    image = shelf.image("a.png")
    shelf.instance(image)
    assert _box(shelf) == 1
    other = shelf.image("b.png")
    add_instances(shelf.workspace, other, [(5, 5, 50, 90)], "person", author_id=shelf.author)
    assert _box(shelf) == 0
    assert [one.box_source for one in _boxes(shelf, other)] == [BoxSource.DRAWN]


def test_a_whole_picture_that_a_human_took_out_does_not_come_back_but_a_small_box_is_no_reason(shelf):
    whole, small = shelf.image("a.png"), shelf.image("b.png")
    for image, box in ((whole, (0, 0, 200, 150)), (small, (0, 0, 20, 15))):
        (number,) = add_instances(shelf.workspace, image, [box], "person", author_id=shelf.author)
        with writing(shelf.workspace.engine) as session:
            session.get(Instance, number).removed = True
    assert _box(shelf) == 1
    assert [one.removed for one in _boxes(shelf, whole)] == [True]
    assert [one.removed for one in _boxes(shelf, small)] == [True, False]


def test_there_is_nothing_to_do_in_an_empty_dataset(shelf):
    assert _box(shelf) == 0
