"""Average precision and recall of found poses by COCO's keypoint protocol, for any number of points.

The protocol is that of pycocotools (cocodataset.org/#keypoints-eval), to the last digit: detections in falling order of
their score, at most 20 a picture, each takes the free person with the highest similarity, regular people before
ignored ones. What pycocotools does in three nested Python loops a picture runs here over all pictures, thresholds and
area ranges at once, one round for each rank of a detection in its picture.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats, Indices
from core.foundation.errors import BadInput
from core.metrics.oks import checked_truth
from core.metrics.pose_matching import THRESHOLDS, best_of_each_image, close_pairs, greedy_matches

_RECALLS: Final = np.linspace(0.0, 1.0, 101)
# Square pixels of the true person, both ends included.
AREAS: Final = {"all": (0.0, 1e10), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}


@dataclass(frozen=True, eq=False)
class TruePoses:
    """The labelled people of some pictures.

    Attributes
    ----------
    images
        (G,) int or str, which picture each is in.
    points, visibility
        (G, K, 2) real pixels and (G, K) int, above 0 = labelled.
    areas
        (G,) real square pixels, 0 or more.
    boxes
        (G, 4) real corners left, top, right, bottom.
    crowd
        (G,) bool, one box around many people: never asked for, and forgives any number of detections. None = no such.
    """

    images: NDArray
    points: NDArray
    visibility: NDArray
    areas: NDArray
    boxes: NDArray
    crowd: NDArray | None = None


@dataclass(frozen=True, eq=False)
class FoundPoses:
    """What a model found in those pictures.

    Attributes
    ----------
    images
        (D,) as in `TruePoses`; a picture without a labelled person is allowed, everything found there is wrong.
    points
        (D, K, 2) real pixels; a point that is not finite is as wrong as can be.
    scores
        (D,) real, higher = surer.
    areas
        (D,) real square pixels, which say whether an unmatched detection counts in an area range. None = the box
        around its finite points, as pycocotools takes for results without a box.
    """

    images: NDArray
    points: NDArray
    scores: NDArray
    areas: NDArray | None = None


@dataclass(frozen=True, eq=False)
class Matches:
    """Who was found by what: all that precision and recall need; pictures can be weighted afterwards.

    Attributes
    ----------
    images
        (I,) the different pictures in sorted order.
    true_image, found_image
        (G,) and (D,) index into `images`; detections in falling order of their score.
    not_asked
        (A, G) bool, people who do not count in each range of `AREAS` (crowds, nothing labelled, another size).
    matched, left_out
        (A, T, D) bool: took a person at each of `THRESHOLDS`; counts neither as right nor as wrong.
    """

    images: NDArray
    true_image: Indices
    found_image: Indices
    not_asked: Bools
    matched: Bools
    left_out: Bools


def precision_recall(matches: Matches, area: str = "all", weights: NDArray | None = None) -> tuple[Floats, Floats]:
    """Average precision and recall at each of `THRESHOLDS`, for one range of sizes.

    Precision is made monotone from the right and read at 101 recalls, as pycocotools does.

    Parameters
    ----------
    matches
        From `match`.
    area
        A key of `AREAS`.
    weights
        (I,) real, 0 or more: how often each picture counts, for a bootstrap that draws videos
        (`core.metrics.intervals.bootstrap_weighted`) without matching anew. None = once.

    Returns
    -------
    ap, ar
        (T,) float64 each; all NaN where no person is asked for.

    Raises
    ------
    BadInput
        If the area range is unknown or the shape of the weights is wrong.
    """
    if area not in AREAS:
        raise BadInput("metrics.no_area", name=area, choices=list(AREAS))
    often = np.ones(len(matches.images)) if weights is None else np.asarray(weights, np.float64)
    if often.shape != matches.images.shape:
        raise BadInput("arrays.shape", name="weights", shape=matches.images.shape, found=often.shape)
    a = list(AREAS).index(area)
    asked = float(often[matches.true_image][~matches.not_asked[a]].sum())
    if asked == 0:
        return np.full(len(THRESHOLDS), np.nan), np.full(len(THRESHOLDS), np.nan)
    if not len(matches.found_image):
        return np.zeros(len(THRESHOLDS)), np.zeros(len(THRESHOLDS))
    of_found = often[matches.found_image]
    of_all = np.cumsum(of_found)
    curves = []
    for took, skipped in zip(matches.matched[a], matches.left_out[a], strict=True):
        any_skipped = skipped.any()
        counted = np.where(skipped, 0.0, of_found) if any_skipped else of_found
        every = np.cumsum(counted) if any_skipped else of_all
        curves.append(_precision_recall(np.cumsum(counted * took), every, asked))
    ap, ar = np.array(curves).T
    return ap, ar


def _precision_recall(right: Floats, every: Floats, asked: float) -> tuple[float, float]:
    """At one threshold, of cumulative counts; one threshold at a time stays in the processor's cache."""
    recall, precision = right / asked, right / (every + np.spacing(1))
    first = np.searchsorted(recall, _RECALLS, side="left")
    reached = first[first < len(recall)]
    read = np.zeros(len(_RECALLS))
    if len(reached):  # the best from there on, without the whole line of bests
        read[: len(reached)] = np.maximum.accumulate(np.maximum.reduceat(precision, reached)[::-1])[::-1]
    return float(read.mean()), float(recall[-1])


