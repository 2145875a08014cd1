"""What a run needs to go on where it stopped: one file that holds tensors and plain values, never code."""

import errno
import hashlib
import json
import math
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from core.foundation.errors import FacetError
from core.foundation.messages import Message, message
from core.media.files import write_atomically
from core.training.recipe import Recipe
from core.training.samples import Sample

FORMAT: Final = 1
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass
class TrainingProgress:
    """How far a run has come; everything else follows from the recipe and these numbers.

    Attributes
    ----------
    epoch, batch
        Epochs that are over, and batches of the current one.
    part
        Samples that fit through the network at a time; halved when memory runs out.
    sums, counted
        Of the current epoch: each part of the loss times the samples, and the samples.
    windows
        Windows of the stability loss in the current epoch.
    history
        One dict an epoch, the lines of ``curves.jsonl``.
    best
        The line of the best epoch, or empty.
    since_best
        Epochs since then.
    seconds, images
        Over all sittings.
    stopped
        Why it ended, empty while it has not.
    best_sha256
        Of ``best.safetensors``.
    """

    part: int
    epoch: int = 0
    batch: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    counted: int = 0
    windows: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)
    since_best: int = 0
    seconds: float = 0.0
    images: int = 0
    stopped: str = ""
    best_sha256: str = ""

    def count(self, parts: Mapping[str, float], samples: int) -> None:
        """Take in a step: each part of its loss over so many samples, and ``stability`` where a window took part."""
        for name, value in parts.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * (1 if name == "stability" else samples)
        self.windows += "stability" in parts
        self.counted += samples
        self.images += samples
        self.batch += 1

    def means(self) -> dict[str, Any]:
        """``train_loss`` and ``parts`` of the current epoch: means over its samples, of stability over its steps."""
        counts = {"stability": self.windows}
        means = {name: value / counts.get(name, self.counted) for name, value in self.sums.items()}
        return {"train_loss": means.pop("loss"), "parts": means}

    def end_epoch(self, line: dict[str, Any]) -> None:
        """Append the epoch's line and begin the next."""
        self.history.append(line)
        self.epoch, self.batch, self.sums, self.counted, self.windows = self.epoch + 1, 0, {}, 0, 0


def save_state(path: Path, tensors: Mapping[str, Any], progressed: TrainingProgress, fingerprint: str) -> None:
    """Write the state so that the file is whole and on the disk, or the old one is still there.

    Raises
    ------
    FacetError
        If the disk is full or cannot be written.
    """
    content = {**tensors, "progressed": asdict(progressed), "fingerprint": fingerprint, "format": FORMAT}
    partial = path.with_suffix(".part")
    try:
        with partial.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except (OSError, RuntimeError) as problem:  # torch's writer makes a RuntimeError of a full disk
        partial.unlink(missing_ok=True)
        cause = problem if isinstance(problem, OSError) else problem.__context__
        full = isinstance(cause, OSError) and cause.errno in _FULL
        if isinstance(problem, RuntimeError) and not full and "writ" not in str(problem):
            raise
        reason = "there is no space left" if full else str(problem).splitlines()[0]
        raise FacetError("training.state_not_written", folder=path.parent, reason=reason) from problem


def load_state(path: Path, fingerprint: str) -> tuple[dict[str, Any], TrainingProgress] | Message | None:
    """The state in a folder; why not where there is one that cannot be used; None where there is none."""
    if not path.is_file():
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        if content["format"] != FORMAT:
            return message("trainings.other_version")
        if content["fingerprint"] != fingerprint:
            return message("trainings.changed_since")
        return content, TrainingProgress(**content["progressed"])
    except Exception as problem:  # torch, zip and pickle each have their own; whatever it is, the file is of no use
        return message("trainings.state_damaged", kind=type(problem).__name__)


def fingerprint(recipe: Recipe, skeleton: str, parts: Sequence[Sequence[Sample]], *more: str) -> str:
    """Hexadecimal SHA-256 of everything that decides what a run computes; how often it saves does not count."""
    settings = recipe.as_json()
    for key in ("name", "about", "minutes", "sheets", "workers", "memory_gib", "self_training"):
        del settings[key]
    digest = hashlib.sha256(json.dumps([settings, skeleton, *more], sort_keys=True).encode())
    for part in parts:
        digest.update(f"{len(part)} samples;".encode())
        for sample in part:
            picture = sample.picture
            content = _digest(picture) if isinstance(picture, np.ndarray) else str(picture)
            row = (content, tuple(map(float, sample.box)), sample.key, sample.group, sample.frame, sample.pseudo)
            digest.update(repr(row).encode() + sample.keypoints.to_bytes())
    return digest.hexdigest()


def _digest(pixels: NDArray[np.uint8]) -> str:
    return f"{pixels.shape}{zlib.crc32(pixels.tobytes())}"


def write_curves(path: Path, history: Sequence[Mapping[str, Any]]) -> None:
    """Write one JSON object a line; what is not a number is null."""
    write_atomically(path, "".join(json.dumps(_finite(dict(row))) + "\n" for row in history).encode())


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return None if isinstance(value, float | np.floating) and not math.isfinite(value) else value
