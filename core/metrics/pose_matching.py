"""Which person each detection takes: the greedy part of COCO's keypoint protocol, over all pictures at once.

In its picture the best detection chooses first. It takes the free person with the highest similarity that reaches the
threshold; one who is not asked for (a crowd, nothing labelled, another size) only if no regular person does; a crowd
can be taken again and again. Pictures, thresholds and ranges of sizes do not touch one another, so one round for each
rank of a detection in its picture settles everything.
"""

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from core.foundation.arrays import Bools, Floats, Indices
from core.metrics.oks import Truth, similarities

THRESHOLDS: Final = np.linspace(0.5, 0.95, 10)
_MOST_PER_IMAGE: Final = 20
_PAIRS_AT_ONCE: Final = 1 << 12  # keeps a block of 24-point differences within the processor's cache


class Pairs(NamedTuple):
    """Detections and people of the same picture who are near enough for the lowest threshold.

    `found` and `true` are (P,) indices, ordered by detection and then by person; `oks` is (P,) float64.
    """

    found: Indices
    true: Indices
    oks: Floats


def best_of_each_image(image: Indices, score: Floats) -> tuple[Indices, Indices]:
    """(D',) detections by image, best first, at most 20 of each; and (D',) the rank of each, from 0.

    Of equal scores the first comes first.
    """
    order = np.lexsort((-score, image))
    rank = np.arange(len(order)) - np.searchsorted(image[order], image[order], side="left")
    best = rank < _MOST_PER_IMAGE
    return order[best], rank[best]


def close_pairs(points: Floats, found_image: Indices, people: Truth, true_image: Indices) -> Pairs:
    """Similarity of every detection with every person of its picture, those below all thresholds left out.

    Parameters
    ----------
    points, found_image
        (D, K, 2) and (D,), as ordered by `best_of_each_image`.
    people
        What `core.metrics.oks.checked_truth` gave.
    true_image
        (G,), numbered as `found_image`.

    Returns
    -------
    pairs
    """
    order = np.argsort(true_image, kind="stable")
    first = np.searchsorted(true_image[order], found_image, side="left")
    count = np.searchsorted(true_image[order], found_image, side="right") - first
    detection_of = np.repeat(np.arange(len(points)), count)
    within = np.arange(len(detection_of)) - np.repeat(np.cumsum(count) - count, count)
    true_of = order[np.repeat(first, count) + within]
    similarity = np.empty(len(detection_of))
    for start in range(0, len(detection_of), _PAIRS_AT_ONCE):
        block = slice(start, start + _PAIRS_AT_ONCE)
        similarity[block] = similarities(points[detection_of[block]], people.take(true_of[block]))
    near = similarity >= THRESHOLDS[0]
    return Pairs(detection_of[near], true_of[near], similarity[near])


def greedy_matches(pairs: Pairs, rank: Indices, not_asked: Bools, crowd: Bools) -> tuple[Bools, Bools]:
    """Settle all ranks in turn.

    Parameters
    ----------
    pairs
        From `close_pairs`.
    rank
        (D,) of each detection in its picture.
    not_asked
        (A, G) bool, people who do not count in each range of sizes.
    crowd
        (G,) bool, people who stay free when taken.

    Returns
    -------
    matched
        (A, T, D) bool, the detection took a person.
    left_out
        (A, T, D) bool, the person it took is not asked for.
    """
    ranges, people = not_asked.shape
    matched = np.zeros((ranges, len(THRESHOLDS), len(rank)), bool)
    left_out, taken = np.zeros_like(matched), np.zeros((ranges, len(THRESHOLDS), people), bool)
    rank_of = rank[pairs.found]
    by_rank = np.argsort(rank_of, kind="stable")
    ends = np.searchsorted(rank_of[by_rank], np.arange(_MOST_PER_IMAGE + 1))
    for low, high in pairwise(ends):
        if low == high:
            continue
        chosen = by_rank[low:high]
        detection, true, value = pairs.found[chosen], pairs.true[chosen], pairs.oks[chosen]
        forgiven = np.broadcast_to(not_asked[:, None, true], (ranges, len(THRESHOLDS), high - low))
        free = (~taken[:, :, true] | crowd[true]) & (value >= THRESHOLDS[:, None])
        a, t, pair = _choices(free, forgiven, value, detection)
        matched[a, t, detection[pair]] = True
        left_out[a, t, detection[pair]] = forgiven[a, t, pair]
        taken[a, t, true[pair]] = True
    return matched, left_out


def _choices(free: Bools, forgiven: Bools, value: Floats, detection: Indices) -> tuple[Indices, Indices, Indices]:
    """Range, threshold and pair of every choice that is made; `found` is in runs, one for each detection."""
    starts = np.flatnonzero(np.diff(detection, prepend=-1))
    run = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(detection)))
    regular = free & ~forgiven
    any_regular = np.logical_or.reduceat(regular, starts, axis=2)
    open_to = np.where(any_regular[:, :, run], regular, free)
    best = np.maximum.reduceat(np.where(open_to, value, -1.0), starts, axis=2)
    # Of people with equal similarity pycocotools takes the last.
    position = np.where(open_to & (value == best[:, :, run]), np.arange(len(value)), -1)
    chosen = np.maximum.reduceat(position, starts, axis=2)
    a, t, choice = np.nonzero(chosen >= 0)
    return a, t, chosen[a, t, choice]
