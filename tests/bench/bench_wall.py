"""The wall of people and the faces of one in a real browser: frames while scrolling, and what goes over the wire.

    python -m tests.bench.bench_wall [--images 100000] [--seconds 6] [--rounds 5] [--json]

In a store of full size a window of 1280 x 720 scrolls by the wheel, down and up, on the wall and in the grid of the
person with most faces. A frame is what lies between two callbacks of requestAnimationFrame; the longest task is of the
main thread, 0 where none takes 50 ms (the least that a browser tells). Then the wall is left for a person and entered
again, pages are turned to and fro, and the tab is loaded anew: how long each takes until all crops in sight are
there, and how often each crop was asked from the server. Needs a Chromium, which paints with the processor here.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
from playwright.sync_api import Page, sync_playwright

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.people.doubts import by_certainty
from core.people.encoders import encoder_of
from core.people.known_faces import known_faces
from db.engine import reading
from db.queries.people.listing import PeopleView, best_faces, people_page
from tests.bench.machine import Row, facts, summed, table
from tests.bench.store import FULL, Size, filled
from tests.builders.kept_crops import keep_crops
from tests.e2e.conftest import ARGUMENTS, CHROMIUMS, Workbench, find_chromium
from tests.e2e.hands import settle
from tests.e2e.wire import crops_in_sight, crops_on_the_wire, wait_for_crops

DATASET, LARGEST = 1, 1  # of the filled store
SHOWN: Final = 60  # cards or faces of a page
PAGES: Final = 3
STEP, SPEED = 600, 1200  # CSS pixels of a turn of the wheel, and of a second
SMOOTH: Final = 1000 / 60  # ms

_FRAMES: Final = """() => {
  window.frames_ms = []; window.longest = 0; window.scrolling = true;
  new PerformanceObserver((seen) => {
    for (const task of seen.getEntries()) window.longest = Math.max(window.longest, task.duration);
  }).observe({type: "longtask"});
  let last = null;
  const frame = (now) => {
    if (last !== null) window.frames_ms.push(now - last);
    last = now;
    if (window.scrolling) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
_READ: Final = "() => { window.scrolling = false; return [window.frames_ms, window.longest]; }"


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="The wall of people in a browser.")
    parser.add_argument("--images", type=int, default=FULL)
    parser.add_argument("--seconds", type=float, default=6, help="how long each is scrolled")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    rows = measure(options.images, options.seconds, options.rounds)
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


def measure(images: int, seconds: float, rounds: int) -> list[Row]:
    """The figures, on one opened tab."""
    if find_chromium() is None:
        print(f"no browser: none of {', '.join(CHROMIUMS)} is in PATH", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(filled(Size(images)), home)
        put_crops(Workspace.open(Settings(home=home)))
        with opened(home) as (page, address):
            wire = crops_on_the_wire(page)
            page.goto(f"{address}/people?dataset=bench&name=Mina")
            _rest(page)
            return [*_walk(page, seconds, rounds), *_of_the_wire(wire)]


def _walk(page: Page, seconds: float, rounds: int) -> list[Row]:
    """What somebody does: scrolls the wall, turns pages, opens a person, scrolls there, goes back."""
    rows = _scrolled(page, "wall", seconds)
    turned = [_timed(page, partial(_turn, page, number)) for number in (2, 1) * rounds]
    rows.append(summed("wall: another page, click to all crops in sight", turned))
    there, back = [], []
    for _ in range(rounds):
        there.append(_timed(page, lambda: page.locator(f".card[data-id='{LARGEST}'] .frame").dblclick()))
        back.append(_timed(page, lambda: page.get_by_role("button", name="All people").click()))
    rows.append(summed("the largest person opened, click to all crops in sight", there))
    rows.append(summed("back to the wall, click to all crops in sight", back))
    page.locator(f".card[data-id='{LARGEST}'] .frame").dblclick()
    _rest(page)
    rows += _scrolled(page, "faces of one person", seconds)
    turned = [_timed(page, partial(_turn, page, number)) for number in (2, 1) * rounds]
    rows.append(summed("faces of one person: another page, click to all crops in sight", turned))
    page.reload()
    _rest(page)
    return rows


def _scrolled(page: Page, what: str, seconds: float) -> list[Row]:
    """Frames while the wheel turns, down and up again."""
    client: Any = page.context.new_cdp_session(page)
    page.mouse.move(640, 400)
    page.evaluate(_FRAMES)
    end = perf_counter() + seconds
    down = True
    while perf_counter() < end:
        distance = -STEP if down else STEP
        gesture = {"x": 640, "y": 400, "yDistance": distance, "speed": SPEED, "gestureSourceType": "mouse"}
        client.send("Input.synthesizeScrollGesture", gesture)
        down = not down
    frames, longest = page.evaluate(_READ)
    late = float(np.mean(np.array(frames) > 1.5 * SMOOTH))
    return [
        summed(f"{what}: a frame while scrolling", frames, peer="60 frames a second", of=[SMOOTH]),
        Row(f"{what}: frames later than they should be", "%", 100 * late),
        Row(f"{what}: longest task while scrolling", "ms", longest),
    ]


def _turn(page: Page, number: int) -> None:
    page.get_by_role("button", name=f"Page {number}", exact=True).click()


def _timed(page: Page, act: Callable[[], object]) -> float:
    """Milliseconds until what is shown is other than before, and all of it is there."""
    before = crops_in_sight(page)
    start = perf_counter()
    act()
    wait_for_crops(page, before)
    taken = 1000 * (perf_counter() - start)
    _rest(page)
    return taken


def _of_the_wire(wire: Counter[int]) -> list[Row]:
    most = float(max(wire.values(), default=0))
    return [
        Row("crops that were shown", "crops", float(len(wire))),
        Row("a crop over the wire, at most", "times", most),
    ]


def _rest(page: Page) -> None:
    """Wait until nothing is drawn any more."""
    wait_for_crops(page)
    settle(page)


def put_crops(workspace: Workspace) -> None:
    """Crops of whoever is looked at: the store has no pictures."""
    known = known_faces(workspace, DATASET, encoder_of(workspace, DATASET).id)
    with reading(workspace.engine) as session:
        wall = people_page(DATASET, view=PeopleView.KNOWN, limit=PAGES * SHOWN, session=session)
        best = best_faces([person.id for person in wall], session=session)
    ranked = by_certainty(known, LARGEST)[: PAGES * SHOWN]
    keep_crops(workspace, [*(face.instance_id for face in best.values()), *(face for face, _ in ranked)])


@contextmanager
def opened(home: Path) -> Iterator[tuple[Page, str]]:
    """A tab, and the address of the workbench."""
    bench = Workbench(home).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        try:
            yield browser.new_page(viewport={"width": 1280, "height": 720}), bench.address
        finally:
            browser.close()
            bench.stop()


if __name__ == "__main__":
    main()
