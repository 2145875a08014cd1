"""Which pictures to label next: those a model is unsure of, where that is known to mean it is wrong, from many groups.

Legend
------
- N: unlabelled instances, V: validation instances (labelled, and predicted by the same model), K: points

The score, step by step:

1. The doubt of an instance, of each kind that the model states (spread of the heatmap, disagreement of neighbours,
   of the mirrored picture): the mean over its points, divided by the diagonal of its box, then by the median of that
   kind over the validation instances (over the unlabelled ones where there are none), so that kinds can be averaged.
   The doubt is the mean of the kinds, plus the share of points that the model did not find.
2. The expected error: a regression of the validation errors on their doubts that can only rise (isotonic, Barlow et al.
   1972), read at the doubt of the instance. How well doubt ranks errors is told as Spearman's correlation.
3. The expected gain: the expected error less that of the least doubt, to which a label can be hoped to bring it.
4. Diversity: the score of the n-th instance chosen from a group is halved n - 1 times, since neighbours in a video
   teach much the same.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Ints
from core.foundation.errors import BadInput

KINDS: Final = ("spread", "neighbours", "flip")
FEWEST: Final = 10  # validation instances for a regression; fewer would be read as more than they say
_AGAIN: Final = 0.5


@dataclass(frozen=True, eq=False)
class Estimates:
    """What a model said of some instances.

    Attributes
    ----------
    uncertainty
        Kind (a key of `KINDS`) -> (N, K) real, pixels; NaN where the model cannot say. Kinds may be missing.
    confidence
        (N, K) real in [0, 1]; 0 where the point was not found, NaN where the model gives none.
    boxes
        (N, 4) real corners, pixels.
    """

    uncertainty: Mapping[str, NDArray]
    confidence: NDArray
    boxes: NDArray


@dataclass(frozen=True, eq=False)
class Ranking:
    """The instances in the order in which to label them.

    Attributes
    ----------
    order
        (N,) int64 indices, the most worthwhile first.
    score
        (N,) expected gain (NME) without diversity, or the doubt where no gain could be estimated.
    spearman
        Of doubt and error on the validation instances; NaN where undefined. At 0 or below doubt says nothing here.
    """

    order: Ints
    score: Floats
    spearman: float


def rank(
    pool: Estimates, groups: Sequence[str], validation: Estimates | None = None, errors: NDArray | None = None
) -> Ranking:
    """Rank unlabelled instances by what labelling them should bring.

    Parameters
    ----------
    pool
        Of the N unlabelled instances.
    groups
        N names: of the video, person or action.
    validation, errors
        Of V labelled instances that the model has not learned from, and their (V,) errors (NME); non-finite ones are
        left out. With fewer than ten the score is the doubt.

    Raises
    ------
    BadInput
        If shapes disagree or a kind of doubt is unknown.
    """
    if len(groups) != len(pool.boxes):
        raise BadInput("doubt.groups", count=len(pool.boxes), found=len(groups))
    nme = np.zeros(0) if errors is None else np.asarray(errors, np.float64)
    if validation is not None and nme.shape != (len(validation.boxes),):
        raise BadInput("doubt.errors", count=len(validation.boxes), found=nme.shape)
    scales = _scales(validation if validation is not None and len(validation.boxes) else pool)
    score = doubt = doubts(pool, scales)
    correlation = math.nan
    if validation is not None:
        seen = doubts(validation, scales)
        usable = np.isfinite(nme) & np.isfinite(seen)
        correlation = spearman(seen[usable], nme[usable])
        if usable.sum() >= FEWEST:
            score = _gain(seen[usable], nme[usable], doubt)
    return Ranking(_spread_out(score, doubt, groups), score, correlation)


def doubts(estimates: Estimates, scales: Mapping[str, float]) -> Floats:
    """(N,) doubt of each instance, step 1 of the module; 0 where the model states none and found every point.

    `scales` has the unit of each kind; a kind without one, or with 0, does not count.
    """
    kinds = [_relative(estimates, kind) / scales[kind] for kind in estimates.uncertainty if scales.get(kind, 0) > 0]
    stacked = np.stack(kinds) if kinds else np.zeros((0, len(estimates.boxes)))
    count = np.isfinite(stacked).sum(axis=0)
    mean = np.divide(np.nansum(stacked, axis=0), count, out=np.zeros(len(estimates.boxes)), where=count > 0)
    missing = (np.asarray(estimates.confidence, np.float64) == 0).mean(axis=1)
    return np.asarray(mean + missing, np.float64)


def spearman(first: NDArray, second: NDArray) -> float:
    """Spearman's rank correlation with mean ranks for ties; NaN for fewer than three values or constant ones."""
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return math.nan
    return float(np.corrcoef(scipy.stats.rankdata(first), scipy.stats.rankdata(second))[0, 1])


def _scales(estimates: Estimates) -> dict[str, float]:
    unknown = [kind for kind in estimates.uncertainty if kind not in KINDS]
    if unknown:
        raise BadInput("doubt.no_kind", choices=list(KINDS), name=unknown[0])
    scales = {}
    for kind in estimates.uncertainty:
        values = _relative(estimates, kind)
        values = values[np.isfinite(values)]
        scales[kind] = float(np.median(values)) if len(values) else 0.0
    return scales


def _relative(estimates: Estimates, kind: str) -> Floats:
    """(N,) mean doubt over the points that have one, in diagonals of the box; NaN without any."""
    values = np.asarray(estimates.uncertainty[kind], np.float64)
    if values.shape != np.shape(estimates.confidence) or len(values) != len(estimates.boxes):
        raise BadInput("doubt.shape", kind=kind, shape=values.shape, confidence=np.shape(estimates.confidence))
    boxes = np.asarray(estimates.boxes, np.float64)
    diagonal = np.linalg.norm(boxes[:, 2:] - boxes[:, :2], axis=1)
    count = np.isfinite(values).sum(axis=1)
    unit = count * diagonal
    return np.divide(np.nansum(values, axis=1), unit, out=np.full(len(values), math.nan), where=unit > 0)


def _gain(seen: Floats, errors: Floats, doubt: Floats) -> Floats:
    """Expected gain at each doubt: the expected error less the least that is expected of any."""
    order = np.argsort(seen, kind="stable")
    fitted = scipy.optimize.isotonic_regression(errors[order]).x
    return np.asarray(np.interp(doubt, seen[order], fitted) - fitted[0])


def _spread_out(score: Floats, doubt: Floats, groups: Sequence[str]) -> Ints:
    """The greedy order of step 4; of equal scores the greater doubt comes first, then the lower index."""
    chosen: Counter[str] = Counter()
    # A group's next instance is its best one left, so one entry for each group waits.
    members: dict[str, list[int]] = {}
    for index in np.lexsort((np.arange(len(score)), -doubt, -score)).tolist():
        members.setdefault(groups[index], []).append(index)
    waiting = [(-score[indices[0]], -doubt[indices[0]], indices[0], group) for group, indices in members.items()]
    heapify(waiting)
    order = []
    while waiting:
        _, _, index, group = heappop(waiting)
        order.append(index)
        chosen[group] += 1
        if chosen[group] < len(members[group]):
            following = members[group][chosen[group]]
            worth = score[following] * _AGAIN ** chosen[group]
            heappush(waiting, (-worth, -doubt[following], following, group))
    return np.array(order, np.int64)
