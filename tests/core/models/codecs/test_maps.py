"""Noisy maps, the spread, logits, the published decoder as a loop, ONNX and the GPU."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.models.codecs import build_codec

SIZE = (192, 256)


def perfect(codec, points: torch.Tensor) -> torch.Tensor:
    return codec.encode(points, torch.ones(points.shape[:2], dtype=torch.bool))["heatmaps"]


@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0])
def test_the_spread_of_a_gaussian_is_its_sigma_in_pixels_also_when_the_border_cuts_it(sigma):
    """Within 2.5 sigmas a normal distribution has 0.9546 of its standard deviation; of one cut in half through a
    column of cells that column counts in full, which makes it a little narrower."""
    codec = build_codec("udp", (256, 256), {"sigma": sigma})
    points = torch.tensor([[[121.3, 130.4], [0.0, 0.0], [255.0, 100.0]]])
    spread = codec.decode({"heatmaps": perfect(codec, points)}).spread
    expected = sigma * 255 / 63 * 0.9546
    assert spread[0, 0].item() == pytest.approx(expected, rel=0.06)
    assert ((spread[0, 1:] > 0.83 * expected) & (spread[0, 1:] < expected)).all()


def test_the_spread_equals_a_plain_loop():
    codec = build_codec("udp", SIZE)
    maps = torch.rand(2, 3, 64, 48, generator=torch.Generator().manual_seed(9)) - 0.2
    found = codec.decode({"heatmaps": maps})
    step = np.array([191 / 47, 255 / 63])
    for n, k in np.ndindex(2, 3):
        one = maps[n, k].numpy().clip(0)
        y, x = np.unravel_index(one.argmax(), one.shape)
        rows, columns = np.mgrid[max(0, y - 5) : min(64, y + 6), max(0, x - 5) : min(48, x + 6)]
        weight = one[rows, columns]
        away = np.stack([columns, rows], axis=-1) * step - found.points[n, k].numpy()
        expected = math.sqrt((weight[..., None] * away**2).sum() / 2 / weight.sum())
        assert found.spread[n, k].item() == pytest.approx(expected, rel=1e-4)
