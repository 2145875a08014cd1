"""The networks of the registry: what goes in and comes out, how large they are, and that all of them can learn."""

import pytest
import torch

from core.models.pose import configure
from core.models.pose.network import build
from tests.builders.pose_networks import NEAR, SMALL, on_meta, parameters, small


@pytest.mark.parametrize("name", SMALL)
def test_outputs_are_those_of_the_codec(networks, name):
    network = networks[name].eval()
    width, height = network.config.input_size
    with torch.inference_mode():
        outputs = network(torch.rand(2, 3, height, width))
    shapes = network.codec.channels(68)
    assert {key: tuple(value.shape[1:]) for key, value in outputs.items()} == shapes
    found = network.codec.decode(outputs)
    assert found.points.shape == (2, 68, 2)


@pytest.mark.parametrize("name", SMALL)
def test_a_crop_s_outputs_do_not_depend_on_the_others_of_its_batch(networks, name):
    network = networks[name].eval()
    width, height = network.config.input_size
    images = torch.rand(3, 3, height, width)
    with torch.inference_mode():
        together, alone = network(images), network(images[1:2])
    for key, value in alone.items():
        torch.testing.assert_close(value, together[key][1:2], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("skeleton", ["face68", "body24"])
def test_a_gradient_reaches_every_parameter(name, skeleton):
    torch.manual_seed(0)
    settings = {"neighbours": NEAR[:24]} if name.startswith("pipnet") and skeleton == "body24" else {}
    if settings:
        settings = {"neighbours": [[(k + 1) % 24, (k + 5) % 24] for k in range(24)]}
    network = build(small(name, skeleton, codec_settings=settings)).train()
    width, height = network.config.input_size
    outputs = network(torch.rand(2, 3, height, width))
    sum((value * torch.randn_like(value)).sum() for value in outputs.values()).backward()
    without = [key for key, value in network.named_parameters() if value.grad is None or not value.grad.abs().sum()]
    # a constant added before a softmax or a normalisation changes nothing: its gradient is 0 up to rounding
    assert [key for key in without if not key.endswith(("key.bias", ".0.bias", ".3.bias"))] == []
    assert all(value.grad is not None for value in network.parameters())


def test_parameters_are_as_many_as_the_sources_say():
    counts = {
        "pipnet-r18": (on_meta(configure("pipnet-r18", "face68", codec_settings={"neighbours": NEAR})), 11.98),
        "hrnet-w32": (on_meta(configure("hrnet-w32", "coco17")), 28.54),
        "hrnet-w48": (on_meta(configure("hrnet-w48", "coco17")), 63.6),
    }
    for network, millions in counts.values():
        assert parameters(network) / 1e6 == pytest.approx(millions, abs=0.06)


def test_images_are_normalised_inside_the_network(networks):
    network = networks["resnet18-regression"].eval()
    grey = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1).expand(1, 3, 96, 64)
    with torch.inference_mode():
        zero = network.head(network.backbone(torch.zeros(1, 3, 96, 64)))
        torch.testing.assert_close(network(grey)["points"], zero["points"])
    assert not [name for name in network.state_dict() if name in ("mean", "std")]


def test_the_same_seed_gives_the_same_network():
    made = []
    for _ in range(2):
        torch.manual_seed(5)
        made.append(build(small("vitpose-s", input_size=(64, 64))).state_dict())
    assert all(torch.equal(value, made[1][name]) for name, value in made[0].items())
