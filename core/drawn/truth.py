"""What is known about a drawn picture, and its file on disk."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from core.foundation.arrays import Keypoints

_QUALITY: Final = 92


@dataclass(frozen=True)
class DrawnInstance:
    """One face or person as it was drawn.

    Attributes
    ----------
    kind
        ``face`` or ``person``.
    identity
        Name of the invented person.
    box
        (4,) float32: left, top, right, bottom in pixels.
    keypoints
        The points of `skeleton`.
    skeleton
        ``face68`` or ``body24``, a key of `core.foundation.skeletons.SKELETONS`.
    """

    kind: str
    identity: str | None
    box: NDArray[np.float32]
    keypoints: Keypoints
    skeleton: str


@dataclass(frozen=True)
class DrawnPicture:
    """A drawn picture and the truth about it.

    Attributes
    ----------
    name
        Relative path of its file, such as ``portraits/ada-1.jpg``.
    pixels
        (H, W, 3) uint8 RGB.
    instances
        Everybody in it; a full figure has a person and, if the face shows, a face.
    """

    name: str
    pixels: NDArray[np.uint8]
    instances: tuple[DrawnInstance, ...]


def face_instance(identity: str | None, landmarks: ArrayLike, forehead: ArrayLike) -> DrawnInstance:
    """A face from its (68, 2) landmarks; the box reaches from the (2,) middle of the forehead to the chin."""
    points = np.asarray(landmarks, np.float64)
    around = np.concatenate([points, np.asarray(forehead, np.float64).reshape(1, 2)])
    box = np.concatenate([around.min(axis=0), around.max(axis=0)]).astype(np.float32)
    return DrawnInstance("face", identity, box, Keypoints.of(points), "face68")


def write_picture(picture: DrawnPicture, folder: Path) -> None:
    """Write a picture as a JPEG file (quality 92, no EXIF) of its name in `folder`."""
    path = folder / picture.name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture.pixels).save(path, "JPEG", quality=_QUALITY)
