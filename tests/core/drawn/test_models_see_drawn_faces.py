"""The field's own models work on the drawn faces: MTCNN finds them, dlib's networks place and tell them apart."""

import warnings
from importlib.util import find_spec
from pathlib import Path

import dlib
import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from core.drawn import sample
from core.drawn.people import PEOPLE
from core.drawn.truth import DrawnPicture

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from facenet_pytorch import MTCNN

MERGE_BELOW = 0.035  # cosine distance for average linkage


def weights(name: str) -> str:
    spec = find_spec("face_recognition_models")
    assert spec is not None
    assert spec.submodule_search_locations
    return str(Path(spec.submodule_search_locations[0]) / "models" / name)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return float(width * height / (sum(areas) - width * height))


def square(box: np.ndarray) -> dlib.rectangle:
    """dlib's predictor was trained on square boxes that begin at the brows."""
    x, y = (box[0] + box[2]) / 2, 0.42 * box[1] + 0.58 * box[3]
    half = 0.46 * max(box[2] - box[0], box[3] - box[1])
    return dlib.rectangle(*(round(float(v)) for v in (x - half, y - half, x + half, y + half)))


@pytest.fixture(scope="module")
def drawn() -> list[DrawnPicture]:
    return [picture for picture in sample(0) if not picture.name.endswith(("-3.jpg", "-4.jpg", "-5.jpg"))]


@pytest.fixture(scope="module")
def found(drawn) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    detector = MTCNN(keep_all=True, device="cpu")
    boxes = {}
    for picture in drawn:
        corners, scores = detector.detect(picture.pixels)
        boxes[picture.name] = (np.zeros((0, 4)), np.zeros(0)) if corners is None else (corners, scores)
    return boxes


@pytest.fixture(scope="module")
def seen(drawn, found) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Identity, normalised mean error and unit embedding of each face that has one box."""
    predictor = dlib.shape_predictor(weights("shape_predictor_68_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(weights("dlib_face_recognition_resnet_model_v1.dat"))
    who, errors, vectors = [], [], []
    for picture in drawn:
        for face in (one for one in picture.instances if one.kind == "face"):
            box = max(found[picture.name][0], key=lambda box: iou(box, face.box))
            shape = predictor(picture.pixels, square(box))
            points, truth = np.array([(p.x, p.y) for p in shape.parts()]), face.keypoints.points
            errors.append(np.linalg.norm(points - truth, axis=1).mean() / np.linalg.norm(truth[36] - truth[45]))
            vector = np.array(network.compute_face_descriptor(picture.pixels, shape))
            vectors.append(vector / np.linalg.norm(vector))
            who.append(face.identity)
    return np.array(who), np.array(errors), np.array(vectors)


@pytest.mark.nightly
def test_mtcnn_finds_every_face_once_and_nothing_else(drawn, found):
    for picture in drawn:
        faces = [one for one in picture.instances if one.kind == "face"]
        boxes, scores = found[picture.name]
        assert len(boxes) == len(faces), picture.name
        assert (scores > 0.9).all(), picture.name
        for face in faces:
            assert sum(iou(box, face.box) > 0.4 for box in boxes) == 1, picture.name


@pytest.mark.nightly
def test_mtcnn_finds_nobody_in_the_landscapes(found):
    empty = [boxes for name, (boxes, _) in found.items() if name.startswith("places")]
    assert len(empty) == 2
    assert all(len(boxes) == 0 for boxes in empty)


def test_dlib_lands_near_the_drawn_landmarks(seen):
    _, errors, _ = seen
    assert errors.mean() < 0.05
    assert errors.max() < 0.12


def test_two_pictures_of_one_person_are_more_alike_than_any_two_people(seen):
    who, _, vectors = seen
    similar = vectors @ vectors.T
    pairs = np.triu(np.ones_like(similar, bool), 1)
    same = who[:, None] == who[None, :]
    assert similar[pairs & same].min() > similar[pairs & ~same].max() + 0.005


def test_average_linkage_recovers_the_people(seen):
    who, _, vectors = seen
    clusters = fcluster(linkage(vectors, "average", metric="cosine"), MERGE_BELOW, "distance")
    assert len(set(clusters)) == len(PEOPLE)
    assert len(set(zip(who, clusters, strict=True))) == len(PEOPLE)
