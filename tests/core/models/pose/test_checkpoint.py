"""Checkpoints: whole or not at all, and never unpickled."""

import errno
import json
import os
import pickle
import resource
import struct
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.foundation.errors import BadWeights, FacetError, MissingWeights
from core.models.pose.checkpoint import described, load_checkpoint, read_config, save_checkpoint
from core.models.weights import sha256_of
from tests.builders.pose_networks import facts_of


def test_a_loaded_network_is_the_saved_one_bit_for_bit(network, saved):
    before = torch.random.get_rng_state()
    loaded = load_checkpoint(saved)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert loaded.config == network.config
    assert not loaded.training
    for (name, value), (other, expected) in zip(loaded.state_dict().items(), network.state_dict().items(), strict=True):
        assert name == other
        assert torch.equal(value, expected)
    images = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(loaded(images)["points"], network(images)["points"])


def test_equal_networks_give_equal_files_and_the_hash_is_the_file_s(network, saved, tmp_path):
    digests = {save_checkpoint(tmp_path / "again", network, {"run": "7"}) for _ in range(3)}
    assert digests == {sha256_of(saved)}


class Payload:
    def __reduce__(self):
        return (print, ("code in the checkpoint ran",))


@pytest.mark.parametrize("protocol", [0, 2, 5, None])
def test_pickled_code_is_refused_and_does_not_run(protocol, tmp_path, capfd):
    path = tmp_path / "best.pt"
    if protocol is None:
        torch.save({"a": Payload()}, path)
    else:
        path.write_bytes(pickle.dumps(Payload(), protocol=protocol))
    for read in (load_checkpoint, read_config):
        with pytest.raises(BadWeights, match=r"best\.pt is (a pickled file|damaged)"):
            read(path)
    assert "ran" not in capfd.readouterr().out


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(MissingWeights, match=r"there is no checkpoint .*/none\.safetensors"):
        load_checkpoint(tmp_path / "none.safetensors")


@pytest.mark.parametrize("kept", [0, 4, 8, 200, 0.5, 0.999])
def test_a_file_that_was_cut_off_is_refused(saved, kept):
    content = saved.read_bytes()
    saved.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    with pytest.raises(BadWeights, match=r"best\.safetensors is damaged"):
        load_checkpoint(saved)


def test_tensors_of_somebody_else_are_no_checkpoint(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(BadWeights, match="does not say of which network"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"network": "resnet999"}, "there is no network called 'resnet999'"),
        ({"points": 67}, "has 67 points, but face68 has 68"),
        ({"input_size": (8, 8)}, "the input width of resnet18-regression is 64"),
        ({"options": {"dropout": "much"}}, "dropout is a number"),
        ({"codec": "pip"}, "gives the outputs of regression"),
        ({"network": "baseline-cnn", "input_size": (128, 72)}, "does not hold a baseline-cnn: .* tensors are missing"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(network, tmp_path, change, reason):
    path = tmp_path / "best.safetensors"
    save_file(network.state_dict(), path, described(replace(network.config, **change), {}))
    with pytest.raises(BadWeights, match=rf"best\.safetensors .*{reason}"):
        load_checkpoint(path)


@pytest.mark.parametrize("change", ["missing", "unknown", "shape", "type"])
def test_wrong_tensors_are_refused_by_name(network, saved, change):
    state = load_file(saved)
    name = "head.points.bias"
    value = state.pop(name)
    state |= {
        "missing": {},
        "unknown": {name: value, "head.points.bias2": value.clone()},
        "shape": {name: value[1:].clone()},
        "type": {name: value.double()},
    }[change]
    save_file(state, saved, described(network.config, {}))
    with pytest.raises(BadWeights, match=r"does not hold a resnet18-regression: 1 tensors .* head\.points\.bias"):
        load_checkpoint(saved)


def test_a_full_disk_leaves_the_old_file_and_is_said(network, saved, monkeypatch):
    before = saved.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FacetError, match=r"there is no space for best\.safetensors \(45 MB\).* make room"):
        save_checkpoint(saved, network)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_file_size_limit_leaves_the_old_file_and_is_said(network, saved):
    before = saved.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    try:
        with pytest.raises(FacetError, match="there is no space"):
            save_checkpoint(saved, network)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_folder_that_cannot_be_written_is_said(network, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(FacetError, match="cannot be written"):
        save_checkpoint(tmp_path / "file" / "best.safetensors", network)


def test_the_header_alone_says_what_the_network_is(network, saved):
    assert read_config(saved) == network.config
    assert facts_of(saved) == {"run": "7"}


def test_a_header_whose_length_looks_like_a_pickle_is_read(network, tmp_path):
    path = tmp_path / "best.safetensors"
    for length in range(130):
        save_file({"a": torch.zeros(1)}, path, described(network.config, {"note": "x" * length}))
        if path.read_bytes().startswith(b"\x80"):
            break
    assert path.read_bytes().startswith(b"\x80")
    assert read_config(path) == network.config


def test_a_header_that_claims_to_be_huge_is_refused(saved):
    saved.write_bytes(struct.pack("<Q", 2**62) + saved.read_bytes()[8:])
    with pytest.raises(BadWeights, match="is damaged"):
        read_config(saved)


@pytest.mark.parametrize("header", ["{", "[]", json.dumps({"network": "{}", "facts": {}}), json.dumps({"network": 3})])
def test_a_damaged_description_is_refused(tmp_path, header):
    path = tmp_path / "best.safetensors"
    save_file({"a": torch.zeros(1)}, path, {"facet": header})
    with pytest.raises(BadWeights, match=r"best\.safetensors"):
        load_checkpoint(path)
