"""The Training page: what there is, what cannot be, a training that is watched and one that is stopped."""

import json
import re

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from core.library.names_in_store import create_dataset
from db.engine import reading
from db.tables import Run, RunState, TrainedModel, now
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.staged_learning import add_clips, open_store
from tests.e2e.hands import comes_to, pick, settle, unfold

pytestmark = pytest.mark.e2e

SLOW = 90_000
SMALL = "input_size=64x64\nworkers=0\nsheets=1\nbatch=4"


@pytest.fixture(scope="module")
def workbench(shared_workbench):
    return shared_workbench


@pytest.fixture(scope="module")
def store(workbench):
    workspace, author = open_store(workbench.home)
    create_dataset(workspace, "Nothing", author)
    add_clips(workspace, author, "Alone", people=1, frames=2)
    add_clips(workspace, author, "Unlabelled", people=1, frames=2, human=False)
    add_clips(workspace, author, "Clips", people=4, frames=2)
    return workspace, author


def open_page(page, workbench, dataset):
    page.goto(f"{workbench.address}/training?name=Mina&dataset={dataset}")
    expect(page.get_by_role("heading", name="Training", exact=True)).to_be_visible(timeout=SLOW)


def set_others(page, text):
    unfold(page, "Settings")
    box = page.get_by_role("textbox", name="Others, one key=value a line")
    box.fill(text)
    box.press("Control+Enter")
    settle(page)


def train_button(page):
    return page.get_by_role("button", name="Train", exact=True)


def trained(workspace):
    with reading(workspace.engine) as session:
        return session.exec(select(TrainedModel).order_by(TrainedModel.model_version_id)).all()


@pytest.mark.nightly
@pytest.mark.parametrize(("dataset", "waits"), [("Nothing", False), ("Unlabelled", True)])
def test_without_labels_the_page_leads_to_where_they_come_from(page, workbench, store, dataset, waits):
    open_page(page, workbench, dataset)
    told = page.get_by_test_id("stAlert").filter(has_text="No human has set or accepted 68 face landmarks here yet.")
    expect(told).to_be_visible(timeout=SLOW)
    expect(told).to_have_text(re.compile(r"2 instances wait for it\." if waits else r"is learned from\.$"))
    expect(train_button(page)).to_have_count(0)
    page.get_by_role("button", name="Correct keypoints").click()
    expect(page.get_by_role("combobox", name="Order")).to_be_visible(timeout=SLOW)


@pytest.mark.nightly
def test_one_group_cannot_be_measured_and_is_not_trained_on(page, workbench, store):
    open_page(page, workbench, "Alone")
    expect(page.get_by_text("Everything labelled belongs to one group")).to_be_visible(timeout=SLOW)
    expect(train_button(page)).to_be_disabled()
    pick(page, "Keep together", "people, else folders")
    expect(page.get_by_text("Everything labelled belongs to one group")).to_be_visible(timeout=SLOW)


@pytest.mark.nightly
def test_absent_weights_are_named_with_the_ways_out(page, workbench, store):
    open_page(page, workbench, "Clips")
    pick(page, "Recipe", "resnet18-regression")
    told = page.get_by_test_id("stCode").filter(has_text="is not on this machine")
    expect(told).to_contain_text("python -m core weights fetch imagenet-resnet18", timeout=SLOW)
    expect(told).to_contain_text("https://download.pytorch.org/models/")
    expect(told).to_contain_text(str(workbench.home / "weights"))
    expect(told).to_contain_text("Or set pretrained=none")
    expect(train_button(page)).to_be_disabled()
    page.locator("summary").filter(has_text="Settings").click()
    pick(page, "Weights", "none")
    expect(told).to_have_count(0, timeout=SLOW)
    expect(train_button(page)).to_be_enabled()


