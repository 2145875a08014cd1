import dlib
import numpy as np
import pytest

from core.foundation.errors import BadWeights
from core.models import load_encoder, weights
from core.models.faces.dlib_landmarks import Dlib68Landmarker
from core.models.faces.dlib_resnet import DlibResnetEncoder
from tests.builders.face_crops import crops_of


def test_dlib_vectors_equal_those_that_dlib_computes(found, tmp_path):
    encoder = load_encoder("dlib-resnet", "cpu", tmp_path)
    crops = crops_of(encoder, found[:2])
    peer = dlib.face_recognition_model_v1(str(weights.locate("dlib-resnet", tmp_path)))
    expected = np.array(peer.compute_face_descriptor(crops))
    np.testing.assert_allclose(encoder.embed(crops), expected / np.linalg.norm(expected, axis=1)[:, None], atol=1e-5)


def test_half_a_dlib_file_is_refused(tmp_path):
    half = tmp_path / "half.dat"
    half.write_bytes(weights.locate("dlib-resnet", tmp_path).read_bytes()[:10_000_000])
    with pytest.raises(BadWeights, match="damaged"):
        DlibResnetEncoder(half, 0.9, "cpu")


def test_dlib_files_of_another_kind_are_refused(tmp_path):
    wrong = tmp_path / "wrong.dat"
    wrong.write_bytes(weights.locate("mtcnn-onet", tmp_path).read_bytes())
    with pytest.raises(BadWeights, match="damaged or not dlib's face network"):
        DlibResnetEncoder(wrong, 0.9, "cpu")
    with pytest.raises(BadWeights, match="not a dlib shape predictor"):
        Dlib68Landmarker(wrong)
