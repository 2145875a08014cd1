"""Edits that wait belong to the tab: they are sent from any page, after a restart, by the next tab, to their store."""

import re
import time
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect
from sqlmodel import col, select

from core.foundation.arrays import Keypoints
from db.engine import reading
from db.tables import Image, Instance, KeypointRevision, Source
from tests.builders.staged_pictures import stage
from tests.e2e.conftest import Workbench, chromium_path
from tests.e2e.hands import SAVED, at_place, on_screen, settle, view, wait_for

pytestmark = pytest.mark.e2e

AT_ONCE = 30  # seconds for what nobody else would send, on a machine as busy as can be


class Served:
    """A store with drawn pictures and a workbench over it that can be killed."""

    def __init__(self, home, port=None):
        self.store, self.bench = stage(home), Workbench(home)
        if port is not None:
            self.bench = Workbench(home, FACET_PORT=str(port))
            self.bench.port, self.bench.address = port, f"http://127.0.0.1:{port}"
        self.bench.start()

    def kill(self):
        self.bench.process.kill()
        self.bench.process.wait()

    def edits(self):
        """What humans have set, oldest first."""
        with reading(self.store.engine) as session:
            rows = select(KeypointRevision).where(KeypointRevision.source == Source.HUMAN)
            return session.exec(rows.order_by(col(KeypointRevision.id))).all()

    def face(self):
        """Where the first picture's face has its points now."""
        with reading(self.store.engine) as session:
            one = session.exec(select(Instance).join(Image).where(Image.path == "ada.jpg")).one()
            return Keypoints.from_bytes(session.get(KeypointRevision, one.revision_id).points).points