def match(truth: TruePoses, detections: FoundPoses, sigmas: NDArray | tuple[float, ...]) -> Matches:
    """Let the detections of each picture take its people, at every threshold and in every range of sizes.

    Parameters
    ----------
    truth, detections
        Of the same K points.
    sigmas
        (K,) real above 0, as `Skeleton.sigmas`.

    Returns
    -------
    matches

    Raises
    ------
    BadInput
        If shapes disagree, a score, area or box is not finite, an area is negative, or a labelled point is not finite.
    """
    people = checked_truth(truth.points, truth.visibility, truth.areas, sigmas, truth.boxes)
    points, score, size = _checked_found(detections, len(people.sigmas))
    crowd = np.zeros(len(people.areas), bool) if truth.crowd is None else np.asarray(truth.crowd, bool)
    for name, shape in (("images", np.shape(truth.images)), ("crowd", crowd.shape)):
        if shape != people.areas.shape:
            raise BadInput("metrics.of_people", name=name, shape=people.areas.shape, found=shape)
    images, number = np.unique(
        np.concatenate([np.asarray(truth.images), np.asarray(detections.images)]), return_inverse=True
    )
    in_true, in_found = number[: len(crowd)], number[len(crowd) :]
    best, rank = best_of_each_image(in_found, score)
    low, high = (np.array(ends)[:, None] for ends in zip(*AREAS.values(), strict=True))
    not_asked = crowd | ~people.labelled.any(axis=1) | (people.areas < low) | (people.areas > high)
    matched, left_out = greedy_matches(
        close_pairs(points[best], in_found[best], people, in_true), rank, not_asked, crowd
    )
    left_out |= ~matched & ((size[best] < low) | (size[best] > high))[:, None, :]
    order = np.argsort(-score[best], kind="stable")
    return Matches(images, in_true, in_found[best][order], not_asked, matched[..., order], left_out[..., order])


def _checked_found(detections: FoundPoses, count: int) -> tuple[Floats, Floats, Floats]:
    """Points, scores and areas of the detections."""
    points, score = np.asarray(detections.points, np.float64), np.asarray(detections.scores, np.float64)
    if points.shape[1:] != (count, 2):
        raise BadInput("metrics.detections_points", count=count, found=points.shape)
    size = _extents(points) if detections.areas is None else np.asarray(detections.areas, np.float64)
    for name, array in (("images", np.asarray(detections.images)), ("scores", score), ("areas", size)):
        if array.shape != points.shape[:1]:
            raise BadInput("metrics.of_detections", name=name, count=len(points), found=array.shape)
    if not (np.isfinite(score).all() and np.isfinite(size).all()):
        raise BadInput("metrics.detections_finite")
    return points, score, size


def _extents(points: Floats) -> Floats:
    """(D,) area of the box around the finite points of each; 0 where there are none."""
    finite = np.isfinite(points[..., 0] + points[..., 1])[..., None]
    low, high = np.where(finite, points, np.inf).min(axis=1), np.where(finite, points, -np.inf).max(axis=1)
    area: Floats = np.subtract(high, low, out=np.zeros_like(low), where=high >= low).prod(axis=1)
    return area
