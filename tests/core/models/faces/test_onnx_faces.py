import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.foundation.errors import BadInput, BadWeights
from core.models import encoder_threshold, load_encoder
from core.models.faces.onnx_faces import Normalisation, read_normalisation
from tests.builders.face_crops import crops_of
from tests.builders.places import SHARED

MOBILE = SHARED / "weights/mobilefacenet/MobileFaceNet.onnx"


def test_onnx_input_is_normalised_as_arcface_by_default(mean_colour_onnx):
    encoder = load_encoder(f"onnx:{mean_colour_onnx}", "cpu", mean_colour_onnx.parent)
    crop = np.zeros((112, 112, 3), np.uint8)
    crop[:] = (255, 127, 0)  # (x - 127.5) / 127.5 = 1, -1/255, -1
    expected = np.array([1, -1 / 255, -1])
    np.testing.assert_allclose(encoder.embed([crop])[0], expected / np.linalg.norm(expected), atol=1e-5)
    assert encoder.threshold == 0.35
    assert encoder.dimension == 3


def test_file_beside_the_onnx_file_tells_the_normalisation(mean_colour_onnx):
    beside = mean_colour_onnx.with_name("mean.onnx.json")
    beside.write_text(json.dumps({"mean": [0.5, 0.5, 0], "std": [0.5, 0.5, 1], "color": "BGR", "threshold": 0.4}))
    encoder = load_encoder("onnx:mean.onnx", "cpu", mean_colour_onnx.parent)
    crop = np.zeros((112, 112, 3), np.uint8)
    crop[:] = (255, 0, 0)  # as BGR: (0 / 255 - 0.5) / 0.5, the same, 255 / 255
    np.testing.assert_allclose(encoder.embed([crop])[0], np.array([-1, -1, 1]) / np.sqrt(3), atol=1e-5)
    assert encoder.threshold == encoder_threshold("onnx:mean.onnx", mean_colour_onnx.parent) == 0.4


@pytest.mark.parametrize(
    "text",
    ["{", "[1]", '{"mean": [1, 2]}', '{"std": [0, 1, 1]}', '{"color": "GRAY"}', '{"threshold": 7}', '{"mean": "no"}'],
)
def test_file_beside_that_makes_no_sense_is_said(mean_colour_onnx, text):
    mean_colour_onnx.with_name("mean.onnx.json").write_text(text)
    with pytest.raises(BadInput, match=r"mean\.onnx\.json"):
        read_normalisation(mean_colour_onnx)


def test_other_settings_are_another_prediction(mean_colour_onnx):
    default = load_encoder(f"onnx:{mean_colour_onnx}", "cpu", mean_colour_onnx.parent).settings
    mean_colour_onnx.with_name("mean.onnx.json").write_text('{"color": "BGR"}')
    assert load_encoder(f"onnx:{mean_colour_onnx}", "cpu", mean_colour_onnx.parent).settings != default


def test_what_is_not_onnx_is_refused(tmp_path):
    (tmp_path / "text.onnx").write_text("not a network")
    with pytest.raises(BadWeights, match=r"text\.onnx is not an ONNX network"):
        load_encoder("onnx:text.onnx", "cpu", tmp_path)


@pytest.mark.shared
@pytest.mark.skipif(not MOBILE.is_file(), reason="the real network is not here")
def test_mobilefacenet_is_known_and_tells_people_apart():
    encoder = load_encoder(f"onnx:{MOBILE}", "cpu", Path())
    assert read_normalisation(MOBILE) != Normalisation()
    assert (encoder.dimension, encoder.threshold) == (128, 0.36)
    from core.models import load_detector

    names = ["lfw_george_w_bush/George_W_Bush_0001.jpg", "lfw_george_w_bush/George_W_Bush_0004.jpg"]
    names.append("lfw_arnold_schwarzenegger/Arnold_Schwarzenegger_0001.jpg")
    pictures = [cv2.cvtColor(cv2.imread(str(SHARED / "identities" / name)), cv2.COLOR_BGR2RGB) for name in names]
    boxes = load_detector("mtcnn", "cpu", Path()).detect(pictures)
    vectors = encoder.embed(crops_of(encoder, list(zip(pictures, boxes, strict=True))))
    assert vectors[0] @ vectors[1] > 0.36 > vectors[0] @ vectors[2]
