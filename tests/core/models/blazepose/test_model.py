"""Looking for people with networks that are made up, and with the real ones where they are on this machine."""

import json

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.models import load_body_detector, load_landmarker
from core.models.blazepose import model
from core.models.blazepose.detections import SIDE, anchors
from core.models.blazepose.model import BlazePoseDetector, BlazePoseLandmarker, apart, squares
from core.models.blazepose.points import SeenBody
from tests.builders.places import SHARED


def test_people_are_looked_for_in_the_whole_picture_and_in_halves_that_overlap():
    whole, *parts = squares(300, 200)
    assert (whole.centre.tolist(), whole.side) == ([149.5, 99.5], 300)
    assert {part.side for part in parts} == {150}
    assert sorted({part.centre[0] for part in parts}) == [74.5, 149.5, 224.5]
    assert sorted({part.centre[1] for part in parts}) == pytest.approx([74.5, 124.5])


def test_a_strip_is_covered_to_its_ends():
    _, *parts = squares(1000, 10)
    assert [part.centre[1] for part in parts] == [4.5] * len(parts)
    assert (parts[0].centre[0], parts[-1].centre[0]) == (249.5, 749.5)


def pose(x, y, size=40.0, score=1.0):
    """Somebody whose nose is at (x, y) and who is so many pixels high."""
    points = np.full((39, 2), (x, y), float)
    points[11:33] = np.stack([np.linspace(x - size / 4, x + size / 4, 22), np.linspace(y, y + size, 22)], axis=1)
    points[9:11] = (x, y + size / 40)
    points[33], points[34] = (x, y + size / 2), (x, y - size / 10)
    return SeenBody(points, np.ones(39), np.ones(39), score)


def test_who_was_seen_twice_is_one_person_the_surer_one():
    twice = [pose(50, 50, score=0.8), pose(51, 51, score=0.9), pose(150, 50, score=0.7)]
    assert apart(twice, 400, 400) == [1, 2]
    assert apart([], 400, 400) == []


def test_half_of_somebody_is_known_by_the_nose():
    assert apart([pose(50, 50, 100, 0.9), pose(50, 50, 40, 0.8)], 400, 400) == [0]
    assert apart([pose(50, 50, 100, 0.9), pose(70, 50, 40, 0.8)], 400, 400) == [0, 1]


class Networks:
    """In place of both: one bright spot is a person's hips, and the points are where the middle of the square is."""

    scores = (1.0,)

    def __init__(self, path):
        self.weights_sha256, self.path, self.looked = "a" * 64, path, 0
        self.side = SIDE if path == "detection" else 256

    def run(self, pixels, black=0.0):
        assert pixels.shape == (self.side, self.side, 3)
        return self._detect(pixels) if self.path == "detection" else self._points()

    def _detect(self, pixels):
        numbers, logits = np.zeros((2254, 12), np.float32), np.full(2254, -20, np.float32)
        rows, columns = np.nonzero(pixels[..., 0] > 128)
        if len(rows):
            middle = np.array([columns.mean(), rows.mean()]) + 0.5
            near = int(np.hypot(*(anchors() - middle).T).argmin())
            offset = middle - anchors()[near]
            logits[near] = 5
            up = np.array([0.0, 2.0 * np.ptp(rows)])  # to the top of the head, in whatever size it is shown
            numbers[near] = [*offset, 30, 30, *offset, *(offset - up), *offset, *offset]
        return numbers.ravel(), logits

    def _points(self):
        score = self.scores[min(self.looked, len(self.scores) - 1)]
        self.looked += 1
        table = np.full((39, 5), (128, 128, 0, 5, 5), np.float32)
        table[:33, 1] = np.linspace(40, 220, 33)
        table[:33, 0] = np.linspace(100, 156, 33)
        table[34, 1] = 128 - 256 / 2.5  # the square is 2.5 times as large as from the hips to the top
        return table.ravel(), np.array([score], np.float32)


@pytest.fixture
def networks(monkeypatch):
    monkeypatch.setattr(model, "TfliteNetwork", Networks)
    monkeypatch.setattr(model, "sha256_of_all", lambda paths: "b" * 64)
    monkeypatch.setattr(Networks, "scores", (1.0,))


def spot():
    image = np.zeros((200, 200, 3), np.uint8)
    image[115:136, 115:136] = 255  # no half of the picture cuts it
    return image


def test_somebody_is_found_once_though_many_squares_show_them(networks):
    (found,) = BlazePoseDetector("detection", "points").detect([spot()])
    assert len(found) == 1
    assert found.scores.tolist() == [1.0]
    left, top, right, bottom = found.corners[0]
    assert left < 125 < right
    assert top < 125 < bottom
    assert np.isnan(found.five_points).all()


def test_somebody_whom_a_second_look_does_not_see_is_nobody(networks, monkeypatch):
    monkeypatch.setattr(Networks, "scores", (1.0, 0.2))
    assert len(BlazePoseDetector("detection", "points").detect([spot()])[0]) == 0


def test_a_picture_without_anybody_has_no_boxes(networks):
    (found,) = BlazePoseDetector("detection", "points").detect([np.zeros((50, 60, 3), np.uint8)])
    assert (found.corners.shape, found.five_points.shape) == ((0, 4), (0, 5, 2))


def test_what_is_no_picture_is_refused(networks):
    with pytest.raises(BadInput):
        BlazePoseDetector("detection", "points").detect([np.zeros((5, 5), np.uint8)])


def test_points_in_a_box_are_those_of_the_surest_look_of_equals_the_last(networks, monkeypatch):
    landmarker = BlazePoseLandmarker("blazepose", "points")
    (found,) = landmarker.locate(spot(), np.array([[60, 60, 140, 140]]))
    assert len(found) == 24
    monkeypatch.setattr(Networks, "scores", (0.9, 0.1, 0.1))
    landmarker = BlazePoseLandmarker("blazepose-17", "points")
    (first,) = landmarker.locate(spot(), np.array([[60, 60, 140, 140]]))
    assert len(first) == 17
    assert landmarker.locate(spot(), np.zeros((0, 4))) == []


def test_settings_can_be_kept_as_json(networks):
    for each in (BlazePoseDetector("detection", "points"), BlazePoseLandmarker("blazepose", "points")):
        assert json.loads(json.dumps(each.settings)) == each.settings


@pytest.mark.shared
def test_a_skier_is_found_with_joints_where_people_have_marked_them(guess_weights):
    from core.media.images import decode

    truth = json.loads((SHARED / "body" / "coco" / "test_coco.json").read_text())
    name = "000000000785.jpg"
    image = next(one for one in truth["images"] if one["file_name"] == name)
    label = next(one for one in truth["annotations"] if one["image_id"] == image["id"])
    pixels = decode(SHARED / "body" / "coco" / name, name, 10**8).pixels
    (found,) = load_body_detector("blazepose", "cpu", guess_weights).detect([pixels])
    assert len(found) == 1
    left, top, width, height = label["bbox"]
    assert np.allclose(found.corners[0], [left, top, left + width, top + height], atol=0.1 * height)
    (points,) = load_landmarker("blazepose-17", "cpu", guess_weights).locate(pixels, found.corners)
    true = np.array(label["keypoints"], float).reshape(17, 3)
    errors = np.hypot(*(points.points - true[:, :2]).T)[true[:, 2] > 0]
    assert np.median(errors) < 0.03 * height
    assert errors.max() < 0.1 * height
