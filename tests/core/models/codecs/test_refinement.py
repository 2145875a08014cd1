from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from core.models.codecs import build_codec

SIZE = (192, 256)


def perfect(codec, points: torch.Tensor) -> torch.Tensor:
    return codec.encode(points, torch.ones(points.shape[:2], dtype=torch.bool))["heatmaps"]


def anywhere(count: int, seed: int = 0, margin: float = 0.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return margin + torch.rand(1, count, 2, generator=generator) * (torch.tensor(SIZE) - 1.0 - 2 * margin)


def smooth_noise(like: torch.Tensor, size: float, seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    drawn = [cv2.GaussianBlur(rng.standard_normal(like.shape[-2:]), (0, 0), 0.7) for _ in range(like.shape[1])]
    return size * torch.from_numpy(np.stack(drawn) / np.std(drawn)).float()[None]


def loop_decoder(maps: np.ndarray, kernel: int, reach: int) -> np.ndarray:
    """DARK as published, map by map with OpenCV: (K, 2) cells."""
    found = []
    for one in maps:
        y, x = np.unravel_index(one.argmax(), one.shape)
        log = np.log(np.maximum(cv2.GaussianBlur(one.astype(np.float64), (kernel, kernel), 0), 1e-3 * one.max()))
        slope = np.array([log[y, x + 1] - log[y, x - 1], log[y + 1, x] - log[y - 1, x]]) / 2
        in_xx = (log[y, x + reach] - 2 * log[y, x] + log[y, x - reach]) / reach**2
        in_yy = (log[y + reach, x] - 2 * log[y, x] + log[y - reach, x]) / reach**2
        in_xy = (log[y + 1, x + 1] - log[y - 1, x + 1] - log[y + 1, x - 1] + log[y - 1, x - 1]) / 4
        offset = -np.linalg.solve([[in_xx, in_xy], [in_xy, in_yy]], slope)
        found.append(np.array([x, y]) + (offset if np.abs(offset).max() <= 1 else 0))
    return np.array(found)


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1])
@pytest.mark.parametrize(("name", "settings", "reach"), [("dark", {}, 2), ("udp", {"refinement": "blur"}, 1)])
def test_the_blurred_refinement_equals_the_published_loop_away_from_the_border(name, settings, reach, noise):
    codec = build_codec(name, SIZE, settings)
    points = anywhere(60, margin=36)  # 9 cells: blur and differences stay on the map
    maps = perfect(codec, points)
    maps = maps + smooth_noise(maps, noise)
    cells = loop_decoder(maps[0].numpy(), 11, reach)
    step = np.array([191 / 47, 255 / 63])
    assert np.abs(codec.decode({"heatmaps": maps}).points[0].numpy() - cells * step).max() < 0.01


@pytest.mark.parametrize("noise", [0.01, 0.05, 0.1])
def test_the_fit_errs_no_more_than_the_blur_on_noisy_maps(noise):
    points = anywhere(400, seed=1, margin=30)
    fit, blur = (build_codec("udp", SIZE, {"refinement": kind}) for kind in ("fit", "blur"))
    maps = perfect(fit, points)
    maps = maps + smooth_noise(maps, noise, seed=2)
    errors = [(one.decode({"heatmaps": maps}).points - points).square().mean().sqrt() for one in (fit, blur)]
    assert errors[0] < 1.15 * errors[1]
    assert errors[0] < 4 * (4 * noise)  # pixels, at stride 4


def test_noise_at_the_border_costs_less_than_half_a_cell():
    points = anywhere(300, seed=3)
    points[..., 0] = 0.5 * torch.rand(300, generator=torch.Generator().manual_seed(4))
    codec = build_codec("udp", SIZE)
    maps = perfect(codec, points)
    error = codec.decode({"heatmaps": maps + smooth_noise(maps, 0.05, seed=5)}).points - points
    assert error.square().mean().sqrt() < 2


@pytest.mark.parametrize("name", ["dark", "udp"])
def test_pure_noise_never_leaves_the_maximums_cell_by_more_than_one(name):
    maps = torch.randn(20, 24, 64, 48, generator=torch.Generator().manual_seed(6))
    codec = build_codec(name, SIZE)
    found = codec.decode({"heatmaps": maps}).points
    index = maps.flatten(2).argmax(-1)
    step = torch.tensor([191 / 47, 255 / 63])
    cells = torch.stack([index % 48, index // 48], dim=-1)
    assert found.isfinite().all()
    assert ((found / step - cells).abs() <= 1.001).all()
