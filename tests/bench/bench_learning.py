"""Whether anything is learned: networks against the mean shape, the stability loss, learning from few labels.

    python -m tests.bench.bench_learning [--quick] [--json]

On drawn clips of invented people, whose true points are known. The people who are learned from, those by whom epochs
(and the settings in `tests.bench.learning.plans`) were chosen, and those of the figures are different people. Boxes are
shifted and scaled at random, as a detector's are. All networks begin from random weights. Intervals draw people; where
two are compared, on the same pictures. Each training has one core, as many at a time as there are cores; with a GPU
inputs and networks are larger.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
import torch

from core.metrics.intervals import bootstrap, paired
from tests.bench.learning.arms import (
    ALONE,
    Fitted,
    Place,
    Plan,
    fit,
    fit_alone,
    fit_and_steady,
    fit_few,
    mean_face,
    settle,
)
from tests.bench.learning.data import Drawn, draw, people
from tests.bench.learning.plans import on_a_gpu, on_two_cores, quick
from tests.bench.learning.report import (
    CLIP_FIGURES,
    Floats,
    Scored,
    few_table,
    landmark_table,
    nme,
    relative,
    scored,
    shown,
    stability_table,
)
from tests.bench.machine import Row, facts

ON_GPU: Final = 4  # trainings at a time


def jobs(plan: Plan) -> Iterable[tuple[Callable[..., list[Fitted]], tuple[object, ...]]]:
    """Every training, the longest first, so that no core waits at the end."""
    for seed in plan.few.seeds:
        yield from ((fit_few, (plan.few, name, seed)) for name in plan.few.plans)
        yield fit_alone, (plan.few, seed)
    steadied, onwards = plan.steadied
    for arm in sorted(plan.arms, key=lambda arm: arm.name == steadied, reverse=True):
        for seed in plan.seeds:
            yield (fit_and_steady, (arm, onwards, seed)) if arm.name == steadied else (fit, (arm, seed))


def run(plan: Plan, device: str) -> tuple[Drawn, list[Fitted]]:
    """Draw and train."""
    processes = ON_GPU if device == "cuda" else os.cpu_count() or 1
    spawn = multiprocessing.get_context("spawn")
    threads = max(1, (os.cpu_count() or 1) // processes)
    fitted: list[Fitted] = []
    with ProcessPoolExecutor(os.cpu_count(), mp_context=spawn) as pool:
        drawn = draw(plan.size, pool)
    with tempfile.TemporaryDirectory() as folder:
        place = Place(drawn, Path(folder), device)
        with ProcessPoolExecutor(processes, spawn, settle, (place, threads)) as pool:
            waiting: list[Future[list[Fitted]]] = [pool.submit(work, *given) for work, given in jobs(plan)]
            for done in as_completed(waiting):
                fitted += done.result()
                for one in done.result():
                    print(f"{one.arm}, seed {one.seed}: {one.validation_nme:.4f}", file=sys.stderr, flush=True)
    return drawn, fitted


def rows_of(plan: Plan, arms: dict[str, Scored], mean: Floats, drawn: Drawn, device: str) -> list[Row]:
    """The lines of the big table."""
    who, seeds = people(drawn.test), len(plan.seeds)
    about = f"{plan.size.test} people nobody has seen, {seeds} seeds, {device}"
    rows = [Row("NME, mean shape", "% inter-ocular", float(mean.mean()), None, about)]
    for one in (arms[arm.name] for arm in plan.arms):
        change = shown(paired(mean, one.of_pictures, who))
        peer = (
            f"mean shape on the same pictures; difference {change}; interval {shown(bootstrap(one.of_pictures, who))}"
        )
        value = float(one.of_pictures.mean())
        rows.append(Row(f"NME, {one.arm}", "% inter-ocular", value, None, peer, value / float(mean.mean())))
    return rows + _steady_rows(plan, arms, drawn) + _few_rows(plan, arms, drawn)


def _steady_rows(plan: Plan, arms: dict[str, Scored], drawn: Drawn) -> list[Row]:
    who = np.array(list(dict.fromkeys(people(drawn.test).tolist())))
    first, *others = (arms[one.name] for one in plan.steadied[1])
    rows = []
    for one in others:
        for name in ("nmf", "indicator_off", "nme_pct"):
            before, after = (of.clips[name].mean(axis=0) for of in (first, one))
            peer = f"{first.arm}; change {shown(relative(before, after, who), 1)} %"
            what = f"{plan.steadied[0]} {one.arm}: {CLIP_FIGURES[name]}"
            rows.append(Row(what, "", float(after.mean()), None, peer, float(after.mean() / before.mean())))
    return rows


def _few_rows(plan: Plan, arms: dict[str, Scored], drawn: Drawn) -> list[Row]:
    who, alone = people(drawn.test), arms[ALONE]
    rows = [
        Row(
            f"NME, PIPNet, labels of {plan.few.labelled} of {plan.few.people} people alone",
            "% inter-ocular",
            float(alone.nme.mean()),
        )
    ]
    for one in (arms[name] for name in plan.few.plans):
        peer = f"the labels alone; difference {shown(paired(alone.of_pictures, one.of_pictures, who))}"
        ratio = float(one.nme.mean() / alone.nme.mean())
        what = f"NME, PIPNet, the same with self-training, {one.arm}"
        rows.append(Row(what, "% inter-ocular", float(one.nme.mean()), None, peer, ratio))
    return rows


def told(plan: Plan, arms: dict[str, Scored], mean: Floats, drawn: Drawn) -> str:
    """The three tables."""
    size, few = plan.size, plan.few
    labelled, rest = drawn.few(few.people, few.labelled, few.every)
    steadied = [arms[one.name] for one in plan.steadied[1]]
    return "\n\n".join(
        [
            f"{size.train} people to learn from, {size.validation} to choose by, {size.test} for these figures, "
            f"{size.frames} frames of each; {len(plan.seeds)} seeds.",
            landmark_table([arms[arm.name] for arm in plan.arms], mean, drawn),
            f"Stability loss: {plan.steadied[0]}, and {plan.steadied[1][0].epochs} further epochs with each target.",
            stability_table(steadied, arms[plan.steadied[0]], drawn),
            f"Few labels: {few.labelled} of {few.people} people; {len(labelled)} frames labelled, {len(rest)} not; "
            f"{len(few.seeds)} seed(s).",
            few_table([arms[ALONE], *(arms[name] for name in plan.few.plans)], mean, drawn),
        ]
    )


def names(plan: Plan) -> Sequence[str]:
    """Every arm that there is."""
    return [*(arm.name for arm in plan.arms), *(one.name for one in plan.steadied[1]), ALONE, *plan.few.plans]


def main() -> None:
    """Print the tables, or JSON."""
    parser = argparse.ArgumentParser(description="Whether anything is learned.")
    parser.add_argument("--quick", action="store_true", help="tiny: whether it works, no figures")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args()
    begun = perf_counter()
    device = "cuda" if torch.cuda.is_available() and not options.quick else "cpu"
    plan = quick() if options.quick else on_a_gpu() if device == "cuda" else on_two_cores()
    drawn, fitted = run(plan, device)
    arms = {name: scored(name, fitted, drawn) for name in names(plan)}
    mean = nme(mean_face(drawn), drawn)
    where = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    if options.json:
        print(json.dumps([asdict(row) for row in rows_of(plan, arms, mean, drawn, where)]))
    else:
        print(f"{facts()}, {where}; {perf_counter() - begun:.0f} s\n\n{told(plan, arms, mean, drawn)}")


if __name__ == "__main__":
    main()
