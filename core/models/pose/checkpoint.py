"""Saving and loading networks: a safetensors file whose header says what to build. Nothing is ever unpickled."""

import errno
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save

from core.foundation.errors import BadInput, BadWeights, FacetError, MissingWeights, NotFound
from core.foundation.skeletons import SKELETONS
from core.media.files import write_atomically
from core.models.pose import NetworkConfig
from core.models.pose.network import PoseNetwork, build

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_FACTS: Final[Mapping[str, str]] = MappingProxyType({})
_KEY: Final = "facet"  # one key only: safetensors writes several in an order that changes
_PICKLES: Final = (b"PK\x03\x04", b"\x80")  # torch.save's zip, and a bare pickle of protocol 2 and later


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
    """The network that `save_checkpoint` wrote, in evaluation mode on `device`, such as "cpu" or "cuda".

    torch's global generator is left as it was.

    Raises
    ------
    MissingWeights
        If there is no such file.
    BadWeights
        If it is pickled, damaged, cut off, without a description, or its tensors are not those of the network that it
        describes; the sentence names the file and the reason.
    """
    config = read_config(path)
    skeleton = SKELETONS.get(config.skeleton)
    if skeleton is not None and len(skeleton) != config.points:
        raise BadWeights(
            "weights.other_count", file=path.name, count=config.points, skeleton=config.skeleton, wanted=len(skeleton)
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


def read_config(path: Path) -> NetworkConfig:
    """The configuration of the network in a checkpoint.

    Raises
    ------
    MissingWeights
        If there is no such file.
    BadWeights
        If it is pickled, damaged or no checkpoint of ours; the sentence names the file and the reason.
    """
    try:
        return NetworkConfig.from_json(_described(path)["network"])
    except (BadInput, NotFound) as problem:
        raise BadWeights("weights.unknown_checkpoint", file=path.name, reason=problem) from problem


def described(config: NetworkConfig, facts: Mapping[str, str]) -> dict[str, str]:
    """The metadata of a checkpoint."""
    return {_KEY: json.dumps({"network": config.to_json(), "facts": dict(facts)}, sort_keys=True)}


def _refuse_pickle(path: Path) -> None:
    """Refuse a file that would run code when unpickled."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except FileNotFoundError:
        raise MissingWeights("weights.no_checkpoint", path=path) from None
    except OSError as problem:
        raise BadWeights("weights.not_read", file=path.name, reason=problem.strerror) from problem
    # safetensors begins with the length of its header, which may well be 0x...80, and then a brace
    if start.startswith(_PICKLES) and not start.endswith(b"{"):
        raise BadWeights("weights.pickled", file=path.name)


def _described(path: Path) -> Any:
    _refuse_pickle(path)
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as problem:
        raise BadWeights("weights.no_safetensors", file=path.name, reason=problem) from problem
    try:
        content = json.loads(metadata.get(_KEY, "null"))
    except ValueError as problem:
        raise BadWeights("weights.header", of=path.name, reason=problem) from problem
    facts = content.get("facts") if isinstance(content, dict) else None
    texts = (content.get("network"), *facts.values()) if isinstance(facts, dict) else (None,)
    if not all(isinstance(text, str) for text in texts):
        raise BadWeights("weights.no_description", file=path.name)
    return content
