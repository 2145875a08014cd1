"""What a checkpoint says of itself in its header; read without torch, and without believing the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError, safe_open

from core.foundation.errors import BadInput, BadWeights, MissingWeights, NotFound
from core.models.pose import NetworkConfig

HEADER_KEY: Final = "facet"  # one key only: safetensors writes several in an order that changes
_PICKLES: Final = (b"PK\x03\x04", b"\x80")  # torch.save's zip, and a bare pickle of protocol 2 and later


def read_config(path: Path) -> NetworkConfig:
    """The configuration of the network in a checkpoint.

    Raises
    ------
    MissingWeights
        If there is no such file.
    BadWeights
        If it is pickled, damaged or no checkpoint of ours; the sentence names the file and the reason.
    """
    found = _described(path)
    try:
        return NetworkConfig.from_json(found["network"])
    except (BadInput, NotFound) as problem:
        raise BadWeights("weights.unknown_checkpoint", file=path.name, reason=problem) from problem


def read_facts(path: Path) -> dict[str, str]:
    """What was stored beside the configuration; raises as `read_config`."""
    return _described(path)["facts"]


def described(config: NetworkConfig, facts: Mapping[str, str]) -> dict[str, str]:
    """The metadata of a checkpoint."""
    return {HEADER_KEY: json.dumps({"network": config.to_json(), "facts": dict(facts)}, sort_keys=True)}


def refuse_pickle(path: Path) -> None:
    """Refuse a file that would run code when unpickled; raises as `read_config`."""
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


def _described(path: Path) -> dict[str, Any]:
    refuse_pickle(path)
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as problem:
        raise BadWeights("weights.no_safetensors", file=path.name, reason=problem) from problem
    try:
        found = json.loads(metadata.get(HEADER_KEY, "null"))
    except ValueError as problem:
        raise BadWeights("weights.header", of=path.name, reason=problem) from problem
    if not isinstance(found, dict) or not isinstance(found.get("network"), str) or not _texts(found.get("facts")):
        raise BadWeights("weights.no_description", file=path.name)
    return found


def _texts(facts: object) -> bool:
    return isinstance(facts, dict) and all(isinstance(value, str) for value in facts.values())
