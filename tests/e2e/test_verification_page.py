"""The Verification page in a real browser: figures, slider, saving, and the next grouping."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from sklearn import metrics as reference
from sqlmodel import select

from core import verification
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.names_in_store import annotator_id
from core.people.deciding import move_faces
from core.people.encoders import encoder_of, threshold_of
from db.engine import reading
from db.tables import Person
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.staged_people import add_faces, group, owners
from tests.e2e.audit import faults
from tests.e2e.hands import settle

pytestmark = pytest.mark.e2e

SLOW = 60_000

COUNT_RUNS = """() => {
    const app = document.querySelector("[data-testid=stApp]");
    window.runs = 0;
    new MutationObserver(() => { window.runs += app.dataset.testScriptState === "running"; })
        .observe(app, {attributeFilter: ["data-test-script-state"]});
}"""


@pytest.fixture(scope="module")
def workbench(shared_workbench):
    return shared_workbench


@pytest.fixture(scope="module")
def store(workbench):
    opened = Workspace.open(Settings(home=workbench.home))
    yield opened
    opened.engine.dispose()


def dataset_called(store, name):
    with writing(store.engine) as session:
        return ensure_dataset(name, annotator_id(store, "Mina"), session=session)


def confirmed_faces(store, dataset):
    """Twelve people with four faces each, so alike that some pairs are judged wrongly."""
    rng = np.random.default_rng(5)
    shared = rng.normal(size=64)
    for person in range(12):
        rows = shared + rng.normal(size=64) + 0.8 * rng.normal(size=(4, 64))
        rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        faces = add_faces(store, dataset, [(f"{person}/{n}.png", row) for n, row in enumerate(rows)])
        move_faces(store, faces, name=f"*person* {person}", author_id=annotator_id(store, "Mina"))


def metric(page, name):
    return page.locator(f".figures [data-figure={name.lower()}] dd").first


def field(page):
    return page.get_by_label("Threshold", exact=True)


def expected(pairs, threshold):
    accepted = pairs.scores.astype(np.float64) >= threshold
    given = {"sample_weight": pairs.weights}
    tn, fp, fn, tp = reference.confusion_matrix(pairs.same, accepted, labels=[False, True], **given).ravel()
    return {
        "Accuracy": reference.accuracy_score(pairs.same, accepted, **given),
        "Precision": reference.precision_score(pairs.same, accepted, **given),
        "Recall": reference.recall_score(pairs.same, accepted, **given),
        "F1": reference.f1_score(pairs.same, accepted, **given),
        "FMR": fp / (fp + tn),
        "FNMR": fn / (fn + tp),
    }


def person_called(store, dataset, name):
    with reading(store.engine) as session:
        return session.exec(select(Person.id).where(Person.dataset_id == dataset, Person.name == name)).one()


def shows(page, figures):
    for name, value in figures.items():
        expect(metric(page, name)).to_have_text(f"{value:.2%}", timeout=SLOW)


def test_figures_follow_the_slider_and_a_saved_threshold_is_used_next(page, workbench, store):
    dataset = dataset_called(store, "confirmed")
    confirmed_faces(store, dataset)
    pairs = verification.confirmed_pairs(store, dataset)
    report = verification.evaluate_pairs(pairs)
    page.goto(f"{workbench.address}/verification?dataset=confirmed&name=Mina")
    expect(page.get_by_text("48 confirmed faces")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(f"{report.held_out.mean:.1%} ± {report.held_out.std:.1%}")).to_be_visible()

    page.get_by_role("button", name="Best accuracy").click()
    shows(page, expected(pairs, report.best.threshold))
    page.get_by_role("button", name="EER").click()
    shows(page, expected(pairs, report.eer.threshold))
    expect(field(page)).to_have_value(f"{report.eer.threshold:.4f}", timeout=SLOW)
    page.get_by_role("slider").press("End")
    expect(metric(page, "FMR")).to_have_text("0.00%")
    page.get_by_role("slider").press("Home")
    expect(metric(page, "FMR")).to_have_text("100.00%")

    page.get_by_role("button", name="Best accuracy").click()
    shows(page, expected(pairs, report.best.threshold))
    page.get_by_role("button", name=re.compile("^Save ")).click()
    expect(page.get_by_text(f"{report.best.threshold:.4f} is in force now")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(re.compile(f"^{report.best.threshold:.4f} · best accuracy · "))).to_be_visible()
    assert group(store, dataset, threshold=None)["threshold"] == report.best.threshold
    page.get_by_role("button", name=re.compile("^Group again at")).click()
    expect(page.get_by_text(re.compile("48 faces of 12 people"))).to_be_visible(timeout=SLOW)

    page.get_by_role("button", name="See what that would change").click()
    expect(page.get_by_text("Nothing would change.")).to_be_visible(timeout=SLOW)  # all are confirmed
    field(page).fill("0.5")
    field(page).press("Enter")
    shows(page, expected(pairs, 0.5))
    page.get_by_role("button", name="Save 0.5000 as the threshold").click()
    expect(page.get_by_text("0.5000 is in force now")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Use again").click()
    expect(page.get_by_text(f"{report.best.threshold:.4f} is in force now")).to_be_visible(timeout=SLOW)
    assert threshold_of(store, dataset, encoder_of(store, dataset)) == report.best.threshold


def test_figures_follow_the_hand_before_the_page_hears_of_it(page, workbench, store):
    dataset = dataset_called(store, "dragged")
    confirmed_faces(store, dataset)
    pairs = verification.confirmed_pairs(store, dataset)
    page.goto(f"{workbench.address}/verification?dataset=dragged&name=Mina")
    field(page).fill("0.5")
    field(page).press("Enter")
    settle(page)
    assert faults(page) == []
    page.evaluate(COUNT_RUNS)
    circle = page.locator(".handle circle").bounding_box()
    x, y = circle["x"] + circle["width"] / 2, circle["y"] + circle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    seen = []
    for step in range(1, 6):
        page.mouse.move(x + 12 * step, y)
        value = float(field(page).input_value())
        shows(page, expected(pairs, value))
        seen.append(value)
    assert page.evaluate("window.runs") == 0
    page.mouse.up()
    assert seen == sorted(set(seen))
    expect(page).to_have_url(re.compile(f"threshold={seen[-1]:.4f}".rstrip("0")), timeout=SLOW)
    page.get_by_role("button", name="See what that would change").click()  # before it is saved
    expect(page.get_by_text("Nothing would change.")).to_be_visible(timeout=SLOW)
    page.get_by_role("slider").press("ArrowLeft")
    shows(page, expected(pairs, round(seen[-1] - 0.001, 4)))


@pytest.mark.nightly
def test_four_people_without_an_error_show_nothing_about_others(page, workbench, store):
    dataset = dataset_called(store, "easy")
    for person in range(4):
        rows = np.zeros((3, 64), np.float32)
        rows[:, person], rows[[0, 1, 2], [40, 41, 42]] = 1, 0.1
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        faces = add_faces(store, dataset, [(f"{person}/{n}.png", row) for n, row in enumerate(rows)])
        move_faces(store, faces, author_id=annotator_id(store, "Mina"))
    page.goto(f"{workbench.address}/verification?dataset=easy&name=Mina")
    page.get_by_role("button", name="Best accuracy").click(timeout=SLOW)
    expect(metric(page, "Accuracy")).to_have_text("100.00%", timeout=SLOW)
    expect(page.get_by_text("too few people to say")).to_have_count(3)
    expect(page.get_by_role("cell", name="too few people")).to_have_count(3)
    expect(page.get_by_text("None at this threshold.")).to_be_visible()


def test_a_false_match_leads_to_the_person_and_its_label_is_put_right_there_and_then(page, workbench, store):
    dataset = dataset_called(store, "mixed up")
    rows = np.pad(np.array([[1, 0, 0], [0.8, 0.6, 0], [0.8, 0.6, 0.01], [0, 0, 1]], np.float32), [(0, 0), (0, 61)])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    faces = add_faces(store, dataset, [(f"{n}.png", row) for n, row in enumerate(rows)])
    move_faces(store, faces[:2], name="_Ada_", author_id=annotator_id(store, "Mina"))
    move_faces(store, faces[2:], name="Bea", author_id=annotator_id(store, "Mina"))
    page.goto(f"{workbench.address}/verification?dataset=mixed+up&name=Mina")
    wrong = page.get_by_role("group", name=re.compile("^Similarity 1.000"))
    expect(wrong).to_contain_text("_Ada_", timeout=SLOW)
    page.get_by_role("button", name="Fix the label").first.click()
    page.get_by_role("button", name="Both are Bea").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible(timeout=SLOW)
    ada, bea = (person_called(store, dataset, name) for name in ("_Ada_", "Bea"))
    assert sorted(owner for owner, _ in owners(store, dataset).values()) == sorted([ada, bea, bea, bea])
    page.get_by_role("button", name="Undo").click()
    expect(wrong).to_contain_text("_Ada_", timeout=SLOW)
    wrong.get_by_role("button").first.click()
    expect(page).to_have_url(re.compile("/people"), timeout=SLOW)
    expect(page.get_by_label(re.compile("^Name of person")).first).to_have_value("_Ada_", timeout=SLOW)


@pytest.mark.nightly
def test_without_confirmed_faces_the_page_says_what_to_do(page, workbench, store):
    dataset = dataset_called(store, "unconfirmed")
    add_faces(store, dataset, [("a.png", np.eye(64, dtype=np.float32)[0])])
    page.goto(f"{workbench.address}/verification?dataset=unconfirmed&name=Mina")
    expect(page.get_by_text("Confirmed so far: 0 faces of 0 people")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Confirm faces on the People page").click()
    expect(page).to_have_url(re.compile("/people"), timeout=SLOW)
