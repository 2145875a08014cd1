"""What a training step takes, told beforehand: equal to what autograd really keeps, and scaling as it must."""

import subprocess
import sys

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from core.foundation.errors import BadInput
from core.models.pose import configure
from core.models.pose.memory import MemoryEstimate, estimate_memory, free_memory, largest_batch
from core.models.pose.network import build

SMALL = {
    "baseline-cnn": (128, 72),
    "resnet18-regression": (64, 64),
    "pipnet-mobilenet": (64, 64),
    "hrnet-w18-small": (64, 64),
    "vitpose-s": (64, 64),
}


def small(name):
    return configure(name, "face68", input_size=SMALL[name])


def really_kept(network, images):
    """Bytes of the storages that autograd keeps of a real forward pass, the network's own left out."""
    own = {value.untyped_storage().data_ptr() for value in (*network.parameters(), *network.buffers())}
    kept = {}

    def keep(value):
        kept[value.untyped_storage().data_ptr()] = value
        return value

    with saved_tensors_hooks(keep, lambda value: value):
        outputs = network(images)
    saved = sum(value.untyped_storage().nbytes() for place, value in kept.items() if place not in own)
    return saved, sum(value.numel() * 4 for value in outputs.values())


@pytest.mark.parametrize("name", list(SMALL))
def test_the_estimate_is_what_autograd_keeps(name):
    config = small(name)
    network = build(config, empty=True).train()
    for value in network.state_dict().values():
        value.zero_()
    images = torch.rand(3, 3, *reversed(config.input_size))
    saved, outputs = really_kept(network, images)
    estimate = estimate_memory(config, 3)
    expected = saved + images.numel() * 4 + 3 * outputs
    assert estimate.activations == pytest.approx(expected, rel=0.02)


def test_weights_gradients_optimiser_and_average_by_hand():
    estimate = estimate_memory(configure("baseline-cnn", "face68"), 1)
    parameters = 11_351_272 * 4
    buffers = (2 * (16 + 32 + 64 + 128 + 256 + 512)) * 4 + 6 * 8 + 2 * 3 * 4  # statistics, counters, normalisation
    assert estimate.weights == 5 * parameters + 2 * buffers  # themselves, gradients, two moments, the average
    assert estimate.total == estimate.weights + estimate.activations + estimate.allowance
    plain = estimate_memory(configure("baseline-cnn", "face68"), 1, optimiser="sgd", ema=False)
    assert plain.weights == 3 * parameters + buffers


@pytest.mark.nightly
def test_activations_grow_with_the_batch_and_shrink_in_bfloat16():
    config = configure("hrnet-w32", "face68")
    one, four, half = estimate_memory(config, 1), estimate_memory(config, 4), estimate_memory(config, 4, amp=True)
    assert four.activations == pytest.approx(4 * one.activations, rel=0.02)
    assert 0.4 < half.activations / four.activations < 0.75
    assert one.weights == four.weights == half.weights


def test_recomputing_keeps_one_layer_and_the_inputs_of_the_others():
    config = configure("vitpose-l", "body24")
    kept, recomputed = estimate_memory(config, 16), estimate_memory(config, 16, checkpointing=True)
    assert recomputed.activations < 0.4 * kept.activations
    tokens = 16 * 192 * 1024 * 4
    assert recomputed.activations > 24 * tokens
    assert recomputed.weights == kept.weights


@pytest.mark.nightly
def test_what_fits_is_said_beforehand_for_the_largest_networks():
    gib = 1 << 30
    huge = configure("vitpose-h", "body24")
    assert not estimate_memory(huge, 32).fits(16 * gib)
    assert estimate_memory(huge, 32, amp=True, checkpointing=True).fits(24 * gib)
    assert largest_batch(24 * gib, lambda batch: estimate_memory(huge, batch, True, True)) >= 32
    assert largest_batch(1 * gib, lambda batch: estimate_memory(huge, batch, True, True)) == 0


@pytest.mark.nightly
def test_the_dry_run_takes_no_memory_and_leaves_the_generator_alone():
    code = """
import resource, torch
from core.models.pose import configure
from core.models.pose.memory import estimate_memory
estimate_memory(configure("vitpose-s", "body24"), 1)
state = torch.random.get_rng_state()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
estimate = estimate_memory(configure("vitpose-h", "body24"), 64)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) // 1024, estimate.total >> 20, torch.equal(state, torch.random.get_rng_state()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    grown, told, untouched = done.stdout.split()
    assert int(grown) < 100  # MiB, of more than 30,000 that are told
    assert int(told) > 30_000
    assert untouched == "True"


def test_the_sentence_names_gib():
    gib = 1 << 30
    estimate = MemoryEstimate(5 * gib, 3 * gib, gib // 2)
    assert estimate.as_message().text() == (
        "about 8.5 GiB: 5.5 for weights, gradients, optimiser and allowance, 3.0 for activations"
    )
    assert estimate.fits(9 * gib)
    assert not estimate.fits(8 * gib)


def test_free_memory_is_some():
    assert free_memory("cpu") > 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"batch": 0}, "at least 1 crop"),
        ({"optimiser": "lion"}, "no optimiser 'lion'; there are adamw, adam, sgd, none"),
        ({"checkpointing": True}, "hrnet-w32 cannot recompute its layers; choose a smaller batch"),
    ],
)
def test_what_cannot_be_estimated_is_said(change, sentence):
    with pytest.raises(BadInput, match=sentence):
        estimate_memory(configure("hrnet-w32", "face68"), **{"batch": 1, **change})
