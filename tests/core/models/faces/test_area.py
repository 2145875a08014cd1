"""Averaging areas out of a summed-area table, by hand and against PyTorch's area mode."""

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from core.models.faces.area import SummedArea


def _torch_area(image, size):
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    return interpolate(tensor, size=size, mode="area")[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize(
    ("shape", "size"), [((50, 70), (20, 31)), ((7, 5), (7, 5)), ((24, 24), (48, 48)), ((9, 4), (1, 1))]
)
def test_shrinking_equals_the_area_mode_of_pytorch(shape, size):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    np.testing.assert_allclose(SummedArea(image).shrink(*size), _torch_area(image, size), rtol=1e-5)


def test_two_by_two_means_by_hand():
    image = np.repeat(np.arange(16, dtype=np.uint8).reshape(4, 4, 1), 3, axis=2)
    np.testing.assert_array_equal(SummedArea(image).shrink(2, 2)[..., 0], [[2.5, 4.5], [10.5, 12.5]])


def test_crops_equal_the_area_mode_of_pytorch_one_by_one():
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    low = rng.integers(0, 40, (30, 2))
    spans = np.concatenate([low, low + rng.integers(1, 40, (30, 2))], axis=1)
    spans[:, 2:] = np.minimum(spans[:, 2:], (80, 60))
    crops = SummedArea(image).crops(spans, 24)
    for (left, top, right, bottom), crop in zip(spans, crops, strict=True):
        np.testing.assert_allclose(crop, _torch_area(image[top:bottom, left:right], (24, 24)), rtol=1e-5)


def test_no_crops():
    assert SummedArea(np.zeros((5, 5, 3), np.uint8)).crops(np.zeros((0, 4), np.int64), 24).shape == (0, 24, 24, 3)


def test_white_picture_beyond_the_range_of_the_sums_stays_white():
    area = SummedArea(np.full((3000, 3100, 3), 255, np.uint8))  # 3000 x 3100 x 255 > 2**31
    np.testing.assert_allclose(area.shrink(40, 40), 255)
