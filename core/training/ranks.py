"""This process among those that train together; alone unless torchrun started it."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as together
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from core.models.pose.network import PoseNetwork


@dataclass(frozen=True)
class Ranks:
    """Number `rank` of `world` processes, which computes on `device` ("cpu", "cuda" or "cuda:1")."""

    device: str
    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes and tells."""
        return self.rank == 0

    @property
    def generators(self) -> list[int]:
        """The GPUs whose random generator is used."""
        return [torch.device(self.device).index or 0] if self.device.startswith("cuda") else []

    def slice(self, count: int) -> slice:
        """This process's part of `count` samples: nearly equal parts, in order; empty if there are too few."""
        return slice(count * self.rank // self.world, count * (self.rank + 1) // self.world)

    def joined(self, network: PoseNetwork) -> nn.Module:
        """The network to run while learning: its gradients are the mean over all processes."""
        if self.world == 1:
            return network
        devices = [torch.device(self.device)] if self.device.startswith("cuda") else None
        return DistributedDataParallel(network, device_ids=devices)

    def with_shared_statistics(self, network: PoseNetwork) -> PoseNetwork:
        """On several GPUs batch norms average over all of them; processes on CPUs each have their own (gloo cannot)."""
        if self.world > 1 and self.device.startswith("cuda"):
            changed: PoseNetwork = nn.SyncBatchNorm.convert_sync_batchnorm(network)
            return changed
        return network

    def any(self, flag: bool) -> bool:
        """Whether it is true in some process."""
        if self.world == 1:
            return flag
        value = torch.tensor(int(flag), device=self.device)
        together.all_reduce(value, together.ReduceOp.MAX)
        return bool(value)

    def total(self, values: dict[str, float]) -> dict[str, float]:
        """The sum over all processes of each value; the keys are the same everywhere."""
        if self.world == 1:
            return values
        sums = torch.tensor(list(values.values()), dtype=torch.float64, device=self.device)
        together.all_reduce(sums)
        return dict(zip(values, sums.tolist(), strict=True))

    def digests(self, network: nn.Module) -> list[str]:
        """SHA-256 of each process's parameters, in the order of the ranks; empty where there is one process."""
        if self.world == 1:
            return []
        digest = hashlib.sha256()
        for parameter in network.parameters():
            digest.update(parameter.detach().cpu().numpy().tobytes())
        digests = [""] * self.world
        together.all_gather_object(digests, digest.hexdigest())
        return digests

    def from_first(self, value: Any) -> Any:
        """What the first process has: plain values. Also a meeting point."""
        if self.world == 1:
            return value
        values = [value]
        together.broadcast_object_list(values, src=0, device=torch.device(self.device))
        return values[0]


@contextmanager
def ranks_here(device: str) -> Iterator[Ranks]:
    """Join the others where torchrun started this process (it says so in the environment); else be alone."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1 or not together.is_torchelastic_launched():
        yield Ranks(device)
        return
    own = device
    if device == "cuda":
        own = f"cuda:{int(os.environ['LOCAL_RANK']) % torch.cuda.device_count()}"
        torch.cuda.set_device(own)
    together.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield Ranks(own, int(os.environ["RANK"]), world)
    finally:
        together.destroy_process_group()
