"""The bench of the untrained pre-labeller: whose box a face has, what the mean shape is laid into, what is counted."""

from __future__ import annotations

import numpy as np
import pytest

from core.foundation.arrays import Boxes, Keypoints
from core.training.preparation import mean_shape
from core.training.samples import Sample
from tests.bench.bench_dlib68 import Face, box_of, drawn_faces, human_faces, in_boxes, nme, overlap, rows_of, samples

PIXELS = np.zeros((100, 100, 3), np.uint8)


def points(left: float, top: float, side: float) -> Keypoints:
    """68 points that fill a square; the outer eye corners are half a side apart."""
    xy = left, top
    grid = np.stack([np.arange(68) % 10 / 9, np.arange(68) // 10 / 6], axis=1)
    grid[36], grid[45] = (0.2, 0.4), (0.7, 0.4)
    return Keypoints.of(np.array(xy) + side * grid)


class Detector:
    """Finds the boxes that it was given, one picture after another."""

    name, weights_sha256, settings = "given", "", {}

    def __init__(self, *found: list[list[float]]) -> None:
        self.found = [np.array(boxes, np.float32).reshape(-1, 4) for boxes in found]

    def detect(self, images: list[np.ndarray]) -> list[Boxes]:
        boxes = [self.found.pop(0) for _ in images]
        return [Boxes(one, np.ones(len(one), np.float32), np.zeros((len(one), 5, 2), np.float32)) for one in boxes]


class Shifted:
    """Gives the true points of the first face, so many pixels to the right."""

    name, weights_sha256, settings = "shifted", "", {}

    def __init__(self, by: float) -> None:
        self.by = by

    def locate(self, image: np.ndarray, corners: np.ndarray, sources: list[str] | None = None) -> list[Keypoints]:
        return [Keypoints.of(points(10, 10, 40).points + np.array([self.by, 0])) for _ in corners]


def test_overlap_is_intersection_over_union():
    found = overlap(np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]]), np.array([0, 0, 2, 2]))
    assert found == pytest.approx([1, 1 / 3, 0])


def test_a_face_has_the_box_that_covers_it_best_or_none():
    face = Face(PIXELS, points(10, 10, 40), "ada")
    near, far = [12, 8, 52, 48], [60, 60, 90, 90]
    boxes = Detector([far, near]).detect([PIXELS])[0]
    assert box_of(face, boxes).tolist() == near
    assert box_of(face, Detector([far]).detect([PIXELS])[0]) is None
    assert box_of(face, Boxes.none()) is None


def test_faces_that_are_not_found_are_left_out_and_counted():
    faces = [Face(PIXELS, points(10, 10, 40), who) for who in ("ada", "ben", "eve")]
    tested = samples(faces, Detector([[10, 10, 50, 50]], [], [[10, 10, 50, 50]]))
    assert [one.group for one in tested] == ["ada", "eve"]
    mean = in_boxes(mean_shape(tested), tested)
    assert nme(mean, tested) == pytest.approx([0, 0], abs=1e-4)
    found, of_mean, ours, median = rows_of("made up", 3, tested, mean + np.array([0, 2]), Shifted(1.0))
    assert found.median == pytest.approx(100 * 2 / 3)
    assert of_mean.median == pytest.approx(100 * 2 / 20, rel=1e-5)  # 2 pixels over 20 between the eyes
    assert ours.median == median.median == pytest.approx(100 * 1 / 20, rel=1e-5)
    assert ours.ratio == pytest.approx(0.5, rel=1e-5)


def test_the_mean_shape_is_moved_and_scaled_with_the_box():
    one, other = (
        Sample(PIXELS, (x, x, x + side, x + side), points(x, x, side), 0, "", "") for x, side in ((10, 40), (30, 20))
    )
    assert in_boxes(mean_shape([one]), [other])[0] == pytest.approx(other.keypoints.points, abs=1e-4)


def test_drawn_people_are_others_than_those_of_the_mean_and_without_the_folder_there_are_no_human_labels(tmp_path):
    learned, tested = ([face.who for face in drawn_faces(people, 2)] for people in (range(1), range(1, 2)))
    assert len(learned) == len(tested) == 2
    assert set(learned).isdisjoint(tested)
    assert list(human_faces(tmp_path)) == []
