"""The Stability page: opens a file with nothing imported, shows its figures, smooths, and judges stored predictions."""

import json
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.names_in_store import annotator_id, create_dataset
from core.metrics.stability.vector import stability
from core.motion.stability import Smoothing, delay_of, of_tracks
from tests.builders.places import SHARED
from tests.builders.staged_tracks import add_track, add_video, version
from tests.e2e.hands import comes_to, pick

pytestmark = pytest.mark.e2e

SLOW = 60_000
TRACKS = SHARED / "tracks68"


def moving(frames=90, seed=0):
    """(frames, 68, 2) a random face that drifts, plays and jitters."""
    rng = np.random.default_rng(seed)
    base = rng.uniform((100, 100), (300, 300), (68, 2))
    t = np.arange(frames)[:, None, None]
    tracks = base + 3 * np.sin(t / 9 + rng.uniform(0, 6, (68, 2))) + 0.3 * t + rng.normal(0, 0.5, (frames, 68, 2))
    return tracks.astype(np.float32).astype(np.float64)


@pytest.fixture
def files(tmp_path):
    np.save(tmp_path / "walk_1.npy", moving())
    np.save(tmp_path / "truth.npy", moving(seed=0) + 1)
    np.save(tmp_path / "short.npy", moving(1))
    np.save(tmp_path / "flat.npy", np.zeros((4, 136)))
    return tmp_path


def give(page, path, which=0):
    page.locator("input[type=file]").nth(which).set_input_files(path)


def row(page, label):
    """The texts of a line of the vector."""
    cell = page.get_by_role("cell", name=label, exact=True).first
    expect(cell).to_be_visible(timeout=SLOW)
    return cell.evaluate("cell => [...cell.parentElement.children].map(one => one.innerText)")  # at one moment


def shows(page, label, *columns):
    """Wait until the first numbers of a line are these, column by column."""

    def read():
        texts = row(page, label)[1 : len(columns) + 1]
        return [numbers(text)[: len(wanted)] for text, wanted in zip(texts, columns, strict=False)]

    comes_to(read, list(columns))


def numbers(text):
    return [part for part in text.replace("·", " ").split() if part[0].isdigit() or part[0] == "-"]


def test_a_file_opens_with_nothing_imported_and_shows_its_figures(page, workbench, files):
    page.goto(f"{workbench.address}/stability")
    expect(page.get_by_text("A track is a numpy array of frames × points × 2")).to_be_visible(timeout=SLOW)
    give(page, files / "walk_1.npy")
    expect(page.get_by_text("walk_1.npy: 90 frames with points, 89 pairs")).to_be_visible(timeout=SLOW)
    values = stability(moving()).values
    medians = [f"{values['median_dev_x_pct']:.4f}", f"{values['median_dev_y_pct']:.4f}"]
    shows(page, "Median over the pairs (x · y)", medians)
    shows(page, "Indicator", [f"{values['indicator']:.4f}"])
    assert "Cannot see: " in row(page, "Indicator")[-1]
    expect(page.get_by_text("Undefined: no true points are given.")).to_be_visible()
    expect(page.get_by_text(f"Excess kurtosis {values['displacement_kurtosis_x']:,.1f}")).to_be_visible()
    page.get_by_test_id("stButtonGroup").last.get_by_text("y", exact=True).click()
    expect(page.get_by_text(f"Excess kurtosis {values['displacement_kurtosis_y']:,.1f}")).to_be_visible(timeout=SLOW)
    page.get_by_text("Make bad predictors of this track and judge them").click()
    frozen = row(page, "Frozen")
    assert frozen[2:4] == ["0.00", "0.00"]
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the figures as JSON").click()
    kept = json.loads(Path(download.value.path()).read_text())
    assert kept["median_dev_x_pct"] == pytest.approx(values["median_dev_x_pct"])
    assert kept["nmf"] is None


@pytest.mark.nightly
def test_a_truth_beside_it_fills_the_last_part(page, workbench, files):
    page.goto(f"{workbench.address}/stability")
    give(page, files / "walk_1.npy")
    expect(page.get_by_text("Undefined: no true points are given.")).to_be_visible(timeout=SLOW)
    give(page, files / "truth.npy", which=1)
    expect(page.get_by_text("The indicator compares with the truth.")).to_be_visible(timeout=SLOW)
    shows(page, "NMF", ["0.00"])
    expect(page.get_by_role("cell", name="1.0000", exact=True).first).to_be_visible()


