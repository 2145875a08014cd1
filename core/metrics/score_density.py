"""The distribution of the scores of same and of different pairs: histogram and smoothed density.

`weights`, (M,) float above 0, say how much each pair counts (`core.metrics.verification.Pairing`); without, each
counts 1.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Ints
from core.foundation.errors import BadInput
from core.metrics.ranked_scores import checked_pairs, checked_weights

_BINS_PER_BANDWIDTH: Final = 20


@dataclass(frozen=True, eq=False)
class Density:
    """Smoothed densities of the scores.

    Attributes
    ----------
    x
        (P,) float64 cosine similarity, reaching 3 bandwidths beyond the scores; empty when there are no pairs.
    same, different
        (P,) float64 density (its area is 1), or None for a class with fewer than 2 distinct scores.
    same_bandwidth, different_bandwidth
        Standard deviation of each class's kernel, in cosine similarity, by Scott's rule; None where there is none.
    """

    x: Floats
    same: Floats | None
    different: Floats | None
    same_bandwidth: float | None
    different_bandwidth: float | None


@dataclass(frozen=True, eq=False)
class Histogram:
    """How many scores are where.

    Attributes
    ----------
    edges
        (B + 1,) float64, shared by both classes.
    same, different
        (B,) int64 pairs of each class.
    same_share, different_share
        (B,) float64, of what the class weighs; 0 where it has no pair.
    """

    edges: Floats
    same: Ints
    different: Ints
    same_share: Floats
    different_share: Floats


def density(scores: NDArray, same: NDArray, points: int = 200, weights: NDArray | None = None) -> Density:
    """Gaussian kernel density of each class, bandwidth by Scott's rule.

    The bandwidth is the class's standard deviation x (its number of pairs) ** (-1/5) (Scott, "Multivariate Density
    Estimation", 1992), as in ``scipy.stats.gaussian_kde``, where that number is Kish's, of weighed pairs. Where that
    saves work the scores are first counted in bins of a twentieth of the bandwidth, which changes a density by less
    than 0.1 % of its peak.

    Raises
    ------
    BadInput
        If `points` is below 2, or as `checked_pairs`.
    """
    score, truth = checked_pairs(scores, same)
    weight = checked_weights(weights, len(score))
    if points < 2:
        raise BadInput("metrics.points", points=points)
    if not len(score):
        return Density(np.zeros(0), None, None, None, None)
    classes = [(score[part], _shares(weight[part])) for part in (truth, ~truth)]
    widths = [_bandwidth(*part) for part in classes]
    reach = 3 * max(width or 0.0 for width in widths)
    x = np.linspace(score.min() - reach, score.max() + reach, points)
    alike, unlike = (
        None if width is None else _smooth(*part, width, x) for part, width in zip(classes, widths, strict=True)
    )
    return Density(x, alike, unlike, *widths)


def _shares(weight: NDArray) -> Floats:
    return weight / weight.sum() if len(weight) else np.zeros(0)


def _bandwidth(score: Floats, share: Floats) -> float | None:
    if len(score) == 0 or score.min() == score.max():
        return None
    squares = float(np.square(share).sum())  # 1 / Kish's effective number
    variance = share @ np.square(score - share @ score) / (1 - squares)
    return float(np.sqrt(variance) * squares**0.2)


def _smooth(score: Floats, share: Floats, width: float, x: Floats) -> Floats:
    centres = score
    bins = int(np.ceil(np.ptp(score) / width * _BINS_PER_BANDWIDTH))
    if bins < len(score):
        share, edges = np.histogram(score, bins, weights=share)
        centres = (edges[1:] + edges[:-1]) / 2
    kernel = np.exp(-0.5 * ((x[:, None] - centres) / width) ** 2)
    return kernel @ share / (width * np.sqrt(2 * np.pi))


def histogram(scores: NDArray, same: NDArray, bins: int, weights: NDArray | None = None) -> Histogram:
    """Count each class in `bins` equal bins from the lowest to the highest score; the last bin is closed.

    Without pairs the edges run from 0 to 1 and all counts are 0.

    Raises
    ------
    BadInput
        If `bins` is below 1, or as `checked_pairs`.
    """
    score, truth = checked_pairs(scores, same)
    weight = checked_weights(weights, len(score))
    if bins < 1:
        raise BadInput("metrics.bins", bins=bins)
    edges = np.histogram_bin_edges(score, bins)
    ends = (edges[0], edges[-1])  # of equal bins numpy reckons the number, among any edges it searches
    counts = [np.histogram(score[part], bins, ends)[0] for part in (truth, ~truth)]
    shares = [np.histogram(score[part], bins, ends, weights=_shares(weight[part]))[0] for part in (truth, ~truth)]
    return Histogram(edges, *counts, *shares)
