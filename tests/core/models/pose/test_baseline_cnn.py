"""The stability project's baseline, layer by layer."""

import pytest
import torch
from torch import nn

from core.models.pose import configure
from core.models.pose.baseline_cnn import AdaptiveMaxPool
from core.models.pose.network import build


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build(configure("baseline-cnn", "face68")).eval()


def test_it_has_the_parameters_of_the_project_s_summary(network):
    assert network.config.input_size == (1280, 720)
    assert sum(parameter.numel() for parameter in network.parameters()) == 11_351_272


def test_every_stage_gives_the_map_of_the_table(network):
    shapes = []
    features = torch.zeros(1, 3, 720, 1280)
    with torch.inference_mode():
        for layer in network.backbone:
            features = layer(features)
            shapes.append(tuple(features.shape[1:]))
    assert shapes == [(16, 240, 320), (32, 80, 80), (64, 40, 40), (128, 20, 20), (256, 10, 10), (512, 5, 5), (12800,)]


def test_only_the_last_convolution_of_a_stage_is_normalised(network):
    kinds = [[type(layer) for layer in stage] for stage in list(network.backbone)[:-1]]
    tail = [nn.Conv2d, nn.BatchNorm2d, nn.ReLU]
    assert [stage[:3] for stage in kinds[:1]] == [tail]
    assert all(stage[:5] == [nn.Conv2d, nn.ReLU, *tail] for stage in kinds[1:])
    assert all(stage[-1] is nn.Dropout for stage in kinds)
    assert [stage[0].kernel_size for stage in list(network.backbone)[:-1]] == [(5, 5), (5, 5), *[(3, 3)] * 4]


def test_the_last_pool_of_the_full_input_is_two_by_two():
    features = torch.randn(2, 4, 10, 10)
    torch.testing.assert_close(AdaptiveMaxPool()(features), nn.MaxPool2d(2)(features), rtol=0, atol=0)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 5), (7, 4), (13, 9), (15, 11)])
def test_the_adaptive_pool_is_torch_s(size):
    features = torch.randn(2, 3, *size)
    expected = nn.AdaptiveMaxPool2d(5)(features)
    torch.testing.assert_close(AdaptiveMaxPool()(features), expected, rtol=0, atol=0)


def test_other_inputs_have_the_same_parameters(network):
    small = build(configure("baseline-cnn", "face68", input_size=(128, 72)))
    assert {name: value.shape for name, value in small.state_dict().items()} == {
        name: value.shape for name, value in network.state_dict().items()
    }
    assert small(torch.rand(2, 3, 72, 128))["points"].shape == (2, 68, 2)
