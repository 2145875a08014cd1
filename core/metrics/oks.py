"""Object keypoint similarity: how near a pose is to the true one, each point by the spread of human annotators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats, Indices, Ints
from core.foundation.errors import BadInput


@dataclass(frozen=True, eq=False)
class Sigmas:
    """Spread of annotators, as estimated from double annotation.

    Attributes
    ----------
    values
        (K,) float64 without a unit; NaN where nobody labelled the point twice.
    counts
        (K,) int64, how many pairs of points each rests on: the relative standard error of a value is about
        1 / (2 sqrt(counts)) for round Gaussian errors.
    """

    values: Floats
    counts: Ints


class Truth(NamedTuple):
    """Labelled people as `checked_truth` passed them: points are 0 where not labelled, boxes 0 where not given."""

    points: Floats
    labelled: Bools
    areas: Floats
    sigmas: Floats
    boxes: Floats

    def take(self, people: Indices) -> Truth:
        """The people at these indices, one row for each index."""
        points, labelled, areas, sigmas, boxes = self
        return Truth(points[people], labelled[people], areas[people], sigmas, boxes[people])


def oks(
    predicted: NDArray,
    truth: NDArray,
    visibility: NDArray,
    areas: NDArray,
    sigmas: NDArray | tuple[float, ...],
    boxes: NDArray | None = None,
) -> Floats:
    """Object keypoint similarity of each pose with its true one.

    The mean over the labelled points of exp(-d² / (2 · area · (2σ)²)): Ronchi & Perona, "Benchmarking and Error
    Diagnosis in Multi-Instance Pose Estimation", ICCV 2017, and cocodataset.org/#keypoints-eval. Where nothing is
    labelled, d is the distance to the box grown to three times its sides, as the COCO protocol does to forgive a
    detection on a person without points.

    Parameters
    ----------
    predicted, truth
        (N, K, 2) real pixels; a predicted point that is not finite counts 0.
    visibility
        (N, K) int of `truth`: 0 not labelled, above 0 labelled (occluded points count). What the model says of
        visibility plays no part.
    areas
        (N,) real, 0 or more, square pixels of the true person's outline (COCO takes the mask; for boxes alone see
        `core.foundation.geometry.outline_areas`).
    sigmas
        (K,) real above 0.
    boxes
        (N, 4) real corners left, top, right, bottom; needed only where nothing is labelled.

    Returns
    -------
    oks
        (N,) float64 in [0, 1]; NaN where nothing is labelled and no box is given.

    Raises
    ------
    BadInput
        If the shapes disagree, an area or a sigma is out of range, or a labelled point of `truth` is not finite.
    """
    true = checked_truth(truth, visibility, areas, sigmas, boxes)
    points = np.asarray(predicted, np.float64)
    if points.shape != true.points.shape:
        raise BadInput("metrics.shape_of_truth", shape=true.points.shape, found=points.shape)
    similarity = similarities(points, true)
    return similarity if boxes is not None else np.where(true.labelled.any(axis=1), similarity, np.nan)


def estimate_sigmas(first: NDArray, second: NDArray, labelled: NDArray, areas: NDArray) -> Sigmas:
    """The σ of each point, from people who two annotators labelled without seeing one another's points.

    COCO defines σ² as the expectation of d² / s² over annotations, d the distance of an annotation from the true
    place and s² the person's area. The true place is not known; but if the two annotators err independently and
    alike, and without a common shift, the expected squared distance *between* them is the sum of both, twice that of
    one. So σ² = mean(‖first - second‖² / area) / 2. What both do wrong in the same way stays hidden, and the σ of an
    unlike pair is the root mean square of theirs. d is the distance in the plane: round Gaussian errors of standard
    deviation τ s along each axis give σ = √2 τ.

    Parameters
    ----------
    first, second
        (N, K, 2) real pixels, the same people's points by either annotator.
    labelled
        (N, K) bool, True where *both* labelled the point.
    areas
        (N,) real square pixels above 0.

    Returns
    -------
    sigmas

    Raises
    ------
    BadInput
        If the shapes disagree, an area is not above 0, or a labelled point is not finite.
    """
    points, others, both = np.asarray(first, np.float64), np.asarray(second, np.float64), np.asarray(labelled, bool)
    size = np.asarray(areas, np.float64)
    if points.shape[2:] != (2,) or others.shape != points.shape:
        raise BadInput(
            "metrics.both_shape", names="first and second", shape="(N, K, 2)", first=points.shape, second=others.shape
        )
    if both.shape != points.shape[:2] or size.shape != points.shape[:1]:
        raise BadInput(
            "metrics.labelled_and_areas",
            labelled=points.shape[:2],
            areas=points.shape[:1],
            found_labelled=both.shape,
            found_areas=size.shape,
        )
    if not (np.isfinite(size) & (size > 0)).all():
        raise BadInput("metrics.area_twice")
    squared = (np.where(both[..., None], points - others, 0.0) ** 2).sum(axis=2) / size[:, None]
    if not np.isfinite(squared).all():
        raise BadInput("metrics.place_twice")
    counts = both.sum(axis=0)
    variance = np.divide(squared.sum(axis=0), 2 * counts, out=np.full(len(counts), np.nan), where=counts > 0)
    return Sigmas(np.sqrt(variance), counts)


def checked_truth(
    truth: NDArray, visibility: NDArray, areas: NDArray, sigmas: NDArray | tuple[float, ...], boxes: NDArray | None
) -> Truth:
    """The arguments of `oks` as arrays that fit one another; or BadInput."""
    true, seen = np.asarray(truth, np.float64), np.asarray(visibility)
    size, spread = np.asarray(areas, np.float64), np.asarray(sigmas, np.float64)
    if true.shape[2:] != (2,):
        raise BadInput("arrays.shape", name="truth", shape="(N, K, 2)", found=true.shape)
    corners = np.zeros((len(true), 4)) if boxes is None else np.asarray(boxes, np.float64)
    for name, array, shape in (
        ("visibility", seen, true.shape[:2]),
        ("areas", size, true.shape[:1]),
        ("sigmas", spread, true.shape[1:2]),
        ("boxes", corners, (len(true), 4)),
    ):
        if array.shape != shape:
            raise BadInput("arrays.shape", name=name, shape=shape, found=array.shape)
    if not (len(spread) and (np.isfinite(spread) & (spread > 0)).all()):
        raise BadInput("metrics.sigma")
    if not (np.isfinite(size) & (size >= 0)).all():
        raise BadInput("metrics.area")
    if not np.isfinite(corners).all():
        raise BadInput("metrics.person_box")
    points = np.where(seen[..., None] > 0, true, 0.0)
    finite = np.isfinite(points).all(axis=(1, 2))
    if not finite.all():
        raise BadInput("metrics.person_point", person=finite.argmin())
    return Truth(points, seen > 0, size, spread, corners)


def similarities(points: Floats, true: Truth) -> Floats:
    """`oks` row by row; a person without points is compared with its box."""
    squared = ((points - true.points) ** 2).sum(axis=2)
    bare = true.labelled.sum(axis=1) == 0
    if bare.any():
        squared[bare] = _squared_distance_to_grown_box(points[bare], true.boxes[bare])
    # The smallest step above 1 keeps an area of 0 from dividing by 0, as pycocotools does.
    near = np.exp(-squared / (2 * (true.areas[:, None] + np.spacing(1)) * (2 * true.sigmas) ** 2))
    counted = true.labelled | bare[:, None]
    mean: Floats = np.where(counted & ~np.isnan(near), near, 0.0).sum(axis=1) / counted.sum(axis=1)
    return mean


def _squared_distance_to_grown_box(points: Floats, boxes: Floats) -> Floats:
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    side = high - low
    outside = np.maximum(0.0, low - side - points) + np.maximum(0.0, points - high - side)
    squared: Floats = (outside**2).sum(axis=2)
    return squared
