"""Tiny data to learn from: a few frames of drawn clips, whose landmarks are exactly known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
import torch

from core.drawn.clips import DrawnClip
from core.foundation.arrays import Keypoints
from core.foundation.messages import Message
from core.foundation.skeletons import FACE68
from core.training.listening import Listener
from core.training.preparation import TrainingData
from core.training.recipe import Recipe
from core.training.recipes import RECIPES
from core.training.samples import Sample
from tests.builders.invented_people import random_identity


@lru_cache(maxsize=8)
def clip_samples(number: int, frames: int) -> tuple[Sample, ...]:
    """Frames of one drawn person as samples; the same number is the same clip."""
    rng = np.random.default_rng(number)
    clip = DrawnClip.random(random_identity(rng), rng, frames=frames, size=(128, 96), name=f"clip-{number}")
    rows = []
    for index, (drawn, points) in enumerate(zip(clip, clip.landmarks(), strict=True)):
        box = (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())
        rows.append(
            Sample(
                drawn.pixels,
                box,
                Keypoints.of(points),
                key=1000 * number + index,
                name=f"clip-{number}/{index}.jpg",
                group=f"clip-{number}",
                frame=(f"clip-{number}", index),
            )
        )
    return tuple(rows)


@pytest.fixture(autouse=True)
def _few_threads() -> Iterator[None]:
    """Small tensors gain nothing from threads, and bits depend on their number."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def faces() -> TrainingData:
    """Two clips of six frames to learn from, one of four to validate on."""
    train = [*clip_samples(1, 6), *clip_samples(2, 6)]
    return TrainingData(FACE68, train, list(clip_samples(3, 4)))


@pytest.fixture
def tiny() -> Callable[..., Recipe]:
    """Makes recipes of seconds: by default the smallest HRNet on 64 × 64 crops for two epochs, without augmentation."""

    def make(name: str = "quick-hrnet", **changed: object) -> Recipe:
        plain: dict[str, Any] = {
            "input_size": (128, 72) if name == "quick-baseline" else (64, 64),
            "epochs": 2,
            "batch": 6,
            "warmup": 0.0,
            "augmentation": None,
            "patience": 0,
            "sheets": 0,
            "workers": 0,
            "pretrained": "none",
        }
        return replace(RECIPES[name], **(plain | changed))

    return make


class Heard(Listener):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.epochs: list[Mapping[str, Any]] = []
        self.batches: list[tuple[int, int]] = []
        self.sheets: list[tuple[str, tuple[int, ...]]] = []

    def epoch(self, figures: Mapping[str, Any]) -> None:
        self.epochs.append(figures)

    def batch(self, done: int, total: int) -> None:
        self.batches.append((done, total))

    def picture(self, kind: str, sheet: Any) -> None:
        self.sheets.append((kind, sheet.shape))

    def remark(self, message: Message) -> None:
        self.sentences.append(message.text())


@pytest.fixture
def heard() -> Heard:
    """A listener that remembers."""
    return Heard()
