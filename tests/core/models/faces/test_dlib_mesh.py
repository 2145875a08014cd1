"""Which of the two gives a face its points, and how sure they are of each."""

import numpy as np
import pytest

from core.models.faces.dlib_mesh import better_of, disagreement, distances
from core.models.faces.face_mesh import FACE68_IN_MESH, Mesh


def mesh(*, depth=0.0, score=1.0):
    """A face of 60 x 80 pixels, so that its diagonal is 100; one side is so many pixels farther away."""
    points = np.zeros((468, 3))
    steps = np.linspace(0, 1, 68)
    points[list(FACE68_IN_MESH), :2] = np.column_stack([60 * steps, 80 * steps])
    points[234], points[454] = (0, 0, 0), (60, 80, depth)
    points[list(FACE68_IN_MESH)[1], :2] = (0, 0)
    return Mesh(points, score)


def test_distances_are_in_diagonals_of_the_face():
    face = mesh().face68()
    assert distances(face + np.array([3, 4]), face) == pytest.approx(np.full(68, 0.05))
    assert np.isfinite(distances(np.zeros((68, 2)), np.zeros((68, 2)))).all()


def test_a_face_that_looks_into_the_camera_has_dlibs_points():
    by_dlib = mesh().face68() + np.array([1.8, 2.4])  # three hundredths of the diagonal
    assert np.allclose(better_of(by_dlib, mesh()).points, by_dlib)


def test_where_the_two_disagree_the_mesh_is_taken():
    by_dlib = mesh().face68() + np.array([3, 4])
    assert np.allclose(better_of(by_dlib, mesh()).points, mesh().face68())


@pytest.mark.parametrize(("depth", "taken"), [(69, False), (71, True), (-71, True)])
def test_from_35_degrees_on_the_mesh_is_taken(depth, taken):
    by_dlib = mesh().face68() + 0.5  # tan 35 degrees is 0.70: 70 pixels of depth over 100
    found = better_of(by_dlib, mesh(depth=depth))
    assert np.allclose(found.points, mesh().face68() if taken else by_dlib)


def test_a_mesh_that_sees_no_face_is_not_taken_but_the_doubt_stays():
    by_dlib = mesh().face68() + np.array([30, 40])
    found = better_of(by_dlib, mesh(score=0.4))
    assert np.allclose(found.points, by_dlib)
    assert found.confidence == pytest.approx(np.full(68, np.exp(-0.5 / 0.08)))


def test_each_point_has_the_confidence_of_its_own_distance():
    by_dlib = mesh().face68()
    by_dlib[5] += [0, 8]
    confidence = better_of(by_dlib, mesh()).confidence
    assert confidence[5] == pytest.approx(np.exp(-1))
    assert np.delete(confidence, 5) == pytest.approx(np.ones(67))


def test_the_doubt_of_a_point_is_how_far_its_two_places_are_from_their_mean_in_pixels():
    by_dlib = mesh().face68()
    by_dlib[5] += [6, 8]
    doubt = disagreement(by_dlib, mesh(score=0.4))
    assert doubt.neighbours[5] == pytest.approx(5)
    assert np.delete(doubt.neighbours, 5) == pytest.approx(np.zeros(67))
    assert np.isnan([doubt.spread, doubt.flip]).all()
