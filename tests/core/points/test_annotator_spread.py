"""Sigmas out of two datasets that label the same pictures: whose labels go together, and what is measured."""

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, NotEnoughData
from core.points.annotator_spread import measured_sigmas
from db.tables import Instance
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelves(workspace, dataset, author):
    with writing(workspace.engine) as session:
        other = ensure_dataset("again", author, session=session)
    return Shelf(workspace, dataset, author), Shelf(workspace, other, author)


def _box(shelf, instance, box):
    with writing(shelf.workspace.engine) as session:
        row = session.exec(select(Instance).where(Instance.id == instance)).one()
        row.left, row.top, row.right, row.bottom = box
        session.add(row)


def test_sigmas_are_those_worked_out_by_hand(shelves):
    first, second = shelves
    hidden = face((3.0, 4.0))
    hidden[7] = np.nan
    for shelf, points in ((first, face()), (second, hidden)):
        shelf.instance(shelf.image("a.png"), points)  # boxes of 120 x 90
    told = measured_sigmas(first.workspace, first.dataset, second.dataset, "face68")
    assert (told["skeleton"], told["instances"], len(told["points"])) == ("face68", 1, 68)
    expected = np.sqrt(25 / (0.53 * 120 * 90) / 2)
    assert [row["sigma"] for row in told["points"]] == pytest.approx([expected] * 7 + [None] + [expected] * 60)
    assert [row["pairs"] for row in told["points"]] == [1] * 7 + [0] + [1] * 60


def test_many_pictures_give_the_sigma_that_made_the_errors(shelves):
    rng, sigma = np.random.default_rng(0), 0.05
    axis = sigma * np.sqrt(0.53 * 120 * 90 / 2)
    for shelf in shelves:
        for i in range(12):
            shelf.instance(shelf.image(f"{i}.png"), face() + rng.normal(0, axis, (68, 2)))
    told = measured_sigmas(shelves[0].workspace, *(shelf.dataset for shelf in shelves), "face68")
    assert told["instances"] == 12
    root = np.sqrt(np.mean([row["sigma"] ** 2 for row in told["points"]]))
    assert root == pytest.approx(sigma, rel=0.08)


def test_only_the_same_face_of_the_same_picture_goes_together(shelves):
    first, second = shelves
    boxes = {"left": (0, 0, 50, 50), "right": (100, 0, 150, 50), "far": (100, 90, 150, 140)}
    for shelf, names in ((first, ("left", "right")), (second, ("right", "far"))):
        picture = shelf.image("two.png")
        for name in names:
            _box(shelf, shelf.instance(picture, face(float(len(name)))), boxes[name])
    second.instance(second.image("alone.png"), face())
    first.instance(first.image("model.png"), face(), human=False)
    told = measured_sigmas(first.workspace, first.dataset, second.dataset, "face68")
    assert told["instances"] == 1
    assert {row["sigma"] for row in told["points"]} == {0.0}


def test_nothing_in_common_and_one_dataset_are_refused(shelves):
    first, second = shelves
    first.instance(first.image("a.png"), face())
    with pytest.raises(NotEnoughData, match="no picture has face68 points by a human in both datasets"):
        measured_sigmas(first.workspace, first.dataset, second.dataset, "face68")
    with pytest.raises(BadInput, match="choose two datasets"):
        measured_sigmas(first.workspace, first.dataset, first.dataset, "face68")
