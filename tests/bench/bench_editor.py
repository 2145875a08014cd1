"""The editor in a real browser, on a clip in a store of full size: a step from key to paint, a held key, memory.

    python -m tests.bench.bench_editor [--steps 200] [--frames 2000] [--images 100000] [--parts step nudge held memory]
        [--json]

From key to paint is from the key's event to the end of the animation frame in which the editor has drawn what the key
asks for: a step its next picture and points, a nudge the moved point. The editor draws in a callback of
requestAnimationFrame, which it asks for while the key is handled. Ours is asked for right after it, so it comes later
in the same frame, sees that the canvas was drawn anew, and posts a message to itself, which is taken once that frame's
style, layout and painting are done. No frame is waited for beyond that one. Keys come at random moments of a frame.
What the compositor and the screen add is not in it.

The peer of a step is one rerun of the page that shows the same picture: what a step was before the editor asked for
pictures itself. Memory alone, over 2,000 frames of a small store: ``--parts memory --images 1000``. Needs a Chromium.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import cv2
import numpy as np
from playwright.sync_api import Page, sync_playwright
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.clip_importing import ClipIntake
from core.media.videos import VideoWriter
from db.engine import reading
from db.tables import BoxSource, Frame, Instance, Review, Run, RunState, Source, sides
from db.writes.library import refresh_picture
from db.writes.points import append_revision
from db.writing import writing
from tests.bench.machine import Row, facts, summed, table
from tests.bench.store import FULL, Size, filled
from tests.e2e.conftest import ARGUMENTS, CHROMIUMS, Workbench, find_chromium
from tests.e2e.hands import view, wait_for

WIDTH, HEIGHT = 1280, 720
DATASET, AUTHOR = 1, 1  # of the filled store
PACE: Final = 0.1  # seconds between single steps: a quick reviewer
FRAME: Final = 1 / 60  # seconds
_CHANCE: Final = random.Random(0)
PARTS: Final = ("step", "nudge", "held", "memory")

_TIMER: Final = """() => {
  window.timed = [];
  const canvas = document.querySelector('canvas[data-view]') ?? findDeep(document);
  function findDeep(root) {
    for (const each of root.querySelectorAll('*')) {
      if (each.matches('canvas[data-view]')) return each;
      const found = each.shadowRoot && findDeep(each.shadowRoot);
      if (found) return found;
    }
    return null;
  }
  window.editorCanvas = canvas;
  const context = canvas.getContext('2d'), clear = context.clearRect;
  let drawings = 0;
  context.clearRect = (...box) => { drawings += 1; clear.apply(context, box); };
  const painted = (done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(null);
  };
  window.pressTimed = (key, changes) => new Promise((resolve, reject) => {
    const before = canvas.dataset.view, drawn = drawings, start = performance.now();
    const look = () => {
      const there = changes ? canvas.dataset.view !== before : drawings > drawn;
      if (there) painted(() => resolve(performance.now() - start));
      else if (performance.now() - start > 30000) reject(new Error(`${key} has changed nothing in 30 s`));
      else requestAnimationFrame(look);
    };
    canvas.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
    requestAnimationFrame(look);
  });
  window.pressMany = async (key, count) => {
    for (let pressed = 0; pressed < count; pressed += 1) await window.pressTimed(key, true);
  };
}"""

_WATCH: Final = """() => {
  window.reruns = [];
  const app = document.querySelector('[data-testid=stApp]');
  let since = null;
  new MutationObserver(() => {
    const running = app.dataset.testScriptState === 'running';
    if (running) since ??= performance.now();
    else if (since !== null) { window.reruns.push(performance.now() - since); since = null; }
  }).observe(app, {attributes: true});
}"""


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="The editor in a browser.")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--frames", type=int, default=2_000)
    parser.add_argument("--images", type=int, default=FULL)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    rows = measure(options.steps, options.frames, options.images, options.parts)
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


def measure(steps: int, frames: int, images: int, parts: Sequence[str] = PARTS) -> list[Row]:
    """The figures of these parts, on one opened page."""
    if find_chromium() is None:
        print(f"no browser: none of {', '.join(CHROMIUMS)} is in PATH", file=sys.stderr)
        return []
    measured = {
        "step": lambda page: _steps(page, steps),
        "nudge": lambda page: _nudges(page, steps),
        "held": lambda page: _held(page, steps),
        "memory": lambda page: _memory(page, frames),
    }
    length = max(frames if "memory" in parts else 0, 3 * steps if set(parts) - {"memory"} else 0)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(filled(Size(images)), home)
        add_clip(Workspace.open(Settings(home=home)), Path(folder), length + 100)
        with opened(home) as page:
            page.evaluate(_TIMER)
            return [measured[part](page) for part in PARTS if part in parts]


def _steps(page: Page, count: int) -> Row:
    rerun = _reruns(page, 5)
    singles = [_press(page, "n", pause=PACE) for _ in range(count)]
    peer = "a rerun of the page, as a step was before"
    return summed("editor: one step, key to paint", singles, peer=peer, of=rerun)


def _nudges(page: Page, count: int) -> Row:
    page.evaluate("window.editorCanvas.focus()")
    page.keyboard.press("Tab")
    return summed("editor: one nudge, key to paint", [_press(page, "ArrowRight", changes=False) for _ in range(count)])


def add_clip(workspace: Workspace, folder: Path, frames: int) -> None:
    """A clip of a moving texture that comes first by path, with a face of 68 points in each frame."""
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.normal(size=(HEIGHT, WIDTH, 3)), (0, 0), 9)
    picture = np.clip(127 + 50 * noise / noise.std(), 0, 255).astype(np.uint8)
    with VideoWriter(folder / "a-clip.mp4", WIDTH, HEIGHT, 25) as writer:
        for t in range(frames):
            writer.write(np.roll(picture, 3 * t, axis=1))
    with writing(workspace.engine) as session:
        run = Run(kind="import", state=RunState.RUNNING, dataset_id=DATASET, author_id=AUTHOR)
        session.add(run)
        session.flush()
        run_id = run.id
    ClipIntake(workspace, dataset_id=DATASET, author_id=AUTHOR, run_id=run_id).take_source(folder / "a-clip.mp4")
    _put_faces(workspace)


def _put_faces(workspace: Workspace) -> None:
    points = np.random.default_rng(1).uniform((500, 250), (780, 530), (68, 2))
    with reading(workspace.engine) as session:
        images = [image for image in session.exec(select(Frame.image_id)) if image is not None]
    with writing(workspace.engine) as session:
        for number, image in enumerate(images):
            box = (490.0, 240.0, 790.0, 540.0)
            one = Instance(dataset_id=DATASET, image_id=image, kind="face", **sides(box), origin=Source.MODEL)
            one.box_source = BoxSource.DETECTOR
            session.add(one)
            session.flush()
            moved = Keypoints.of(points + np.array([number % 20, 0]), confidence=np.full(68, 0.9))
            append_revision(one, "face68", moved.to_bytes(), Review.OPEN, session=session)
        refresh_picture(*images, session=session)


@contextmanager
def opened(home: Path) -> Iterator[Page]:
    """The editor on the first frame."""
    bench = Workbench(home).start()
    with sync_playwright() as playwright:
        flags = [*ARGUMENTS, "--enable-precise-memory-info", "--js-flags=--expose-gc"]
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=flags)
        try:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{bench.address}/keypoints?name=Mina")
            page.locator("canvas[data-view]").first.wait_for(timeout=120_000)
            wait_for(lambda: (view(page) or {}).get("image"))
            page.locator(".keypoint-editor .count").filter(has_text="/").wait_for(timeout=120_000)
            page.wait_for_timeout(3000)
            yield page
        finally:
            browser.close()
            bench.stop()


def _press(page: Page, key: str, *, changes: bool = True, pause: float = 0.02) -> float:
    taken: float = page.evaluate("([key, changes]) => window.pressTimed(key, changes)", [key, changes])
    page.wait_for_timeout(1000 * (pause + _CHANCE.uniform(0, FRAME)))
    return taken


def _reruns(page: Page, count: int) -> list[float]:
    """Milliseconds in which the page ran anew after a step, as it did for each."""
    page.evaluate(_WATCH)
    for _ in range(count):
        _press(page, "n", pause=2.0)
    taken: list[float] = page.evaluate("window.reruns")
    return taken


def _held(page: Page, steps: int) -> Row:
    """Frames a second while a key repeats 30 times a second."""
    page.keyboard.press("Home")
    wait_for(lambda: page.locator("input.number").input_value() == "1")
    page.wait_for_timeout(1000)
    start = perf_counter()
    asked = """(steps) => new Promise((resolve) => {
      let count = 0;
      const again = setInterval(() => {
        const event = new KeyboardEvent('keydown', {key: 'n', bubbles: true, repeat: count > 0});
        window.editorCanvas.dispatchEvent(event);
        if (++count >= steps) { clearInterval(again); requestAnimationFrame(() => requestAnimationFrame(resolve)); }
      }, 1000 / 30);
    })"""
    page.evaluate(asked, steps)
    seconds = perf_counter() - start
    rate = (int(page.locator("input.number").input_value()) - 1) / seconds
    return Row("editor: frames with a held key", "frames/s", rate, None, "frames/s that are asked for", rate / 15)


def _memory(page: Page, frames: int) -> Row:
    """MiB of the JavaScript heap after 100 frames and after all of them; on the way it is told after each 500."""
    client: Any = page.context.new_cdp_session(page)

    def heap() -> float:
        client.send("HeapProfiler.collectGarbage")
        used: float = page.evaluate("performance.memory.usedJSHeapSize")
        return used / 2**20

    page.evaluate("window.editorCanvas.focus()")
    page.keyboard.press("Home")
    wait_for(lambda: page.locator("input.number").input_value() == "1")
    _step(page, 100)
    before = after = heap()
    for done in range(100, frames, 500):
        _step(page, min(500, frames - done))
        after = heap()
        print(f"heap after {min(done + 500, frames):,} frames: {after:.1f} MiB", file=sys.stderr)
    name = f"editor: JavaScript heap after {frames:,} frames"
    return Row(name, "MiB", after, None, "after 100 frames", after / before)


def _step(page: Page, count: int) -> None:
    for start in range(0, count, 50):
        page.evaluate("(count) => window.pressMany('n', count)", min(50, count - start))


if __name__ == "__main__":
    main()
