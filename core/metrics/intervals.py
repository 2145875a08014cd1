"""Intervals around a figure by drawing whole videos anew: frames of one video are no independent evidence.

The cluster bootstrap: as many groups as there are, drawn with replacement, each with all its values; the percentiles
of the figure over the draws. Field & Welsh, "Bootstrapping clustered data", JRSS B 69 (2007); Efron & Tibshirani, "An
Introduction to the Bootstrap" (1993), chapters 8 and 13. Percentile intervals of few groups are too narrow: on videos
with Gaussian effects 95 % ones held the truth in 82 % of cases with 5 groups, 88 % with 10, 92 % with 20 and 93 % with
40. `Interval.groups` is there to be shown beside them, and `verdict` names no winner of too few.

The same seed and groups give the same draws for every figure, so the figures of one table go together.

Every interval here takes `groups`, (N,) int or str, the video (or person, or action) of each value; the number of
`draws`; the `level`, the share in (0, 1) that it holds; and the `seed` of the draws. It comes without ends where there
are fewer than two groups: one video says nothing about another. Its value is NaN, of 0 groups, where no value is
defined. Draws for which a figure is NaN are left out. BadInput is raised where shapes disagree, `draws` is below 1 or
`level` is not between 0 and 1.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Indices
from core.foundation.errors import BadInput
from core.metrics.resampling import (
    FEWEST_GROUPS,
    Interval,
    check_plan,
    draw_groups,
    interval_of,
    medians_of,
    members,
    totals,
)

Statistic = Callable[[Floats], float]
Sums = tuple[NDArray, NDArray]  # what each instance adds above and below the line

DRAWS: Final = 2000
LEVEL: Final = 0.95


def mean(values: Floats) -> float:
    """Mean of the values: the statistic that `bootstrap` and `paired` draw without a loop."""
    return float(np.mean(values))


def median(values: Floats) -> float:
    """Median of the values: as `mean`, drawn without a loop."""
    return float(np.median(values))


def bootstrap(
    values: NDArray,
    groups: NDArray,
    statistic: Statistic = mean,
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = 0,
) -> Interval:
    """A figure of the values with its interval, groups drawn as a whole.

    AUC and failure rate are means too: of max(0, 1 - e / limit) and of e > limit. For a quotient of sums (PCK, RMSE)
    there is `ratio_of_sums`; for another figure pass its function (`median` is a quick one).

    Parameters
    ----------
    values
        (N,) real, or (N, C) where the statistic needs several columns. A row with a NaN is left out. An inf
        counts: where it is drawn the mean is inf.
    statistic
        Takes the (n,) or (n, C) float64 rows of a draw, at least one and no NaN among them; gives one number.
    """
    rows = _rows(values)
    if statistic is mean and rows.ndim == 1:
        return ratio_of_sums((rows, np.ones(len(rows))), groups=groups, draws=draws, level=level, seed=seed)
    return _of_rows([rows], groups, statistic, draws, level, seed)


def paired(
    first: NDArray,
    second: NDArray,
    groups: NDArray,
    statistic: Statistic = mean,
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = 0,
) -> Interval:
    """The difference ``statistic(second) - statistic(first)``, both on the same draws of groups.

    Two models that are scored on the same pictures share what makes a picture hard; drawn together that cancels, so
    the interval is narrower than the two side by side suggest. Below 0 throughout: the second is lower.

    Parameters
    ----------
    first, second
        (N,) or (N, C) real, of the same instances in the same order. A row that is NaN in either is left out of both.
    statistic
        As in `bootstrap`; the difference is NaN where both sides are infinite.
    """
    before, after = _rows(first), _rows(second)
    if before.shape != after.shape:
        raise BadInput("metrics.same_shape", first=before.shape, second=after.shape)
    if statistic is mean and before.ndim == 1:
        count = np.ones(len(before))
        return ratio_of_sums((before, count), (after, count), groups=groups, draws=draws, level=level, seed=seed)
    return _of_rows([before, after], groups, statistic, draws, level, seed)


def ratio_of_sums(
    *sides: Sums, groups: NDArray, root: bool = False, draws: int = DRAWS, level: float = LEVEL, seed: int = 0
) -> Interval:
    """The quotient of two sums over the instances: PCK, or with `root` the RMSE; of two sides second minus first.

    Parameters
    ----------
    sides
        One or two pairs of (N,) real: what each instance adds above and below the line (points that are right and
        points that are labelled, or `core.metrics.landmarks.squares_of`). An instance with a NaN, or with nothing below
        the line, in any of them is left out; none may be negative there.
    root
        Whether the square root is taken.
    """
    check_plan(draws, level)
    parts, names = [np.asarray(part, np.float64) for side in sides for part in side], np.asarray(groups)
    if any(array.shape != (names.size,) for array in (*parts, names)):
        shapes = ", ".join(str(array.shape) for array in (*parts, names))
        raise BadInput("metrics.all_shape", shapes=shapes)
    table = np.stack(parts)
    if (table[1::2] < 0).any():
        raise BadInput("metrics.denominator")
    counts = ~np.isnan(table).any(axis=0) & (table[1::2] > 0).all(axis=0)
    labels, group_of = np.unique(names[counts], return_inverse=True)
    of_groups = np.array([np.bincount(group_of, part[counts], len(labels)) for part in table])

    def figure(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):  # inf - inf is undefined
            ratios = sums[::2] / sums[1::2]
            ratios = np.sqrt(ratios) if root else ratios
            return ratios[0] if len(ratios) == 1 else ratios[1] - ratios[0]

    def drawn() -> Floats:
        blocks = draw_groups(len(labels), draws, seed)
        return figure(np.concatenate([totals(of_groups, block) for block in blocks], axis=1))

    value = float(figure(of_groups.sum(axis=1, keepdims=True))[0]) if len(labels) else np.nan
    each = (lambda: figure(of_groups)) if len(sides) == 2 else None
    return interval_of(value, drawn, len(labels), level, each)


def bootstrap_weighted(
    statistic: Statistic,
    groups: NDArray,
    *,
    difference: bool = False,
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = 0,
) -> Interval:
    """The interval of a figure that can count items several times, as `core.metrics.pose.precision_recall` can.

    For a comparison give the difference of both as one statistic, and say that it is a `difference`: then, where groups
    are too few for a verdict, it is counted in how many it points the same way.

    Parameters
    ----------
    statistic
        Takes (N,) float64 weights, how often each item (picture, for AP) was drawn (all 1 for the value itself); gives
        one number.
    """
    check_plan(draws, level)
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    value = statistic(np.ones(len(group_of))) if len(group_of) else np.nan

    def drawn() -> Floats:
        weights = (
            np.bincount(row, minlength=len(names)).astype(np.float64)[group_of]
            for block in draw_groups(len(names), draws, seed)
            for row in block
        )
        return np.array([statistic(weight) for weight in weights])

    def each() -> Floats:
        return np.array([statistic((group_of == group).astype(np.float64)) for group in range(len(names))])

    few = difference and len(names) < FEWEST_GROUPS  # of many it would take as long as the draws
    return interval_of(value, drawn, len(names), level, each if few else None)


def _of_rows(
    sides: list[Floats], groups: NDArray, statistic: Statistic, draws: int, level: float, seed: int
) -> Interval:
    """Any statistic of one side, or the difference of two: one call for each draw and side."""
    check_plan(draws, level)
    names = np.asarray(groups)
    if names.shape != sides[0].shape[:1]:
        raise BadInput("metrics.values_and_groups", values=len(sides[0]), groups=len(names))
    counts = np.all([~np.isnan(side).any(axis=tuple(range(1, side.ndim))) for side in sides], axis=0)
    labels, group_of, size = np.unique(names[counts], return_inverse=True, return_counts=True)
    order = np.argsort(group_of, kind="stable")
    ordered, first = [side[counts][order] for side in sides], np.cumsum(size) - size

    def figure(rows: Indices | slice) -> float:
        figures = [float(statistic(side[rows])) for side in ordered]
        # Two infinities have no difference.
        both = len(figures) == 2 and np.isinf(figures).all()
        return figures[0] if len(figures) == 1 else np.nan if both else figures[1] - figures[0]

    def drawn() -> Floats:
        blocks = draw_groups(len(labels), draws, seed)
        if statistic is median and sides[0].ndim == 1:
            sought = [medians_of(side[counts], group_of, len(labels)) for side in sides]
            figures = np.concatenate([[of(block) for of in sought] for block in blocks], axis=1)
            with np.errstate(invalid="ignore"):  # inf - inf
                return np.asarray(figures[0] if len(figures) == 1 else figures[1] - figures[0])
        chosen = (row for block in blocks for row in block)
        return np.array([figure(members(first[row], size[row])) for row in chosen])

    def each() -> Floats:
        return np.array([figure(slice(start, start + count)) for start, count in zip(first, size, strict=True)])

    value = figure(slice(None)) if len(labels) else np.nan
    return interval_of(value, drawn, len(labels), level, each if len(sides) == 2 else None)


def _rows(values: NDArray) -> Floats:
    rows = np.asarray(values, np.float64)
    if rows.ndim not in (1, 2):
        raise BadInput("metrics.values_shape", found=rows.shape)
    return rows