@pytest.mark.nightly
def test_a_wrong_setting_is_named_before_anything_starts(page, workbench, store):
    open_page(page, workbench, "Clips")
    pick(page, "Recipe", "quick-resnet18")
    for text, said in (
        ("epoch=2", "a recipe has no setting 'epoch'; there are"),
        ("epochs=*many*", "epochs is a whole number, not '*many*'"),
        ("input_size=10x10", "the input width of resnet18-regression is 64 to 4096 pixels, not 10"),
    ):
        set_others(page, text)
        expect(page.get_by_test_id("stAlert").filter(has_text=said)).to_be_visible(timeout=SLOW)
        expect(train_button(page)).to_be_disabled()
    set_others(page, "hello")
    expect(page.get_by_text("“hello” is no key=value and does not count.")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Does it fit?").click()
    expect(page.get_by_text(re.compile(r"A step takes about .* GiB free: it fits\."))).to_be_visible(timeout=SLOW)


def test_a_training_is_watched_and_its_model_is_compared_next(page, workbench, store):
    workspace, _ = store
    open_page(page, workbench, "Clips")
    held_out = page.get_by_test_id("stMetric").filter(has_text="Held out")
    expect(held_out).to_contain_text("2", timeout=SLOW)
    pick(page, "Recipe", "quick-hrnet")
    set_others(page, SMALL + "\nepochs=3")
    train_button(page).click()
    expect(page.get_by_role("heading", name="At work")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("This very training is at work or waiting.")).to_be_visible(timeout=SLOW)
    expect(train_button(page)).to_be_disabled()
    expect(page.get_by_text(re.compile(r"quick-hrnet-\d+: 3 epochs; NME [\d.]+% on what was held out"))).to_be_visible(
        timeout=SLOW
    )
    expect(page.get_by_role("heading", name="At work")).to_have_count(0)
    expect(page.get_by_text("Training loss", exact=True)).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Heatmaps beside their targets, epoch 3.")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Examples, epoch 3.")).to_be_visible()
    (model,) = trained(workspace)
    assert model.recipe_settings["epochs"] == 3
    page.get_by_role("button", name="Compare it").click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible(timeout=SLOW)
    chosen = page.get_by_test_id("stMultiSelect")
    expect(chosen).to_contain_text("dlib-68", timeout=SLOW)
    expect(chosen).to_contain_text("quick-hrnet-1")


@pytest.mark.nightly
def test_a_cancelled_training_stops_before_its_end_and_keeps_its_best(page, workbench, store):
    workspace, _ = store
    before = len(trained(workspace))
    open_page(page, workbench, "Clips")
    pick(page, "Recipe", "quick-resnet18")
    set_others(page, SMALL + "\nepochs=5000\npatience=0")
    train_button(page).click()
    expect(page.get_by_text(re.compile(r"Examples, epoch \d+\."))).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(re.compile(r"Its best so far is kept as quick-resnet18-\d+\."))).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(re.compile(r"Cancelled after \d+ of 5,000; what was finished stays"))).to_be_visible()
    assert len(trained(workspace)) == before + 1
    assert trained(workspace)[-1].data["stopped"] == "cancelled"


def staged_rounds(workspace, author, dataset, name, plan, nmes):
    """A self-training as if it had run: its rows and the file of its rounds."""
    tasks = {"curriculum": ["", "cls3", "cls2", "std", "std", "std"], "plain": ["", "std", "std", "std"]}[plan]
    rounds = [
        {
            "round": i,
            "task": task,
            "pseudo_labels": 9 if i else 0,
            "validation_nme": nme,
            "seconds": 5.0,
            "change": nme - nmes[i - 1] if i else 0.0,
            "epochs": 2,
            "file": "",
            "sha256": "",
        }
        for i, (task, nme) in enumerate(zip(tasks, nmes, strict=True))
    ]
    with writing(workspace.engine) as session:
        counts = {"model": name, "epochs": 2, "stopped": "done", "seconds": 5.0, "metrics": {}}
        run = Run(
            kind="selftrain",
            dataset_id=dataset,
            author_id=author,
            state=RunState.DONE,
            counts=counts,
            parameters={"recipe": "quick-pipnet", "skeleton": "face68", "plan": plan},
            finished_at=now(),
        )
        version = ensure_model_version(name, "landmarks", name, {}, session=session)
        session.add(run)
        session.flush()
        session.add(
            TrainedModel(
                model_version_id=version,
                dataset_id=dataset,
                run_id=run.id,
                recipe="quick-pipnet",
                file="none",
                skeleton="face68",
                author_id=author,
                data={"rounds": rounds, "labels_sha256": "same", "epochs": 2},
            )
        )
        number = run.id
    folder = workspace.home / "training" / str(number)
    folder.mkdir(parents=True)
    (folder / "rounds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rounds))


@pytest.mark.nightly
def test_what_each_round_bought_stands_beside_the_other_plan(page, workbench, store):
    workspace, author = store
    dataset = add_clips(workspace, author, "Rounds", people=2, frames=2, seed=4)
    staged_rounds(workspace, author, dataset, "plain-1", "plain", [0.10, 0.09, 0.085, 0.08])
    staged_rounds(workspace, author, dataset, "mine-2", "curriculum", [0.10, 0.09, 0.08, 0.07, 0.065, 0.06])
    open_page(page, workbench, "Rounds")
    expect(page.get_by_text("What each round bought")).to_be_visible(timeout=SLOW)
    cells = page.get_by_role("row").filter(has_text="its cell among the coarse ones").get_by_role("cell")
    comes_to(lambda: cells.all_inner_texts()[2:5], ["9", "9.00%", "−1.00 pp"])
    expect(
        page.get_by_text("Curriculum ended at 6.00% after 5 rounds, plain (plain-1) at 8.00% after 3 rounds: 2.00 pp")
    ).to_be_visible()
