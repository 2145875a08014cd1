"""The Models page: two models on the same held-out pictures, the worst ones, pre-labels and back, doubt, ONNX."""

import re
from pathlib import Path

import av
import pytest
from playwright.sync_api import expect
from sqlmodel import select

from core.foundation.messages import verbatim
from core.foundation.progress import Progress
from core.jobs.inline import run_here
from db.engine import reading
from db.tables import (
    Frame,
    Image,
    Instance,
    KeypointRevision,
    ModelVersion,
    Prediction,
    Promotion,
    Run,
    Source,
    TrainedModel,
    Video,
)
from db.writing import writing
from tests.builders.staged_learning import NAME, QUICK, add_clips, open_store, unlabel
from tests.e2e.hands import accept, at_place, pick, settle, video_metadata

pytestmark = [pytest.mark.e2e, pytest.mark.nightly]  # the models are trained first

SLOW = 90_000
NEXT_PICTURE = """seen => {
    const picture = Number(new URL(location).searchParams.get('picture'));
    return picture && !seen.includes(picture) && picture;
}"""
FIRST, SECOND = "quick-hrnet-1", "quick-hrnet-2"
WARNING = "this training came to nothing: its best validation NME is 41.65%, and the mean shape has 6.22%"


@pytest.fixture(scope="module")
def store(workbench):
    """Clips of eight people; the last two unlabelled. Two models, one grown out of the other."""
    workspace, author = open_store(workbench.home)
    dataset = add_clips(workspace, author, "Clips", people=8, frames=2)
    with reading(workspace.engine) as session:
        unlabel(workspace, session.exec(select(Instance.id).order_by(Instance.id)).all()[12:])
    asked = {"recipe": "quick-hrnet", "settings": QUICK, "skeleton": "face68"}
    for parent in (None, FIRST):
        run_here(workspace, "train", dataset, asked | {"parent": parent}, Progress())
    warn(workspace, FIRST, WARNING)
    warn(workspace, SECOND)
    return workspace, dataset


def warn(workspace, name, *warnings):
    """What the training of a model warned of."""
    with writing(workspace.engine) as session:
        version = session.exec(select(ModelVersion.id).where(ModelVersion.name == name)).one()
        model = session.exec(select(TrainedModel).where(TrainedModel.model_version_id == version)).one()
        model.data = {**model.data, "warnings": [verbatim(warning).to_json() for warning in warnings]}
        session.add(model)


def open_page(page, workbench, part="models"):
    page.goto(f"{workbench.address}/{part}?name={NAME}&dataset=Clips")
    expect(page.get_by_role("heading", name="Pre-labels")).to_be_visible(timeout=SLOW)


def measured_beside(store):
    """What pre-labels now has predicted what models are measured on, as a press on *Measure it first* lets it."""
    workspace, dataset = store
    run_here(workspace, "predict", dataset, {"model": "dlib-68"}, Progress())
    return workspace


def choose(page, *names):
    """Compare these, in this order."""
    field = page.get_by_test_id("stMultiSelect")
    field.get_by_role("button", name="Clear all").click()
    for name in names:
        field.get_by_role("combobox").fill(name)
        page.get_by_role("option", name=name, exact=True).click()
        page.keyboard.press("Escape")
        settle(page)


def heads(workspace):
    with reading(workspace.engine) as session:
        rows = session.exec(
            select(Instance.id, KeypointRevision.source, KeypointRevision.model_version_id)
            .join(KeypointRevision, KeypointRevision.id == Instance.revision_id, isouter=True)
            .order_by(Instance.id)
        ).all()
    return {number: (source, version) for number, source, version in rows}


def ends(page):
    """Wait until no run is at work any more."""
    settle(page)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0, timeout=SLOW)


