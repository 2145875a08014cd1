import subprocess
import sys

import pytest
import torch

from core.foundation.errors import BadInput
from core.models.pose import NETWORKS, configure
from core.models.pose.registry import Option
from core.models.weights import WEIGHTS
from tests.builders.pose_networks import on_meta

LARGE = ("hrnet-w32", "hrnet-w48", "vitpose-l", "vitpose-h")  # built as often as they change: seldom
WORD = Option("classic", choices=("classic", "simple"))
SWITCH = Option(False)
WHOLE = Option(256, low=8, high=1024)
SHARE = Option(0.1, high=0.9)


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


@pytest.mark.parametrize(
    ("option", "value"),
    [(WORD, "simple"), (SWITCH, True), (WHOLE, 8), (WHOLE, 1024), (SHARE, 0), (SHARE, 0.0), (SHARE, 0.9)],
)
def test_what_fits_is_taken(option, value):
    option.check("name", value)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        (WORD, "other", "name is one of classic, simple, not 'other'"),
        (SWITCH, 1, "name is true or false, not 1"),
        (SWITCH, None, "name is true or false, not None"),
        (WHOLE, 7, "name is a whole number from 8 to 1024, not 7"),
        (WHOLE, 1025, "not 1025"),
        (WHOLE, 9.0, "a whole number .* not 9.0"),
        (WHOLE, True, "not True"),
        (SHARE, 0.91, "name is a number from 0 to 0.9, not 0.91"),
        (SHARE, -0.1, "not -0.1"),
        (SHARE, float("nan"), "not nan"),
        (SHARE, True, "not True"),
        (SHARE, "0.5", "not '0.5'"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(option, value, message):
    with pytest.raises(BadInput, match=message):
        option.check("name", value)


def test_every_default_fits():
    options = [(spec.name, name, option) for spec in NETWORKS.values() for name, option in spec.options.items()]
    assert len(options) > 10
    for network, name, option in options:
        option.check(f"{network}.{name}", option.default)
