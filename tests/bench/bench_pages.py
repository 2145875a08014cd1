"""Opening every page, every read behind the pages, and saving one edit, on a store of full size.

    python -m tests.bench.bench_pages [--repeats 10] [--images 100000] [--clock cpu] [--json]

“Opening” is the server's part: the script of the page from its start to its end in Streamlit's own `AppTest`, in a new
session each time, the process warm (“nothing cached” is the first time in the process, “after a change” with another
revision of the dataset); what the browser does afterwards is not in it, nor what `AppTest` does anew each time and a
server once: it compiles scripts, and looks for components among all that is installed. Whoever is looked at alone is
the person with most faces, 5,000 of 100,000. On a machine that does other things too the seconds that the processor
worked (``--clock cpu``) say more than those that went by. The peer is the same on a store of 1,000 pictures. The peer
of an edit is a bare SQLite insert of the same bytes, committed with
``synchronous=FULL``.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from time import perf_counter, process_time, sleep
from typing import Any, Final

import numpy as np
from sqlalchemy import text

from tests.bench.machine import Row, facts, summed, table, timed
from tests.bench.store import FULL, Size, filled

ROOT: Final = Path(__file__).resolve().parents[2]
SMALL: Final = 1_000
EDITS: Final = 200
CLOCKS: Final = {"wall": perf_counter, "cpu": process_time}
VIEWS: Final[dict[str, tuple[str, dict[str, str]]]] = {  # of pages that have several: the page and its address
    "people, the wall": ("people", {"view": "people"}),
    "people, doubts first": ("people", {"sort": "doubts"}),
    "people, the largest person": ("people", {"person": "1"}),
    "people, same person?": ("people", {"view": "ask"}),
    "people, seen once": ("people", {"view": "once"}),
    "people, with nobody": ("people", {"view": "nobody"}),
    "people, history": ("people", {"view": "history"}),
    "search, the largest person": ("search", {"all": "1"}),
}


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="Pages, reads and edits on a store of full size.")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--images", type=int, default=FULL)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--side", choices=list(SIDES), help="measure one side on the store of FACET_HOME")
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall", help="what the opening of pages is timed with")
    options = parser.parse_args()
    if options.side == "pages":
        print(json.dumps(measure_pages(options.repeats, CLOCKS[options.clock])))
        return
    if options.side:
        print(json.dumps(SIDES[options.side](options.repeats)))
        return
    rows = compare(options.repeats, options.images, options.clock)
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


def compare(repeats: int, images: int, clock: str) -> list[Row]:
    """Every side on the full store and on the small one."""
    homes = {"full": filled(Size(images)), "small": filled(Size(SMALL))}
    rows = []
    for side in ("pages", "reads"):
        full, small = (_measured(side, repeats, home, clock) for home in homes.values())
        peer = f"the same with {SMALL:,} pictures"
        rows += [summed(what, taken, peer=peer, of=small.get(what)) for what, taken in full.items()]
    edits = _measured("edits", EDITS, homes["full"], clock)
    rows.append(summed("save one edit", edits["ours"], peer="bare SQLite insert", of=edits["peer"]))
    return rows


def _measured(side: str, repeats: int, home: Path, clock: str) -> dict[str, list[float]]:
    """In a process of its own, so that no cache of one store helps the other."""
    environment = os.environ | {
        "FACET_HOME": str(home),
        "FACET_USER": "ada",
        "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full",
        "STREAMLIT_LOGGER_LEVEL": "error",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_pages", "--side", side, "--repeats", str(repeats), "--clock", clock],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure_pages(repeats: int, clock: Callable[[], float] = perf_counter) -> dict[str, list[float]]:
    """Milliseconds of opening each page there is, and each view of those that have several."""
    start = clock()
    import app  # noqa: F401 - as the server does before it shows a page

    taken = {"start the server": [1000 * (clock() - start)]}
    sleep(1)  # sooner no browser shows the first page
    _share_what_a_server_shares()
    pages = [page for page in sorted(ROOT.glob("pages/*.py")) if page.stem not in ("__init__", "navigation")]
    views = {page.stem: (page.stem, dict[str, str]()) for page in pages if not _is_empty(page)} | VIEWS
    for name, (page, address) in views.items():
        opened = [_opened(page, address, clock) for _ in range(repeats + 1)]
        taken[f"open {name}"] = opened[1:]
        taken[f"open {name}, nothing cached"] = opened[:1]
        if name in VIEWS:
            changed = [_opened(page, address, clock) for _ in range(repeats) if _change_something()]
            taken[f"open {name}, after a change"] = changed
    return taken


def _change_something() -> bool:
    """Count one more change of the dataset: what pages have kept of it is of no use any more."""
    from core.foundation.workspace import Workspace

    with Workspace.open().engine.begin() as connection:
        connection.execute(text("UPDATE dataset SET revision = revision + 1"))
    return True


def _share_what_a_server_shares() -> None:
    """Let all sessions have one cache of compiled scripts, and the components that were found once."""
    from streamlit.components.v2.component_manager import BidiComponentManager
    from streamlit.runtime.scriptrunner.script_cache import ScriptCache
    from streamlit.testing.v1 import app_test, local_script_runner

    compiled, components = ScriptCache(), BidiComponentManager()
    components.discover_and_register_components(start_file_watching=False)
    setattr(components, "discover_and_register_components", lambda **_: None)  # noqa: B010
    for module, name, shared in (
        (app_test, "ScriptCache", compiled),
        (local_script_runner, "ScriptCache", compiled),
        (app_test, "BidiComponentManager", components),
    ):
        setattr(module, name, partial(_given, shared))


def _given(shared: object) -> object:
    return shared


def _opened(page: str, address: dict[str, str], clock: Callable[[], float]) -> float:
    """Milliseconds of opening a page at an address in a new session."""
    from streamlit.testing.v1 import AppTest

    test = AppTest.from_file(str(ROOT / "pages/navigation.py"), default_timeout=120)
    test.query_params["dataset"] = "bench"
    test.switch_page(f"{page}.py")
    for field, value in address.items():
        test.query_params[field] = value
    start = clock()
    test.run()
    taken = 1000 * (clock() - start)
    if test.exception:
        raise SystemExit(f"{page} {address}: {[problem.value for problem in test.exception]}")
    return taken


def _is_empty(page: Path) -> bool:
    """A page that is a heading only."""
    return len([line for line in page.read_text().splitlines() if line.strip()]) < 5


def measure_reads(repeats: int) -> dict[str, list[float]]:
    """Milliseconds of every function that the pages read with."""
    from sqlmodel import Session

    from core.foundation.workspace import Workspace
    from db.engine import reading

    engine = Workspace.open().engine

    def once(read: Callable[[Session], object]) -> Callable[[], object]:
        def work() -> object:
            with reading(engine) as session:
                return read(session)

        return work

    return {name: timed(once(read), repeats) for name, read in reads().items()}


def reads() -> dict[str, Callable[[Any], object]]:
    """Each read of `db.queries` that a page or the start of a run makes, by a name that says what it is given."""
    from core.foundation.workspace import Workspace
    from core.people.vectors import face_vectors
    from db.queries import dashboard, jobs, library, points, verification
    from db.queries.library import ImageFilter
    from db.queries.people import decisions, listing, ownership, vectors

    everything = ImageFilter()
    return {
        "library.counts": lambda s: library.counts(1, session=s),
        "library.states": lambda s: library.states(1, session=s),
        "library.count_people": lambda s: library.count_people(1, session=s),
        "library.page_of_images, first": lambda s: library.page_of_images(1, everything, offset=0, limit=60, session=s),
        "library.page_of_images, last": lambda s: library.page_of_images(
            1, everything, offset=library.count_images(1, session=s) - 60, limit=60, session=s
        ),
        "library.page_of_images, state": lambda s: library.page_of_images(
            1, ImageFilter(state="found"), offset=60, limit=60, session=s
        ),
        "library.page_of_images, path": lambda s: library.page_of_images(
            1, ImageFilter(path_contains="9/03"), offset=0, limit=60, session=s
        ),
        "library.count_filtered, path": lambda s: library.count_filtered(
            1, ImageFilter(path_contains="9/03"), session=s
        ),
        "library.page_of_images, person": lambda s: library.page_of_images(
            1, ImageFilter(person_id=11), offset=0, limit=60, session=s
        ),
        "library.count_filtered, person": lambda s: library.count_filtered(1, ImageFilter(person_id=11), session=s),
        "library.images_without_scan": lambda s: library.images_without_scan(1, 1, 9999, session=s),
        "library.incomplete_faces": lambda s: library.incomplete_faces(1, 3, session=s),
        "points.shown_instances": lambda s: points.shown_instances(990, session=s),
        "points.picture_history": lambda s: points.picture_history(990, session=s),
        "points.pictures_in_order": lambda s: points.pictures_in_order(1, everything, session=s),
        "points.scenes_of_dataset": lambda s: points.scenes_of_dataset(1, session=s),
        "listing.people_page": lambda s: listing.people_page(1, session=s),
        "listing.people_page, name": lambda s: listing.people_page(1, name_contains="00", session=s),
        "listing.count_people_page": lambda s: listing.count_people_page(1, session=s),
        "listing.strips": lambda s: listing.strips(
            [summary.id for summary in listing.people_page(1, session=s)], session=s
        ),
        "listing.count_loose_faces": lambda s: listing.count_loose_faces(1, session=s),
        "listing.person_names": lambda s: listing.person_names(1, session=s),
        "listing.faces_page": lambda s: listing.faces_page(11, session=s),
        "listing.loose_faces": lambda s: listing.loose_faces(1, session=s),
        "decisions.history": lambda s: decisions.history(1, session=s),
        "vectors.encoder_versions": lambda s: vectors.encoder_versions(1, session=s),
        "verification.newest_threshold": lambda s: verification.newest_threshold(1, 3, session=s),
        "vectors.face_vectors": lambda s: face_vectors(Workspace.open(), 1, 3, session=s),
        "ownership.ownerships": lambda s: ownership.ownerships(1, session=s),
        "ownership.owner_columns": lambda s: ownership.owner_columns(1, session=s),
        "dashboard.daily_work": lambda s: dashboard.daily_work(1, session=s),
        "jobs.runs_page": lambda s: jobs.runs_page(session=s),
        "jobs.newest_ended_run": lambda s: jobs.newest_ended_run(1, ("import", "faces"), session=s),
        "jobs.skipped_page": lambda s: jobs.skipped_page(4, session=s),
        "verification.thresholds": lambda s: verification.thresholds(1, session=s),
    }


def measure_edits(repeats: int) -> dict[str, list[float]]:
    """Milliseconds of saving one moved point, and of a bare insert of as many bytes on the same disk."""
    from core.foundation.messages import message
    from core.foundation.workspace import Workspace
    from core.points.annotating import Edit, save_edit
    from db.engine import reading
    from db.tables import Instance

    workspace = Workspace.open()
    rng = np.random.default_rng()
    with reading(workspace.engine) as session:
        faces = [session.get_one(Instance, int(face)) for face in rng.permutation(np.arange(1, SMALL))[: repeats + 1]]
    note = message("edits.move", name="nose_4")
    edits = iter([Edit(str(uuid.uuid4()), face.id, face.revision_id, ((30, 250.0, 200.0, 2),), note) for face in faces])
    ours = timed(lambda: save_edit(workspace, next(edits), author_id=1), repeats)
    file = workspace.home / "peer.db"
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file, isolation_level=None)) as peer:
        peer.execute("PRAGMA journal_mode=WAL")
        peer.execute("PRAGMA synchronous=FULL")
        peer.execute("CREATE TABLE revision (id INTEGER PRIMARY KEY, points BLOB)")
        blob = bytes(68 * 16)
        bare = timed(lambda: peer.execute("INSERT INTO revision (points) VALUES (?)", (blob,)), repeats)
    return {"ours": ours, "peer": bare}


SIDES: Final = {"pages": measure_pages, "reads": measure_reads, "edits": measure_edits}

if __name__ == "__main__":
    main()
