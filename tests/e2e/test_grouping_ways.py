"""Ways of grouping on the People page, compared by the worker, in a real browser."""

import pytest
from playwright.sync_api import expect

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.names_in_store import annotator_id
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.staged_people import add_faces, owners, vector
from tests.e2e.hands import settle

pytestmark = [pytest.mark.e2e, pytest.mark.nightly]

SLOW = 60_000


def test_ways_are_compared_against_folders_and_nothing_is_changed(page, shared_workbench):
    store = Workspace.open(Settings(home=shared_workbench.home))
    author = annotator_id(store, "Mina")
    with writing(store.engine) as session:
        dataset = ensure_dataset("ways", author, session=session)
    add_faces(store, dataset, [(f"{p}/{n}.png", vector(p, n)) for p, count in ((0, 4), (1, 3)) for n in range(count)])
    page.goto(f"{shared_workbench.address}/people?dataset=ways&name=Mina&view=ways&truth=folders")
    expect(page.get_by_text("No ways of grouping were compared here yet")).to_be_visible(timeout=SLOW)
    settle(page)
    page.get_by_role("button", name="Compare now").click()
    expect(page.get_by_text("7 of 7 faces have a known person (folders of the pictures)")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("button", name="Compare now")).to_be_enabled()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    assert owners(store, dataset) == {}
    store.engine.dispose()
