"""Noisy maps, the spread, logits, the published decoder as a loop, ONNX and the GPU."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch

from core.models.codecs import CODECS, build_codec

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


def test_a_ridge_and_a_lone_cell_fall_back_to_the_maximum():
    maps = torch.zeros(1, 2, 64, 48)
    maps[0, 0, 20] = 1.0  # a row without a top in x
    maps[0, 1, 30, 10] = 1.0
    found = build_codec("udp", SIZE).decode({"heatmaps": maps})
    assert found.points[0].tolist() == [
        pytest.approx([0.0, 20 * 255 / 63], abs=1e-3),
        pytest.approx([10 * 191 / 47, 30 * 255 / 63], abs=1e-3),
    ]


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


class TinyNetwork(torch.nn.Module):
    """Every codec on one convolution each, decoded inside."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        neighbours = {"neighbours": [[1, 2], [0, 2], [0, 1]]}
        self.codecs = [build_codec(name, (64, 96), neighbours if name == "pip" else None) for name in CODECS]
        self.heads = torch.nn.ModuleList()
        for codec in self.codecs:
            heads = torch.nn.ModuleDict()
            for key, shape in codec.channels(3).items():
                stride = 96 // shape[1] if len(shape) == 3 else 1
                heads[key] = (
                    torch.nn.Conv2d(3, shape[0], stride, stride) if len(shape) == 3 else torch.nn.Conv2d(3, 6, 1)
                )
            self.heads.append(heads)

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        found = []
        for codec, heads in zip(self.codecs, self.heads, strict=True):
            outputs = {key: head(images) for key, head in heads.items()}
            if codec.name == "regression":
                outputs = {"points": outputs["points"].mean(dim=(2, 3)).view(-1, 3, 2)}
            decoded = codec.decode(outputs)
            found += [decoded.points, decoded.confidence, decoded.spread, decoded.neighbours]
        return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_every_decoder_exported_to_onnx_gives_what_it_gave(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    network = TinyNetwork().eval()
    file = tmp_path / "decoders.onnx"
    batch = torch.export.Dim("batch", min=1, max=64)
    torch.onnx.export(
        network,
        (torch.rand(2, 3, 96, 64),),
        file,
        dynamo=True,
        dynamic_shapes={"images": {0: batch}},
        input_names=["images"],
        verbose=False,
    )
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    for size in (1, 5):
        images = torch.rand(size, 3, 96, 64, generator=torch.Generator().manual_seed(size))
        with torch.no_grad():
            wanted = network(images)
        for ours, theirs in zip(wanted, session.run(None, {"images": images.numpy()}), strict=True):
            np.testing.assert_allclose(theirs, ours.numpy(), atol=1e-4, rtol=1e-4, equal_nan=True)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("name", CODECS)
def test_the_gpu_decodes_as_the_processor_does(name):
    codec = build_codec(name, (64, 96), {"neighbours": [[1], [2], [0]]} if name == "pip" else None)
    points = torch.tensor([[[10.2, 20.3], [40.7, 50.1], [63.5, -0.5]]])
    present = torch.ones(1, 3, dtype=torch.bool)
    ours = codec.decode(codec.encode(points, present))
    theirs = codec.decode(codec.encode(points.cuda(), present.cuda()))
    with torch.autocast("cuda", dtype=torch.float16):
        cast = codec.decode(codec.encode(points.cuda(), present.cuda()))
    for one, other, third in zip(ours, theirs, cast, strict=True):
        torch.testing.assert_close(other.cpu(), one, atol=2e-3, rtol=1e-4, equal_nan=True)
        torch.testing.assert_close(third.cpu(), one, atol=2e-3, rtol=1e-4, equal_nan=True)


@pytest.mark.parametrize("name", [name for name in CODECS if name not in ("pip", "regression")])
def test_a_traced_decoder_and_one_for_empty_batches_give_what_the_quick_one_gives(name, monkeypatch):
    """At borders and for maps without a peak too: what an exporter traces goes other ways."""
    size = (96, 128)
    codec = build_codec(name, size)
    points = torch.rand(30, 5, 2, generator=torch.Generator().manual_seed(7)) * (torch.tensor(size) - 1.0)
    outputs = codec.encode(points, torch.ones(30, 5, dtype=torch.bool))
    outputs["heatmaps"] += 0.05 * torch.rand(outputs["heatmaps"].shape, generator=torch.Generator().manual_seed(8))
    outputs["heatmaps"][0], outputs["heatmaps"][1], outputs["heatmaps"][2, 1] = 0.0, 0.7, torch.nan
    turned = {key: value.transpose(0, 1).contiguous().transpose(0, 1) for key, value in outputs.items()}
    quick, of_view = codec.decode(outputs), codec.decode(turned)
    nobody = codec.decode({key: value[:0] for key, value in outputs.items()})
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    traced = codec.decode(outputs)
    for ours, viewed, theirs in zip(quick, of_view, traced, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5, equal_nan=True)
        torch.testing.assert_close(ours, viewed, rtol=0, atol=1e-5, equal_nan=True)
    assert quick.points[:2].isnan().all()
    assert quick.points[3:].isfinite().all()
    assert nobody.points.shape == (0, 5, 2)
