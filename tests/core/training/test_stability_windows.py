from __future__ import annotations

import numpy as np
import pytest
import torch

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput
from core.foundation.skeletons import FACE68
from core.models.pose import configure
from core.models.pose.network import build
from core.training.losses import build_loss
from core.training.preparation import TrainingData
from core.training.recipe import StabilityTerm
from core.training.samples import CropSource, Sample
from core.training.stability_loss import StabilityLoss
from core.training.stability_windows import WindowedStability, WindowLosses, windows
from core.training.validation import Inference


def frame(clip: str | None, number: int = 0) -> Sample:
    place = None if clip is None else (clip, number)
    return Sample(np.zeros((4, 4, 3), np.uint8), (0, 0, 3, 3), Keypoints.of(np.zeros((1, 2))), 1, "a", "g", frame=place)


def test_windows_are_runs_of_consecutive_frames() -> None:
    samples = [frame("a", number) for number in range(45)]
    assert [len(window) for window in windows(samples)] == [20, 20, 5]
    assert [index for window in windows(samples) for index in window] == list(range(45))


def test_a_removed_frame_or_another_clip_breaks_a_window_and_lone_frames_make_none() -> None:
    samples = [frame("a", 0), frame("a", 1), frame("a", 3), frame("b", 4), frame("b", 5), frame("b", 6), frame(None)]
    assert windows(samples) == [[0, 1], [3, 4, 5]]
    assert windows(samples, 2) == [[0, 1], [3, 4]]


def test_windows_do_not_depend_on_the_order_of_samples() -> None:
    order = np.random.default_rng(0).permutation(30)
    samples = [frame("a", int(number)) for number in order]
    assert [[samples[i].frame[1] for i in window] for window in windows(samples)] == [
        list(range(20)),
        list(range(20, 30)),
    ]


def test_a_frame_with_two_faces_breaks_a_window() -> None:
    samples = [frame("a", 0), frame("a", 1), frame("a", 2), frame("a", 2), frame("a", 3), frame("a", 4)]
    assert windows(samples) == [[0, 1], [4, 5]]


def test_no_clips_have_no_windows() -> None:
    assert windows([]) == []
    assert windows([frame(None), frame(None)]) == []
    with pytest.raises(BadInput, match="two frames"):
        windows([], 1)


def test_windows_are_held_to_the_labels_too(faces: TrainingData) -> None:
    torch.manual_seed(0)
    network = build(configure("resnet18-regression", FACE68, input_size=(64, 64))).train()
    source = CropSource(faces.train, (64, 64))
    steadying = WindowedStability(StabilityTerm(length=4), source)
    (window,) = steadying.pick(source, None, FACE68, (0, 0))
    mse = build_loss("mse")
    steadied = steadying.of(network, network, [window], Inference("cpu"), mse)
    assert network.training
    network.eval()
    outputs, targets = network(window.images), network.codec.encode(window.points, window.present)
    torch.testing.assert_close(steadied.accuracy, mse(outputs, targets).total)
    points = network.codec.decode(outputs).points
    shifted = window.to_picture(points) + 3.0  # a constant error, which the term alone does not see
    term, truth = StabilityLoss(), window.to_picture(window.points)
    torch.testing.assert_close(term(shifted, truth), steadied.motion)


@pytest.mark.parametrize("unit", [1.0, 1e-4])
def test_the_stability_loss_weighs_the_same_whatever_the_units_are(unit: float) -> None:
    motion, accuracy = torch.tensor(0.04, requires_grad=True), torch.tensor(3.0 * unit, requires_grad=True)
    total = WindowLosses(motion, accuracy).total(0.25)
    assert total.item() == pytest.approx(3.75 * unit)
    total.backward()
    assert accuracy.grad.item() == 1.0
    assert motion.grad.item() == pytest.approx(0.25 * 75 * unit)


def test_a_window_that_moves_as_the_truth_does_gives_no_endless_factor() -> None:
    motion, accuracy = torch.tensor(0.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    total = WindowLosses(motion, accuracy).total(0.25)
    total.backward()
    assert total.item() == 3.0
    assert motion.grad.item() == pytest.approx(0.25 * 3000)
