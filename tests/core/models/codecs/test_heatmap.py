from __future__ import annotations

import pytest
import torch

from core.models.codecs import CODECS, build_codec
from tests.builders.points_everywhere import everyone

SIZE = (192, 256)


def perfect(codec, points: torch.Tensor) -> torch.Tensor:
    return codec.encode(points, torch.ones(points.shape[:2], dtype=torch.bool))["heatmaps"]


def anywhere(count: int, seed: int = 0, margin: float = 0.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return margin + torch.rand(1, count, 2, generator=generator) * (torch.tensor(SIZE) - 1.0 - 2 * margin)


def test_a_ridge_and_a_lone_cell_fall_back_to_the_maximum():
    maps = torch.zeros(1, 2, 64, 48)
    maps[0, 0, 20] = 1.0  # a row without a top in x
    maps[0, 1, 30, 10] = 1.0
    found = build_codec("udp", SIZE).decode({"heatmaps": maps})
    assert found.points[0].tolist() == [
        pytest.approx([0.0, 20 * 255 / 63], abs=1e-3),
        pytest.approx([10 * 191 / 47, 30 * 255 / 63], abs=1e-3),
    ]


def test_a_wider_map_has_more_spread_and_a_lower_one_less_confidence():
    codec = build_codec("udp", SIZE)
    wide = build_codec("udp", SIZE, {"sigma": 3.0})
    points = torch.tensor([[[95.5, 127.5]]])
    narrow_map, wide_map = perfect(codec, points), perfect(wide, points)
    narrow_found, wide_found = (codec.decode({"heatmaps": one}) for one in (narrow_map, 0.4 * wide_map))
    assert wide_found.spread > 1.2 * narrow_found.spread
    assert wide_found.confidence.item() == pytest.approx(0.4 * wide_map.max().item())
    assert codec.decode({"heatmaps": 3 * narrow_map}).confidence.item() == 1.0


@pytest.mark.parametrize("name", ["msra", "dark", "udp"])
def test_logits_decode_as_the_heights_that_their_softmax_means(name):
    heights, logits = build_codec(name, SIZE), build_codec(name, SIZE, {"logits": True})
    points = anywhere(50, seed=10, margin=40)
    maps = perfect(heights, points)
    plain = heights.decode({"heatmaps": maps})
    found = logits.decode({"heatmaps": torch.log(maps.clamp(min=1e-30)) - 37.0})
    assert (found.points - plain.points).abs().max() < 0.02
    assert (found.confidence - plain.confidence).abs().max() < 0.01
    assert logits.decode({"heatmaps": torch.zeros_like(maps)}).points.isnan().all()


@pytest.mark.parametrize("value", [0.0, 0.7, -1.0, torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("name", [name for name in CODECS if name != "regression"])
def test_a_map_without_a_peak_gives_an_absent_point(name, value):
    """All-zero, flat, negative, NaN and infinite maps, beside a point that is there."""
    codec = build_codec(name, (64, 96), {"neighbours": [[1], [0]]} if name == "pip" else None)
    points = torch.tensor([[[20.0, 30.0], [40.0, 50.0]]])
    outputs = codec.encode(points, everyone(points))
    kept = {key: outputs[key] for key in codec.channels(2)}
    next(iter(kept.values()))[:, 0] = value
    found = codec.decode(kept)
    assert found.points[0, 0].isnan().all()
    assert found.spread[0, 0].isnan()
    assert found.confidence[0, 0] == 0
    assert (found.points[0, 1] - points[0, 1]).abs().max() < 3  # msra rounds
    assert found.confidence[0, 1] > 0.9


def test_a_map_below_zero_with_a_peak_is_absent_too():
    codec = build_codec("udp", (64, 96))
    points = torch.tensor([[[20.0, 30.0]]])
    found = codec.decode({"heatmaps": codec.encode(points, everyone(points))["heatmaps"] - 2})
    assert found.points.isnan().all()