def test_a_model_is_compared_with_its_parent_on_the_same_pictures(page, workbench, store):
    open_page(page, workbench)
    chosen = page.get_by_test_id("stMultiSelect")
    expect(chosen).to_have_text(re.compile(f"{FIRST}.*{SECOND}"), timeout=SLOW)
    expect(page.get_by_text(re.compile(r"\d held-out instances of \d groups?;"))).to_be_visible(timeout=SLOW)
    row = page.get_by_role("row").filter(has=page.get_by_role("cell", name="NME", exact=True))
    cells = row.get_by_role("cell")
    expect(cells.nth(1)).to_have_text(re.compile(r"^[\d.]+%"), timeout=SLOW)
    expect(cells.nth(3)).to_have_text(re.compile(r"pp.*: (better|worse) in \d of \d groups?$|the same"))
    eyes = page.get_by_role("row").filter(has=page.get_by_role("cell", name="Left eye", exact=True)).get_by_role("cell")
    expect(eyes.nth(3)).to_have_text(re.compile(r"pp.*: (better|worse) in \d of \d groups?$|the same"))
    apart = (f"By point, less {FIRST}", f"By group, less {FIRST}")
    for title in ("Cumulative error", "By group", "By point", *apart):
        expect(page.get_by_text(title, exact=True)).to_be_visible()


def test_the_built_in_model_is_predicted_with_first(page, workbench, store):
    open_page(page, workbench)
    choose(page, "dlib-68", SECOND)
    expect(page.get_by_text("Each model first predicts the labelled instances")).to_be_visible(timeout=SLOW)
    expect(
        page.get_by_text(re.compile(rf"To be predicted: dlib-68 \(\d instances\)\. Predicted already: {SECOND}"))
    ).to_be_visible()
    page.get_by_role("button", name="Predict the held-out part").click()
    expect(page.get_by_role("columnheader", name=f"{SECOND} − dlib-68").first).to_be_visible(timeout=SLOW)
    with reading(store[0].engine) as session:
        asked = session.exec(select(Run.parameters).where(Run.kind == "predict")).all()
    assert [one["model"] for one in asked] == ["dlib-68"], "the other has predicted it when it was trained"


def test_the_worst_picture_opens_in_the_editor(page, workbench, store):
    open_page(page, workbench)
    expect(page.get_by_text("Worst first.")).to_be_visible(timeout=SLOW)
    tile = page.locator("img[src*='/api/thumbnail/']").first
    tile.scroll_into_view_if_needed()
    number = re.search(r"thumbnail/(\d+)", tile.get_attribute("src")).group(1)
    page.locator(f"img[src*='/api/thumbnail/{number}?']").first.click()
    expect(page.locator("canvas[data-view]").first).to_be_visible(timeout=SLOW)
    expect(page).to_have_url(re.compile(rf"picture={number}\b"))


def test_promoting_gives_its_points_to_what_no_human_touched_and_rolling_back_is_another_row(page, workbench, store):
    workspace = measured_beside(store)
    before = heads(workspace)
    open_page(page, workbench)
    settle(page)
    pick(page, "Promote", SECOND)
    expect(page.get_by_text(re.compile(rf"on the same \d labels {SECOND} has an NME of .*, dlib-68 of"))).to_be_visible(
        timeout=SLOW
    )
    page.get_by_role("button", name="Promote", exact=True).click()
    page.get_by_role("button", name="Promote it all the same").click()
    ends(page)
    told = "4 instances got other first points, 0 stay as they are; 12 that humans set are left alone"
    expect(page.get_by_text(told)).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(f"{SECOND} gives the first points (68 face landmarks)")).to_be_visible()
    after = heads(workspace)
    assert {one for one in after if after[one] != before[one]} == set(list(before)[12:])
    assert all(after[one][0] == Source.MODEL for one in list(before)[12:])
    page.get_by_role("button", name="Roll back to dlib-68").click()
    ends(page)
    expect(page.get_by_text("dlib-68 gives the first points (68 face landmarks)")).to_be_visible(timeout=SLOW)
    with reading(workspace.engine) as session:
        assert len(session.exec(select(Promotion)).all()) == 2


def test_a_worse_model_says_so_with_both_figures_and_is_promoted_with_a_second_click_only(page, workbench, store):
    workspace = measured_beside(store)
    open_page(page, workbench)
    settle(page)
    pick(page, "Promote", FIRST)
    worse = page.get_by_text(
        re.compile(rf"Worse than what gives the first points now: .* {FIRST} has an NME of .*dlib-68 of")
    )
    expect(worse).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Promote", exact=True).click()
    again = page.get_by_role("button", name="Promote it all the same")
    expect(again).to_be_visible(timeout=SLOW)
    with reading(workspace.engine) as session:
        before = len(session.exec(select(Promotion)).all())
    again.click()
    ends(page)
    expect(page.get_by_text(f"{FIRST} gives the first points (68 face landmarks)")).to_be_visible(timeout=SLOW)
    with reading(workspace.engine) as session:
        assert len(session.exec(select(Promotion)).all()) == before + 1
    page.get_by_role("button", name="Roll back to dlib-68").click()
    ends(page)
    page.locator("summary").filter(has_text="All about one model").click()
    pick(page, "Model", FIRST)
    expect(page.get_by_text(WARNING[1:])).to_be_visible(timeout=SLOW)


