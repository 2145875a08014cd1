"""Scrolling moves what is painted already: nothing is painted anew for a frame."""

import pytest

from tests.e2e.hands import settle

pytestmark = pytest.mark.e2e

TURNS = 8
PAINTED = "RasterTask"  # what Chromium calls the painting of a part of the window


@pytest.fixture
def long_page(page, shared_workbench):
    """A page that is longer than the window."""
    page.set_viewport_size({"width": 900, "height": 300})
    page.goto(f"{shared_workbench.address}/jobs?name=Mina")
    page.get_by_role("heading", name="Jobs").wait_for()
    settle(page)
    return page


def painted_while(page, act):
    """How often a part of the window was painted meanwhile."""
    client, names, ended = page.context.new_cdp_session(page), [], []
    client.on("Tracing.dataCollected", lambda data: names.extend(event["name"] for event in data["value"]))
    client.on("Tracing.tracingComplete", lambda _: ended.append(True))
    client.send(
        "Tracing.start",
        {"traceConfig": {"includedCategories": ["disabled-by-default-devtools.timeline", "devtools.timeline"]}},
    )
    act()
    client.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(50)
    return names.count(PAINTED)


def test_a_page_is_scrolled_without_painting_it_anew(long_page):
    client = long_page.context.new_cdp_session(long_page)
    top = "() => document.querySelector('[data-testid=stMain]').scrollTop"

    def scroll():
        for turn in range(TURNS):
            gesture = {"x": 600, "y": 200, "yDistance": -150 if turn % 2 == 0 else 150, "speed": 400}
            client.send("Input.synthesizeScrollGesture", gesture | {"gestureSourceType": "mouse"})
            if turn == 0:
                assert long_page.evaluate(top) > 100

    painted_while(long_page, scroll)  # what was never in the window is painted once
    assert painted_while(long_page, scroll) < 50
