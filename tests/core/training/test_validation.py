from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.foundation.arrays import Keypoints
from core.foundation.skeletons import COCO17, FACE68
from core.media.crops import Crop
from core.models.pose import configure
from core.models.pose.network import build
from core.training.preparation import TrainingData
from core.training.samples import CropSource, Sample
from core.training.validation import Inference, figures, locate_points
from tests.builders.landmark_figures import nme

PIXELS = np.zeros((40, 40, 3), np.uint8)


def sample(points: np.ndarray, box: tuple[float, ...] = (0, 0, 30, 40), picture: object = PIXELS) -> Sample:
    return Sample(picture, box, Keypoints.of(points), key=1, name="one.png", group="a")


def test_the_validation_nme_by_hand() -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(5, 35, (3, 68, 2)).astype(np.float32)
    found = truth + np.array([3.0, 4.0])  # every point is 5 px off
    samples = [sample(points) for points in truth]
    got = figures(found, samples, FACE68)
    width = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=1)
    assert got["validation_nme"] == pytest.approx((5 / width).mean(), rel=1e-5)
    assert got["validation_nme"] == pytest.approx(nme(found, truth, np.full((3, 68), 2), (36, 45)).mean(), rel=1e-5)
    assert (got["validation_unit"], got["validation_samples"], got["validation_absent"]) == ("inter-ocular", 3, 0.0)


def test_without_the_pair_the_unit_is_the_diagonal_of_the_box() -> None:
    points = np.full((17, 2), 10.0, np.float32)
    plain = replace(COCO17, normaliser=None)
    got = figures(points[None] + np.array([3.0, 4.0]), [sample(points)], plain)
    assert got["validation_nme"] == pytest.approx(5 / 50)  # the box is 30 by 40
    assert got["validation_unit"] == "diagonal"


def test_an_absent_prediction_counts_as_the_middle_of_the_box() -> None:
    points = np.full((17, 2), np.nan, np.float32)
    points[0] = (15.0, 24.0)
    found = np.full((1, 17, 2), np.nan)
    got = figures(found, [sample(points)], replace(COCO17, normaliser=None))
    assert got["validation_nme"] == pytest.approx(4 / 50)  # the middle is at (15, 20)
    assert got["validation_absent"] == 1.0


def test_the_figures_of_nothing_are_not_numbers() -> None:
    got = figures(np.zeros((0, 68, 2)), [], FACE68)
    assert math.isnan(got["validation_nme"])
    assert got["validation_samples"] == 0
    nothing = figures(np.zeros((1, 17, 2)), [sample(np.full((17, 2), np.nan))], COCO17)
    assert math.isnan(nothing["validation_nme"])


def test_points_come_back_to_the_picture(faces: TrainingData) -> None:
    """A network that says where the crop's own points are finds them in the picture."""

    class Knowing(nn.Module):
        def __init__(self, source: CropSource) -> None:
            super().__init__()
            size = np.array(source.output) - 1
            rows = [source.crop(i).to_crop(one.keypoints.points) / size for i, one in enumerate(source.samples)]
            self.points, self.seen = torch.tensor(np.stack(rows), dtype=torch.float32), 0

        def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
            self.seen += len(images)
            return {"points": self.points[self.seen - len(images) : self.seen]}

    source = CropSource(faces.validation, (96, 64))
    codec = build(configure("baseline-cnn", FACE68, input_size=(128, 72))).codec
    codec.input_size = (96, 64)
    found = locate_points(Knowing(source), codec, source, FACE68, Inference("cpu", size=3))
    truth = np.stack([one.keypoints.points for one in faces.validation])
    assert np.abs(found - truth).max() < 1e-3
    assert isinstance(source.crop(0), Crop)


class Broken(nn.Module):
    def forward(self, _images):
        raise RuntimeError("no such kernel")

    def decode(self, _outputs):
        raise AssertionError("there is nothing to decode")


def test_a_network_that_fails_is_in_training_again() -> None:
    network = Broken().train()
    source = CropSource([sample(np.ones((68, 2), np.float32))], (32, 32))
    with pytest.raises(RuntimeError, match="no such kernel"):
        locate_points(network, network, source, FACE68, Inference("cpu"))
    assert network.training