def test_what_the_model_doubts_is_labelled_in_that_order(page, workbench, store):
    workspace, _ = store
    open_page(page, workbench)
    page.get_by_role("button", name="Label what it doubts").click()
    expect(page.locator("canvas[data-view]").first).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(re.compile(r"In the order of the doubt of quick-hrnet-\d"))).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(re.compile("Too few held-out labels are predicted to say"))).to_be_visible()
    opened = []
    for place in (1, 2, 3):
        at_place(page, place, 4, timeout=SLOW)
        opened.append(page.wait_for_function(NEXT_PICTURE, arg=opened, timeout=SLOW).json_value())
        accept(page)
        expect(page).not_to_have_url(re.compile(rf"picture={opened[-1]}\b"), timeout=SLOW)
    with reading(workspace.engine) as session:
        paths = [session.get(Image, number).path.partition("/")[0] for number in opened]
    assert len(set(opened)) == 3
    assert paths[0] != paths[1], "people take turns"
    page.reload()
    expect(page.get_by_text(re.compile("In the order of the doubt of"))).to_be_visible(timeout=SLOW)


def test_a_model_leaves_as_onnx(page, workbench, store):
    open_page(page, workbench)
    page.locator("summary").filter(has_text="All about one model").click()
    expect(page.get_by_text(f"It went on from {FIRST}.")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Write ONNX").click()
    ends(page)
    expect(page.get_by_text(re.compile(rf"{SECOND}: [\d.]+ MB of ONNX, at most .* from the original"))).to_be_visible(
        timeout=SLOW
    )
    button = page.get_by_role("button", name="Download ONNX")
    expect(button).to_be_visible(timeout=SLOW)  # the details stay open when the run ends
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename.startswith(SECOND)
    assert Path(download.value.path()).stat().st_size > 100_000


def clip_seen_by(workspace, *names):
    """The path of a clip of which these models have predicted every frame."""
    with reading(workspace.engine) as session:
        for video in session.exec(select(Video)).all():
            frames = set(session.exec(select(Frame.image_id).where(Frame.video_id == video.id)))
            seen = [
                set(
                    session.exec(
                        select(Instance.image_id)
                        .join(Prediction, Prediction.instance_id == Instance.id)
                        .join(ModelVersion, ModelVersion.id == Prediction.model_version_id)
                        .where(ModelVersion.name == name)
                    )
                )
                for name in names
            ]
            if all(frames <= one for one in seen):
                return video.path
    raise AssertionError(f"no clip is predicted by {names}")


def test_an_overlay_is_drawn_in_a_run_and_plays(page, workbench, store):
    workspace, _ = store
    clip = clip_seen_by(workspace, FIRST, SECOND)
    open_page(page, workbench)
    pick(page, "Clip", clip)
    page.get_by_text("Fixed points blue, moving ones red").click()
    settle(page)
    expect(page.get_by_text("Nothing is drawn over this clip yet.")).to_be_visible()
    page.get_by_role("button", name="Draw it").click()
    video = page.locator("video")
    expect(video).to_be_visible(timeout=SLOW)
    video.evaluate("video => { video.seen = true; }")
    expect(page.get_by_role("button", name="Draw it")).to_be_enabled(timeout=SLOW)  # the run has ended
    settle(page)
    assert video.evaluate("video => video.seen"), "it plays on when the run ends"
    expect(page.get_by_text(re.compile("fixed points blue, moving ones red"))).to_be_visible()
    told = video_metadata(page)
    assert min(told["width"], told["height"]) > 96, "small frames are enlarged"
    assert told["duration"] == pytest.approx(2 / 25, abs=0.05)
    (file,) = workspace.overlays.glob("*-static.mp4")
    with av.open(str(file)) as opened:
        assert opened.streams.video[0].codec_context.name == "h264"
    video.evaluate("video => video.play()")
    page.wait_for_function("document.querySelector('video').currentTime > 0", timeout=SLOW)
