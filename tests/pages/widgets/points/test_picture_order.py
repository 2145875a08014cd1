"""Going along a ranking: what is said of it, and which picture comes next."""

import math

import pytest

from core.foundation.errors import NotFound
from core.learning.next_pictures import NextPictures
from db.tables import Image, ImageState
from db.writing import writing
from pages.widgets.points import picture_order
from pages.widgets.points.picture_order import first_of, step, worth
from pages.widgets.shared import resources
from tests.builders.learning_rows import Shelf
from tests.builders.places import ROOT

NAVIGATION = ROOT / "pages" / "navigation.py"


@pytest.fixture
def order(workspace, dataset, author, monkeypatch):
    """Three pictures, ranked; the first is accepted already."""
    for module in (picture_order, resources):
        monkeypatch.setattr(module, "workspace", lambda: workspace)
    shelf = Shelf(workspace, dataset, author)
    images = [shelf.image(f"{name}.png") for name in "cab"]
    with writing(workspace.engine) as session:
        session.get(Image, images[0]).state = ImageState.ACCEPTED
    return images


def test_the_first_is_the_first_that_is_to_be_reviewed(order):
    assert first_of(order).id == order[1]
    assert first_of(order[:1]) is None
    assert first_of([9999]) is None


def test_next_and_previous_follow_the_ranking(order):
    assert step(order, order[1], "next").id == order[2]
    assert step(order, order[1], "previous").id == order[0]
    assert step(order, order[0], "next_unreviewed").id == order[1]


def test_from_a_picture_outside_the_ranking_the_next_is_its_first(order):
    assert step(order, 9999, "next").id == order[0]
    assert step(order, 9999, "next_unreviewed").id == order[1]


def test_its_ends_are_said(order):
    with pytest.raises(NotFound, match="the last picture of the ranking"):
        step(order, order[2], "next")
    with pytest.raises(NotFound, match="the most worthwhile picture"):
        step(order, order[0], "previous")


def test_the_next_to_review_after_the_last_is_the_first_again(order, workspace):
    assert step(order, order[2], "next_unreviewed").id == order[1]
    with writing(workspace.engine) as session:
        session.get(Image, order[1]).state = ImageState.IMPORTED
    with pytest.raises(NotFound, match="No other picture is left to review"):
        step(order, order[2], "next_unreviewed")


@pytest.mark.parametrize(
    ("spearman", "said"),
    [
        (0.8, "Where it doubts, it errs (Spearman +0.80"),
        (0.4, "to a degree (Spearman +0.40"),
        (0.1, "says little about its errors"),
        (0.0, "says nothing"),
        (-0.25, "nothing about its errors (Spearman −0.25 on 30 held-out labels)"),
        (math.nan, "Too few held-out labels"),
    ],
)
def test_what_a_doubt_is_worth_is_said_in_words(spearman, said):
    assert said in worth(NextPictures([1], "net", spearman, 30))


def test_a_correlation_of_a_few_is_not_told():
    assert worth(NextPictures([1], "net", 1.0, 4)).startswith("Too few held-out labels")
