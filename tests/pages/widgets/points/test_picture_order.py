"""A ranking: with which picture it begins, and what is said of it."""

import math

import pytest

from core.learning.next_pictures import NextPictures
from db.tables import Image, ImageState
from db.writing import writing
from pages.widgets.points import picture_order
from pages.widgets.points.picture_order import first_of, worth
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
