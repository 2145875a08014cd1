"""Encoders and landmarks: deterministic, independent of the batch, and equal to the libraries they stand for."""

import json
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest
import torch
from facenet_pytorch import InceptionResnetV1, extract_face, fixed_image_standardization

from core.foundation.errors import BadInput, BadWeights
from core.models import encoder_threshold, load_encoder, load_landmarker, weights
from core.models.faces.dlib_landmarks import Dlib68Landmarker, dlib_box
from core.models.faces.dlib_resnet import DlibResnetEncoder
from core.models.faces.onnx_faces import Normalisation, read_normalisation
from tests.builders.places import SHARED

MOBILE = SHARED / "weights/mobilefacenet/MobileFaceNet.onnx"


@pytest.fixture(scope="module")
def facenet_folder(tmp_path_factory):
    """The published files may be out of reach; any weights show whether the sums are right."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(1)
    network = InceptionResnetV1(classify=True, num_classes=5).train()
    with torch.no_grad():
        network(torch.randn(4, 3, 160, 160))  # so that the batch normalisations are not trivial
    torch.save(network.state_dict(), folder / weights.WEIGHTS["facenet-vggface2"].file)
    return folder


@pytest.fixture(scope="module", params=["dlib-resnet", "facenet-vggface2", "onnx:mean.onnx"])
def encoder_name(request):
    return request.param


@pytest.fixture
def encoder(encoder_name, facenet_folder, mean_colour_onnx):
    folder = mean_colour_onnx.parent if encoder_name.startswith("onnx") else facenet_folder
    return load_encoder(encoder_name, "cpu", folder)


def crops_of(encoder, found):
    return [
        encoder.crop(picture, corners, points)
        for picture, boxes in found
        for corners, points in zip(boxes.corners, boxes.five_points, strict=True)
    ]


def test_vectors_have_length_one_and_do_not_depend_on_the_batch(encoder, found):
    crops = crops_of(encoder, found)
    together = encoder.embed(crops)
    assert together.shape == (len(crops), encoder.dimension)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([encoder.embed([crop]) for crop in crops])
    np.testing.assert_allclose(alone, together, atol=2e-5)
    np.testing.assert_array_equal(encoder.embed(crops), together)


def test_no_faces_give_an_empty_table(encoder):
    assert encoder.embed([]).shape == (0, encoder.dimension)


def test_crops_are_small_colour_pictures_and_leave_the_photo_alone(encoder, found):
    picture, boxes = found[0]
    before = picture.copy()
    crop = encoder.crop(picture, boxes.corners[0], boxes.five_points[0])
    assert crop.dtype == np.uint8
    assert crop.shape == (crop.shape[0], crop.shape[0], 3)
    np.testing.assert_array_equal(picture, before)


def test_threshold_is_told_without_loading_and_equals_the_loaded_one(encoder, encoder_name, mean_colour_onnx):
    assert encoder_threshold(encoder_name, mean_colour_onnx.parent) == encoder.threshold


# dlib ----------------------------------------------------------------------------------------------------------------


def test_dlib_vectors_equal_those_that_dlib_computes(found, tmp_path):
    encoder = load_encoder("dlib-resnet", "cpu", tmp_path)
    crops = crops_of(encoder, found[:2])
    peer = dlib.face_recognition_model_v1(str(weights.locate("dlib-resnet", tmp_path)))
    expected = np.array(peer.compute_face_descriptor(crops))
    np.testing.assert_allclose(encoder.embed(crops), expected / np.linalg.norm(expected, axis=1)[:, None], atol=1e-5)


def test_two_drawings_of_one_person_are_closer_than_two_people(found, tmp_path):
    encoder = load_encoder("dlib-resnet", "cpu", tmp_path)
    vectors = encoder.embed(crops_of(encoder, found[:4]))
    similar = vectors @ vectors.T
    assert min(similar[0, 1], similar[2, 3]) > similar[:2, 2:].max()


def test_dlib_files_of_another_kind_are_refused(tmp_path):
    wrong = tmp_path / "wrong.dat"
    wrong.write_bytes(weights.locate("mtcnn-onet", tmp_path).read_bytes())
    with pytest.raises(BadWeights, match="damaged or not dlib's face network"):
        DlibResnetEncoder(wrong, 0.9, "cpu")
    with pytest.raises(BadWeights, match="not a dlib shape predictor"):
        Dlib68Landmarker(wrong)


def test_half_a_dlib_file_is_refused(tmp_path):
    half = tmp_path / "half.dat"
    half.write_bytes(weights.locate("dlib-resnet", tmp_path).read_bytes()[:10_000_000])
    with pytest.raises(BadWeights, match="damaged"):
        DlibResnetEncoder(half, 0.9, "cpu")


def test_landmarks_lie_on_the_drawn_face(found, portraits, tmp_path):
    picture, boxes = found[0]
    keypoints = load_landmarker("dlib-68", "cpu", tmp_path).locate(picture, boxes.corners)
    truth = portraits[0].instances[0].keypoints.points
    error = np.linalg.norm(keypoints[0].points - truth, axis=1).mean() / np.linalg.norm(truth[36] - truth[45])
    assert len(keypoints) == len(boxes)
    assert error < 0.12
    assert np.isnan(keypoints[0].confidence).all()
    assert (keypoints[0].visibility == 2).all()


def test_no_boxes_give_no_landmarks(found, tmp_path):
    assert load_landmarker("dlib-68", "cpu", tmp_path).locate(found[0][0], np.zeros((0, 4))) == []


def test_box_for_dlib_is_a_square_a_little_lower_by_hand():
    box = dlib_box(
        np.array([10.0, 20.0, 74.0, 120.0])
    )  # 64 x 100, so the side is 1.05 * 80, the middle 70 + 0.06 * 100
    assert (box.left(), box.top(), box.right(), box.bottom()) == (0, 34, 84, 118)


# FaceNet -------------------------------------------------------------------------------------------------------------


def test_facenet_crops_and_vectors_equal_those_of_facenet_pytorch(found, facenet_folder):
    encoder = load_encoder("facenet-vggface2", "cpu", facenet_folder)
    network = InceptionResnetV1(classify=False).eval()
    state = torch.load(facenet_folder / weights.WEIGHTS["facenet-vggface2"].file, weights_only=True)
    network.load_state_dict({key: value for key, value in state.items() if not key.startswith("logits")})
    for picture, boxes in found[:3]:
        face = extract_face(picture, boxes.corners[0], image_size=160)
        crop = encoder.crop(picture, boxes.corners[0], boxes.five_points[0])
        np.testing.assert_array_equal(crop, face.permute(1, 2, 0).numpy())
        with torch.no_grad():
            expected = network(fixed_image_standardization(face)[None]).numpy()
        assert float((encoder.embed([crop]) @ expected.T)[0, 0]) > 0.99999
        np.testing.assert_allclose(encoder.embed([crop]), expected, atol=1e-4)


def test_box_outside_the_picture_is_refused(facenet_folder):
    encoder = load_encoder("facenet-vggface2", "cpu", facenet_folder)
    with pytest.raises(BadInput, match="outside the picture"):
        encoder.crop(np.zeros((50, 50, 3), np.uint8), np.array([60.0, 60, 90, 90]), np.zeros((5, 2)))


# ONNX ----------------------------------------------------------------------------------------------------------------


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
