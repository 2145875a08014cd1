"""How much memory a training step takes, found without taking it: a dry run over tensors that have shapes and no data.

Parameters, gradients, the optimiser's two moments and the moving average are counted; activations are what autograd
keeps for the backward pass, measured by its own hooks on one forward pass. What comes on top on a GPU (the CUDA
context, the workspace of convolutions, fragments) is an allowance.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd.graph import saved_tensors_hooks

from core.foundation.errors import BadInput
from core.foundation.messages import Message, message
from core.models.pose import NetworkConfig
from core.models.pose.network import PoseNetwork, build
from core.models.pose.vitpose import VitPoseMap

_MOMENTS: Final = {"adamw": 2, "adam": 2, "sgd": 1, "none": 0}
_CONTEXT: Final = 600 << 20  # of CUDA and its libraries
_FRAGMENTS: Final = 0.15  # of everything else
_GIB: Final = 1 << 30


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes that one training step holds at its peak.

    Attributes
    ----------
    weights
        Parameters and buffers of the network, gradients, the optimiser's moments and the moving average.
    activations
        What is kept for the backward pass, and the batch itself.
    allowance
        Context, workspace and fragments.
    """

    weights: int
    activations: int
    allowance: int

    @property
    def total(self) -> int:
        return self.weights + self.activations + self.allowance

    def fits(self, free_bytes: int) -> bool:
        return self.total <= free_bytes

    def as_message(self) -> Message:
        """For people, in GiB."""
        return message(
            "recipes.memory_of_step",
            total=self.total / _GIB,
            activations=self.activations / _GIB,
            rest=(self.total - self.activations) / _GIB,
        )


def estimate_memory(
    config: NetworkConfig,
    batch: int,
    amp: bool = False,
    checkpointing: bool = False,
    *,
    optimiser: str = "adamw",
    ema: bool = True,
) -> MemoryEstimate:
    """Estimate what a training step takes; nothing is computed and (nearly) nothing allocated.

    Parameters
    ----------
    config
        Of the network.
    batch
        Crops in a step.
    amp
        Whether the forward pass runs in bfloat16 where it may.
    checkpointing
        Whether layers are computed again in the backward pass; only networks with that option.
    optimiser
        "adamw", "adam", "sgd" (with momentum) or "none".
    ema
        Whether a moving average of the weights is kept.

    Raises
    ------
    BadInput
        If the batch is below 1, the optimiser unknown, or the network cannot recompute.
    """
    if batch < 1:
        raise BadInput("networks.batch", batch=batch)
    if optimiser not in _MOMENTS:
        raise BadInput("networks.no_optimiser", name=optimiser, choices=list(_MOMENTS))
    if checkpointing and "checkpointing" not in config.options:
        raise BadInput("networks.no_recomputing", network=config.network)
    if "checkpointing" in config.options:
        config = replace(config, options={**config.options, "checkpointing": checkpointing})
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        network = build(config).train()
    with FakeTensorMode():
        _pretend(network)
        parameters = sum(_bytes(value) for value in network.parameters())
        buffers = sum(_bytes(value) for value in network.buffers())
        activations = _activations(network, batch, amp=amp)
    copies = parameters * (1 + _MOMENTS[optimiser] + (1 if ema else 0) + 1) + buffers
    allowance = _CONTEXT + int(_FRAGMENTS * (copies + activations))
    return MemoryEstimate(copies + (buffers if ema else 0), activations, allowance)


def largest_batch(free_bytes: int, estimate: Callable[[int], MemoryEstimate], most: int = 256) -> int:
    """The largest power of two up to `most` whose estimate fits; 0 if not even one crop does."""
    fitting = 0
    batch = 1
    while batch <= most and estimate(batch).fits(free_bytes):
        fitting, batch = batch, 2 * batch
    return fitting


def free_memory(device: str) -> int:
    """Bytes that are free now on "cpu" or "cuda"."""
    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info()[0])
    import psutil

    return int(psutil.virtual_memory().available)


def _pretend(network: nn.Module) -> None:
    """Put pretended tensors of the CPU in place of meta ones, which autocast does not know."""
    for module in network.modules():
        for name, value in module._parameters.items():
            if value is not None:
                module._parameters[name] = nn.Parameter(torch.empty(value.shape, dtype=value.dtype))
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = torch.empty(buffer.shape, dtype=buffer.dtype)


def _activations(network: PoseNetwork, batch: int, *, amp: bool) -> int:
    """Bytes kept for the backward pass: the batch, what autograd saves, outputs, targets and the outputs' gradients."""
    width, height = network.config.input_size
    images = torch.empty(batch, 3, height, width)
    saved = _SavedTensors(network)
    with saved, torch.autocast("cpu", torch.bfloat16, enabled=amp):
        outputs = network(images)
    recomputed = _recomputed(network, images, amp=amp) if getattr(network.backbone, "checkpointing", False) else 0
    return saved.bytes() + recomputed + _bytes(images) + 3 * sum(_bytes(value) for value in outputs.values())


def _recomputed(network: PoseNetwork, images: Tensor, *, amp: bool) -> int:
    """Where layers are computed again: the input of each, and all that one of them saves while its turn has come."""
    backbone = network.backbone
    assert isinstance(backbone, VitPoseMap)
    saved = _SavedTensors(network)
    with torch.autocast("cpu", torch.bfloat16, enabled=amp):
        tokens = backbone.net.embeddings(images)
        with saved:
            backbone.layers[0](tokens)
    return len(backbone.layers) * _bytes(tokens) + saved.bytes()


class _SavedTensors(saved_tensors_hooks):
    """What autograd saves while this is entered, each storage once, without the network's own tensors."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__(self._keep, lambda value: value)
        self._own = {_storage(value) for value in (*network.parameters(), *network.buffers())}
        self._storages: dict[int, Tensor] = {}

    def bytes(self) -> int:
        return sum(value.untyped_storage().nbytes() for value in self._storages.values())

    def _keep(self, value: Tensor) -> Tensor:
        if _storage(value) not in self._own:
            self._storages[_storage(value)] = value  # held, so that no later storage gets its number
        return value


def _storage(value: Tensor) -> int:
    return int(value.untyped_storage()._cdata)


def _bytes(value: Tensor) -> int:
    return value.numel() * value.element_size()
