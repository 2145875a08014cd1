from __future__ import annotations

import pytest
import torch

from core.models.codecs import build_codec
from tests.builders.points_everywhere import everyone, places

SIZE = (192, 256)


def anywhere(count: int, seed: int = 0, margin: float = 0.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return margin + torch.rand(1, count, 2, generator=generator) * (torch.tensor(SIZE) - 1.0 - 2 * margin)


def test_combined_votes_average_their_noise():
    points = anywhere(200, seed=7)
    codec = build_codec("udp-combined", SIZE)
    targets = codec.encode(points, torch.ones(1, 200, dtype=torch.bool))
    generator = torch.Generator().manual_seed(8)
    noisy = {
        key: targets[key] + 0.1 * torch.randn(targets[key].shape, generator=generator) for key in codec.channels(200)
    }
    error = codec.decode(noisy).points - points
    single_vote = 0.1 * 3.5 * 4  # pixels: what the maximum's own offset alone would err
    assert error.square().mean().sqrt() < single_vote / 3


def test_combined_without_a_usable_vote_is_the_disc_itself():
    codec = build_codec("udp-combined", SIZE)
    points = torch.tensor([[[100.0, 120.0]]])
    outputs = codec.encode(points, torch.ones(1, 1, dtype=torch.bool))
    outputs["offsets"] = torch.full_like(outputs["offsets"], 40.0)
    assert (codec.decode(outputs).points - points).abs().max() < 4.1


@pytest.mark.parametrize("refinement", ["fit", "blur"])
@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0])
def test_udp_gives_points_back_with_every_sigma_and_refinement(sigma, refinement):
    codec = build_codec("udp", (192, 256), {"sigma": sigma, "refinement": refinement})
    points = places(192, 256)
    found = codec.decode(codec.encode(points, everyone(points)))
    assert (found.points - points).norm(dim=-1).max() < 0.01
