from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.errors import BadInput, NotFound
from core.media.crops import Crop
from core.models.codecs import CODECS, build_codec
from tests.builders.points_everywhere import everyone, places


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


@pytest.mark.nightly
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


# input (W, H) and stride: maps of 64 x 48, 64 x 64, 48 x 64, and others that are not square
SHAPES = [((256, 192), 4), ((256, 256), 4), ((192, 256), 4), ((128, 64), 2), ((64, 96), 8), ((40, 30), 1)]
EXACT = ["regression", "udp", "udp-combined", "pip"]
WORST = dict.fromkeys(EXACT, 0.01) | {"dark": 0.01}  # pixels of the input


def codec_for(name: str, size: tuple[int, int], stride: int, count: int):
    if name == "regression":
        return build_codec(name, size)
    if name != "pip":
        return build_codec(name, size, {"stride": stride})
    neighbours = [[(k + 1) % count, (k + 5) % count] for k in range(count)]
    return build_codec(name, size, {"stride": min(size) // 2 if min(size) < 64 else 32, "neighbours": neighbours})


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


def test_a_nan_anywhere_makes_that_point_absent_and_no_other():
    codec = build_codec("udp", (64, 96))
    points = torch.tensor([[[20.0, 30.0], [40.0, 50.0]]])
    maps = codec.encode(points, everyone(points))["heatmaps"]
    maps[0, 0, 0, 0] = torch.nan
    found = codec.decode({"heatmaps": maps})
    assert found.points[0, 0].isnan().all()
    assert torch.allclose(found.points[0, 1], points[0, 1], atol=0.01)


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


SIZES = st.sampled_from([((64, 96), 4), ((96, 64), 2), ((64, 64), 8), ((48, 32), 4)])


@settings(max_examples=20)
@given(
    st.sampled_from(["regression", "udp", "udp-combined", "dark"]),
    SIZES,
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4),
)
def test_every_point_inside_comes_back_from_every_exact_codec(name, size, shares):
    (width, height), stride = size
    points = torch.tensor([[[x * width - 0.5, y * height - 0.5] for x, y in shares]])
    codec = codec_for(name, (width, height), stride, len(shares))
    found = codec.decode(codec.encode(points, everyone(points)))
    assert (found.points - points).norm(dim=-1).max() < WORST[name]


@settings(max_examples=15)
@given(st.sampled_from(list(CODECS)), SIZES, st.integers(0, 2**32 - 1))
def test_mirroring_the_outputs_twice_gives_them_back(name, size, seed):
    codec = codec_for(name, *size, 6)
    generator = torch.Generator().manual_seed(seed)
    outputs = {key: torch.rand(2, *shape, generator=generator) for key, shape in codec.channels(6).items()}
    order = torch.tensor([1, 0, 3, 2, 4, 5])
    twice = codec.mirror(codec.mirror(outputs, order), order)
    for key, value in outputs.items():
        known = ~twice[key].isnan()  # a neighbour without a mirror image has none
        torch.testing.assert_close(twice[key][known], value[known])
