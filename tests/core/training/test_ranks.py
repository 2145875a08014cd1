"""One process among those that train together; what several do is in test_distributed."""

from contextlib import suppress

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.training.ranks import Ranks, ranks_here


@settings(max_examples=60)
@given(st.integers(0, 200), st.integers(1, 9))
def test_the_parts_of_a_batch_are_all_of_it_in_order_and_nearly_equal(count, world):
    parts = [range(count)[Ranks("cpu", rank, world).slice(count)] for rank in range(world)]
    assert [number for part in parts for number in part] == list(range(count))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_alone_everything_is_ones_own():
    alone, network = Ranks("cpu"), nn.Linear(2, 2)
    assert alone.first
    assert alone.joined(network) is network
    assert alone.with_shared_statistics(network) is network
    assert (alone.any(True), alone.any(False)) == (True, False)
    assert alone.total({"loss": 1.5}) == {"loss": 1.5}
    assert alone.digests(network) == []
    value = {"seed": 3}
    assert alone.from_first(value) is value


def test_only_the_first_process_writes():
    assert [Ranks("cpu", rank, 3).first for rank in range(3)] == [True, False, False]


@pytest.mark.parametrize(("device", "numbers"), [("cpu", []), ("cuda", [0]), ("cuda:2", [2])])
def test_the_generators_are_those_of_the_device(device, numbers):
    assert Ranks(device).generators == numbers


def test_batch_norms_are_joined_on_several_gpus_only():
    def network() -> nn.Module:
        return nn.Sequential(nn.BatchNorm2d(3))

    assert isinstance(Ranks("cuda:1", 1, 2).with_shared_statistics(network())[0], nn.SyncBatchNorm)
    assert isinstance(Ranks("cpu", 1, 2).with_shared_statistics(network())[0], nn.BatchNorm2d)


def test_a_process_that_nobody_launched_with_others_is_alone(monkeypatch):
    """WORLD_SIZE is also set by batch systems; only torchrun's own mark says that others are waiting."""
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    with ranks_here("cpu") as here:
        assert here == Ranks("cpu")
    assert not torch.distributed.is_initialized()


def test_a_launched_process_joins_a_group_and_leaves_it_even_when_it_fails(monkeypatch):
    for name, value in {"TORCHELASTIC_RUN_ID": "test", "RANK": "0", "LOCAL_RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WORLD_SIZE", "2")
    joined = []
    monkeypatch.setattr(torch.distributed, "init_process_group", joined.append)
    monkeypatch.setattr(torch.distributed, "destroy_process_group", lambda: joined.append("left"))
    with suppress(RuntimeError), ranks_here("cpu") as here:
        joined.append(here)
        raise RuntimeError
    assert joined == ["gloo", Ranks("cpu", 0, 2), "left"]
