"""Detector, landmarker and encoder together: whose answers are of which face, and under which ids they are kept."""

import numpy as np
import pytest

from core.foundation.arrays import Keypoints
from core.foundation.errors import NotFound
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.people import face_models
from core.people.face_models import FaceModels, five_points
from db.tables import ModelVersion
from db.writing import writing
from tests.builders.tiny_models import TinyEncoder, box, tiny_models


def picture(faces, shades=()):
    """What `TinyDetector` sees `faces` faces in, each of its shade of grey."""
    pixels = np.zeros((60, 120, 3), np.uint8)
    for number, shade in enumerate(shades):
        left, top, right, bottom = (int(end) for end in box(number))
        pixels[top:bottom, left:right] = shade
    pixels[0, 0] = (faces, 0, 0)
    return pixels


def angle(shade):
    return [np.cos(shade / 100), np.sin(shade / 100)]


def test_each_picture_gets_its_own_faces_and_all_are_embedded_at_once():
    models = tiny_models()
    found = models.analyse([picture(2, (50, 100)), picture(0), picture(1, (200,))])
    assert [len(row.boxes) for row in found] == [2, 0, 1]
    assert [len(row.landmarks) for row in found] == [2, 0, 1]
    assert found[0].vectors == pytest.approx(np.array([angle(50), angle(100)]))
    assert found[1].vectors.shape == (0, 2)
    assert found[2].vectors == pytest.approx(np.array([angle(200)]))
    assert (models.detector.calls, models.encoder.calls) == ([3], [3])


def test_the_points_of_a_face_lie_in_its_box():
    (found,) = tiny_models().analyse([picture(2)])
    for number, (landmarks, _) in enumerate(found.landmarks):
        assert landmarks.points[[0, -1]].ravel().tolist() == list(box(number))


def test_without_pictures_or_faces_no_encoder_is_asked():
    models = tiny_models()
    assert models.analyse([]) == []
    assert models.detector.calls == []
    (found,) = models.analyse([picture(0)])
    assert found.vectors.shape == models.embed([]).shape == (0, 2)
    assert found.vectors.dtype == np.float32
    assert models.encoder.calls == []


def test_versions_are_of_one_name_weights_and_settings(workspace):
    with writing(workspace.engine) as session:
        first = tiny_models().versions(session=session)
        assert tiny_models().versions(session=session) == first
        others = tiny_models(TinyEncoder("another"), smallest=20).versions(session=session)
        kinds = [session.get(ModelVersion, number).kind for number in first]
    assert kinds == ["detector", "landmarks", "encoder"]
    assert [ours == theirs for ours, theirs in zip(first, others, strict=True)] == [False, True, False]


@pytest.fixture
def asked(monkeypatch):
    """Loads nothing; gives what was asked for."""
    calls = []
    for kind in ("detector", "landmarker", "encoder"):
        monkeypatch.setattr(face_models, f"load_{kind}", lambda *given, kind=kind: calls.append((kind, *given)) or kind)
    return calls


def test_the_settings_name_the_models_and_another_encoder_may_be_asked_for(tmp_path, asked):
    workspace = Workspace(Settings(home=tmp_path, detector="d", landmarker="l", encoder="e", device="cpu"))
    assert FaceModels.load(workspace) == FaceModels("detector", "landmarker", "encoder")
    assert asked == [(kind, kind[0], "cpu", workspace.weights) for kind in ("detector", "landmarker", "encoder")]
    FaceModels.load(workspace, "other")
    assert asked[-1] == ("encoder", "other", "cpu", workspace.weights)


def test_a_model_that_nobody_knows_is_refused(tmp_path):
    with pytest.raises(NotFound, match="crystal ball"):
        FaceModels.load(Workspace(Settings(home=tmp_path, detector="crystal ball")))


def test_five_points_are_means_of_the_eyes_and_single_points_of_nose_and_mouth():
    points = np.zeros((68, 2))
    points[36:42] = [[0, 0], [2, 0], [4, 0], [0, 6], [2, 6], [4, 6]]
    points[42:48] = points[36:42] + np.array([20, 0])
    points[30], points[48], points[54] = (12, 10), (6, 20), (18, 20)
    found = five_points(Keypoints.of(points))
    assert found.dtype == np.float32
    assert found.tolist() == [[2, 3], [22, 3], [12, 10], [6, 20], [18, 20]]
