"""How well a face can be recognised: how sharp, how large, how far turned, how far two models disagree about it.

Nothing here needs weights: the figures come from the pixels, the box and five points (eyes, nose tip, mouth corners).
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Box, Floats

SIDE: Final = 112  # pixels of the longer side at which sharpness is measured: that of the usual encoder's input
_NOSE: Final = 0.52  # how far the nose tip stands out, over the distance of the eyes
_NOSE_HEIGHT: Final = 0.5  # where it lies between the line of the eyes (0) and that of the mouth (1), looking straight
_NOSE_DEPTH: Final = 0.45  # how far it stands out, over the distance of these two lines


@dataclass(frozen=True)
class FaceFigures:
    """The figures of one face; None where they cannot be told.

    Attributes
    ----------
    sharpness
        Variance of the Laplacian of the greys (0 to 255) with the longer side of the box at `SIDE` pixels.
    size
        The shorter side of the box, in pixels.
    yaw, pitch
        Degrees by which the head is turned to its left or right (positive: the nose points to the picture's right)
        and down, estimated from five points.
    disagreement
        Mean distance between the five points of the detector and those of the landmarks, over the distance of the eyes.
    """

    sharpness: float
    size: float
    yaw: float | None = None
    pitch: float | None = None
    disagreement: float | None = None


def sharpness(pixels: NDArray[np.uint8], box: Box) -> float:
    """Variance of the Laplacian of a face, its longer side brought to `SIDE` pixels; 0 where nothing of it is seen.

    Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy: a comparative study", ICPR 2000. The discrete
    Laplacian has four neighbours, the outermost pixels have no value. Smaller faces are magnified, so that they count
    as blurred as they look to an encoder.

    Parameters
    ----------
    pixels
        (H, W, 3) uint8 RGB.
    box
        Left, top, right, bottom in pixels; what lies beyond the picture does not count.
    """
    seen = normalised_grey(pixels, box)
    if min(seen.shape) < 3:
        return 0.0
    middle = seen[1:-1, 1:-1]
    bent = seen[:-2, 1:-1] + seen[2:, 1:-1] + seen[1:-1, :-2] + seen[1:-1, 2:] - 4 * middle
    return float(bent.var())


def normalised_grey(pixels: NDArray[np.uint8], box: Box) -> Floats:
    """(h, w) float64 greys of what is seen of a box, the longer side of the box at `SIDE` pixels; may be empty."""
    left, top, right, bottom = box
    height, width = pixels.shape[:2]
    rows = slice(*np.clip([round(top), round(bottom)], 0, height).tolist())
    columns = slice(*np.clip([round(left), round(right)], 0, width).tolist())
    seen = np.ascontiguousarray(pixels[rows, columns])
    if not seen.size:
        return np.zeros((0, 0))
    scale = SIDE / max(right - left, bottom - top, 1.0)
    size = tuple(max(1, round(side * scale)) for side in (seen.shape[1], seen.shape[0]))
    grey = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, size, interpolation=flags), np.float64)


def head_pose(points: NDArray) -> tuple[float, float] | None:
    """Yaw and pitch in degrees (`FaceFigures`) from five points; None where they do not span a face.

    The nose tip stands out of the plane of eyes and mouth, so it moves aside as the head turns; how far, over the
    distance of the eyes as they are seen, is the tangent of the angle. Roll does not count.

    Parameters
    ----------
    points
        (5, 2): left and right eye as seen in the picture, nose tip, left and right corner of the mouth.
    """
    five = np.asarray(points, np.float64)
    if not np.isfinite(five).all():
        return None
    eyes, mouth = five[:2].mean(axis=0), five[3:].mean(axis=0)
    height = float(np.linalg.norm(mouth - eyes))
    if height == 0:
        return None
    down = (mouth - eyes) / height
    across = np.array([down[1], -down[0]])
    apart = max(float((five[1] - five[0]) @ across), 0.0)
    nose = five[2] - eyes
    aside, below = float(nose @ across), float(nose @ down) / height
    yaw = np.arctan2(aside, _NOSE * apart)
    pitch = np.arctan2(below - _NOSE_HEIGHT, _NOSE_DEPTH)
    return float(np.degrees(yaw)), float(np.degrees(pitch))


def landmark_disagreement(points: NDArray, others: NDArray) -> float | None:
    """Mean distance of two models' five points of one face, over the distance of the first one's eyes.

    None where a point is missing or the eyes coincide. It is about the models, not about the face: it grows where
    something covers the face, and as well where it is turned away or one of them simply errs.
    """
    one, other = np.asarray(points, np.float64), np.asarray(others, np.float64)
    apart = float(np.linalg.norm(one[1] - one[0]))
    if not (np.isfinite(one).all() and np.isfinite(other).all()) or apart == 0:
        return None
    return float(np.linalg.norm(one - other, axis=1).mean() / apart)


def face_figures(
    pixels: NDArray[np.uint8], box: Box, five: NDArray | None = None, landmarks: NDArray | None = None
) -> FaceFigures:
    """All figures of a face in (H, W, 3) uint8 RGB pixels.

    `five` are the detector's (5, 2) points, `landmarks` those of the landmarks; pose is told from the detector's where
    they are there.
    """
    left, top, right, bottom = box
    points = five if five is not None else landmarks
    yaw, pitch = (points is not None and head_pose(points)) or (None, None)
    apart = landmark_disagreement(five, landmarks) if five is not None and landmarks is not None else None
    return FaceFigures(sharpness(pixels, box), min(right - left, bottom - top), yaw, pitch, apart)
