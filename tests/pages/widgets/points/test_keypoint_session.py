"""Accepting a picture: a click counts for the picture that it was made on, once a person could look at it."""

from types import SimpleNamespace

import pytest

from core.foundation.errors import Conflict, NotFound
from pages.widgets.points import keypoint_session
from pages.widgets.shared.resources import IMAGE
from pages.widgets.shared.text import sentence


@pytest.fixture
def page(monkeypatch):
    """What the page remembers, its clock, and what was accepted; picture 1 is open and is not drawn yet."""
    state, clock, accepted = {IMAGE: 1}, SimpleNamespace(now=100.0), []

    def accept(_workspace, image_id, *, author_id, seen, window):
        accepted.append((image_id, author_id, seen, window))

    monkeypatch.setattr(keypoint_session, "st", SimpleNamespace(session_state=state))
    monkeypatch.setattr(keypoint_session, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(keypoint_session, "workspace", lambda: None)
    monkeypatch.setattr(keypoint_session, "author_id", lambda: 7)
    monkeypatch.setattr(keypoint_session, "window_id", lambda: "here")
    monkeypatch.setattr(keypoint_session, "accept", accept)
    monkeypatch.setattr(keypoint_session, "go", lambda _to: state.update({IMAGE: state[IMAGE] + 1}))
    return SimpleNamespace(state=state, clock=clock, accepted=accepted, monkeypatch=monkeypatch)


def click(image_id):
    keypoint_session._accept(image_id, frozenset({10 * image_id}))


def draw(page):
    keypoint_session.was_shown(SimpleNamespace(id=page.state[IMAGE]))


def notice(page):
    return page.state.pop("keypoints_notice", "")


def test_the_picture_that_was_looked_at_is_accepted_with_the_points_that_were_drawn(page):
    draw(page)
    page.clock.now += 0.3
    click(1)
    assert (page.accepted, page.state[IMAGE], notice(page)) == ([(1, 7, frozenset({10}), "here")], 2, "")


def test_a_second_click_on_the_picture_before_is_told_and_ignored(page):
    draw(page)
    page.clock.now += 5
    click(1)
    click(1)
    assert [image for image, *_ in page.accepted] == [1]
    assert notice(page) == "The second click did not count: another picture has opened since."


def test_a_click_before_the_picture_could_be_seen_is_told_and_ignored(page):
    click(1)  # it is not drawn to its end
    assert notice(page).startswith("This click did not count: the picture has only just opened.")
    draw(page)
    page.clock.now += 0.2
    draw(page)  # drawn again, such as after a dragged point: the time goes on
    click(1)
    assert notice(page)
    page.clock.now += 0.1
    click(1)
    assert [image for image, *_ in page.accepted] == [1]
    page.clock.now += 5
    click(2)  # the next is open and not drawn
    assert [image for image, *_ in page.accepted] == [1]
    assert notice(page)


@pytest.mark.parametrize(
    "error", [Conflict("points.changed_since", picture="1.png"), NotFound("images.none_numbered", number=1)]
)
def test_what_cannot_be_accepted_is_told_and_stays_open(page, error):
    def refuse(*_, **__):
        raise error

    page.monkeypatch.setattr(keypoint_session, "accept", refuse)
    draw(page)
    page.clock.now += 2
    click(1)
    assert page.state[IMAGE] == 1
    assert notice(page) == sentence(error)
