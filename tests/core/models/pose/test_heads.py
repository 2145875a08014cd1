import pytest
import torch

from core.foundation.errors import BadInput
from core.models.pose.network import build
from tests.builders.pose_networks import on_meta, small


@pytest.mark.parametrize("codec", ["msra", "dark", "udp", "udp-combined"])
@pytest.mark.parametrize("name", ["hrnet-w18-small", "vitpose-s"])
def test_map_networks_give_what_any_codec_of_maps_needs(name, codec):
    network = on_meta(small(name, codec=codec))
    outputs = network(torch.zeros(1, 3, 96, 64, device="meta"))
    assert {key: tuple(value.shape[1:]) for key, value in outputs.items()} == network.codec.channels(68)


def test_a_codec_with_another_stride_is_refused():
    with pytest.raises(BadInput, match="this network's maps are 16 × 24, but the codec's heatmaps are 32 × 48"):
        build(small("hrnet-w18-small", codec_settings={"stride": 2}))


@pytest.mark.parametrize("name", ["baseline-cnn", "resnet18-regression", "resnet50-regression"])
def test_a_fresh_network_of_coordinates_says_the_centre(name):
    torch.manual_seed(0)
    network = build(small(name)).train()  # with the statistics that its first step will have
    width, height = network.config.input_size
    with torch.inference_mode():
        points = network(torch.rand(4, 3, height, width))["points"]  # normalised: 0.5 is the centre
    assert (points - 0.5).abs().mean() < 0.05
