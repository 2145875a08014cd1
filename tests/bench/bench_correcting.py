"""What it takes to correct a clip: 20 frames in which a model is wrong, corrected by a script as a person would.

    python -m tests.bench.bench_correcting [--ways NAME...] [--json]

Three points drift away from the truth and come back, by up to 14 pixels, in a real browser. A frame is right once each
of its points is within 2.5 pixels of the truth; the script sees the truth where a person sees the picture, and stops
when all frames are right. An action is a drag, a click or a key press. The seconds are those of the browser: a person's
hand adds the same for each action. The ways:

- ``frame by frame``: each wrong point of each frame is dragged, then the next frame.
- ``ripple``: the worst frame is corrected, and the correction fades over the frames around, until none is wrong.
- ``interpolation``: some frames are corrected as before, those between them are interpolated.
- ``flow``: the first frame is right; its points are followed, and corrected where they get lost.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, expect, sync_playwright
from sqlmodel import select

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.motion.tracklets import link_clip
from db.engine import reading
from db.tables import Frame
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing
from tests.bench.machine import Row, facts, table
from tests.builders.followed_clips import followed_clip, points_in, put_face, truth
from tests.e2e.conftest import ARGUMENTS, CHROMIUMS, Workbench, find_chromium
from tests.e2e.hands import drag, on_screen, view, wait_for

FRAMES: Final = 20
WRONG: Final = (3, 24, 51)  # points that drift
RIGHT: Final = 2.5  # pixels
FARTHEST: Final = 14.0  # pixels
MOST_ROUNDS: Final = 40

Floats = NDArray[np.float64]


@dataclass
class Hand:
    """What a person has at hand: the page, the truth to compare with, and the store that says what has arrived."""

    page: Page
    workspace: Workspace
    video: int
    pictures: dict[int, int]
    actions: int = 0
    rounds: int = 0

    def errors(self) -> Floats:
        """(T, K) pixels that each point lies from the truth."""
        points = points_in(self.workspace, self.video)
        return np.stack(
            [np.linalg.norm(points[frame] - truth(FRAMES)[frame], axis=1) for frame in range(FRAMES)]
        ).astype(np.float64)

    def is_right(self) -> bool:
        """Whether nothing is left to correct."""
        return bool((self.errors() <= RIGHT).all())

    def frame(self) -> int | None:
        """The frame on screen."""
        shown = (view(self.page) or {}).get("image")
        return next((frame for frame, image in self.pictures.items() if image == shown), None)

    def press(self, key: str) -> None:
        """One press."""
        self.actions += 1
        self.page.keyboard.press(key)

    def propose(self, key: str) -> None:
        """One press, until what it proposes is there."""
        with self.page.expect_response("**/api/clip/edits"):
            self.press(key)
        expect(self.page.get_by_text("Saved", exact=True)).to_be_visible()

    def go_to(self, frame: int) -> None:
        """To a frame: by one press where it is the next, else by a click on the timeline."""
        here = self.frame()
        if here == frame:
            return
        if here is not None and abs(here - frame) == 1:
            self.press("n" if frame > here else "p")
        else:
            self.actions += 1
            box = self.page.get_by_role("slider", name="Timeline").bounding_box()
            assert box is not None
            self.page.mouse.click(box["x"] + (frame + 0.5) / FRAMES * box["width"], box["y"] + box["height"] / 2)
            self.page.locator("canvas[data-view]").focus()
        wait_for(lambda: self.frame() == frame)

    def correct(self, frame: int) -> None:
        """Drag each wrong point of the frame on screen to where it belongs; `frame` is on screen."""
        for k in np.flatnonzero(self.errors()[frame] > RIGHT):
            before = points_in(self.workspace, self.video)[frame]
            start, end = on_screen(self.page, *before[k]), on_screen(self.page, *truth(FRAMES)[frame][k])
            self.actions += 1
            drag(self.page, start, end)
            wait_for(lambda k=k, before=before: (points_in(self.workspace, self.video)[frame][k] != before[k]).any())
            expect(self.page.get_by_text("Saved", exact=True)).to_be_visible()

    def another_round(self) -> bool:
        """Whether something is wrong; a way that does not come to an end is no way."""
        self.rounds += 1
        if self.rounds > MOST_ROUNDS:
            raise RuntimeError("it is still not right")
        return not self.is_right()


def frame_by_frame(hand: Hand) -> None:
    """Every wrong frame after the other."""
    for frame in range(FRAMES):
        hand.go_to(frame)
        hand.correct(frame)


def ripple(hand: Hand) -> None:
    """The worst frame first, fading over the frames around."""
    hand.press("r")
    while hand.another_round():
        worst = int(hand.errors().max(axis=1).argmax())
        hand.go_to(worst)
        hand.correct(worst)


def interpolation(hand: Hand) -> None:
    """The first, the last and the worst frame by hand, the others between them; then the worst of what is left."""
    hand.go_to(0)
    hand.press("(")
    hand.go_to(FRAMES - 1)
    hand.press(")")
    while hand.another_round():
        worst = int(hand.errors().max(axis=1).argmax())
        hand.go_to(worst)
        hand.correct(worst)
        hand.propose("Shift+L")


def flow(hand: Hand) -> None:
    """From the first frame on; where the points get lost they are corrected and followed from there."""
    here = 0
    hand.go_to(0)
    while hand.another_round():
        hand.correct(here)
        hand.propose("Shift+F")
        wrong = np.flatnonzero(hand.errors().max(axis=1) > RIGHT)
        if wrong.size:
            here = int(wrong[0])
            hand.go_to(here)


WAYS: Final[dict[str, Callable[[Hand], None]]] = {
    "frame by frame": frame_by_frame,
    "ripple": ripple,
    "interpolation": interpolation,
    "flow": flow,
}


def planted() -> Floats:
    """(T, 68, 2) what the model said: the truth, but for three points that drift away and come back."""
    away = np.exp(-((np.arange(FRAMES) - 9.3) ** 2) / (2 * 4.1**2))
    points = truth(FRAMES)
    for k, turn in zip(WRONG, (0.4, 2.1, 4.0), strict=True):
        points[:, k] += FARTHEST * away[:, None] * np.array([np.cos(turn), np.sin(turn)])
    return points


def stage_errors(home: Path) -> tuple[Workspace, int, dict[int, int]]:
    """A store with the clip and what the model said; gives the video's id and the picture of each frame."""
    workspace = Workspace.open(Settings(home=home))
    with writing(workspace.engine) as session:
        author = ensure_user("stage", session=session)
        dataset = ensure_dataset("Clips", author, session=session)
    (home.parent / "clips").mkdir()
    video = followed_clip(workspace, dataset, author, home.parent / "clips", frames=FRAMES)
    for frame, points in enumerate(planted()):
        put_face(workspace, video, frame, points)
    link_clip(workspace, video)
    with reading(workspace.engine) as session:
        rows = session.exec(select(Frame.index, Frame.image_id).where(Frame.video_id == video)).all()
    return workspace, video, {frame: image for frame, image in rows if image is not None}


