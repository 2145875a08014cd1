"""Saving and loading networks: a safetensors file whose header says what to build. Nothing is ever unpickled."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from core.foundation.errors import BadInput, BadWeights, FacetError, NotFound
from core.foundation.skeletons import SKELETONS
from core.media.images import write_atomically
from core.models.pose.header import described, read_config, read_facts, refuse_pickle
from core.models.pose.network import PoseNetwork, build

__all__ = ["load_checkpoint", "read_config", "read_facts", "save_checkpoint"]

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_FACTS: Final[Mapping[str, str]] = MappingProxyType({})


def save_checkpoint(path: Path, network: PoseNetwork, facts: Mapping[str, str] = _NO_FACTS) -> str:
    """Write a network so that the file is whole and on the disk, or the old one is still there.

    Parameters
    ----------
    path
        The file; its folder is made. While writing, the tensors exist twice in memory.
    network
        Its parameters and buffers are saved, from any device, with its configuration.
    facts
        Other short texts for the header, such as the run that made it.

    Returns
    -------
    str
        Hexadecimal SHA-256 of the file: equal networks and facts give equal files.

    Raises
    ------
    FacetError
        If the disk is full or cannot be written; a file that was there before is untouched.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    content = save(tensors, described(network.config, facts))
    try:
        write_atomically(path, content, durable=True)
    except OSError as problem:
        if problem.errno in _FULL:
            raise FacetError("weights.no_space", file=path.name, megabytes=len(content) / 1000000.0) from problem
        raise FacetError("weights.not_written", path=path, reason=problem.strerror or problem) from problem
    return hashlib.sha256(content).hexdigest()


def load_checkpoint(path: Path, device: str = "cpu") -> PoseNetwork:
    """Build the network of a checkpoint and give it its tensors; it comes in evaluation mode.

    torch's global generator is left as it was.

    Parameters
    ----------
    path
        What `save_checkpoint` wrote.
    device
        Where the network shall be, such as "cpu" or "cuda".

    Raises
    ------
    MissingWeights
        If there is no such file.
    BadWeights
        If it is pickled, damaged, cut off, without a description, or its tensors are not those of the network that it
        describes; the sentence names the file and the reason.
    """
    refuse_pickle(path)
    config = read_config(path)
    known = SKELETONS.get(config.skeleton)
    if known is not None and len(known) != config.points:
        raise BadWeights(
            "weights.other_count", file=path.name, count=config.points, skeleton=config.skeleton, wanted=len(known)
        )
    try:
        state = load_file(path)
        with torch.random.fork_rng(devices=[]):
            network = build(config, empty=True)
    except (SafetensorError, OSError) as problem:
        raise BadWeights("weights.cut_off", file=path.name, reason=problem) from problem
    except (BadInput, NotFound) as problem:
        raise BadWeights("weights.unknown_checkpoint", file=path.name, reason=problem) from problem
    _refuse_others(path, network, state)
    network.load_state_dict(state, strict=True)
    return network.eval().to(device)


def _refuse_others(path: Path, network: PoseNetwork, state: Mapping[str, torch.Tensor]) -> None:
    expected = network.state_dict()
    wrong = sorted(
        name
        for name in expected.keys() | state.keys()
        if name not in state
        or name not in expected
        or (state[name].shape, state[name].dtype) != (expected[name].shape, expected[name].dtype)
    )
    if wrong:
        raise BadWeights(
            "weights.other_tensors", file=path.name, network=network.config.network, count=len(wrong), tensor=wrong[0]
        )
