"""The networks of the registry: what goes in and comes out, how large they are, and that all of them can learn."""

import subprocess
import sys

import pytest
import torch

from core.foundation.errors import BadInput
from core.models.pose import NETWORKS, configure
from core.models.pose.hrnet import HRNetMap
from core.models.pose.network import build
from core.models.pose.vitpose import StochasticDepth
from core.models.weights import WEIGHTS

NEAR = [[(k + step) % 68 for step in range(1, 11)] for k in range(68)]
SMALL = ["baseline-cnn", "resnet18-regression", "pipnet-r18", "pipnet-mobilenet", "hrnet-w18-small", "vitpose-s"]


def small(name, skeleton="face68", **more):
    size = (128, 96) if name == "baseline-cnn" else (64, 96)
    return configure(name, skeleton, input_size=more.pop("input_size", size), **more)


def parameters(network):
    return sum(value.numel() for value in network.parameters())


def on_meta(config):
    with torch.device("meta"):
        return build(config)


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    return {name: build(small(name)) for name in SMALL}


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


@pytest.mark.parametrize(
    ("name", "simple", "classic"), [("vitpose-s", 21.7, 24.3), ("vitpose-b", 86.0, 90.0), ("vitpose-l", 303.5, 308.5)]
)
def test_vitpose_has_the_parameters_of_transformers_with_either_head(name, simple, classic):
    for head, millions in (("simple", simple), ("classic", classic)):
        network = on_meta(configure(name, "body24", options={"head": head}))
        assert parameters(network) / 1e6 == pytest.approx(millions, abs=0.06)


def test_the_registry_s_sizes_are_true():
    for name in NETWORKS:
        network = on_meta(configure(name, "face68"))
        assert NETWORKS[name].megabytes == pytest.approx(parameters(network) * 4 / 2**20, rel=0.02, abs=1)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "baseline-cnn"])
def test_every_network_can_be_built_at_its_defaults_for_faces_and_bodies(name):
    for skeleton, size in (("face68", (256, 256)), ("body24", (192, 256))):
        network = on_meta(configure(name, skeleton))
        assert network.config.input_size == size
        outputs = network(torch.zeros(1, 3, size[1], size[0], device="meta"))
        assert {key: tuple(value.shape[1:]) for key, value in outputs.items()} == network.codec.channels(
            network.config.points
        )
        assert set(NETWORKS[name].pretrained) <= set(WEIGHTS)


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


def test_images_are_normalised_inside_the_network(networks):
    network = networks["resnet18-regression"].eval()
    grey = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1).expand(1, 3, 96, 64)
    with torch.inference_mode():
        zero = network.head(network.backbone(torch.zeros(1, 3, 96, 64)))
        torch.testing.assert_close(network(grey)["points"], zero["points"])
    assert not [name for name in network.state_dict() if name in ("mean", "std")]


def test_hrnet_leaves_out_what_nothing_reads():
    kept = set(HRNetMap("hrnet_w18_small").state_dict())
    assert not [name for name in kept if "incre" in name or "classifier" in name or "final_layer" in name]
    assert not [name for name in kept if name.startswith("net.stage4") and "fuse_layers.1" in name]


def test_recomputing_changes_neither_outputs_nor_gradients():
    torch.manual_seed(0)
    network = build(small("vitpose-s", input_size=(64, 64))).train()
    images, weight = torch.rand(2, 3, 64, 64), torch.randn(2, 68, 16, 16)
    expected = network(images)["heatmaps"]
    (expected * weight).sum().backward()
    gradients = {name: value.grad.clone() for name, value in network.named_parameters()}
    network.zero_grad()
    network.backbone.checkpointing = True
    found = network(images)["heatmaps"]
    (found * weight).sum().backward()
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    for name, value in network.named_parameters():
        torch.testing.assert_close(value.grad, gradients[name], rtol=1e-4, atol=1e-6)


def test_stochastic_depth_keeps_the_mean_and_leaves_out_whole_samples():
    torch.manual_seed(0)
    hook, layer = StochasticDepth(0.25), torch.nn.Identity()
    branch = torch.ones(4000, 3, 2)
    kept = hook(layer.train(), None, branch)
    assert kept.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert kept.mean().item() == pytest.approx(1, abs=0.03)
    assert torch.equal(kept.amax((1, 2)), kept.amin((1, 2)))
    assert hook(layer.eval(), None, branch) is branch


def test_stochastic_depth_is_off_in_the_first_layer_and_strongest_in_the_last():
    network = build(small("vitpose-s", input_size=(64, 64), options={"drop_path": 0.3}))
    rates = [
        [hook.rate for hook in layer.mlp._forward_hooks.values() if isinstance(hook, StochasticDepth)]
        for layer in network.backbone.layers
    ]
    assert rates[0] == []
    assert rates[-1] == [pytest.approx(0.3)]
    assert [rate for (rate,) in rates[1:]] == sorted(rate for (rate,) in rates[1:])


def test_the_same_seed_gives_the_same_network():
    made = []
    for _ in range(2):
        torch.manual_seed(5)
        made.append(build(small("vitpose-s", input_size=(64, 64))).state_dict())
    assert all(torch.equal(value, made[1][name]) for name, value in made[0].items())


def test_the_registry_loads_no_torch():
    code = "import sys, core.models.pose; print(any(m in sys.modules for m in ('torch', 'timm', 'transformers')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
