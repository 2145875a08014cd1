"""The face mesh: squares around faces, and the 68 points among the 468."""

import numpy as np
import pytest

from core.foundation.skeletons import FACE68, MESH468
from core.models import load_landmarker
from core.models.faces import face_mesh
from core.models.faces.face_mesh import FACE68_IN_MESH, FaceMeshLandmarker, Mesh, around


def test_the_68_are_different_points_of_the_mesh():
    assert len(set(FACE68_IN_MESH)) == 68


def test_points_that_change_places_in_a_mirror_do_so_in_both():
    other = dict(MESH468.flip_pairs) | {b: a for a, b in MESH468.flip_pairs}
    for a, b in FACE68.flip_pairs:
        assert other[FACE68_IN_MESH[a]] == FACE68_IN_MESH[b]
    still = set(range(68)) - {point for pair in FACE68.flip_pairs for point in pair}
    assert not {FACE68_IN_MESH[point] for point in still} & set(other)


def test_regions_of_the_face_lie_in_their_regions_of_the_mesh():
    for name in ("right_eye", "left_eye", "right_brow", "left_brow"):
        assert {FACE68_IN_MESH[point] for point in FACE68.regions[name]} <= set(MESH468.regions[name])
    lips = FACE68.regions["outer_lips"] + FACE68.regions["inner_lips"]
    assert {FACE68_IN_MESH[point] for point in lips} - set(MESH468.regions["lips"]) <= {38, 268, 62, 292}


def test_the_square_is_half_as_large_again_as_what_it_is_around():
    square = around(np.array([[10, 20], [30, 60]]))
    assert (square.centre.tolist(), square.side, square.turn) == ([20, 40], 60, 0)


def test_a_square_around_a_face_that_is_tilted_is_turned_with_it():
    turn = np.pi / 6
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    upright = np.array([[-10, -20], [10, -20], [10, 20], [-10, 20]])
    square = around(upright @ spin.T + [100, 50], turn)
    assert square.centre == pytest.approx([100, 50])
    assert (square.side, square.turn) == (pytest.approx(60), turn)


def test_points_that_coincide_still_give_a_square():
    assert around(np.zeros((468, 2))).side == 1


def test_how_far_a_head_is_turned_is_read_from_the_depth_of_its_sides():
    points = np.zeros((468, 3))
    points[454] = (10, 0, 10)
    assert Mesh(points, 1.0).turned == pytest.approx(45)
    points[454] = (10, 0, -10)
    assert Mesh(points, 1.0).turned == pytest.approx(45)
    points[454] = (0, 10, 0)
    assert Mesh(points, 1.0).turned == 0, "tilted, not turned"


class Network:
    """Puts each point where its number says, in a grid of the square, and remembers what it saw."""

    side, weights_sha256 = 192, "c" * 64

    def __init__(self, path):
        self.seen = []

    def run(self, pixels):
        self.seen.append(pixels)
        table = np.zeros((468, 3), np.float32)
        table[:, 0], table[:, 1] = np.arange(468) % 22 * 8 + 8, np.arange(468) // 22 * 8 + 8
        table[33], table[263] = (64, 90, 0), (128, 90, 9)
        return table.ravel(), np.array([np.log(3)], np.float32)


def test_the_network_looks_twice_the_second_time_at_its_own_answer(monkeypatch):
    monkeypatch.setattr(face_mesh, "TfliteNetwork", Network)
    landmarker = FaceMeshLandmarker("some file")
    (face,) = landmarker.locate(np.zeros((100, 100, 3), np.uint8), np.array([[20, 20, 60, 60]]))
    assert (len(face), len(landmarker._mesh._network.seen)) == (68, 2)
    assert np.isnan(face.confidence).all()
    assert landmarker.locate(np.zeros((100, 100, 3), np.uint8), np.zeros((0, 4))) == []
    mesh = landmarker._mesh.look(np.zeros((100, 100, 3), np.uint8), np.array([20, 20, 60, 60]))
    assert mesh.score == pytest.approx(0.75)
    assert mesh.points[263, 2] == pytest.approx(
        9 * (1.5 * np.ptp(Network("").run(0)[0].reshape(-1, 3)[:, 1])) / 192 * 60 / 192
    )


def test_all_468_points_are_given_where_they_are_asked_for(monkeypatch):
    monkeypatch.setattr(face_mesh, "TfliteNetwork", Network)
    landmarker = FaceMeshLandmarker("some file", every=True)
    (face,) = landmarker.locate(np.zeros((100, 100, 3), np.uint8), np.array([[20, 20, 60, 60]]))
    assert (landmarker.name, len(face)) == ("face-mesh-468", 468)


def test_the_mesh_of_a_drawn_face_lies_in_its_box(guess_weights, found):
    picture, boxes = found[0]
    for name, count in (("face-mesh", 68), ("face-mesh-468", 468), ("dlib-mesh", 68)):
        (face,) = load_landmarker(name, "cpu", guess_weights).locate(picture, boxes.corners[:1])
        left, top, right, bottom = boxes.corners[0]
        grown = np.array([left, top, right, bottom]) + (right - left) * np.array([-0.2, -0.2, 0.2, 0.2])
        assert len(face) == count
        assert (face.points > grown[:2]).all()
        assert (face.points < grown[2:]).all()
