"""Taking in 5,000 small JPEGs, against a plain loop over the same files.

    python -m tests.bench.bench_import [--pictures 5000] [--repeats 3] [--json]

Ours is `core.library.importing.PictureIntake` into an empty home folder: every picture decoded fully, hashed, copied
so that it survives a power cut, its thumbnail kept, its row written. The peer is what one would write in a notebook:
PIL in one thread opens, loads, hashes and saves a thumbnail of each file; it copies nothing and has no store. Each
round of each side is a process of its own, in turns; the memory is the peak of that process.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
from PIL import Image

from tests.bench.machine import Row, facts, table

ROOT: Final = Path(__file__).resolve().parents[2]
SIZES: Final = ((160, 160), (200, 150), (240, 240), (320, 240))
_PER_FOLDER: Final = 100


def pictures(count: int) -> Path:
    """A folder of JPEGs of smooth colours, each different; made once."""
    folder = Path(tempfile.gettempdir()) / f"facet-bench-pictures-{count}"
    if folder.is_dir():
        return folder
    making = folder.with_suffix(".making")
    rng = np.random.default_rng(0)
    for number in range(count):
        width, height = SIZES[number % len(SIZES)]
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        place = making / f"{number // _PER_FOLDER:04d}"
        place.mkdir(parents=True, exist_ok=True)
        coarse.resize((width, height), Image.Resampling.BICUBIC).save(place / f"{number:06d}.jpg", quality=90)
    making.rename(folder)
    return folder


def our_side(folder: Path, home: Path) -> int:
    """Import; how many came in."""
    from core.foundation.settings import Settings
    from core.foundation.workspace import Workspace
    from core.jobs.runs import submit
    from core.library.importing import PictureIntake
    from db.writes.library import ensure_dataset, ensure_user
    from db.writing import writing

    workspace = Workspace.open(Settings(home=home))
    with writing(workspace.engine) as session:
        author = ensure_user("bench", session=session)
        dataset = ensure_dataset("bench", author, session=session)
    run = submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={})
    return PictureIntake(workspace, dataset_id=dataset, author_id=author, run_id=run).take_source(folder)["added"]


def peer_side(folder: Path, home: Path) -> int:
    """The plain loop; how many different pictures there were."""
    seen = set()
    for file in sorted(folder.rglob("*.jpg")):
        with Image.open(file) as picture:
            picture.load()
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            seen.add(digest)
            small = picture.convert("RGB")
            small.thumbnail((256, 256))
            small.save(home / f"{digest}.jpg", quality=85)
    return len(seen)


SIDES: Final[dict[str, Callable[[Path, Path], int]]] = {"ours": our_side, "peer": peer_side}


def run_side(side: str, count: int) -> None:
    """One round in this process: seconds and peak MiB as JSON."""
    folder = pictures(count)
    with tempfile.TemporaryDirectory() as home:
        start = perf_counter()
        done = SIDES[side](folder, Path(home))
        seconds = perf_counter() - start
    if done != count:
        raise SystemExit(f"{side}: {done} of {count} pictures")
    print(json.dumps({"rate": count / seconds, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def measure(count: int, repeats: int) -> list[Row]:
    """Both sides in turns."""
    pictures(count)
    found: dict[str, list[dict[str, float]]] = {"peer": [], "ours": []}
    for _ in range(repeats):
        for side, rounds in found.items():
            command = [sys.executable, "-m", "tests.bench.bench_import", "--side", side, "--pictures", str(count)]
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
            rounds.append(json.loads(done.stdout))
    rate, memory = (
        {side: float(np.median([one[what] for one in rounds])) for side, rounds in found.items()}
        for what in ("rate", "memory")
    )
    peer = "plain PIL loop, one thread"
    return [
        Row(f"import {count:,} small JPEGs", "pictures/s", rate["ours"], None, peer, rate["ours"] / rate["peer"]),
        Row("the same, plain PIL loop", "pictures/s", rate["peer"]),
        Row("import, peak memory", "MiB", memory["ours"], None, peer, memory["ours"] / memory["peer"]),
    ]


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="Pictures imported each second.")
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--side", choices=list(SIDES), help="one round of one side, in this process")
    options = parser.parse_args()
    if options.side:
        run_side(options.side, options.pictures)
        return
    rows = measure(options.pictures, options.repeats)
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
