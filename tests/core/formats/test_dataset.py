from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.formats.dataset import LabelledDataset, LabelledImage, LabelledInstance, LabelledPerson, LeftOut, ModelCard
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput

BODY = Keypoints.of(np.zeros((24, 2)))
FACE = Keypoints.of(np.zeros((68, 2)))
IMAGE = LabelledImage("a.png", "0" * 64, 1, 5, 5, Path("a.png"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "cat"}, "the kind of an instance should be one of face, person, not 'cat'"),
        ({"origin": "x"}, "the origin of an instance should be one of model, human, import"),
        ({"box": (2, 0, 1, 1)}, "a box ends before it begins"),
        ({"box": (0, 2, 1, 1)}, "a box ends before it begins"),
        ({"box": (0, 0, float("nan"), 1)}, "a box should hold finite numbers, not nan"),
        ({"box": (0, 0, 1e40, 1)}, "a box should hold finite numbers"),
        ({"box": (0, 0, 2e9, 1)}, "a box reaches farther than"),
        ({"score": float("inf")}, "a score should hold finite numbers, not inf"),
        ({"skeleton": "face68"}, "its skeleton, its keypoints and their source together"),
        ({"points_model": "m"}, "its skeleton, its keypoints and their source together"),
        ({"skeleton": "hand", "keypoints": BODY, "points_source": "human"}, "the skeleton of an instance should be"),
        ({"skeleton": "body24", "keypoints": BODY, "points_source": "x"}, "the source of points should be one of"),
        ({"skeleton": "body24", "keypoints": BODY, "points_source": "human"}, "is of a person, not of a face"),
        ({"skeleton": "face68", "keypoints": BODY, "points_source": "human"}, "'face68' has 68 points, not 24"),
        (
            {
                "skeleton": "face68",
                "points_source": "human",
                "keypoints": replace(FACE, confidence=np.full(68, np.inf, np.float32)),
            },
            "a confidence should be finite, or NaN",
        ),
        ({"person": "p"}, "its person and the source of that together"),
        ({"person": "p", "person_source": "human", "not_people": ("p",)}, "cannot be p and not be p"),
        ({"person_source": "human"}, "its person and the source of that together"),
        ({"person": "p", "person_source": "x"}, "the source of a person should be one of human, automatic"),
        ({"five_points": np.zeros((4, 2))}, r"five points should have the shape \(5, 2\), not \(4, 2\)"),
        ({"five_points": np.full((5, 2), np.inf)}, "five points should be finite"),
    ],
)
def test_instance_that_cannot_be_is_refused(changes: dict[str, Any], message: str):
    with pytest.raises(BadInput, match=message):
        LabelledInstance(**({"kind": "face", "box": (0, 0, 1, 1), "origin": "human"} | changes))


def test_measured_numbers_are_rounded_to_float32():
    found = LabelledInstance("face", (-0.0, 0.1, 1, 1), "human", score=0.9, five_points=np.full((5, 2), np.nan))
    assert found.box == (0.0, float(np.float32(0.1)), 1.0, 1.0)
    assert str(found.box[0]) == "0.0"
    assert found.score == float(np.float32(0.9))
    assert found.five_points is None


def test_dataset_sorts_what_it_gets_and_names_what_is_left_out_once():
    images = (replace(IMAGE, path="b"), replace(IMAGE, path="a"))
    people = (LabelledPerson("person-2"), LabelledPerson("person-1", ""))
    models = (ModelCard("y", "encoder", "", {}), ModelCard("x", "encoder", "", {}))
    dataset = LabelledDataset("x", images, people, models, (LeftOut("b", "z"), LeftOut("a", "z"), LeftOut("b", "z")))
    assert [image.path for image in dataset.images] == ["a", "b"]
    assert [(person.key, person.name) for person in dataset.people] == [("person-1", None), ("person-2", None)]
    assert [card.name for card in dataset.models] == ["x", "y"]
    assert dataset.left_out == (LeftOut("a", "z"), LeftOut("b", "z"))


def with_instance(**changes: Any) -> tuple[LabelledImage, ...]:
    return (replace(IMAGE, instances=(LabelledInstance("face", (0, 0, 1, 1), "human", **changes),)),)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"images": (IMAGE, IMAGE)}, "the image path 'a.png' occurs twice"),
        ({"people": (LabelledPerson("p"), LabelledPerson("p", "Ann"))}, "the person 'p' occurs twice"),
        ({"models": (ModelCard("m", "encoder", "", {}),) * 2}, "the model 'm' occurs twice"),
        ({"name": ""}, "a dataset's name should not be empty"),
        ({"images": with_instance(person="p", person_source="human")}, "a.png: the person 'p' is not in this dataset"),
        (
            {"images": with_instance(skeleton="face68", keypoints=FACE, points_source="model", points_model="m")},
            "a.png: the model 'm' is not in this dataset",
        ),
    ],
)
def test_dataset_that_contradicts_itself_is_refused(parts: dict[str, Any], message: str):
    with pytest.raises(BadInput, match=message):
        LabelledDataset(**({"name": "x"} | parts))


def test_image_person_and_model_that_cannot_be_are_refused():
    with pytest.raises(BadInput, match=r"'a\.png' should be at least 1 × 1 pixel, not 0 × 5"):
        replace(IMAGE, width=0)
    with pytest.raises(BadInput, match="a person's key should not be empty"):
        LabelledPerson("")
    with pytest.raises(BadInput, match="the name of p is not valid Unicode"):
        LabelledPerson("p", "\ud800")
    with pytest.raises(BadInput, match="the settings of the model 'm' are not plain JSON: Out of range float"):
        ModelCard("m", "encoder", "", {"x": float("nan")})
    with pytest.raises(BadInput, match="the kind of the model 'm' should be one of detector, landmarks, encoder"):
        ModelCard("m", "oracle", "", {})
