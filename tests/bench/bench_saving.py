"""From the hand's release to a durable row: a landmark is dragged in a real browser, and the store is watched.

``python -m tests.bench.bench_saving [--drags N] [--json]``. Needs a Chromium; without one it gives only what a
moved point writes to the store's log.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
import uuid
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from time import perf_counter, sleep

import numpy as np
from playwright.sync_api import Page, sync_playwright
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.foundation.messages import message
from core.library.names_in_store import annotator_id
from core.points.annotating import Edit, save_edit
from db.engine import reading
from db.tables import KeypointRevision
from tests.bench.machine import Row, facts, summed, table
from tests.builders.staged_pictures import stage
from tests.e2e.conftest import ARGUMENTS, CHROMIUMS, Workbench, find_chromium
from tests.e2e.hands import drag, on_screen, view, wait_for


def measure(drags: int) -> list[Row]:
    """Milliseconds from the release to the commit that another connection sees, over some drags of one landmark."""
    chromium = find_chromium()
    if chromium is None:
        print(f"no browser: none of {', '.join(CHROMIUMS)} is in PATH", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        bench = Workbench(Path(folder) / "home")
        workspace = stage(bench.home)
        with reading(workspace.engine) as session:
            first = session.exec(select(KeypointRevision).order_by(KeypointRevision.id)).first()  # type: ignore[arg-type]
        assert first is not None
        x, y = Keypoints.from_bytes(first.points).points[30].tolist()
        bench.start()
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        try:
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.goto(f"{bench.address}/keypoints?name=Mina")
            page.locator("canvas[data-view]").first.wait_for(timeout=60_000)
            wait_for(lambda: view(page))
            taken = [_drag_once(page, bench.home / "store.db", x, y, number) for number in range(drags + 1)][1:]
        finally:
            browser.close()
            bench.stop()
    return [summed("landmark let go of, to durable row (browser, request, commit)", taken)]


def _drag_once(page: Page, store: Path, x: float, y: float, number: int) -> float:
    offset = 6 if number % 2 == 0 else -6  # to and fro
    start = on_screen(page, x + (0 if offset > 0 else 6), y)
    end = on_screen(page, x + (6 if offset > 0 else 0), y)
    with closing(sqlite3.connect(store)) as watch:
        count = "SELECT count(*) FROM keypointrevision"
        before = watch.execute(count).fetchone()
        drag(page, start, end)
        released = perf_counter()
        while watch.execute(count).fetchone() == before:
            sleep(0.002)
            if perf_counter() - released > 30:
                raise RuntimeError("the edit did not arrive within 30 s")
        taken = 1000 * (perf_counter() - released)
    page.get_by_text("Saved", exact=True).wait_for(timeout=30_000)
    return taken


def measure_log(edits: int) -> Row:
    """KiB that one moved point writes to the log, over some edits of one face."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = stage(Path(folder) / "home")
        with reading(workspace.engine) as session:
            head = session.exec(select(KeypointRevision).order_by(KeypointRevision.id)).first()  # type: ignore[arg-type]
        assert head is not None
        base, author, note = head.id, annotator_id(workspace, "Mina"), message("edits.nudge", name="nose_4")
        sizes = []
        for number in range(edits + 1):  # the first one changes the picture's state, too
            with workspace.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            change = (30, 100.0 + number, 100.0, 2)
            base = save_edit(
                workspace, Edit(str(uuid.uuid4()), head.instance_id, base, (change,), note), author_id=author
            )
            sizes.append((workspace.home / "store.db-wal").stat().st_size / 1024)
        workspace.engine.dispose()
    median, p95 = np.percentile(sizes[1:], [50, 95]).tolist()
    return Row("log written for one moved point", "KiB", median, p95)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drags", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [*measure(options.drags), measure_log(50)]
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
