"""Errors of predicted landmarks against a human's, and the lengths that they are divided by.

Two kinds of "no number" are kept apart everywhere. NaN says that an error is *undefined*: nothing is labelled, or the
length it should be divided by is zero or not labelled; such instances are left out. Infinity says that the
model *failed*: a point is labelled and the model gave none; such instances stay in, and are failures on every curve.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.errors import BadInput
from core.foundation.skeletons import Skeleton

# (truth (N, K, 2) float64, labelled (N, K) bool, boxes (N, 4) float64, skeleton) -> (N,) lengths in pixels
Normaliser = Callable[[Floats, Bools, Floats, Skeleton], Floats]
_OF_TWO_POINTS: Final = ("inter-ocular", "torso")
_EYES: Final = ("right_eye", "left_eye")


def units(name: str, truth: NDArray, visibility: NDArray, boxes: NDArray, skeleton: Skeleton) -> Floats:
    """The length of each instance that its errors are divided by.

    One pixel on a real 300-VW face is 1.24 % of the inter-ocular distance, 1.73 % of the inter-pupil distance, 0.73 %
    of the box and 0.52 % of its diagonal: a figure without the name of its unit says nothing.

    Parameters
    ----------
    name
        A key of `NORMALISERS`:

        - ``inter-ocular``: between the two points of a face's `Skeleton.normaliser`, its outer eye corners, as 300-W.
        - ``torso``: between those of a body's, its left shoulder and its right hip.
        - ``inter-pupil``: between the mean points of the regions right_eye and left_eye; every point of both has to be
          labelled, since the mean of a part of an eye lies elsewhere.
        - ``box``: the square root of width times height of the box.
        - ``diagonal``: the diagonal of the box.
    truth, visibility
        (N, K, 2) real pixels and (N, K) int, as in `point_errors`.
    boxes
        (N, 4) real corners left, top, right, bottom in pixels; the width is right - left, with no pixel added. Not
        looked at by the first three.
    skeleton
        Whose K points these are.

    Returns
    -------
    units
        (N,) float64 pixels, above 0; NaN where undefined (a point not labelled, a length of zero, a box inside out).

    Raises
    ------
    BadInput
        If the name is unknown, the skeleton has no such points, or the shapes disagree.
    """
    if name not in NORMALISERS:
        raise BadInput("metrics.no_normaliser", name=name, choices=list(NORMALISERS))
    if name not in applicable(skeleton):
        raise BadInput("metrics.no_distance", skeleton=skeleton.name, name=name, choices=list(applicable(skeleton)))
    _, true, labelled = _checked(truth, truth, visibility)
    if true.shape[1] != len(skeleton):
        raise BadInput("metrics.truth_count", skeleton=skeleton.name, count=len(skeleton), found=true.shape[1])
    corners = np.asarray(boxes, np.float64)
    if corners.shape != (len(true), 4):
        raise BadInput("metrics.boxes_shape", count=len(true), found=corners.shape)
    length = NORMALISERS[name](true, labelled, corners, skeleton)
    return np.where(np.isfinite(length) & (length > 0), length, np.nan)


def applicable(skeleton: Skeleton) -> tuple[str, ...]:
    """The names of the normalisers that a skeleton has the points for, the usual one first."""
    has = {
        **dict.fromkeys(_OF_TWO_POINTS, False),
        skeleton.unit: skeleton.normaliser is not None,
        "inter-pupil": skeleton.regions.keys() >= set(_EYES),
    }
    return tuple(name for name in NORMALISERS if has.get(name, True))


def point_errors(predicted: NDArray, truth: NDArray, visibility: NDArray, unit: NDArray | None = None) -> Floats:
    """Distance of each point from its true place, in pixels or in the instance's unit.

    Parameters
    ----------
    predicted, truth
        (N, K, 2) real, x and y in pixels; `truth` may hold anything where the point is not labelled.
    visibility
        (N, K) int of `truth`: 0 not labelled, above 0 labelled (occluded points count).
    unit
        (N,) pixels from `units`, or None for pixels.

    Returns
    -------
    errors
        (N, K) float64. NaN where the point is not labelled, its true place is not finite, or the unit is not a length
        above 0; inf where it is labelled and the prediction is not finite.

    Raises
    ------
    BadInput
        If the shapes disagree.
    """
    points, true, labelled = _checked(predicted, truth, visibility)
    defined = labelled & np.isfinite(true).all(axis=2)
    paired = defined & np.isfinite(points).all(axis=2)
    distance = np.where(defined, np.inf, np.nan)
    offset = np.subtract(points, true, out=np.zeros_like(true), where=paired[..., None])
    np.hypot(offset[..., 0], offset[..., 1], out=distance, where=paired)
    if unit is None:
        return distance
    length = np.asarray(unit, np.float64)
    if length.shape != (len(true),):
        raise BadInput("arrays.length", name="unit", count=len(true), found=length.shape)
    return distance / np.where(np.isfinite(length) & (length > 0), length, np.nan)[:, None]


def errors(predicted: NDArray, truth: NDArray, visibility: NDArray, unit: NDArray | None = None) -> Floats:
    """Mean error of each instance over its labelled points: the NME in the given unit.

    With the outer eye corners this is the inter-ocular NME of Sagonas et al., "300 Faces In-the-Wild Challenge", ICCV
    workshops 2013.

    Parameters
    ----------
    predicted, truth, visibility, unit
        As in `point_errors`.

    Returns
    -------
    errors
        (N,) float64, a ratio (or pixels without a unit). NaN where undefined: no labelled point, no unit, a labelled
        point without a finite true place. Inf where the model gave no place for a labelled point.

    Raises
    ------
    BadInput
        If the shapes disagree.
    """
    return instance_means(point_errors(predicted, truth, visibility, unit), visibility)


def instance_means(point_errors: NDArray, visibility: NDArray) -> Floats:
    """Mean of each instance's errors over its labelled points, as `errors`: (N,) of (N, K) from `point_errors`.

    Divided by the units afterwards, errors in pixels give the NME in every unit.
    """
    labelled = np.asarray(visibility) > 0
    count = labelled.sum(axis=1)
    sums = np.where(labelled, point_errors, 0.0).sum(axis=1)
    return np.divide(sums, count, out=np.full(len(sums), np.nan), where=count > 0)


def squares_of(pixels: Floats) -> tuple[Floats, Ints]:
    """What MSE and RMSE are made of, for each instance, of errors (N, K) that `point_errors` gave in pixels.

    The MSE is the mean squared error over all coordinates of all pictures at once, x and y apart: half the mean squared
    distance. The motion competition takes its root. One bad picture rules both.

    Returns
    -------
    sums
        (N,) float64, squared errors in square pixels summed over both coordinates of the labelled points; inf where a
        labelled point has no prediction.
    counts
        (N,) int64, how many coordinates that were: twice the labelled points with a finite true place.
    """
    defined = ~np.isnan(pixels)
    return (np.where(defined, pixels, 0.0) ** 2).sum(axis=1), 2 * defined.sum(axis=1)


def _checked(predicted: NDArray, truth: NDArray, visibility: NDArray) -> tuple[Floats, Floats, Bools]:
    """Both point sets as float64 and which points are labelled."""
    points, true = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    labelled = np.asarray(visibility) > 0
    if true.shape[2:] != (2,):
        raise BadInput("arrays.shape", name="truth", shape="(N, K, 2)", found=true.shape)
    if points.shape != true.shape:
        raise BadInput("metrics.shape_of_truth", shape=true.shape, found=points.shape)
    if labelled.shape != true.shape[:2]:
        raise BadInput("arrays.shape", name="visibility", shape=true.shape[:2], found=labelled.shape)
    return points, true, labelled


def _of_two_points(truth: Floats, labelled: Bools, _boxes: Floats, skeleton: Skeleton) -> Floats:
    assert skeleton.normaliser is not None  # `applicable` saw to it
    first, second = skeleton.normaliser
    length: Floats = np.linalg.norm(truth[:, first] - truth[:, second], axis=1)
    return np.where(labelled[:, first] & labelled[:, second], length, np.nan)


def _inter_pupil(truth: Floats, labelled: Bools, _boxes: Floats, skeleton: Skeleton) -> Floats:
    right, left = (list(skeleton.regions[eye]) for eye in _EYES)
    length: Floats = np.linalg.norm(truth[:, right].mean(axis=1) - truth[:, left].mean(axis=1), axis=1)
    return np.where(labelled[:, right + left].all(axis=1), length, np.nan)


def _sides(boxes: Floats) -> Floats:
    """(N, 2) width and height; NaN where a box is inside out."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return np.where((sides >= 0).all(axis=1, keepdims=True), sides, np.nan)


def _box(_truth: Floats, _labelled: Bools, boxes: Floats, _skeleton: Skeleton) -> Floats:
    return np.sqrt(_sides(boxes).prod(axis=1))


def _diagonal(_truth: Floats, _labelled: Bools, boxes: Floats, _skeleton: Skeleton) -> Floats:
    return np.hypot(*_sides(boxes).T)


NORMALISERS: Final[dict[str, Normaliser]] = {
    **dict.fromkeys(_OF_TWO_POINTS, _of_two_points),
    "inter-pupil": _inter_pupil,
    "box": _box,
    "diagonal": _diagonal,
}
