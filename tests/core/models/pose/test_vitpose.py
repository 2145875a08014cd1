import pytest
import torch

from core.models.pose import configure
from core.models.pose.network import build
from core.models.pose.vitpose import StochasticDepth
from tests.builders.pose_networks import on_meta, parameters, small


@pytest.mark.parametrize(
    ("name", "simple", "classic"), [("vitpose-s", 21.7, 24.3), ("vitpose-b", 86.0, 90.0), ("vitpose-l", 303.5, 308.5)]
)
def test_vitpose_has_the_parameters_of_transformers_with_either_head(name, simple, classic):
    for head, millions in (("simple", simple), ("classic", classic)):
        network = on_meta(configure(name, "body24", options={"head": head}))
        assert parameters(network) / 1e6 == pytest.approx(millions, abs=0.06)


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
