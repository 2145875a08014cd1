"""How long others wait to save while an export comes back: the longest transaction of another process meanwhile.

``python -m tests.bench.bench_restore [--pictures 4000] [--json]``. Pictures of 16 x 16 pixels with a face of 68 points
each, every tenth of another person.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np

from core.exchange.restoring import restore_export
from core.formats import WRITERS
from core.formats.dataset import LabelledDataset, LabelledInstance, LabelledPerson
from core.foundation.arrays import Keypoints
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.runs import submit
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing
from tests.bench.machine import Row, facts, table
from tests.builders.labelled_examples import picture

FACES_OF_A_PERSON: Final = 10
# Another process that saves a little all the time; on a closed input it says how long each of its transactions took.
_SAVING: Final = """
import json, select, sqlite3, sys, time
store = sqlite3.connect(sys.argv[1], timeout=120, isolation_level=None)
taken = []
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0.005)[0]:
    start = time.perf_counter()
    store.execute("BEGIN IMMEDIATE")
    store.execute("UPDATE user SET name = name")
    store.execute("COMMIT")
    taken.append(1000 * (time.perf_counter() - start))
print(json.dumps(taken))
"""


def export(folder: Path, pictures: int) -> Path:
    """An export of that many labelled pictures."""
    rng = np.random.default_rng(0)
    people = tuple(LabelledPerson(f"person-{i:04d}", f"Person {i}") for i in range(-(-pictures // FACES_OF_A_PERSON)))
    images = []
    for number in range(pictures):
        points = Keypoints.of(rng.uniform(0, 16, (68, 2)))
        face = LabelledInstance(
            kind="face",
            box=(0.0, 0.0, 15.0, 15.0),
            origin="human",
            skeleton="face68",
            keypoints=points,
            points_source="human",
            person=people[number // FACES_OF_A_PERSON].key,
            person_source="human",
        )
        images.append(replace(picture(folder / "originals" / f"{number}.png", rng, 16, 16), instances=(face,)))
    WRITERS["coco"](LabelledDataset("many", tuple(images), people), folder / "export", exported_at="now")
    return folder / "export"


def measure(pictures: int) -> list[Row]:
    """The longest and the median wait of the other process, and how long the restore took."""
    with tempfile.TemporaryDirectory() as folder:
        source = export(Path(folder), pictures)
        workspace = Workspace.open(Settings(home=Path(folder) / "home"))
        with writing(workspace.engine) as session:
            author = ensure_user("ada", session=session)
            dataset = ensure_dataset("many", author, session=session)
        run = submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={})
        other = subprocess.Popen(
            [sys.executable, "-c", _SAVING, str(workspace.home / "store.db")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert other.stdout is not None
        other.stdout.readline()
        start = perf_counter()
        restore_export(workspace, source, dataset_id=dataset, author_id=author, run_id=run)
        seconds = perf_counter() - start
        said, _ = other.communicate("stop\n")
        workspace.engine.dispose()
    taken = json.loads(said)
    what = f"while {pictures:,} labelled pictures come back"
    return [
        Row(f"longest wait of another who saves, {what}", "ms", max(taken), None, f"of {len(taken):,} saves"),
        Row(f"save of another, {what}", "ms", float(np.median(taken)), float(np.percentile(taken, 95))),
        Row("an export comes back, all of it", "s", seconds),
    ]


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="How long others wait while an export comes back.")
    parser.add_argument("--pictures", type=int, default=4000)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    rows = measure(options.pictures)
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
