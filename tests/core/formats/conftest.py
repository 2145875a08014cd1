from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.formats.dataset import LabelledDataset, LabelledImage, LabelledInstance, LabelledPerson
from core.foundation.arrays import Keypoints
from tests.builders.labelled_examples import CARDS, picture, random_dataset


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[[int], LabelledDataset]:
    return lambda seed: random_dataset(tmp_path / f"originals-{seed}", seed)


@pytest.fixture
def small_dataset(tmp_path: Path) -> LabelledDataset:
    """One picture of 100 × 80 with a named, labelled face and a body; a second one without anything."""
    rng = np.random.default_rng(1)
    face = LabelledInstance(
        kind="face",
        box=(20, 20, 40, 40),
        origin="model",
        score=0.5,
        skeleton="face68",
        keypoints=Keypoints.of(rng.random((68, 2)) * 20 + 20, confidence=rng.random(68)),
        points_source="model",
        points_model="points",
        person="person-0001",
        person_source="human",
        five_points=np.full((5, 2), 30),
    )
    body = LabelledInstance(kind="person", box=(0, 0, 50, 79), origin="human")
    first = picture(tmp_path / "originals" / "one.png", rng, 100, 80)
    second = picture(tmp_path / "originals" / "two.png", rng, 60, 50)
    images = (LabelledImage(**(first.__dict__ | {"instances": (face, body)})), second)
    return LabelledDataset("Small", images, (LabelledPerson("person-0001", "Ann"),), CARDS)
