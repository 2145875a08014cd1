"""From a picture's points through a turned crop, an encoder and a decoder back to the picture; flips on the way."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest
import torch

from core.foundation.errors import BadInput, NotFound
from core.media.crops import Crop
from core.models.codecs import CODECS, build_codec

# input (W, H) and stride: maps of 64 x 48, 64 x 64, 48 x 64, and others that are not square
SHAPES = [((256, 192), 4), ((256, 256), 4), ((192, 256), 4), ((128, 64), 2), ((64, 96), 8), ((40, 30), 1)]
EXACT = ["regression", "udp", "udp-combined", "pip"]
WORST = dict.fromkeys(EXACT, 0.01) | {"dark": 0.01}  # pixels of the input


def places(width: int, height: int, seed: int = 0) -> torch.Tensor:
    """(1, K, 2): the four corners, the very edge, the borders between cells, and anywhere."""
    on_x = [-0.5, 0.0, 0.37, width / 3 + 0.11, width - 1.29, width - 1.0, width - 0.5]
    on_y = [-0.5, 0.0, 0.73, height / 3 + 0.17, height - 1.61, height - 1.0, height - 0.5]
    fixed = torch.tensor(list(itertools.product(on_x, on_y)))
    anywhere = torch.rand(150, 2, generator=torch.Generator().manual_seed(seed))
    return torch.cat([fixed, anywhere * torch.tensor([width - 1.0, height - 1.0])])[None]


def codec_for(name: str, size: tuple[int, int], stride: int, count: int):
    if name == "regression":
        return build_codec(name, size)
    if name != "pip":
        return build_codec(name, size, {"stride": stride})
    neighbours = [[(k + 1) % count, (k + 5) % count] for k in range(count)]
    return build_codec(name, size, {"stride": min(size) // 2 if min(size) < 64 else 32, "neighbours": neighbours})


def everyone(points: torch.Tensor) -> torch.Tensor:
    return torch.ones(points.shape[:2], dtype=torch.bool)


@pytest.mark.parametrize(("size", "stride"), SHAPES)
@pytest.mark.parametrize("name", WORST)
def test_a_codec_gives_points_back_at_borders_corners_and_between_pixels(name, size, stride):
    points = places(*size)
    if name == "pip" and (size[0] % 32 or size[1] % 32):
        size, points = (96, 160), places(96, 160)
    codec = codec_for(name, size, stride, points.shape[1])
    found = codec.decode(codec.encode(points, everyone(points)))
    assert (found.points - points).norm(dim=-1).max() < WORST[name]
    assert found.points.dtype == found.confidence.dtype == found.spread.dtype == found.neighbours.dtype == torch.float32


@pytest.mark.parametrize("refinement", ["fit", "blur"])
@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0])
def test_udp_gives_points_back_with_every_sigma_and_refinement(sigma, refinement):
    codec = build_codec("udp", (192, 256), {"sigma": sigma, "refinement": refinement})
    points = places(192, 256)
    found = codec.decode(codec.encode(points, everyone(points)))
    assert (found.points - points).norm(dim=-1).max() < 0.01


@pytest.mark.parametrize(("rotation", "mirrored"), [(0.0, False), (33.0, False), (-71.0, True), (180.0, True)])
@pytest.mark.parametrize("name", ["udp", "udp-combined"])
def test_the_whole_pipeline_gives_the_pictures_points_back(name, rotation, mirrored):
    crop = Crop((311.3, 208.9), (150.0, 200.0), (192, 256), rotation, mirrored)
    wanted = crop.to_picture(places(192, 256)[0].numpy())  # corners of the input, wherever they lie in the picture
    points = torch.from_numpy(crop.to_crop(wanted))[None]
    codec = build_codec(name, (192, 256))
    found = codec.decode(codec.encode(points, torch.ones(1, len(wanted), dtype=torch.bool)))
    # the edge of the input at -0.5 may fall out by the rounding of a turn and is then absent, never wrong
    back = crop.to_picture(found.points[0].numpy())
    inside = ((points[0] >= -0.4999) & (points[0] <= torch.tensor([191.4999, 255.4999]))).all(dim=-1).numpy()
    assert inside.sum() > 170
    assert np.abs(back - wanted)[inside].max() < 0.01
    assert np.nanmax(np.abs(back - wanted)) < 0.01


def test_msra_errs_by_the_mean_distance_to_a_cells_middle():
    """0.3826 x 4.05 pixels, without bias: what rounding costs, and what the quarter shift cannot give back."""
    points = 8 + torch.rand(4, 500, 2, generator=torch.Generator().manual_seed(1)) * torch.tensor([170.0, 230.0])
    codec = build_codec("msra", (192, 256))
    error = codec.decode(codec.encode(points, everyone(points))).points - points
    assert error.norm(dim=-1).mean() == pytest.approx(1.55, abs=0.05)
    assert error.mean(dim=(0, 1)).abs().max() < 0.1


def test_dark_errs_little():
    points = places(192, 256, seed=2)
    codec = build_codec("dark", (192, 256))
    assert (codec.decode(codec.encode(points, everyone(points))).points - points).norm(dim=-1).mean() < 0.002


@pytest.mark.parametrize("name", CODECS)
def test_a_perfect_map_averaged_with_its_mirrored_twin_moves_nothing(name):
    width, height = 192, 256
    points = places(width, height, seed=3)
    if name == "msra":  # a place that is equally far from two cells rounds to one or the other
        points = 4.3 + torch.rand(1, 100, 2, generator=torch.Generator().manual_seed(3)) * 180
    count = points.shape[1]
    order = torch.arange(count).flip(0) if count % 2 == 0 else torch.arange(count)
    twin = points[:, order] * torch.tensor([-1.0, 1.0]) + torch.tensor([width - 1.0, 0.0])
    codec = codec_for(name, (width, height), 4, count)
    outputs = codec.encode(points, everyone(points))
    back = codec.mirror(codec.encode(twin, everyone(points)), order)
    averaged = {key: (outputs[key] + back[key]) / 2 for key in codec.channels(count)}
    alone, both = codec.decode(outputs), codec.decode(averaged)
    assert (alone.points - both.points).abs().max() < 5e-4
    assert torch.isfinite(both.points).all()


@pytest.mark.parametrize("name", CODECS)
def test_mirroring_twice_is_nothing(name):
    count = 6
    order = torch.tensor([1, 0, 2, 4, 3, 5])
    neighbours = [[1, 2], [0, 2], [0, 1], [4, 5], [3, 5], [3, 4]]  # symmetric under the order
    size = (64, 96)
    codec = build_codec(name, size, {"neighbours": neighbours} if name == "pip" else None)
    generator = torch.Generator().manual_seed(4)
    outputs = {key: torch.randn(3, *shape, generator=generator) for key, shape in codec.channels(count).items()}
    twice = codec.mirror(codec.mirror(outputs, order), order)
    assert set(twice) == set(outputs)
    for key, value in outputs.items():
        assert torch.allclose(twice[key], value, atol=1e-6)


@pytest.mark.parametrize("name", CODECS)
def test_a_mirrored_inputs_outputs_come_back_as_the_mirrored_points(name):
    """Decoding before mirroring and mirroring before decoding agree, on outputs that are not perfect."""
    size, order = (64, 96), torch.tensor([1, 0, 2])
    codec = build_codec(name, size, {"neighbours": [[1], [0], [1]]} if name == "pip" else None)
    points = torch.tensor([[[10.2, 20.3], [40.7, 50.1], [33.3, 70.9]]])
    outputs = codec.encode(points, everyone(points))
    generator = torch.Generator().manual_seed(5)
    noisy = {k: outputs[k] + 0.02 * torch.randn(outputs[k].shape, generator=generator) for k in codec.channels(3)}
    if name == "pip":  # the middle point's mirrored neighbour is not its neighbour: that prediction is left out
        noisy["nb_x"][:, 2], noisy["nb_y"][:, 2] = torch.nan, torch.nan
    direct = codec.decode(noisy).points[:, order]
    direct[..., 0] = size[0] - 1 - direct[..., 0]
    assert (codec.decode(codec.mirror(noisy, order)).points - direct).abs().max() < 1e-3


@pytest.mark.parametrize("name", CODECS)
def test_absent_points_and_points_outside_the_input_have_no_weight(name):
    size = (64, 96)
    points = torch.tensor([[[5.0, 5.0], [9.0, 9.0], [torch.nan, torch.nan], [-0.51, 5.0], [5.0, 95.51], [-0.5, 95.5]]])
    present = torch.tensor([[True, False, True, True, True, True]])
    codec = codec_for(name, size, 4, 6)
    targets = codec.encode(points, present)
    assert targets["weight"].tolist() == [[1, 0, 0, 0, 0, 1]]
    for value in targets.values():
        assert torch.isfinite(value).all()
        assert value.dtype == torch.float32
    if name != "regression":  # whose zeros are a point
        found = codec.decode(targets)
        assert found.points.isnan().all(dim=-1).tolist() == [[False, True, True, True, True, False]]
        assert found.confidence[0, 1:5].tolist() == [0, 0, 0, 0]


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


def test_a_nan_anywhere_makes_that_point_absent_and_no_other():
    codec = build_codec("udp", (64, 96))
    points = torch.tensor([[[20.0, 30.0], [40.0, 50.0]]])
    maps = codec.encode(points, everyone(points))["heatmaps"]
    maps[0, 0, 0, 0] = torch.nan
    found = codec.decode({"heatmaps": maps})
    assert found.points[0, 0].isnan().all()
    assert torch.allclose(found.points[0, 1], points[0, 1], atol=0.01)


def test_a_regressed_point_that_is_not_finite_is_absent_and_the_others_have_no_confidence():
    codec = build_codec("regression", (64, 96))
    found = codec.decode({"points": torch.tensor([[[torch.nan, 0.5], [0.5, 0.5], [0.2, torch.inf]]])})
    assert found.points.isnan().all(dim=-1).tolist() == [[True, False, True]]
    assert found.points[0, 1].tolist() == [31.5, 47.5]
    assert found.confidence[0, [0, 2]].tolist() == [0, 0]
    assert found.confidence[0, 1].isnan()
    assert found.spread.isnan().all()
    assert found.neighbours.isnan().all()


@pytest.mark.parametrize("name", CODECS)
def test_a_codecs_settings_make_it_again(name):
    codec = codec_for(name, (64, 96), 8, 6)
    again = build_codec(name, (64, 96), codec.settings)
    assert again.settings == codec.settings
    assert again.name == name
    assert again.channels(6) == codec.channels(6)
    points = places(64, 96)[:, :6]
    targets = codec.encode(points, everyone(points))
    for key, value in again.encode(points, everyone(points)).items():
        assert torch.equal(value, targets[key])


@pytest.mark.parametrize("name", CODECS)
def test_outputs_and_targets_have_the_shapes_that_were_announced(name):
    codec = codec_for(name, (64, 96), 4, 7)
    points = places(64, 96)[:, :7].repeat(3, 1, 1)
    targets = codec.encode(points, everyone(points))
    for key, shape in codec.channels(7).items():
        assert tuple(targets[key].shape) == (3, *shape)


@pytest.mark.parametrize("name", CODECS)
def test_an_empty_batch_decodes_to_nothing(name):
    codec = codec_for(name, (64, 96), 4, 7)
    found = codec.decode({key: torch.zeros(0, *shape) for key, shape in codec.channels(7).items()})
    assert found.points.shape == (0, 7, 2)
    assert found.neighbours.shape == (0, 7)


@pytest.mark.parametrize("name", CODECS)
def test_decoding_is_in_full_precision_under_autocast(name):
    codec = codec_for(name, (64, 96), 4, 7)
    points = places(64, 96)[:, :7]
    outputs = codec.encode(points, everyone(points))
    plain = codec.decode(outputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = codec.decode(outputs)
    half = codec.decode({key: value.bfloat16() for key, value in outputs.items()})
    assert torch.equal(plain.points, cast.points)
    assert half.points.dtype == torch.float32


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        ("udp", {"strides": 4}, "has no setting 'strides'; it has stride, sigma"),
        ("regression", {"stride": 4}, "it has none"),
        ("udp", {"stride": 7}, "does not divide"),
        ("udp", {"stride": 64}, "does not divide"),
        ("udp", {"stride": 2.0}, "does not divide"),
        ("udp", {"sigma": "2"}, "sigma should be a number"),
        ("udp", {"sigma": 0}, "sigma should be a number"),
        ("udp", {"refinement": "none"}, "fit or blur"),
        ("msra", {"logits": 1}, "true or false"),
        ("dark", {"kernel": 10}, "odd"),
        ("udp-combined", {"radius": -1}, "radius should be a number"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(name, settings, sentence):
    with pytest.raises(BadInput, match=sentence):
        build_codec(name, (64, 96), settings)


def test_a_codec_or_input_that_is_not_there_is_refused():
    with pytest.raises(NotFound, match="there are regression, msra"):
        build_codec("heatmap", (64, 64))
    with pytest.raises(BadInput, match="at least 2 pixels"):
        build_codec("regression", (64, 1))


def test_the_names_are_there_without_torch():
    code = (
        "import sys, core.media.crops, core.models.codecs as c; "
        "assert len(c.CODECS) == 6; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
