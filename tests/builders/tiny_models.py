"""Face models that need no network: the picture itself says what they find."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from core.foundation.arrays import Boxes, Keypoints
from core.people.face_models import FaceModels

WIDTH, HEIGHT = 120, 60
_BROKEN = 255


def tiny_picture(faces: int, shade: int = 0, size: tuple[int, int] = (WIDTH, HEIGHT), *, broken: bool = False) -> bytes:
    """A PNG in which `TinyDetector` sees `faces` faces of that `shade`; with `broken` the detector fails on it."""
    pixels = np.full((size[1], size[0], 3), shade, np.uint8)
    pixels[0, 0] = (faces, _BROKEN if broken else 0, 0)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def box(number: int) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the face of that number."""
    return (10.0 + 30 * number, 10.0, 30.0 + 30 * number, 30.0)


class TinyDetector:
    """Reads the number of faces out of the first pixel; `calls` holds how many pictures it got each time."""

    name = "tiny-detector"
    weights_sha256 = "d" * 64

    def __init__(self, settings: dict[str, object] | None = None) -> None:
        self.settings: dict[str, object] = settings or {}
        self.calls: list[int] = []
        self.before: Callable[[], None] = lambda: None

    def detect(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        self.calls.append(len(images))
        self.before()
        if any(image[0, 0, 1] == _BROKEN for image in images):
            raise RuntimeError("out of tiny memory")
        return [self._boxes(int(image[0, 0, 0])) for image in images]

    def _boxes(self, count: int) -> Boxes:
        corners = np.array([box(number) for number in range(count)], np.float32).reshape(-1, 4)
        five = np.repeat(corners[:, None, :2], 5, axis=1) + 5
        return Boxes(corners, np.full(count, 0.99, np.float32), five.astype(np.float32))


class TinyLandmarker:
    """68 points along the diagonal of the box."""

    name = "tiny-landmarks"
    weights_sha256 = "a" * 64
    settings: dict[str, object] = {}  # noqa: RUF012  (as the protocol has it)

    def locate(self, image: np.ndarray, corners: np.ndarray, sources: Sequence[str] | None = None) -> list[Keypoints]:
        steps = np.linspace(0, 1, 68)[:, None]
        return [Keypoints.of(face[:2] + steps * (face[2:] - face[:2])) for face in corners]


class TinyEncoder:
    """An angle for each shade of grey; `calls` holds how many faces it got each time."""

    weights_sha256 = "e" * 64
    dimension = 2
    threshold = 0.9
    settings: dict[str, object] = {}  # noqa: RUF012

    def __init__(self, name: str = "tiny-encoder", turn: float = 0.0) -> None:
        self.name, self.turn = name, turn
        self.calls: list[int] = []
        self.broken = False

    def crop(self, image: np.ndarray, corners: np.ndarray, five_points: np.ndarray) -> np.ndarray:
        assert five_points.shape == (5, 2)
        left, top, right, bottom = corners.astype(int)
        if self.broken:
            raise ValueError("a shape that cannot be")
        return image[top:bottom, left:right][:2, :2]

    def embed(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        self.calls.append(len(crops))
        angles = np.array([crop.mean() for crop in crops]) / 100 + self.turn
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def tiny_models(encoder: TinyEncoder | None = None, **settings: object) -> FaceModels:
    """The three of them; settings of the detector make it another version."""
    return FaceModels(TinyDetector(dict(settings)), TinyLandmarker(), encoder or TinyEncoder())
