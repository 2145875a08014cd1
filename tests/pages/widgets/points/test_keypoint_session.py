"""What the keypoints page gives to the editor: which pictures it goes through."""

from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest

from core.learning.picture_orders import asked_order
from db.queries.library import ImageFilter
from pages.widgets.points import keypoint_session, picture_order
from pages.widgets.points.keypoint_session import _order_query
from tests.builders.learning_rows import Shelf


@pytest.fixture
def page(monkeypatch):
    """The filter and the ranking that the page has."""
    chosen = SimpleNamespace(filter=ImageFilter(), ranking=None)
    monkeypatch.setattr(keypoint_session, "chosen_filter", lambda: chosen.filter)
    monkeypatch.setattr(keypoint_session, "ranking", lambda _: chosen.ranking)
    monkeypatch.setattr(keypoint_session, "usual_points", lambda _: "body24")
    return chosen


def test_the_order_follows_the_filter(page):
    assert _order_query(7) == "dataset=7"
    page.filter = ImageFilter("found", "50% & more/ü", 3)
    assert _order_query(7) == "dataset=7&state=found&part=50%25+%26+more%2F%C3%BC&person=3"


def test_the_order_by_worth_names_the_points(page):
    page.ranking = [3, 1]
    assert _order_query(7) == "dataset=7&points=body24"


def test_the_route_understands_it(page, workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    shelf.image("a.png")
    odd = shelf.image("50% & more/ü.png")
    page.filter = ImageFilter(path_contains="50% & more/ü")
    assert asked_order(workspace, dict(parse_qsl(_order_query(dataset)))).images.tolist() == [odd]


@pytest.mark.parametrize(("part", "open_after", "told"), [("b", None, [picture_order.EDITOR]), ("a", "a.png", [])])
def test_another_filter_lets_no_earlier_rest_take_back_what_it_opens(
    page, workspace, dataset, author, monkeypatch, part, open_after, told
):
    shelf = Shelf(workspace, dataset, author)
    images = {name: shelf.image(name) for name in ("a.png", "b.png")}
    state, ended = {keypoint_session.IMAGE: images["a.png"]}, []
    monkeypatch.setattr(keypoint_session, "st", SimpleNamespace(session_state=state))
    monkeypatch.setattr(picture_order, "st", SimpleNamespace(session_state=state))
    monkeypatch.setattr(keypoint_session, "workspace", lambda: workspace)
    monkeypatch.setattr(picture_order, "hear_no_earlier_rest", ended.append)
    page.filter = ImageFilter(path_contains=part)
    keypoint_session.refilter()
    assert state[keypoint_session.IMAGE] == images.get(open_after)
    assert ended == told