def measure(ways: list[str]) -> list[Row]:
    """Actions and seconds a frame of each way, each beside going frame by frame."""
    chromium = find_chromium()
    if chromium is None:
        print(f"no browser: none of {', '.join(CHROMIUMS)} is in PATH", file=sys.stderr)
        return []
    found: dict[str, tuple[float, float]] = {}
    for way in ways:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            bench = Workbench(Path(folder) / "home")
            workspace, video, pictures = stage_errors(bench.home)
            bench.start()
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            try:
                page = browser.new_page(viewport={"width": 1400, "height": 900})
                page.goto(f"{bench.address}/keypoints?name=Mina&dataset=Clips&picture={pictures[0]}")
                page.locator("canvas[data-view]").first.wait_for(timeout=60_000)
                page.locator(".timeline[data-course]:not([data-course=''])").wait_for(timeout=60_000)
                hand = Hand(page, workspace, video, pictures)
                started = perf_counter()
                WAYS[way](hand)
                seconds = perf_counter() - started
                wait_for(hand.is_right)
                found[way] = (hand.actions / FRAMES, seconds / FRAMES)
            finally:
                browser.close()
                bench.stop()
    return [row for way, taken in found.items() for row in _rows(way, taken, found.get("frame by frame"))]


def _rows(way: str, taken: tuple[float, float], base: tuple[float, float] | None) -> list[Row]:
    rows = []
    for value, unit, at in zip(taken, ("actions", "s"), (0, 1), strict=True):
        beside = base is not None and way != "frame by frame"
        ratio = value / base[at] if base is not None and beside else None
        rows.append(Row(f"a frame corrected, {way}", unit, value, None, "frame by frame" if beside else "", ratio))
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--json", action="store_true", help="the rows as JSON on one line")
    options = parser.parse_args()
    rows = measure(options.ways)
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")
