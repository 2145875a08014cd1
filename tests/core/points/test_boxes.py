"""Boxes by hand: every state is kept, sent again it is one, and back where it was it is the box that it was."""

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, Conflict, NotFound
from core.points.boxes import add_instances, move_box
from db.engine import reading
from db.tables import BoxRevision, Embedding, FaceQuality, Instance
from db.writing import writing
from tests.builders.learning_rows import Shelf, face

FOUND, WIDER = (0.0, 0.0, 120.0, 90.0), (-0.5, 2.0, 130.0, 95.25)


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


@pytest.fixture
def found(shelf):
    """A face that a model found, with an embedding."""
    number = shelf.instance(shelf.image("a.png"), face(), human=False)
    encoder = shelf.model("encoder", trained=False)
    with writing(shelf.workspace.engine) as session:
        session.add(Embedding(instance_id=number, model_version_id=encoder, vector=np.ones(4, "<f4").tobytes()))
        session.add(FaceQuality(instance_id=number, sharpness=9, size=90))
    return number


@pytest.fixture
def move(workspace, author, found):
    def moved(shown, box, edit_id="w.1"):
        move_box(workspace, found, shown, box, author_id=author, edit_id=edit_id)

    return moved


def instance(workspace, number):
    with reading(workspace.engine) as session:
        return session.get(Instance, number)


def states(workspace):
    with reading(workspace.engine) as session:
        rows = session.exec(select(BoxRevision).order_by(BoxRevision.id)).all()
        return [((row.left, row.top, row.right, row.bottom), row.box_source, row.author_id) for row in rows]


def test_a_moved_box_counts_and_the_one_before_is_kept(workspace, author, found, move):
    move(FOUND, WIDER)
    row = instance(workspace, found)
    assert (row.box, row.box_source) == (WIDER, "drawn")
    assert states(workspace) == [(FOUND, "detector", None), (WIDER, "drawn", author)]


def test_moved_back_it_is_the_box_that_it_was(workspace, found, move):
    move(FOUND, WIDER)
    move(WIDER, FOUND, "w.2")
    row = instance(workspace, found)
    assert (row.box, row.box_source) == (FOUND, "detector")
    assert len(states(workspace)) == 3


def test_a_face_in_another_box_has_to_be_embedded_and_measured_anew(workspace, found, move):
    move(FOUND, WIDER)
    with reading(workspace.engine) as session:
        assert session.exec(select(Embedding)).all() == session.exec(select(FaceQuality)).all() == []


def test_the_same_move_sent_again_is_one(workspace, found, move):
    for _ in range(2):
        move(FOUND, WIDER)
    assert len(states(workspace)) == 2


def test_a_box_that_somebody_else_has_moved_meanwhile_is_not_moved_unseen(workspace, found, move):
    move(FOUND, WIDER)
    with pytest.raises(Conflict, match="somebody has moved this box meanwhile"):
        move(FOUND, (1.0, 1.0, 50.0, 50.0), "w.2")
    assert instance(workspace, found).box == WIDER


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((1, 1, 1.5, 9), "at least one pixel"),
        ((1, 9, 9, 1), "at least one pixel"),
        ((1, 1, np.nan, 9), "at least one pixel"),
        ((300, 1, 310, 9), "should lie on the picture"),
        ((-9, -9, 0, 0), "should lie on the picture"),
        ((0, 0, 1e5, 9), "should lie on the picture"),
    ],
)
def test_a_box_that_cannot_be_is_refused_and_nothing_changes(workspace, author, found, move, box, reason):
    with pytest.raises(BadInput, match=reason):
        move(FOUND, box)
    with pytest.raises(BadInput, match=reason):
        add_instances(workspace, instance(workspace, found).image_id, [box], "face", author_id=author)
    assert (instance(workspace, found).box, states(workspace)) == (FOUND, [])


def test_what_was_taken_out_has_no_box_to_move(workspace, found, move):
    with writing(workspace.engine) as session:
        session.get(Instance, found).removed = True
    with pytest.raises(NotFound, match="not there any more"):
        move(FOUND, WIDER)


def test_a_drawn_box_is_one_instance_however_often_it_is_sent(workspace, shelf, author):
    image = shelf.image("a.png")
    for _ in range(2):
        numbers = add_instances(workspace, image, [WIDER], "face", author_id=author, edit_id="w.7")
    assert [instance(workspace, number).box for number in numbers] == [WIDER]
    assert states(workspace) == [(WIDER, "drawn", author)]
