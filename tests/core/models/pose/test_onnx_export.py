"""ONNX with decoding inside: equal to torch for any number of crops, and checked before the file gets its name."""

from dataclasses import asdict

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from core.foundation.errors import BadInput, FacetError
from core.models.pose import configure, onnx_export
from core.models.pose.network import build
from core.models.pose.onnx_export import export

NEIGHBOURS = [[(k + step) % 68 for step in (1, 2, 5)] for k in range(68)]
CASES = [
    ("baseline-cnn", (128, 72), {}, None),
    ("pipnet-r18", (128, 96), {"neighbours": NEIGHBOURS}, None),
    ("hrnet-w18-small", (64, 96), {}, "udp"),
]


def random_network(name, size, settings, codec):
    torch.manual_seed(1)
    network = build(configure(name, "face68", input_size=size, codec=codec, codec_settings=settings))
    with torch.no_grad():
        network.train()(torch.rand(4, 3, size[1], size[0]))  # statistics that are not those of a fresh network
    return network.eval()


@pytest.fixture(
    scope="module",
    params=[CASES[0], *(pytest.param(case, marks=pytest.mark.nightly) for case in CASES[1:])],
    ids=[case[0] for case in CASES],
)
def exported(request, tmp_path_factory):
    network = random_network(*request.param)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    return network, path, export(network, path)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_onnxruntime_gives_torch_s_points_for_any_number_of_crops(exported, count):
    network, path, _ = exported
    width, height = network.config.input_size
    images = torch.rand(count, 3, height, width)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    points, confidence, spread = session.run(None, {"images": images.numpy()})
    with torch.inference_mode():
        expected = network.codec.decode(network(images))
    assert points.shape == (count, 68, 2)
    assert confidence.shape == spread.shape == (count, 68)
    close = np.isclose(points, expected.points.numpy(), rtol=1e-4, atol=1e-4, equal_nan=True).all(axis=2)
    assert close.mean() > 0.95  # an untrained map now and then has two equal maxima
    close = np.isclose(spread, expected.spread.numpy(), rtol=1e-4, atol=1e-4, equal_nan=True)
    assert close.mean() > 0.95


def test_the_facts_say_what_was_compared(exported):
    network, path, facts = exported
    assert facts.file == str(path)
    assert facts.bytes == path.stat().st_size
    assert facts.input_size == network.config.input_size
    assert facts.points == 68
    assert facts.compared + facts.undecided == 4 * 68
    assert facts.compared > 0.9 * 4 * 68
    assert facts.largest_difference < 0.01
    assert set(asdict(facts)) >= {"largest_difference", "opset", "compared", "undecided"}


def test_the_file_is_valid_and_complete(exported):
    _, path, _ = exported
    model = onnx.load(path)
    onnx.checker.check_model(model)
    assert [value.name for value in model.graph.input] == ["images"]
    assert [value.name for value in model.graph.output] == ["points", "confidence", "spread"]
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.nightly
def test_the_network_stays_as_it_was(tmp_path):
    network = random_network(*CASES[0])
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    export(network, tmp_path / "model.onnx")
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.nightly
def test_a_file_that_computes_something_else_is_not_written(tmp_path, monkeypatch):
    network, path = random_network(*CASES[0]), tmp_path / "model.onnx"
    path.write_bytes(b"before")
    write = onnx_export._write

    def disturbed(model, draft, *, large):
        with torch.no_grad():
            model.network.head.points.bias[3] += 0.001
        opset = write(model, draft, large=large)
        with torch.no_grad():
            model.network.head.points.bias[3] -= 0.001
        return opset

    monkeypatch.setattr(onnx_export, "_write", disturbed)
    with pytest.raises(FacetError, match=r"points for 1 crops differ from the network's own by more than 0\.0001"):
        export(network, path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


class Undecided(nn.Module):
    def forward(self, features):
        return {"heatmaps": (features[:, :1] * 0 + 1).expand(-1, 68, -1, -1)}


@pytest.mark.nightly
def test_a_network_that_decides_nothing_cannot_be_checked(tmp_path, monkeypatch):
    network = random_network("hrnet-w18-small", (64, 64), {}, "udp")
    network.backbone, network.head = nn.AvgPool2d(4), Undecided()
    with pytest.raises(FacetError, match=r"does not decide .* of 272 points even for itself.*train it first"):
        export(network, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.nightly
def test_a_large_network_gets_its_tensors_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_export, "_ONE_FILE", 1000)
    network, path = random_network("resnet18-regression", (64, 64), {}, None), tmp_path / "model.onnx"
    facts = export(network, path)
    assert facts.data is not None
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([path.name, facts.data])
    assert facts.bytes == sum(file.stat().st_size for file in tmp_path.iterdir())
    onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BadInput, match="there is no folder"):
        export(random_network(*CASES[0]), tmp_path / "none" / "model.onnx")