@pytest.fixture(scope="module")
def visitor(browser):
    """Whose last tab takes its process along when it is closed: nothing that lives on sends what waits."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    yield context
    context.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    chromium_path()
    running = Served(tmp_path_factory.mktemp("outbox") / "home")
    yield running
    running.bench.stop()


@pytest.fixture(autouse=True)
def there_again(served):
    """A server that a test has killed, and not started again, is there for the next one."""
    yield
    if served.bench.process.poll() is not None:
        served.bench.start()


def open_editor(page, served, name="Mina"):
    page.goto(f"{served.bench.address}/keypoints?name={name}")
    wait_for(lambda: (view(page) or {}).get("image") and view(page).get("instance"))  # pixels and points come apart
    settle(page)


def nudge(page, served, k, key="ArrowRight"):
    page.mouse.click(*on_screen(page, *served.face()[k]))
    wait_for(lambda: view(page)["point"] == k)
    page.keyboard.press(key)


def to_page(page, name):
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()


def saved(page):
    expect(page.locator(".keypoint-editor .status")).to_have_text("Saved")


def notice(page):
    return page.locator(".tab-notice")


def test_a_nudge_is_saved_however_quickly_the_page_is_left(page, served):
    open_editor(page, served)
    before = len(served.edits())
    nudge(page, served, 30)
    to_page(page, "People")
    wait_for(lambda: len(served.edits()) == before + 1, seconds=AT_ONCE)
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0


def test_a_nudge_is_saved_however_quickly_the_tab_is_closed(visitor, served):
    before = len(served.edits())
    for number, leave in enumerate((True, False), start=1):
        tab = visitor.new_page()
        open_editor(tab, served)
        nudge(tab, served, 30)
        if leave:
            to_page(tab, "People")
        tab.close()
        wait_for(lambda wanted=before + number: len(served.edits()) == wanted, seconds=AT_ONCE)


def test_another_page_sends_what_waits_and_warns_until_it_is_there(page, served):
    open_editor(page, served)
    before = len(served.edits())
    page.route("**/api/edits", lambda route: route.abort())
    nudge(page, served, 30)
    to_page(page, "People")
    expect(notice(page)).to_contain_text("1 edit waits to be saved: the server cannot be reached; trying again.")
    warnings = []
    page.once("dialog", lambda dialog: (warnings.append(dialog.type), dialog.dismiss()))
    page.evaluate("location.reload()")
    wait_for(lambda: warnings == ["beforeunload"])
    assert len(served.edits()) == before
    page.unroute("**/api/edits")
    wait_for(lambda: len(served.edits()) == before + 1, seconds=AT_ONCE)
    expect(notice(page)).to_have_text(SAVED)  # it counts what the tabs before have not heard the end of, too
    page.reload()  # without a question
    expect(page.get_by_role("heading", name="People")).to_be_visible()


def test_what_waits_is_sent_at_once_when_the_server_is_back_and_is_counted(page, served):
    open_editor(page, served)
    before = len(served.edits())
    served.kill()
    for k in (30, 33, 36):
        nudge(page, served, k)
    wanted = "3 edits wait to be saved: the server cannot be reached; trying again"
    expect(page.locator(".keypoint-editor .status")).to_have_text(f"Not saved: {wanted}")
    served.bench.start()
    began = time.monotonic()
    wait_for(lambda: len(served.edits()) == before + 3, seconds=AT_ONCE)
    print(f"sent {time.monotonic() - began:.1f} s after the server was back")
    expect(notice(page)).to_contain_text("All 3 edits that waited are saved.")
    saved(page)


def test_the_keys_stay_with_the_picture_while_the_server_is_away_and_when_it_is_back(page, served):
    open_editor(page, served)
    nudge(page, served, 30)
    saved(page)
    served.kill()
    said = "The server cannot be reached. What you do is kept here and sent when it is back."
    expect(page.locator(".keypoint-editor .hint")).to_have_text(said)  # in the place of Streamlit's dialog
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("]")
    wait_for(lambda: view(page)["point"] == 31)
    served.bench.start()
    expect(page.get_by_test_id("stSidebarNav")).to_be_enabled()
    settle(page)
    expect(page.locator("canvas[data-view]")).to_be_focused()
    page.keyboard.press("]")
    wait_for(lambda: view(page)["point"] == 32)


def test_a_server_that_is_started_again_leads_nobody_back_to_the_picture_before(page, served):
    open_editor(page, served)
    before = view(page)["image"]
    served.kill()
    expect(page.locator(".keypoint-editor .hint")).to_contain_text("The server cannot be reached.")
    page.keyboard.press("n")
    wait_for(lambda: view(page)["image"] not in {before, None})
    after = view(page)["image"]
    served.bench.start()
    page.wait_for_url(re.compile(f"picture={after}(&|$)"), timeout=1000 * AT_ONCE)  # of a session that began anew
    settle(page)
    assert view(page)["image"] == after


def test_a_step_that_is_pressed_before_the_order_is_here_is_taken_when_it_is(page, served):
    held = []
    page.route("**/api/order**", lambda route: held.append(route))
    page.goto(f"{served.bench.address}/keypoints?name=Mina")
    wait_for(lambda: (view(page) or {}).get("image") and held)
    before = view(page)["image"]
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("n")
    page.keyboard.press("n")
    held[0].continue_()
    wait_for(lambda: view(page)["image"] not in {before, None})
    at_place(page, 3, 3)


def test_the_next_tab_sends_what_a_closed_one_could_not(visitor, served):
    tab = visitor.new_page()
    open_editor(tab, served)
    before, place = len(served.edits()), served.face()[30]
    served.kill()
    nudge(tab, served, 30, "Shift+ArrowRight")
    expect(tab.locator(".keypoint-editor .status")).to_have_text(re.compile("1 edit waits to be saved"))
    tab.close()
    served.bench.start()
    again = visitor.new_page()
    again.goto(f"{served.bench.address}/people?name=Bo")
    wait_for(lambda: len(served.edits()) == before + 1)
    assert served.face()[30].tolist() == pytest.approx([place[0] + 5, place[1]], abs=0.02)
    expect(notice(again)).to_have_text(SAVED)
    again.close()


@pytest.mark.nightly
def test_another_store_at_the_same_address_gets_nothing_and_the_owner_all(page, served, tmp_path):
    open_editor(page, served)
    before = len(served.edits())
    served.kill()
    nudge(page, served, 30)
    expect(page.locator(".keypoint-editor .status")).to_have_text(re.compile("1 edit waits to be saved"))
    other = Served(tmp_path / "home", served.bench.port)
    untouched = other.face()[30]
    try:
        expect(notice(page)).to_contain_text("1 edit waits for the store that they were made in")
        page.goto(f"{served.bench.address}/keypoints?name=Mina")  # free to go: the browser keeps it
        wait_for(lambda: view(page) and view(page).get("image"))
        expect(notice(page)).to_contain_text("another one answers here now")
        nudge(page, other, 33)
        wait_for(lambda: len(other.edits()) == 1)
        assert (other.face()[30] == untouched).all()
    finally:
        other.bench.stop()
    served.bench.start()
    wait_for(lambda: len(served.edits()) == before + 1, seconds=2 * AT_ONCE)  # it asks whose store answers
    assert len(other.edits()) == 1
    page.goto(f"{served.bench.address}/people?name=Mina")
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    expect(notice(page)).to_have_text("")


def test_two_browsers_under_one_name_are_told_of_one_another(page, browser, served):
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    other = context.new_page()
    for each in (page, other):
        open_editor(each, served)
    place, before = served.face()[8], len(served.edits())
    nudge(page, served, 8)
    saved(page)
    other.mouse.click(*on_screen(other, *place))
    other.keyboard.press("ArrowLeft")
    told = "you moved jaw_9 in another window meanwhile: keep this place, or take that one"
    expect(other.locator(".keypoint-editor .status")).to_have_text(f"Not saved: {told}")
    expect(notice(other)).to_contain_text(f"1 edit is not saved: {told}.")
    assert len(served.edits()) == before + 1
    asked = other.get_by_role("group", name="Not saved: what shall hold")
    expect(asked).to_contain_text(f"Not saved: {told}.")
    for place in (notice(other), asked):
        expect(place.get_by_role("button", name="Keep mine")).to_be_visible()
    notice(other).get_by_role("button", name="Take theirs").click()
    saved(other)
    expect(notice(other)).to_have_text("")
    context.close()


def test_a_refused_acceptance_is_looked_at_anew_and_never_sent_again_as_it_was(page, served):
    open_editor(page, served)
    image = view(page)["image"]

    def refuse(route):
        rows = route.request.post_data_json["edits"]
        told = {"saved": {}, "refused": {row["id"]: "points changed meanwhile" for row in rows}, "foreign": []}
        route.fulfill(json=told | {"store": rows[0]["store"], "instances": [], "pictures": {}})

    page.route("**/api/edits", refuse)
    page.keyboard.press("a")
    wait_for(lambda: view(page)["image"] != image)
    expect(notice(page)).to_contain_text("1 edit is not saved: points changed meanwhile.")
    to_page(page, "People")
    expect(notice(page).get_by_role("button")).to_have_text(["Discard mine"])
    to_page(page, "Keypoints")
    expect(notice(page).get_by_role("button")).to_have_text(["Look at it", "Discard mine"])
    notice(page).get_by_role("button", name="Look at it").click()
    wait_for(lambda: view(page)["image"] == image)
    expect(notice(page)).to_have_text("")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json", "Origin": "http://elsewhere.example"}, 403),
        ({"Content-Type": "application/json", "Host": "elsewhere.example"}, 403),
        ({"Content-Type": "text/plain"}, 422),
        ({"Content-Type": "application/json"}, 200),
    ],
)
def test_edits_are_taken_from_pages_of_our_own_and_as_json_alone(served, headers, status):
    asked = urllib.request.Request(f"{served.bench.address}/api/edits", data=b'{"edits": []}', headers=headers)
    try:
        with urllib.request.urlopen(asked) as answer:
            found = answer.status
    except urllib.error.HTTPError as error:
        found = error.code
    assert found == status


@pytest.mark.nightly
def test_what_was_acknowledged_is_there_whenever_the_server_is_killed(page, served):
    """Kills in the midst of nudging: every step of a point is in its place, and each edit is there once."""
    open_editor(page, served)
    place, made = served.face()[30], 0
    for kill in range(36):
        page.mouse.click(*on_screen(page, *served.face()[30]))  # Streamlit's own alarm has taken the keys
        key, by = ("ArrowLeft", -1) if kill % 2 else ("ArrowRight", 1)
        for step in range(4):
            page.keyboard.press(key)
            made += by
            page.wait_for_timeout(430)  # mostly an edit of its own
            if step == 2 + kill % 2:
                served.kill()
        served.bench.start()
        wanted = pytest.approx([place[0] + made, place[1]], abs=0.02)
        wait_for(lambda there=wanted: served.face()[30].tolist() == there)
        saved(page)
        settle(page)
    edits = [revision.edit_id for revision in served.edits()]
    assert len(edits) == len(set(edits))


@pytest.mark.nightly
def test_twenty_tabs_that_are_closed_at_once_lose_nothing(visitor, served):
    before = len(served.edits())
    for number in range(20):
        tab = visitor.new_page()
        open_editor(tab, served)
        nudge(tab, served, 30, "ArrowLeft" if number % 2 else "ArrowRight")
        tab.wait_for_timeout(40 * number % 400)
        tab.close()
    wait_for(lambda: len(served.edits()) == before + 20, seconds=AT_ONCE)


@pytest.mark.nightly
@pytest.mark.parametrize("thaws", [True, False])
def test_a_tab_that_is_frozen_right_after_a_nudge_sends_it_when_it_thaws_or_the_next_tab_does(visitor, served, thaws):
    before, tab = len(served.edits()), visitor.new_page()
    open_editor(tab, served)
    nudge(tab, served, 30)
    tools = visitor.new_cdp_session(tab)
    tools.send("Page.setWebLifecycleState", {"state": "frozen"})
    time.sleep(1)
    if thaws:
        tools.send("Page.setWebLifecycleState", {"state": "active"})
        wait_for(lambda: len(served.edits()) == before + 1, seconds=AT_ONCE)
    tab.close()
    following = visitor.new_page()
    following.goto(f"{served.bench.address}/people?name=Mina")
    wait_for(lambda: len(served.edits()) == before + 1, seconds=AT_ONCE)
    following.close()
