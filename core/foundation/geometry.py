"""Where things lie in a picture: similarity transforms, aligned faces, overlap of boxes.

Coordinates follow `core.foundation.arrays`: pixels, x to the right, y down, the centre of the top-left pixel at (0, 0).
"""

from collections.abc import Iterable
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Box, Floats
from core.foundation.errors import BadInput

# Deng et al., ArcFace (CVPR 2019): where left eye, right eye, nose and mouth corners lie in a 112 x 112 face.
ARCFACE_SIZE: Final = 112
ARCFACE_POINTS: Final = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
_OUTLINE_OF_BOX: Final = 0.53


def similarity_transform(source: NDArray, target: NDArray) -> NDArray[np.float32]:
    """Rotation, uniform scale and shift that bring `source` closest to `target` in the least-squares sense.

    Parameters
    ----------
    source, target
        (M, 2) points in pixels, M at least 2.

    Returns
    -------
    NDArray
        (2, 3) float32 matrix [sR | t]: ``target ≈ source @ sR.T + t``. Never a reflection.

    Raises
    ------
    BadInput
        If the shapes differ, a value is not finite, or all source points coincide.

    References
    ----------
    Umeyama, Least-squares estimation of transformation parameters between two point patterns, PAMI 1991.
    """
    a, b = np.asarray(source, np.float64), np.asarray(target, np.float64)
    if a.shape != b.shape or a.shape[1:] != (2,) or len(a) < 2:
        raise BadInput("geometry.two_lists", first=a.shape, second=b.shape)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise BadInput("geometry.not_finite")
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    centred_a, centred_b = a - mean_a, b - mean_b
    variance = (centred_a**2).sum() / len(a)
    if variance == 0:
        raise BadInput("geometry.coincide")
    u, singular, vt = np.linalg.svd(centred_b.T @ centred_a / len(a))
    signs = np.array([1.0, 1.0 if np.linalg.det(u) * np.linalg.det(vt) > 0 else -1.0])
    rotation = u @ np.diag(signs) @ vt
    scaled = rotation * float((singular * signs).sum() / variance)
    return np.column_stack([scaled, mean_b - scaled @ mean_a]).astype(np.float32)


def warp_to(image: NDArray[np.uint8], source: NDArray, target: NDArray, size: int) -> NDArray[np.uint8]:
    """Cut a square out of a picture so that `source` points land on `target` points.

    Parameters
    ----------
    image
        (H, W, 3) uint8.
    source
        (M, 2) points in the picture, in pixels.
    target
        (M, 2) where they should lie in the square, in its pixels.
    size
        Side of the square in pixels.

    Returns
    -------
    NDArray
        (size, size, 3) uint8, bilinear; black outside the picture.

    Raises
    ------
    BadInput
        As `similarity_transform`.
    """
    matrix = similarity_transform(source, target)
    return np.asarray(cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR), dtype=np.uint8)


def align_face(image: NDArray[np.uint8], five_points: NDArray, size: int = ARCFACE_SIZE) -> NDArray[np.uint8]:
    """Bring eyes, nose and mouth corners onto the five points of the ArcFace template.

    Parameters
    ----------
    image
        (H, W, 3) uint8 RGB.
    five_points
        (5, 2) left eye, right eye (as seen in the picture), nose, left and right mouth corner, in pixels.
    size
        Side of the result; the template grows with it around the same picture area.

    Returns
    -------
    NDArray
        (size, size, 3) uint8 RGB.

    Raises
    ------
    BadInput
        If there are not five finite points that differ.

    References
    ----------
    Deng, Guo, Xue, Zafeiriou: ArcFace, CVPR 2019.
    """
    target = (ARCFACE_POINTS + 0.5) * (size / ARCFACE_SIZE) - 0.5
    return warp_to(image, five_points, target, size)


class HasBox(Protocol):
    """Whatever has a box."""

    @property
    def box(self) -> Box:
        """Left, top, right, bottom in pixels."""
        ...


def boxes_of(rows: Iterable[HasBox]) -> Floats:
    """(N, 4) left, top, right, bottom of each; also of none."""
    return np.array([row.box for row in rows], np.float64).reshape(-1, 4)


def iou(a: NDArray, b: NDArray) -> Floats:
    """Intersection over union of every box of `a` with every box of `b`.

    Parameters
    ----------
    a, b
        (N, 4) and (M, 4): left, top, right, bottom in pixels. A box without area overlaps nothing.

    Returns
    -------
    NDArray
        (N, M) float64 in [0, 1].
    """
    first = np.asarray(a, np.float64).reshape(-1, 1, 4)
    second = np.asarray(b, np.float64).reshape(1, -1, 4)
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = np.prod(np.maximum(sides, 0), axis=-1)
    union = _areas(first) + _areas(second) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def most_central(corners: NDArray, width: int, height: int) -> int:
    """Which face a portrait shows: large and near the middle.

    The score is facenet-pytorch's `center_weighted_size`: area minus twice the squared distance between the
    box's centre and the picture's. The largest face alone would pick bystanders in front.

    Parameters
    ----------
    corners
        (N, 4) left, top, right, bottom in pixels.
    width, height
        Of the picture, in pixels.

    Returns
    -------
    int
        Index of the face.

    Raises
    ------
    BadInput
        If there is no face.
    """
    boxes = np.asarray(corners, np.float64).reshape(-1, 4)
    if not len(boxes):
        raise BadInput("geometry.no_face")
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    offsets = (boxes[:, :2] + boxes[:, 2:]) / 2 - middle
    return int(np.argmax(_areas(boxes) - 2 * (offsets**2).sum(axis=1)))


def outline_areas(boxes: NDArray) -> Floats:
    """(N,) square pixels that count as the area within the outline, in (N, 4) boxes: 0.53 of each.

    COCO takes the mask's area; where there is none, 0.53 of the box is what its tools take (mmpose, xtcocotools,
    CrowdPose). OKS, measured sigmas and the ``area`` of an export all follow this one rule.
    """
    return np.asarray(_OUTLINE_OF_BOX * _areas(np.asarray(boxes, np.float64).reshape(-1, 4)))


def _areas(boxes: Floats) -> Floats:
    return np.prod(np.maximum(boxes[..., 2:] - boxes[..., :2], 0), axis=-1)
