"""Encoders and landmarks: deterministic, independent of the batch, and equal to the libraries they stand for."""

import numpy as np

from core.models import encoder_threshold, load_encoder
from tests.builders.face_crops import crops_of


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


def test_two_drawings_of_one_person_are_closer_than_two_people(found, tmp_path):
    encoder = load_encoder("dlib-resnet", "cpu", tmp_path)
    vectors = encoder.embed(crops_of(encoder, found[:4]))
    similar = vectors @ vectors.T
    assert min(similar[0, 1], similar[2, 3]) > similar[:2, 2:].max()
