"""Going from page to page: the dataset, the name and the picture come along."""

import re

import pytest
from playwright.sync_api import expect

from core.library.names_in_store import annotator_id, create_dataset
from tests.builders.staged_pictures import stage
from tests.e2e.hands import pick, view, wait_for

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def workbench(shared_workbench):
    return shared_workbench


@pytest.fixture(scope="module")
def store(workbench):
    """The drawn pictures, and a younger dataset without any."""
    workspace = stage(workbench.home)
    create_dataset(workspace, "Younger", annotator_id(workspace, "stage"))
    return workspace


@pytest.mark.nightly
def test_button_to_another_page_keeps_dataset_and_name(page, workbench, store):
    page.goto(f"{workbench.address}/?name=zoe&dataset=Drawn")
    page.get_by_role("button", name="Correct keypoints").click(timeout=60_000)
    expect(page.locator("canvas[data-view]")).to_be_visible(timeout=60_000)
    expect(page).to_have_url(re.compile(r"/keypoints\?.*"))
    for part in ("dataset=Drawn", "name=zoe"):
        expect(page).to_have_url(re.compile(part))
    expect(page.get_by_role("textbox", name="Your name")).to_have_value("zoe")


def test_reload_opens_the_same_picture_and_another_dataset_closes_it(page, workbench, store):
    page.goto(f"{workbench.address}/keypoints?name=zoe&dataset=Drawn")
    wait_for(lambda: page.locator("canvas[data-view]").count() and view(page))
    first = view(page)["image"]
    page.get_by_role("button", name="Next picture").first.click()
    wait_for(lambda: view(page)["image"] != first)
    second = view(page)["image"]
    expect(page).to_have_url(re.compile(f"picture={second}"))
    page.reload()
    wait_for(lambda: page.locator("canvas[data-view]").count() and view(page) and view(page)["image"] == second)
    pick(page, "Dataset", "Younger")
    expect(page.get_by_text("No picture fits.")).to_be_visible(timeout=30_000)
    expect(page).not_to_have_url(re.compile("picture="))


def test_nothing_is_asked_of_the_internet(page, workbench, store):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{workbench.address}/?name=zoe&dataset=Drawn")
    expect(page.get_by_role("button", name="Correct keypoints")).to_be_visible(timeout=60_000)
    page.wait_for_timeout(2000)
    ours = (workbench.address, workbench.address.replace("http", "ws"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(ours)] == []
