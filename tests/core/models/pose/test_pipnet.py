import pytest
import torch
import torchvision

from core.foundation.errors import BadInput
from core.models.codecs import build_codec
from core.models.pose import configure
from core.models.pose.network import build
from core.models.pose.pipnet import parts
from tests.builders.pose_networks import small


def test_pipnet_s_layers_start_small_and_without_bias(networks):
    layers = networks["pipnet-r18"].head.maps
    assert sorted(layers) == ["cls", "x", "y"]  # no neighbours were given
    for layer in layers.values():
        assert layer.kernel_size == (1, 1)
        assert layer.weight.std().item() == pytest.approx(0.001, rel=0.05)
        assert not layer.bias.any()


@pytest.mark.parametrize("points", [4, 68])
def test_pipnet_works_with_any_number_of_neighbours(points):
    from core.foundation.skeletons import Skeleton

    skeleton = Skeleton("some", "face", tuple(map(str, range(points))), (), (), {})
    for count in (0, 1, min(10, points - 1)):
        near = [[(k + step) % points for step in range(1, count + 1)] for k in range(points)]
        network = build(small("pipnet-r18", skeleton, codec_settings={"neighbours": near})).eval()
        with torch.inference_mode():
            outputs = network(torch.rand(2, 3, 96, 64))
        assert outputs["nb_x"].shape == (2, count * points, 3, 2)
        assert network.codec.decode(outputs).points.shape == (2, points, 2)


def test_pipnet_of_stride_16_has_finer_maps():
    network = build(small("pipnet-r18", codec_settings={"stride": 16})).eval()
    with torch.inference_mode():
        assert network(torch.rand(1, 3, 96, 64))["cls"].shape == (1, 68, 6, 4)
    with pytest.raises(BadInput, match="has a stride of 16 or 32, not 64"):
        build(configure("pipnet-r18", "face68", input_size=(128, 128), codec_settings={"stride": 64}))


def test_coarse_maps_are_the_same_layer_on_pooled_features(networks):
    network = build(small("pipnet-r18", input_size=(128, 128))).eval()
    images = torch.rand(2, 3, 128, 128)
    with torch.inference_mode():
        plain, outputs = network(images), network(images, coarse=True)
        features = network.backbone((images - network.mean) / network.std)
        once = features.unfold(2, 2, 2).unfold(3, 2, 2).amax((-1, -2))
        expected = network.head.maps["cls"](once)
    assert set(outputs) - set(plain) == {"cls2", "cls3"}
    assert outputs["cls3"].shape == (2, 68, 1, 1)
    torch.testing.assert_close(outputs["cls2"], expected)
    assert all(torch.equal(plain[key], outputs[key]) for key in plain)
    with pytest.raises(BadInput, match="hrnet-w18-small has no coarse maps"):
        networks["hrnet-w18-small"](images, coarse=True)


def test_a_mobilenets_map_is_torchvisions():
    torch.manual_seed(0)
    config = configure("pipnet-mobilenet", "face68")
    backbone, head = parts(config, build_codec(config.codec, config.input_size, config.codec_settings))
    ours = backbone.eval()
    theirs = torchvision.models.mobilenet_v2(weights=None).eval()
    theirs.load_state_dict(ours.state_dict(), strict=False)
    images = torch.rand(1, 3, 64, 96)
    assert ours(images).shape == (1, head.maps["cls"].in_channels, 2, 3)
    torch.testing.assert_close(ours(images), theirs.features(images))
