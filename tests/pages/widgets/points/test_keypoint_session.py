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


@pytest.fixture
def following(page, workspace, dataset, author, monkeypatch):
    """Lets the page run, of which the editor shows a.png of two pictures; gives what is open after that."""
    shelf = Shelf(workspace, dataset, author)
    names = {shelf.image(name): name for name in ("a.png", "b.png")}
    state, heard_no_more = {keypoint_session.IMAGE: next(iter(names))}, []
    for module in (keypoint_session, picture_order):
        monkeypatch.setattr(module, "st", SimpleNamespace(session_state=state))
    monkeypatch.setattr(keypoint_session, "workspace", lambda: workspace)
    monkeypatch.setattr(keypoint_session, "chosen", lambda *_: page.order)
    monkeypatch.setattr(picture_order, "hear_no_earlier_rest", heard_no_more.append)

    def run(part="", order="path"):
        page.filter, page.order = ImageFilter(path_contains=part), order
        keypoint_session.follow_choice()
        return names.get(state[keypoint_session.IMAGE])

    return SimpleNamespace(run=run, state=state, heard_no_more=heard_no_more)


def test_a_page_that_opens_keeps_the_picture_whatever_is_chosen(following):
    assert following.run(part="b") == "a.png"
    assert following.heard_no_more == []


def test_a_picture_that_fits_another_filter_stays_and_one_that_does_not_goes(following):
    assert [following.run(), following.run(part="a"), following.run(part="b")] == ["a.png", "a.png", None]
    assert following.heard_no_more == [picture_order.EDITOR]


def test_a_filter_that_stays_takes_nothing_away_that_no_longer_fits(following):
    following.run(part="b")
    assert following.run(part="b") == "a.png", "such as one that has just been accepted"


def test_the_most_worthwhile_begin_with_the_first_and_the_paths_where_we_are(following):
    following.run()
    assert following.run(order="worth") is None
    following.state[keypoint_session.IMAGE] = 1
    assert following.run(order="worth") == "a.png"
    assert following.run(order="path") == "a.png"


def test_a_choice_is_followed_also_where_the_run_after_it_was_ended(following, monkeypatch):
    """Another run that is asked for in the same moment ends what is under way, callbacks too."""
    following.run()

    def ended(_):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(picture_order, "hear_no_earlier_rest", ended)
        with pytest.raises(RuntimeError):
            following.run(part="b")
    following.state[keypoint_session.IMAGE] = 1  # by a rest that was on its way
    assert following.run(part="b") is None
    assert following.heard_no_more == [picture_order.EDITOR]
