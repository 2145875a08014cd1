"""MTCNN: the boxes of facenet-pytorch, faster, and a second look at tight crops."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN

from core.foundation.errors import BadInput
from core.foundation.geometry import iou
from core.models import DETECTORS, weights
from core.models.faces.mtcnn import MtcnnDetector
from tests.builders.places import SHARED


@pytest.fixture(scope="module")
def peer():
    return MTCNN(keep_all=True)


def plain(detector_settings=None):
    files = [weights.locate(name, Path()) for name in DETECTORS["mtcnn"].weights]
    return MtcnnDetector(files, "cpu", {"minimum_score": 0.0, "border": 0.0} | (detector_settings or {}))


def assert_equal_to_peer(boxes, peer, picture):
    corners, scores, points = peer.detect(picture, landmarks=True)
    assert len(boxes) == (0 if corners is None else len(corners))
    if corners is None:
        return
    assert np.diag(iou(boxes.corners, corners.astype(float))).min() > 0.99
    np.testing.assert_allclose(boxes.scores, np.asarray(scores, float), atol=1e-4)
    np.testing.assert_allclose(boxes.five_points, np.asarray(points, float), atol=0.05)


def test_boxes_scores_and_points_equal_those_of_facenet_pytorch(peer, portraits, group, landscape):
    pictures = [picture.pixels for picture in [*portraits, group, landscape]]
    for picture, boxes in zip(pictures, plain().detect(pictures), strict=True):
        assert_equal_to_peer(boxes, peer, picture)
    assert len(plain().detect([group.pixels])[0]) == 3


def test_other_settings_equal_those_of_facenet_pytorch(group):
    peer = MTCNN(keep_all=True, min_face_size=40, thresholds=[0.5, 0.6, 0.6], factor=0.6)
    ours = plain({"min_face_size": 40, "thresholds": (0.5, 0.6, 0.6), "factor": 0.6})
    assert_equal_to_peer(ours.detect([group.pixels])[0], peer, group.pixels)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the real photos are not here")
def test_boxes_on_real_photos_equal_those_of_facenet_pytorch(peer):
    names = ["group_photos/compreface_000_5.jpg", "group_photos/friends_multiface.jpg", "group_photos/bbt2.jpg"]
    names.append("identities/lfw_arnold_schwarzenegger/Arnold_Schwarzenegger_0007.jpg")
    pictures = [cv2.cvtColor(cv2.imread(str(SHARED / name)), cv2.COLOR_BGR2RGB) for name in names]
    for picture, boxes in zip(pictures, plain().detect(pictures), strict=True):
        assert len(boxes) > 0
        assert_equal_to_peer(boxes, peer, picture)


def test_a_batch_gives_what_single_pictures_give(detector, portraits, group):
    small = [cv2.resize(picture.pixels, (160, 200)) for picture in portraits]
    pictures = [*small, group.pixels, small[0][:150]]
    for picture, boxes in zip(pictures, detector.detect(pictures), strict=True):
        alone = detector.detect([picture])[0]
        np.testing.assert_allclose(boxes.corners, alone.corners, atol=0.01)
        np.testing.assert_allclose(boxes.scores, alone.scores, atol=1e-4)


def test_drawn_faces_are_found_where_they_were_drawn(detector, group):
    boxes = detector.detect([group.pixels])[0]
    truth = np.array([instance.box for instance in group.instances])
    assert (iou(truth, boxes.corners).max(axis=1) > 0.4).all()


def test_the_largest_face_comes_first(detector, group):
    corners = detector.detect([group.pixels])[0].corners
    areas = np.prod(corners[:, 2:] - corners[:, :2], axis=1)
    assert list(areas) == sorted(areas, reverse=True)


def test_a_landscape_has_no_face(detector, landscape):
    boxes = detector.detect([landscape.pixels])[0]
    assert len(boxes) == 0
    assert boxes.five_points.shape == (0, 5, 2)


def test_no_pictures_give_no_boxes(detector):
    assert detector.detect([]) == []


@pytest.mark.parametrize("shape", [(8, 8, 3), (1, 1, 3), (11, 300, 3)])
def test_a_picture_smaller_than_a_face_is_empty_not_an_error(detector, shape):
    assert len(detector.detect([np.zeros(shape, np.uint8)])[0]) == 0


def test_a_tight_crop_is_looked_at_with_a_border_and_mapped_back(detector, portraits):
    without_border = plain()
    for picture in portraits:
        face = detector.detect([picture.pixels])[0]
        left, top, right, bottom = (int(value) for value in face.corners[0])
        tight = picture.pixels[top + 5 : bottom - 5, left + 5 : right - 5]
        there, squeezed = (
            iou(boxes.corners + np.tile([left + 5, top + 5], 2), face.corners)[0, 0]
            for boxes in (detector.detect([tight])[0], without_border.detect([tight])[0])
        )
        assert there > 0.8 > squeezed


def test_a_face_found_only_with_a_border_is_found(detector, portraits):
    face = detector.detect([portraits[0].pixels])[0]
    left, top, right, bottom = (int(value) for value in face.corners[0])
    inset = (right - left) // 12
    tight = portraits[0].pixels[top + inset : bottom - inset, left + inset : right - inset]
    assert len(plain({"minimum_score": 0.9}).detect([tight])[0]) == 0
    assert len(detector.detect([tight])[0]) == 1


def test_weak_faces_are_dropped_at_the_minimum_score(group):
    scores = plain().detect([group.pixels])[0].scores
    limit = float(np.sort(scores)[1])
    kept = plain({"minimum_score": limit}).detect([group.pixels])[0].scores
    assert sorted(kept) == sorted(score for score in scores if score >= limit)
    assert len(kept) == len(scores) - 1


def test_large_pictures_are_reduced_and_their_boxes_scaled_back(group):
    full = plain().detect([group.pixels])[0]
    half = plain({"maximum_side": max(group.pixels.shape) // 2}).detect([group.pixels])[0]
    assert len(half) == len(full)
    assert (iou(half.corners, full.corners).max(axis=1) > 0.7).all()


@pytest.mark.parametrize(
    "picture", [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 3), np.float32), np.zeros((0, 5, 3), np.uint8)]
)
def test_what_is_not_a_picture_is_refused(detector, picture):
    with pytest.raises(BadInput, match=r"should be \(H, W, 3\) uint8"):
        detector.detect([picture])


def test_unknown_setting_is_named():
    with pytest.raises(BadInput, match=r"no such setting.*min_size"):
        plain({"min_size": 3})


def test_detection_leaves_the_threads_of_the_process_as_they_were(detector, portraits):
    before = torch.get_num_threads()
    detector.detect([picture.pixels for picture in portraits])
    assert torch.get_num_threads() == before
