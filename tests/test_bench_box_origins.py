"""The bench of boxes by origin: what a hand draws, and that no face chooses the frame it is measured in."""

from __future__ import annotations

import numpy as np
import pytest

from core.foundation.arrays import Keypoints
from core.models.faces import dlib_landmarks
from core.training.samples import Sample
from tests.bench import bench_box_origins as bench
from tests.bench.bench_dlib68 import Face
from tests.test_bench_dlib68 import PIXELS, points


class FrameIsRight:
    """Is as many pixels off as the side of the frame of boxes around points is from the one that a box begins with."""

    def locate(self, image: np.ndarray, corners: np.ndarray, sources: list[str]) -> list[Keypoints]:
        side, _ = dlib_landmarks._FRAMES[sources[0]]
        return [Keypoints.of(points(10, 10, 40).points + np.array([abs(side - box[0]), 0])) for box in corners]


def face(picture: str, wanted_side: float) -> Sample:
    return Sample(PIXELS, (wanted_side, 0.0, 50.0, 50.0), points(10, 10, 40), 0, "", picture)


def test_the_frame_of_a_face_is_chosen_on_the_other_pictures_and_the_products_stays_as_it_was():
    before = dict(dlib_landmarks._FRAMES)
    faces = [face("a", 1.0), face("a", 1.0), face("b", 1.2), face("b", 1.2), face("b", 1.2)]
    errors = bench.chosen_without_it(FrameIsRight(), faces, "points")  # type: ignore[arg-type]
    # Each picture gets the other's side, 0.2 pixels off where the outer eye corners are 20 apart.
    assert errors == pytest.approx([1.0] * 5, rel=1e-4)
    assert before == dlib_landmarks._FRAMES


def test_a_box_around_points_begins_above_them_by_a_part_of_their_height():
    one = Face(PIXELS, points(10, 20, 40), "a.png")
    assert bench.around(one).tolist() == [10, 20, 50, 60]
    assert bench.around(one, 0.25).tolist() == [10, 10, 50, 60]