@pytest.mark.nightly
def test_smoothing_shows_before_and_after_and_the_delay(page, workbench, files):
    page.goto(f"{workbench.address}/stability")
    give(page, files / "walk_1.npy")
    page.get_by_text("One-Euro", exact=True).click(timeout=SLOW)
    how = Smoothing("one-euro", {"min_cutoff_hz": 1.0, "beta": 0.05}, 30.0)
    expect(page.get_by_text(f"Delay {delay_of(how).frames:.2f} frames")).to_be_visible(timeout=SLOW)
    before, after = (of_tracks(moving(), smoothing=way).values["non_smooth_1_pct"] for way in (None, how))
    expect(page.get_by_role("cell", name=f"{after:.4f}").first).to_be_visible(timeout=SLOW)
    shows(page, "Non-smoothness 1", [f"{before:.4f}"], [f"{after:.4f}"])
    page.get_by_role("spinbutton", name="Frames a second").fill("60")
    page.get_by_role("spinbutton", name="Frames a second").press("Enter")
    faster = Smoothing("one-euro", {"min_cutoff_hz": 1.0, "beta": 0.05}, 60.0)
    expect(page.get_by_text(f"Delay {delay_of(faster).frames:.2f} frames")).to_be_visible(timeout=SLOW)
    page.get_by_text("Savitzky–Golay").click()
    expect(page.get_by_text("Delay 0.00 frames")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("It looks 4 frames ahead")).to_be_visible()


@pytest.mark.nightly
def test_one_frame_and_what_is_no_track_are_told_in_a_sentence(page, workbench, files):
    page.goto(f"{workbench.address}/stability")
    give(page, files / "short.npy")
    expect(page.get_by_text("1 frame with points, 0 pairs")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("no point is there in two frames in a row").first).to_be_visible()
    expect(page.get_by_text("Nothing moves, so there is nothing to fit.")).to_be_visible()
    page.reload()
    give(page, files / "flat.npy")
    expect(page.get_by_text("flat.npy: its shape is (4, 136)")).to_be_visible(timeout=SLOW)


@pytest.mark.nightly
@pytest.mark.shared
@pytest.mark.skipif(not TRACKS.exists(), reason="the real tracks are not here")
def test_the_real_548_opens_with_its_known_figures(page, workbench):
    known = json.loads((TRACKS / "figures.json").read_text())["300vw_s1_548"]
    page.goto(f"{workbench.address}/stability")
    give(page, TRACKS / "300vw_s1_548.npy")
    expect(page.get_by_text("300vw_s1_548.npy: 1,524 frames with points")).to_be_visible(timeout=SLOW)
    medians = [str(known["median_dev_x_pct"]), str(known["median_dev_y_pct"])]
    shows(page, "Median over the pairs (x · y)", medians)
    shows(page, "Eyes over nose", [str(known["eye_over_nose"])])
    expect(page.get_by_text("not normal", exact=False).first).to_be_visible()


@pytest.mark.nightly
def test_stored_predictions_of_a_dataset_are_judged(page, workbench):
    store = Workspace.open(Settings(home=workbench.home))
    author = annotator_id(store, "Mina")
    dataset = create_dataset(store, "Clips", author)
    model = version(store, "net_1-udp")
    for number, name in enumerate(("a_1.mp4", "b_2.mp4")):
        tracks = moving(40, seed=number)
        pictures = add_video(store, dataset, name, indices=list(range(40)), rate=25.0)
        add_track(store, dataset, pictures, tracks, {model: tracks}, human=number == 0, author=author)
    store.engine.dispose()
    page.goto(f"{workbench.address}/stability?dataset=Clips")
    expect(page.get_by_text("Choose a video to see how stable its points are.")).to_be_visible(timeout=SLOW)
    pick(page, "Video", "a_1.mp4")
    expect(page.get_by_text("a_1.mp4, 40 frames: 40 frames with points, 39 pairs")).to_be_visible(timeout=SLOW)
    one, two = (stability(moving(40, seed=number)).values["median_dev_x_pct"] for number in (0, 1))
    shows(page, "Median over the pairs (x · y)", [f"{one:.4f}"])
    page.get_by_text("All videos beside it, with intervals").click()
    shows(page, "Median over the pairs (x · y)", [f"{one:.4f}"], [f"{(one + two) / 2:.4f}"])
    shows(page, "Indicator", ["1.0000"], ["1.0000"])
    expect(page.get_by_test_id("stSelectbox").filter(has_text="Model").locator("input")).to_have_value("net_1-udp")
    page.get_by_text("A track file").click()
    expect(page.get_by_text("A track is a numpy array")).to_be_visible(timeout=SLOW)
