"""Figures of the trainings: means over seeds, intervals that draw people, differences on the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats
from core.metrics.intervals import bootstrap, paired
from core.metrics.landmarks import errors, units
from core.metrics.resampling import Interval
from core.metrics.stability.vector import stability
from tests.bench.learning.arms import Fitted
from tests.bench.learning.data import SKELETON, Drawn, people, truth

# Of a clip: the name in `core.metrics.stability`, or ours; what the table calls it.
CLIP_FIGURES: Final = {
    "nmf": "residual jitter (NMF)",
    "accel_error_pct": "acceleration error, % of face",
    "indicator_off": "indicator, distance from 1",
    "nme_pct": "NME %",
    "mse_px2": "MSE px²",
    "delay_robust_frames": "delay, frames",
}


@dataclass(frozen=True)
class Scored:
    """One arm over its seeds.

    Attributes
    ----------
    arm
        Its name.
    nme
        (S, M) percent of the inter-ocular distance, of each seed and test picture.
    clips
        Figure -> (S, C): of each seed and test clip, keys of `CLIP_FIGURES`.
    absent, validation, seconds
        Means over the seeds: share of points not found, percent NME on the validation people, seconds of a training.
    rounds
        (S, R) percent NME on the validation people after each round of self-training; (S, 0) elsewhere.
    """

    arm: str
    nme: Floats
    clips: dict[str, Floats]
    absent: float
    validation: float
    seconds: float
    rounds: Floats

    @property
    def of_pictures(self) -> Floats:
        """(M,) percent: mean over the seeds."""
        return np.asarray(self.nme.mean(axis=0))

    @property
    def of_seeds(self) -> Floats:
        """(S,) percent: mean over the pictures."""
        return np.asarray(self.nme.mean(axis=1))


def scored(arm: str, fitted: Sequence[Fitted], drawn: Drawn) -> Scored:
    """Measure the trainings of one arm."""
    mine = sorted((one for one in fitted if one.arm == arm), key=lambda one: one.seed)
    clips = [clip_figures(one.points, drawn) for one in mine]
    return Scored(
        arm,
        np.stack([nme(one.points, drawn) for one in mine]),
        {name: np.stack([of_seed[name] for of_seed in clips]) for name in CLIP_FIGURES},
        float(np.mean([one.absent for one in mine])),
        100 * float(np.mean([one.validation_nme for one in mine])),
        float(np.mean([one.seconds for one in mine])),
        100 * np.array([one.rounds for one in mine]),
    )


def nme(points: Floats, drawn: Drawn) -> Floats:
    """(M,) percent of the inter-ocular distance."""
    true, labelled = truth(drawn.test), np.full((len(drawn.test), len(SKELETON)), 2)
    boxes = np.array([sample.box for sample in drawn.test])
    return 100 * errors(points, true, labelled, units("inter-ocular", true, labelled, boxes, SKELETON))


def clip_figures(points: Floats, drawn: Drawn) -> dict[str, Floats]:
    """Figure -> (C,), of each test clip; every test person has one."""
    who, true = people(drawn.test), truth(drawn.test)
    rows = []
    for person in dict.fromkeys(who.tolist()):
        found, known = points[who == person], true[who == person]
        values = stability(found, known).values
        ours = {"indicator_off": abs(values["indicator"] - 1), "mse_px2": float(np.square(found - known).mean())}
        rows.append([{**values, **ours}[name] for name in CLIP_FIGURES])
    return dict(zip(CLIP_FIGURES, np.array(rows).T, strict=True))


def relative(first: Floats, second: Floats, groups: NDArray) -> Interval:
    """By how many percent the mean of the second is above that of the first, both on the same draws of people."""

    def change(rows: Floats) -> float:
        return float(100 * (rows[:, 1].mean() / rows[:, 0].mean() - 1))

    return bootstrap(np.stack([first, second], axis=1), groups, change)


def landmark_table(arms: Sequence[Scored], mean: Floats, drawn: Drawn) -> str:
    """Arms against the mean shape."""
    who = people(drawn.test)
    lines = [
        "| arm | NME %, 95 % by person | minus the mean shape's | of each seed | validation NME | s a training |",
        "|---|---|---|---|---:|---:|",
        f"| mean shape | {shown(bootstrap(mean, who))} | | | | |",
    ]
    for one in arms:
        lines.append(
            f"| {one.arm} | {shown(bootstrap(one.of_pictures, who))} | {shown(paired(mean, one.of_pictures, who))} "
            f"| {', '.join(f'{value:.2f}' for value in one.of_seeds)} | {one.validation:.2f} | {one.seconds:.0f} |"
        )
    return "\n".join(lines)


def stability_table(arms: Sequence[Scored], start: Scored, drawn: Drawn) -> str:
    """The continuations, each against the first."""
    who = np.array(list(dict.fromkeys(people(drawn.test).tolist())))
    first = arms[0]
    lines = ["| figure | " + " | ".join(one.arm for one in (start, *arms)) + " |", "|---" * (len(arms) + 2) + "|"]
    for name, label in CLIP_FIGURES.items():
        cells = [shown(bootstrap(one.clips[name].mean(axis=0), who), 3) for one in (start, *arms)]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
        if name == "delay_robust_frames":
            continue
        before = first.clips[name].mean(axis=0)
        changes = [f"{shown(relative(before, one.clips[name].mean(axis=0), who), 1)} %" for one in arms[1:]]
        lines.append(f"| ... change against {first.arm} | | | " + " | ".join(changes) + " |")
    return "\n".join(lines)


def few_table(arms: Sequence[Scored], mean: Floats, drawn: Drawn) -> str:
    """Learning from few labels; differences to the labels alone."""
    who = people(drawn.test)
    lines = [
        "| few labels | NME %, 95 % by person | minus the labels alone | of each seed | validation after each round "
        "| s in all |",
        "|---|---|---|---|---|---:|",
        f"| mean shape of all labels | {shown(bootstrap(mean, who))} | | | | |",
    ]
    for one in arms:
        change = "" if one is arms[0] else shown(paired(arms[0].of_pictures, one.of_pictures, who))
        rounds = ", ".join(f"{value:.2f}" for value in one.rounds.mean(axis=0)) or f"{one.validation:.2f}"
        seeds = ", ".join(f"{value:.2f}" for value in one.of_seeds)
        lines.append(
            f"| {one.arm} | {shown(bootstrap(one.of_pictures, who))} | {change} | {seeds} | {rounds} "
            f"| {one.seconds:.0f} |"
        )
    return "\n".join(lines)


def shown(interval: Interval, digits: int = 2) -> str:
    """A value and its ends."""
    if not np.isfinite(interval.low):
        return f"{interval.value:.{digits}f}"
    return f"{interval.value:.{digits}f} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"
