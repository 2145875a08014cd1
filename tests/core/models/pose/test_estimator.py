"""The estimator: crops of many pictures, back in the pictures' pixels, with doubt, whatever the device does."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from core.foundation.arrays import ABSENT, VISIBLE
from core.foundation.errors import BadInput, BadWeights, FacetError
from core.foundation.skeletons import FACE68, Skeleton
from core.models.codecs import DecodedPoints, build_codec
from core.models.pose import NetworkConfig, configure
from core.models.pose.checkpoint import save_checkpoint
from core.models.pose.estimator import PoseEstimator
from core.models.pose.network import PoseNetwork, build
from core.models.weights import sha256_of

PAIR = Skeleton("pair", "face", ("left", "right"), (), ((0, 1),), {})
SIDE = 65
CONFIG = NetworkConfig("resnet18-regression", "pair", 2, (SIDE, SIDE), "regression", {}, {"dropout": 0.0})


class Centroids(nn.Module):
    """Stands for a network: the centroids of the bright pixels in the left and in the right half, normalised."""

    def forward(self, images):
        bright = (images.sum(1) > images.amin((1, 2, 3), keepdim=True)[:, 0] * 3 + 1).float() + 1e-12
        steps = torch.linspace(0, 1, SIDE)
        points = []
        for half in (slice(0, SIDE // 2), slice(SIDE // 2 + 1, SIDE)):
            part = bright[:, :, half]
            mass = part.sum((1, 2))
            x = (part.sum(1) * steps[half]).sum(1) / mass
            y = (part.sum(2) * steps).sum(1) / mass
            points.append(torch.stack([x, y], 1))
        return {"points": torch.stack(points, 1)}


def estimator(head=None, codec=None, **settings):
    network = PoseNetwork(CONFIG, codec or build_codec("regression", (SIDE, SIDE)), nn.Identity(), head or Centroids())
    return PoseEstimator(network, "model", "0" * 64, PAIR, **settings)


@pytest.fixture
def picture():
    """(200, 300, 3) with a bright square of 9 around (100, 80) and one around (180, 120)."""
    image = np.zeros((200, 300, 3), np.uint8)
    image[76:85, 96:105] = 255
    image[116:125, 176:185] = 255
    return image


BOX = np.array([[76.0, 36.0, 204.0, 164.0]])  # 128 wide: 2 pixels of the picture for one of the crop, without padding


def test_points_come_back_in_the_picture_s_pixels(picture):
    ((found, doubt),) = estimator(padding=1.0).estimate([picture], [BOX])[0]
    np.testing.assert_allclose(found.points, [[100, 80], [180, 120]], atol=0.01)
    assert found.visibility.tolist() == [VISIBLE, VISIBLE]
    assert np.isnan(doubt.flip).all()


@pytest.mark.parametrize("padding", [1.0, 1.25])
def test_the_flip_test_shifts_nothing_and_sees_no_doubt_in_a_symmetric_network(picture, padding):
    plain, flipped = (estimator(padding=padding, flip_test=flip).estimate([picture], [BOX]) for flip in (False, True))
    np.testing.assert_allclose(flipped[0][0][0].points, plain[0][0][0].points, atol=1e-3)
    np.testing.assert_allclose(flipped[0][0][1].flip, 0, atol=1e-3)


class Shifted(Centroids):
    def forward(self, images):
        return {"points": super().forward(images)["points"] + torch.tensor([3 / 64, 0.0])}


def test_the_flip_test_takes_the_mean_and_tells_the_distance_in_the_picture(picture):
    ((found, doubt),) = estimator(Shifted(), padding=1.0, flip_test=True).estimate([picture], [BOX])[0]
    np.testing.assert_allclose(found.points, [[100, 80], [180, 120]], atol=0.01)  # +3 and -3 pixels of the crop
    np.testing.assert_allclose(doubt.flip, [12, 12], atol=0.01)  # 6 pixels of the crop are 12 of the picture


@dataclass
class Doubting:
    """Stands for a codec with maps: gives what it is told."""

    name = "doubting"
    input_size = (SIDE, SIDE)
    settings = {}  # noqa: RUF012

    def decode(self, outputs):
        n = len(outputs["points"])
        points = torch.tensor([[10.0, 20.0], [torch.nan, torch.nan]]).expand(n, 2, 2)
        other = torch.tensor([[0.5, torch.nan]]).expand(n, 2)
        return DecodedPoints(points, torch.tensor([[0.9, 0.0]]).expand(n, 2), other, 3 * other)


def test_doubt_is_scaled_to_the_picture_and_what_was_not_found_is_absent(picture):
    ((found, doubt),) = estimator(codec=Doubting(), padding=1.0).estimate([picture], [BOX])[0]
    np.testing.assert_allclose(found.points, [[96, 76], [np.nan, np.nan]])
    assert found.visibility.tolist() == [VISIBLE, ABSENT]
    np.testing.assert_allclose(found.confidence, [0.9, 0.0])
    np.testing.assert_allclose(doubt.spread, [1.0, np.nan])
    np.testing.assert_allclose(doubt.neighbours, [3.0, np.nan])


def test_pictures_go_together_and_batches_change_nothing(picture):
    torch.manual_seed(0)
    network = build(configure("resnet18-regression", "face68", input_size=(64, 64)))
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in ((40, 60), (90, 70), (64, 64))]
    boxes = [np.array([[5, 5, 30, 30], [0, 0, 59, 39.0]]), np.zeros((0, 4)), np.array([[-5.0, 9, 50, 70]])]
    found = {}
    for batch in (1, 2, 16):
        found[batch] = PoseEstimator(network, "m", "0" * 64, FACE68, batch=batch).estimate(images, boxes)
    assert [len(row) for row in found[1]] == [2, 0, 1]
    for batch in (2, 16):
        for row, other in zip(found[1], found[batch], strict=True):
            for (points, _), (same, _) in zip(row, other, strict=True):
                np.testing.assert_allclose(points.points, same.points, atol=1e-3)
    alone = PoseEstimator(network, "m", "0" * 64, FACE68).locate(images[2], boxes[2])
    np.testing.assert_allclose(alone[0].points, found[1][2][0][0].points, atol=1e-3)


def test_no_pictures_and_no_boxes_give_nothing(picture):
    assert estimator().estimate([], []) == []
    assert estimator().estimate([picture], [np.zeros((0, 4))]) == [[]]
    assert estimator().locate(picture, np.zeros((0, 4))) == []


@pytest.mark.parametrize("box", [[[5.0, 5, 5, 9]], [[np.nan, 0, 9, 9]]])
def test_a_box_without_area_is_said(picture, box):
    with pytest.raises(BadInput, match="box"):
        estimator().estimate([picture], [np.array(box)])


def test_lists_of_different_lengths_are_said(picture):
    with pytest.raises(BadInput, match="1 pictures need as many lists of boxes, not 2"):
        estimator().estimate([picture], [BOX, BOX])


class Hungry(Centroids):
    """Runs out of memory above `most` crops."""

    def __init__(self, most, problem):
        super().__init__()
        self.most, self.problem = most, problem
        self.seen = []

    def forward(self, images):
        self.seen.append(len(images))
        if len(images) > self.most:
            raise self.problem
        return super().forward(images)


@pytest.mark.parametrize(
    "problem",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
        torch.AcceleratorError("CUDA error: out of memory"),
    ],
)
def test_the_batch_is_halved_when_memory_runs_out_and_this_is_said(picture, problem, caplog):
    head = Hungry(2, problem)
    made = estimator(head, padding=1.0, batch=8)
    found = made.estimate([picture] * 5, [BOX] * 5)
    assert head.seen == [5, 2, 2, 1]
    assert made.batch == 2
    assert caplog.messages == ["memory ran out with 5 crops at a time; model goes on with 2"]
    for ((points, _),) in found:
        np.testing.assert_allclose(points.points, [[100, 80], [180, 120]], atol=0.01)


def test_a_single_crop_that_does_not_fit_is_said(picture):
    made = estimator(Hungry(0, MemoryError()), batch=4)
    with pytest.raises(FacetError, match="not enough memory on cpu for model with a single crop"):
        made.estimate([picture] * 3, [BOX] * 3)


@pytest.mark.parametrize(
    "problem",
    [
        torch.AcceleratorError("CUDA error: unspecified launch failure"),
        RuntimeError("CUDA error: device-side assert triggered\nmore"),
    ],
)
def test_a_gpu_that_disappears_is_said(picture, problem):
    with pytest.raises(FacetError, match=r"the GPU stopped working \(CUDA error: .*\).*choose the device cpu"):
        estimator(Hungry(0, problem)).estimate([picture], [BOX])


def test_other_errors_are_not_hidden(picture):
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        estimator(Hungry(0, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))).estimate([picture], [BOX])


def test_a_skeleton_that_does_not_match_the_network_is_said():
    network = build(configure("resnet18-regression", "face68", input_size=(64, 64)))
    with pytest.raises(BadInput, match="locates the points of face68, not of pair"):
        PoseEstimator(network, "m", "", PAIR)
    with pytest.raises(BadInput, match="at least 1 crop"):
        PoseEstimator(network, "m", "", FACE68, batch=0)


def test_a_checkpoint_is_opened_with_its_identity(picture, tmp_path):
    network = build(configure("resnet18-regression", "face68", input_size=(64, 64)))
    path = tmp_path / "best.safetensors"
    save_checkpoint(path, network)
    made = PoseEstimator.load(path, "mine", device="cpu", flip_test=True)
    assert (made.name, made.weights_sha256) == ("mine", sha256_of(path))
    assert made.settings == {"flip_test": True, "padding": 1.25, "precision": "float32"}
    expected = PoseEstimator(network, "mine", "", FACE68, flip_test=True).locate(picture, BOX)
    np.testing.assert_array_equal(made.locate(picture, BOX)[0].points, expected[0].points)


def test_a_checkpoint_of_an_unknown_skeleton_is_said(tmp_path):
    path = tmp_path / "best.safetensors"
    save_checkpoint(path, build(configure("resnet18-regression", PAIR, input_size=(64, 64))))
    with pytest.raises(BadWeights, match=r"best\.safetensors cannot be used: no skeleton is called 'pair'"):
        PoseEstimator.load(path, "m", device="cpu")
