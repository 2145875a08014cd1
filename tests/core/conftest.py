from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.formats.clips import LabelledClip, LabelledFrame, LabelledTrack, SplitPart
from core.formats.dataset import LabelledDataset, LabelledImage, LabelledInstance, LabelledPerson, LeftOut
from core.foundation.arrays import Keypoints
from core.models import load_detector
from tests.builders.labelled_examples import CARDS, picture, random_dataset
from tests.builders.onnx_bytes import mean_colour_network


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


@pytest.fixture
def clipped(small_dataset):
    """The small dataset: one.png is frames 0 and 2 of a clip, whose frame 1 was removed; two.png is of an action."""
    one, two = small_dataset.images
    face, body = one.instances
    frames = (LabelledFrame(0, 0.0, "one.png"), LabelledFrame(1, 0.04, None), LabelledFrame(2, 0.08, "one.png", 1))
    clip = LabelledClip("day/ada.mp4", "a" * 64, 100, 80, 5, 25.0, frames)
    face = replace(face, points_source="human", points_model=None, track=1)
    tracks = (LabelledTrack(1, clip.path, "face"), LabelledTrack(2, clip.path, "person", "=Eve"))
    return replace(
        small_dataset,
        images=(
            replace(one, sequence="day/ada.mp4", instances=(face, replace(body, track=2))),
            replace(two, sequence="squat"),
        ),
        clips=(clip,),
        split=(SplitPart("clip", "day/ada.mp4", "test"), SplitPart("person-id", "person-0001", "train")),
        excluded=(LeftOut("two.png", "blurred"),),
        tracks=tracks,
    )


@pytest.fixture(scope="session")
def detector():
    return load_detector("mtcnn", "cpu", Path("no-weights-folder-is-needed"))


@pytest.fixture
def mean_colour_onnx(tmp_path):
    path = tmp_path / "mean.onnx"
    path.write_bytes(mean_colour_network())
    return path
