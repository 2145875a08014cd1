"""Overlay videos play and seek in a real browser, and the page draws them in a run."""

import re
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.names_in_store import annotator_id, create_dataset
from core.media.videos import frames, probe
from core.motion.overlaying import render_overlay
from tests.builders.staged_clips import add_model, predict, take
from tests.e2e.hands import video_metadata

pytestmark = [pytest.mark.e2e, pytest.mark.nightly]  # clips are drawn and encoded first


@pytest.fixture(scope="module")
def workbench(workbench_of):
    """The workbench's routes and worker around a page with nothing but the player."""
    with workbench_of("tests/e2e/overlay_demo.py") as running:
        yield running


WAIT = 60_000
COUNT = 25
CLIP = "ada/talking.mp4"
SEEK = """seconds => new Promise(resolve => {
    const video = document.querySelector('video');
    video.pause();
    video.addEventListener('seeked', () => {
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
        const context = canvas.getContext('2d');
        context.drawImage(video, 0, 0);
        const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
        resolve(Array.from({length: pixels.length / 16}, (_, i) => [0, 1, 2].map(c => pixels[16 * i + c])));
    }, {once: true});
    video.currentTime = seconds;
})"""


@pytest.fixture(scope="module")
def stage(workbench):
    """A labelled clip with the predictions of two models in the workbench's home."""
    opened = Workspace.open(Settings(home=workbench.home))
    author = annotator_id(opened, "ada")
    dataset = create_dataset(opened, "Clips", author)
    (truth,) = take(opened, dataset, author, "ada", frames=COUNT)
    rng = np.random.default_rng(0)
    for name, noise in (("rough-1", 1.5), ("fine-2", 0.4)):
        predict(opened, add_model(opened, dataset, author, name), CLIP, truth + rng.normal(0, noise, truth.shape))
    yield opened, dataset
    opened.engine.dispose()


@pytest.fixture(scope="module")
def file(stage):
    workspace, dataset = stage
    return Path(render_overlay(workspace, dataset, CLIP, ["rough-1", "fine-2"])["file"])


def test_chromium_decodes_it_and_seeks_to_the_right_frame(page, workbench, file):
    page.goto(f"{workbench.address}/api/overlay/{file.name}")
    told = video_metadata(page)
    clip = probe(file)
    assert (told["width"], told["height"]) == (clip.width, clip.height)
    assert told["duration"] == pytest.approx(COUNT / 25, abs=0.05)
    wanted = 17
    shown = np.array(page.evaluate(SEEK, (wanted + 0.5) / 25), float)  # every fourth pixel, row by row
    decoded = [pixels.reshape(-1, 3)[::4].astype(float) for _, _, pixels in frames(file)]
    errors = [np.mean((shown - one) ** 2) for one in decoded]
    assert int(np.argmin(errors)) == wanted
    assert 10 * np.log10(255**2 / min(errors)) > 30  # and in the right colours


def fetch(address, **headers):
    return urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=20)


def test_the_route_answers_byte_ranges(workbench, file):
    whole = file.read_bytes()
    with fetch(f"{workbench.address}/api/overlay/{file.name}") as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, "video/mp4")
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.read() == whole
    with fetch(f"{workbench.address}/api/overlay/{file.name}", Range="bytes=100-299") as answer:
        assert answer.status == 206
        assert answer.headers["Content-Range"] == f"bytes 100-299/{len(whole)}"
        assert answer.read() == whole[100:300]


@pytest.mark.parametrize(
    "name", ["9-9.mp4", "store.db", "1-2-static.mp4", "..", "..%2Fstore.db", "%2e%2e%2f%2e%2e%2fetc%2fpasswd"]
)
def test_the_route_gives_nothing_else(workbench, stage, name):
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetch(f"{workbench.address}/api/overlay/{name}")
    with caught.value as answer:
        assert answer.code in (400, 404)


def test_the_page_draws_a_clip_in_a_run_and_plays_it(page, workbench, stage, file):
    file.unlink()
    page.goto(f"{workbench.address}/?dataset={stage[1]}")
    expect(page.get_by_role("heading", name="Overlay video")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("Nothing is drawn over this clip yet.")).to_be_visible()
    page.get_by_role("button", name="Draw it").click()
    video = page.locator("video")
    expect(video).to_be_visible(timeout=WAIT)
    expect(page.get_by_text(re.compile(rf"{COUNT} frames of .* drawn, 0 skipped"))).to_be_visible()
    expect(page.get_by_text(re.compile("each model's indicator over the last 20 frames"))).to_be_visible()
    told = video_metadata(page)
    assert told["width"] > 0
    assert told["duration"] == pytest.approx(COUNT / 25, abs=0.05)


def test_a_clip_that_a_model_has_not_seen_is_predicted_from_the_page_before_it_is_drawn(page, workbench, stage):
    page.goto(f"{workbench.address}/?dataset={stage[1]}&models=rough-1,dlib-68")
    draw = page.get_by_role("button", name="Draw it")
    expect(page.get_by_text(f"To be predicted before it is drawn: dlib-68 ({COUNT} instances).")).to_be_visible(
        timeout=WAIT
    )
    expect(page.get_by_text("Predicted already: rough-1.")).to_be_visible()
    expect(draw).to_be_disabled()
    page.get_by_role("button", name="Predict this clip").click()
    expect(page.get_by_text("To be predicted before it is drawn")).to_have_count(0, timeout=WAIT)
    expect(draw).to_have_count(1, timeout=WAIT)
    expect(draw).to_be_enabled(timeout=WAIT)
    draw.click()
    expect(page.locator("video")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text(re.compile(rf"{COUNT} frames of .* drawn, 0 skipped"))).to_be_visible(timeout=WAIT)
