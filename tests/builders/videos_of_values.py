import numpy as np


def videos(seed, groups=12, at_most=30, shift=1.0):
    """Values that are alike within a video, videos of different lengths."""
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(groups), rng.integers(1, at_most, groups))
    return rng.normal(0, shift, groups)[place] + rng.normal(0, 0.3, len(place)), place


def naive(statistic, groups, draws, seed, level=0.95):
    """`statistic` of the row numbers of each draw, one group after another, and numpy's percentiles of that."""
    known = np.unique(groups)
    picks = np.random.default_rng(seed).integers(0, len(known), (draws, len(known)))
    drawn = []
    for row in picks:
        rows = np.concatenate([np.flatnonzero(groups == known[pick]) for pick in row])
        drawn.append(statistic(rows))
    return np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])


def ends(interval):
    return interval.low, interval.high
