"""The main job from the first start to the dataset that leaves, as a newcomer does it."""

import json
import re
import shutil

import numpy as np
import pytest
from playwright.sync_api import expect
from pycocotools.coco import COCO
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from db.engine import reading
from db.tables import Instance, KeypointRevision, Threshold, User
from tests.builders.places import SHARED
from tests.e2e.hands import at_place, drag, on_screen, settle, unfold, view, wait_for

pytestmark = pytest.mark.e2e

PHOTOS = SHARED / "identities"
SLOW = 180_000  # milliseconds that models may take on a busy machine


def menu(page, name):
    settle(page)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    page.wait_for_url(f"**/{name.lower()}?*")
    settle(page)  # pages have fields of the same name


def corrected(workspace):
    """The newest revision of a human, with the face that it is of."""
    with reading(workspace.engine) as session:
        rows = session.exec(
            select(KeypointRevision, Instance)
            .join(Instance, Instance.revision_id == KeypointRevision.id)
            .where(KeypointRevision.source == "human")
        ).all()
    return rows


def test_newcomer_goes_from_the_sample_to_an_export(page, workbench):
    workspace = Workspace.open(Settings(home=workbench.home))
    page.goto(f"{workbench.address}/?name=Mina")
    page.get_by_role("button", name="Try the sample").click(timeout=60_000)
    expect(page.get_by_text("50 pictures: 50 added")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Find faces").click()
    expect(page.get_by_text("55 faces of 8 people in 50 pictures")).to_be_visible(timeout=SLOW)

    correct_a_landmark(page, workspace)
    merge_and_think_again(page)
    confirm_two_people(page)
    save_a_threshold(page, workspace)
    exported = export_everything(page, workbench)
    check_export(exported, workspace)


def correct_a_landmark(page, workspace):
    menu(page, "Keypoints")
    page.get_by_label("Part of the path").fill("portraits/ada-1")
    page.get_by_label("Part of the path").press("Enter")
    at_place(page, 1, 1, timeout=60_000)
    with reading(workspace.engine) as session:
        face = session.get(Instance, wait_for_instance(page))
        tip = Keypoints.from_bytes(session.get(KeypointRevision, face.revision_id).points).points[30]
    start = on_screen(page, *tip)
    drag(page, start, (start[0] + 18, start[1] + 9))
    wait_for(lambda: len(corrected(workspace)) == 1)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()


def wait_for_instance(page):
    wait_for(lambda: view(page) and view(page).get("instance"))
    return int(view(page)["instance"])


def merge_and_think_again(page):
    menu(page, "People")
    expect(page.get_by_text("People (8)")).to_be_visible(timeout=60_000)
    settle(page)
    for number in (0, 1):
        page.locator(".card .frame").nth(number).click()
    page.get_by_role("button", name="Merge…").click()
    page.get_by_role("button", name="Merge into one person").click()
    expect(page.get_by_text("People (7)")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_text("People (8)")).to_be_visible(timeout=30_000)
    settle(page)


def confirm_two_people(page):
    cards = page.locator(".card")
    for number, name in enumerate(("Ida", "Noor")):  # named people come first
        cards.nth(number).locator(".frame").dblclick()
        expect(cards).to_have_count(0, timeout=30_000)
        page.get_by_placeholder("Type a name").fill(name)
        page.get_by_placeholder("Type a name").press("Enter")
        expect(page.get_by_text(re.compile(f"Named .* {name} and confirmed"))).to_be_visible(timeout=30_000)
        expect(page.get_by_text("all confirmed")).to_be_visible(timeout=30_000)
        page.get_by_role("button", name="All people").click()
        expect(cards).to_have_count(8, timeout=30_000)
        settle(page)


def save_a_threshold(page, workspace):
    menu(page, "Verification")
    page.get_by_role("button", name="Best accuracy").click(timeout=60_000)
    page.get_by_role("button", name=re.compile("Save 0\\.\\d+ as the threshold")).click(timeout=60_000)

    def saved():
        with reading(workspace.engine) as session:
            rows = select(Threshold, User.name).join(User, User.id == Threshold.author_id).order_by(Threshold.id.desc())
            return session.exec(rows).first()

    wait_for(lambda: saved()[0].metrics)  # the one that comes with the sample has no figures
    assert saved()[1] == "Mina"
    assert saved()[0].metrics["accuracy"] > 0.95, "two drawn people are told apart"


def export_everything(page, workbench):
    menu(page, "Export")
    page.get_by_test_id("stRadio").get_by_text("facet", exact=True).click(timeout=60_000)
    expect(page.get_by_role("textbox", name="Folder")).to_have_value(re.compile("facet"))
    page.get_by_role("button", name="Export", exact=True).click(timeout=60_000)
    return wait_for(lambda: written(workbench.home / "exports"), seconds=120)


def written(folder):
    """The export that has its name: until all of it is there it ends with .partial."""
    return next((path for path in folder.glob("*") if path.suffix != ".partial"), None)


def check_export(folder, workspace):
    """The field's own reader opens it, and the corrected point and the names are in it."""
    annotations = next(folder.rglob("annotations.json"))
    coco = COCO(str(annotations))
    assert len(coco.getImgIds()) == 50
    (revision, face), *_ = corrected(workspace)
    tip = Keypoints.from_bytes(revision.points).points[30]
    human = [item for item in coco.dataset["annotations"] if item["points_source"] == "human"]
    assert len(human) == 1
    np.testing.assert_array_equal(np.float32(human[0]["keypoints"][90:92]), tip)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["counts"]["people_with_name"] == 2
    assert manifest["counts"]["faces_confirmed_by_human"] > 10
    assert {path.name for path in (folder / "people").iterdir()} >= {"Ida", "Noor"}
    assert face.kind == "face"


@pytest.mark.nightly
@pytest.mark.shared
@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the real photos are not here")
def test_folder_of_real_people_becomes_a_threshold(page, workbench, tmp_path):
    for person in ("lfw_colin_powell", "lfw_ariel_sharon", "bbt_raj", "bbt_penny"):
        shutil.copytree(PHOTOS / person, tmp_path / "photos" / person)
    page.goto(f"{workbench.address}/?name=Mina")
    expect(page.get_by_text("Import photos").first).to_be_visible(timeout=60_000)
    server = page.get_by_text("A folder on the server")
    form = page.locator("details").filter(has=page.locator("summary").filter(has_text="Import photos"))
    expect(form.or_(server).first).to_be_visible(timeout=60_000)
    if form.count():  # it is folded away where there is a dataset already
        unfold(page, "Import photos")
    server.click()
    page.get_by_role("textbox", name="Folder, zip or export on the server").fill(str(tmp_path / "photos"))
    page.get_by_role("textbox", name="Dataset").fill("Real")
    page.get_by_text("Folder names are people").click()
    page.get_by_role("button", name="Import photos", exact=True).click()
    expect(page.get_by_text(re.compile("\\d+ pictures: \\d+ added"))).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Find faces").click()
    expect(page.get_by_text(re.compile("\\d+ faces of \\d+ people in \\d+ pictures"))).to_be_visible(timeout=SLOW)
    menu(page, "Verification")
    expect(page.get_by_role("button", name=re.compile("Save 0\\.\\d+ as the threshold"))).to_be_visible(timeout=60_000)
