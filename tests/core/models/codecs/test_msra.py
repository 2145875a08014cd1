from __future__ import annotations

import pytest
import torch

from core.models.codecs import build_codec
from tests.builders.points_everywhere import everyone


def test_msra_errs_by_the_mean_distance_to_a_cells_middle():
    """0.3826 x 4.05 pixels, without bias: what rounding costs, and what the quarter shift cannot give back."""
    points = 8 + torch.rand(4, 500, 2, generator=torch.Generator().manual_seed(1)) * torch.tensor([170.0, 230.0])
    codec = build_codec("msra", (192, 256))
    error = codec.decode(codec.encode(points, everyone(points))).points - points
    assert error.norm(dim=-1).mean() == pytest.approx(1.55, abs=0.05)
    assert error.mean(dim=(0, 1)).abs().max() < 0.1
