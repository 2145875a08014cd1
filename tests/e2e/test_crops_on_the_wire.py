"""A crop that a browser has is never asked for again, whatever is looked at, and in which order."""

from http.client import HTTPConnection
from time import perf_counter
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.names_in_store import annotator_id
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.kept_crops import keep_crops
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, vector
from tests.e2e.hands import settle
from tests.e2e.wire import crops_in_sight, crops_on_the_wire, number_of, wait_for_crops

pytestmark = pytest.mark.e2e

CROWD, OF_ONE = 62, 70  # two pages of the wall, two of the faces of one person


@pytest.fixture(scope="module")
def crowded(shared_workbench):
    """One person of many faces and many of two, each of whom looks like another one."""
    workspace = Workspace.open(Settings(home=shared_workbench.home))
    with writing(workspace.engine) as session:
        dataset = ensure_dataset("crowded", annotator_id(workspace, "Mina"), session=session)
    many = [(f"one/{n}.png", vector(31, n % 30)) for n in range(OF_ONE)]
    pairs = [(f"{person}/{n}.png", vector(person // 4 % 31, n)) for person in range(CROWD) for n in range(2)]
    faces = add_faces(workspace, dataset, many + pairs)
    largest = own(workspace, dataset, faces[:OF_ONE])
    for start in range(OF_ONE, len(faces), 2):
        own(workspace, dataset, faces[start : start + 2])
    keep_crops(workspace, faces)
    workspace.engine.dispose()
    at, who = shared_workbench.address, "dataset=crowded&name=Mina"
    return SimpleNamespace(wall=f"{at}/people?{who}", search=f"{at}/search?all={largest}&{who}", face=faces[0])


class Looking:
    """What somebody does, and every crop that they have seen."""

    def __init__(self, page):
        self.page, self.seen = page, set()

    def after(self, act, *, other=True):
        """Look at all of what is shown after that."""
        before = crops_in_sight(self.page) if other else ()
        act()
        wait_for_crops(self.page, before)
        settle(self.page)
        for turned in (1, 1, 1, -1, -1, -1):
            self.page.mouse.wheel(0, 500 * turned)
            self.page.wait_for_timeout(100)
            wait_for_crops(self.page)
            self.seen.update(crops_in_sight(self.page))

    def click(self, role, name):
        self.after(self.page.get_by_role(role, name=name, exact=True).first.click)

    def turn(self, number):
        """To another page of a list."""
        pager = self.page.get_by_test_id("stPagination")
        self.after(pager.get_by_role("button", name=f"Page {number}", exact=True).click)


def test_no_crop_comes_over_the_wire_twice(page, crowded):
    wire, looking = crops_on_the_wire(page), Looking(page)
    looking.after(lambda: page.goto(crowded.wall))
    expect(page.get_by_text(f"People ({CROWD + 1})")).to_be_visible()
    page.mouse.move(700, 500)
    looking.turn(2)
    looking.turn(1)
    largest = page.locator(".card .frame").first
    looking.after(largest.dblclick)
    looking.turn(2)
    looking.turn(1)
    looking.click("button", "All people")
    page.locator(".card .frame").nth(3).click()
    looking.click("radio", "Same person?")
    looking.click("radio", f"People ({CROWD + 1})")
    looking.after(page.reload, other=False)
    looking.after(lambda: page.goto(crowded.search))
    assert len(looking.seen) > CROWD + OF_ONE, "both pages of both, and questions"
    assert {number_of(address) for address in looking.seen} <= wire.keys()
    assert set(wire.values()) == {1}, {number: times for number, times in wire.items() if times > 1}


def test_no_answer_waits_for_its_head_to_be_acknowledged(shared_workbench, crowded):
    """One that does takes 40 ms at least, on a connection that has been used for a while."""
    connection, taken = HTTPConnection("127.0.0.1", shared_workbench.port), []
    for number in range(40):
        start = perf_counter()
        connection.request("GET", f"/api/crop/{crowded.face}?v={number}")
        answer = connection.getresponse()
        assert (answer.status, len(answer.read()) > 1000) == (200, True)
        taken.append(perf_counter() - start)
    connection.close()
    assert min(taken[20:]) < 0.03
