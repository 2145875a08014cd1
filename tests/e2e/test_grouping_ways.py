"""Ways of grouping on the People page, compared by the worker, in a real browser."""

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.names_in_store import annotator_id
from db.engine import reading
from db.tables import Run
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.clothes_networks import publish
from tests.builders.staged_people import add_faces, group, owners, vector
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


def test_clothes_are_asked_by_a_network_that_is_chosen_where_its_weights_are(page, shared_workbench):
    store = Workspace.open(Settings(home=shared_workbench.home))
    author = annotator_id(store, "Mina")
    with writing(store.engine) as session:
        dataset = ensure_dataset("dressed", author, session=session)
    add_faces(store, dataset, [(f"day/{n}.png", vector(n // 2, n)) for n in range(3)])
    group(store, dataset)
    page.goto(f"{shared_workbench.address}/people?dataset=dressed&name=Mina")
    settle(page)
    page.get_by_role("button", name="Group again").click()
    page.get_by_text("Show networks that are not on this machine").click()
    expect(page.get_by_text("weights fetch imagenet-resnet18")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("radio", name="ResNet-18")).to_have_count(0)
    file = publish(store.weights)
    page.reload()
    settle(page)
    page.get_by_role("button", name="Group again").click()
    page.get_by_role("radio", name="ResNet-18").click()
    settle(page)
    page.get_by_role("button", name="Ask the clothes").click()
    expect(page.get_by_text("0 of 1 face that had no place went to people of the same event")).to_be_visible(
        timeout=SLOW
    )
    with reading(store.engine) as session:
        run = session.exec(select(Run).where(Run.dataset_id == dataset, Run.kind == "clothes")).one()
    assert run.parameters == {"cue": "imagenet-resnet18"}
    file.unlink()
    store.engine.dispose()
