import cv2
import numpy as np
import pytest

from core.drawn.people import PEOPLE
from core.drawn.portraits import draw_portrait


def brightness(pixels: np.ndarray, point: np.ndarray, reach: int = 1) -> np.ndarray:
    x, y = np.round(point).astype(int)
    return pixels[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3).astype(float).mean(axis=0)


def redness(colour: np.ndarray) -> float:
    """The a* of CIELAB, from green to red."""
    return float(cv2.cvtColor((colour / 255).astype(np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2LAB)[0, 0, 1])


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_eye_centres_are_dark_and_lips_redder_than_cheeks(name):
    picture = draw_portrait(PEOPLE[name], np.random.default_rng(11), background="studio")
    points = picture.instances[0].keypoints.points
    cheek = brightness(picture.pixels, (points[31] + points[2]) / 2, 4)
    for eye in (points[36:42], points[42:48]):
        pupil = brightness(picture.pixels, eye.mean(axis=0), 2)
        (left, top), (right, bottom) = eye.min(axis=0).astype(int), eye.max(axis=0).astype(int)
        white = np.quantile(picture.pixels[top:bottom, left:right].mean(axis=2), 0.95)
        assert pupil.mean() < 0.75 * white
        assert pupil.mean() < 0.9 * cheek.mean()
    lip = brightness(picture.pixels, (points[57] + points[66]) / 2)
    assert redness(lip) > redness(cheek)
