import subprocess
import sys

import pytest
import torch

from core.models.pose import NETWORKS, configure
from core.models.weights import WEIGHTS
from tests.builders.pose_networks import on_meta, parameters

LARGE = ("hrnet-w32", "hrnet-w48", "vitpose-l", "vitpose-h")  # built as often as they change: seldom


def test_the_registry_s_sizes_are_true():
    for name in NETWORKS:
        network = on_meta(configure(name, "face68"))
        assert NETWORKS[name].megabytes == pytest.approx(parameters(network) * 4 / 2**20, rel=0.02, abs=1)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.nightly] if name in LARGE else [])
        for name in NETWORKS
        if name != "baseline-cnn"
    ],
)
def test_every_network_can_be_built_at_its_defaults_for_faces_and_bodies(name):
    for skeleton, size in (("face68", (256, 256)), ("body24", (192, 256))):
        network = on_meta(configure(name, skeleton))
        assert network.config.input_size == size
        outputs = network(torch.zeros(1, 3, size[1], size[0], device="meta"))
        assert {key: tuple(value.shape[1:]) for key, value in outputs.items()} == network.codec.channels(
            network.config.points
        )
        assert set(NETWORKS[name].pretrained) <= set(WEIGHTS)


def test_the_registry_loads_no_torch():
    code = "import sys, core.models.pose; print(any(m in sys.modules for m in ('torch', 'timm', 'transformers')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_only_networks_that_say_so_can_recompute():
    for name, spec in NETWORKS.items():
        assert spec.checkpointing == ("checkpointing" in spec.options), name
