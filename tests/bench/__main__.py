"""Every bench in turn, one table: ``python -m tests.bench [--quick]``. Nothing here asserts a time."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.bench.machine import Row, facts, table

FOLDER: Final = Path(__file__).resolve().parent
QUICK: Final = {
    "bench_cleaning": ["--faces", "500", "--people", "20"],
    "bench_correcting": ["--ways", "flow"],
    "bench_decode": ["--sets", "100"],
    "bench_dlib68": ["--people", "3", "--frames", "2"],
    "bench_dlib_resnet": ["--faces", "4", "--repeats", "1"],
    "bench_editor": ["--steps", "20", "--frames", "150", "--images", "1000"],
    "bench_grouping": ["--faces", "2000", "--peers", "500"],
    "bench_learning": ["--quick"],
    "bench_import": ["--pictures", "500", "--repeats", "1"],
    "bench_mutants": ["--count", "2"],
    "bench_operating_points": ["--scores", "200000", "--peers", "20000", "--faces", "500", "--repeats", "1"],
    "bench_pages": ["--images", "5000", "--repeats", "3"],
    "bench_pose_scores": ["--images", "100", "--repeats", "1"],
    "bench_restore": ["--pictures", "200"],
    "bench_saving": ["--drags", "3"],
    "bench_score_density": ["--scores", "200000", "--peers", "20000", "--repeats", "1"],
    "bench_faces": ["--rounds", "1", "--drawn"],
    "bench_wall": ["--images", "5000", "--seconds", "2", "--rounds", "1"],
    "bench_training": ["--steps", "1", "--recipes", "quick-hrnet"],
    "bench_networks": ["--seconds", "0", "--networks", "resnet18-regression", "hrnet-w18-small"],
}


def faces_rows(found: dict[str, Any]) -> list[Row]:
    """What `bench_faces` gives, as rows."""
    peer = f"facenet-pytorch on the same {found['pictures']} {found['pictures_are']} pictures"
    memory = found["our_memory"] / found["peer_memory"]
    return [
        Row("find and encode faces", "pictures/s", found["our_rate"], None, peer, found["ratio"]),
        Row("find and encode faces, peak memory", "MiB", found["our_memory"], None, peer, memory),
        Row("least IoU of boxes that both find", "", found["least_iou"], None, peer),
        Row("least cosine of their embeddings", "", found["least_cosine"], None, peer),
    ]


ROWS_OF: Final[dict[str, Callable[[Any], list[Row]]]] = {"bench_faces": faces_rows}


def as_rows(found: Any) -> list[Row]:
    """The rows that a bench printed as JSON."""
    return [Row(**row) for row in found]


def main() -> int:
    """Run them all; a bench that fails is named at the end, and the exit code is 1."""
    parser = argparse.ArgumentParser(description="Every bench, one table.")
    parser.add_argument("--quick", action="store_true", help="small inputs: whether the benches work, no figures")
    options = parser.parse_args()
    rows: list[Row] = []
    failed = []
    for name in sorted(path.stem for path in FOLDER.glob("bench_*.py")):
        print(f"{name} ...", file=sys.stderr, flush=True)
        command = [
            sys.executable,
            "-m",
            f"tests.bench.{name}",
            "--json",
            *(QUICK.get(name, ()) if options.quick else ()),
        ]
        done = subprocess.run(command, cwd=FOLDER.parents[1], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            failed.append(name)
        else:
            rows += ROWS_OF.get(name, as_rows)(json.loads(done.stdout.splitlines()[-1]))
    print(f"{facts()}\n\n{table(rows)}")
    for name in failed:
        print(f"\n{name} failed; run `python -m tests.bench.{name}`")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
