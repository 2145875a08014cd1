"""Pictures that each recipe learns from in a second, and the memory that it takes.

    python -m tests.bench.bench_training [--steps 3] [--recipes NAME ...] [--json]

Every recipe runs in a process of its own: `core.training.loop.train` itself on drawn noise (64 pictures of 320 x 240
in memory), random weights, with the recipe's augmentation, average and clipping. The rate is the median over the steps
after the first two; validation and saving are not in it. Memory is the peak of the process, or of the GPU's allocator.
On a CPU batches are cut to 4 and ViTPose is left out; on a GPU every recipe runs with its own batch. Nothing is learned
here that is worth keeping.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np

from core.training.listening import Listener
from core.training.recipes import RECIPES
from tests.bench.machine import Row, facts, table

ROOT: Final = Path(__file__).resolve().parents[2]
ON_A_CPU: Final = (
    "quick-baseline",
    "quick-resnet18",
    "quick-pipnet",
    "quick-hrnet",
    "baseline",
    "pipnet-r18",
    "resnet50-regression-softwing",
    "hrnet-w32-udp",
)
CPU_BATCH: Final = 4
WARM: Final = 2  # steps that do not count


class Clock(Listener):
    """Remembers when each step was over."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def batch(self, done: int, total: int) -> None:
        self.times.append(perf_counter())


def run_recipe(name: str, steps: int) -> dict[str, Any]:
    """A few steps in this process: pictures a second of each, peak MiB, batch and device."""
    import torch

    from core.foundation.arrays import Keypoints
    from core.foundation.skeletons import FACE68
    from core.training.loop import train
    from core.training.preparation import TrainingData
    from core.training.samples import Sample

    device = "cuda" if torch.cuda.is_available() else "cpu"
    batch = RECIPES[name].batch if device == "cuda" else min(CPU_BATCH, RECIPES[name].batch)
    recipe = replace(
        RECIPES[name], epochs=1, batch=batch, pretrained="none", sheets=0, stability=None, minutes=1e6, freeze=0
    )
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (240, 320, 3), dtype=np.uint8) for _ in range(64)]
    samples = [
        Sample(pictures[i % 64], (90, 50, 230, 190), Keypoints.of(rng.uniform(95, 185, (68, 2))), i, f"{i}", f"{i}")
        for i in range(batch * (steps + WARM))
    ]
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        train(recipe, TrainingData(FACE68, samples), Path(folder), device=device, listener=clock)
    rates = batch / np.diff(clock.times)[WARM - 1 :]
    used = (
        torch.cuda.max_memory_allocated()
        if device == "cuda"
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    )
    where = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    return {"rates": rates.tolist(), "memory": used / 2**20, "batch": batch, "where": where}


def measure(name: str, steps: int) -> list[Row]:
    """Two rows of one recipe, from a process of its own."""
    command = [sys.executable, "-m", "tests.bench.bench_training", "--one", name, "--steps", str(steps)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    what = f"train, {name}, {found['where']}, batch {found['batch']}"
    slow = float(np.percentile(found["rates"], 5))
    return [
        Row(what, "pictures/s", float(np.median(found["rates"])), slow),
        Row("the same, peak memory", "MiB", found["memory"]),
    ]


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="Pictures learned from each second, per recipe.")
    parser.add_argument("--steps", type=int, default=3, help="that count, of each recipe")
    parser.add_argument("--recipes", nargs="*", choices=list(RECIPES), help="all that suit the device by default")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--one", choices=list(RECIPES), help="one recipe, in this process")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run_recipe(options.one, options.steps)))
        return
    names = options.recipes or suitable()
    rows = [row for name in names for row in measure(name, options.steps)]
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


def suitable() -> list[str]:
    """The recipes that suit this machine."""
    import torch

    return [name for name in RECIPES if torch.cuda.is_available() or name in ON_A_CPU]


if __name__ == "__main__":
    main()
