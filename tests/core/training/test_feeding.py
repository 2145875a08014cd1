from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.training.augmentation import Augmentation
from core.training.feeding import ahead, batches_of
from core.training.loop import train
from core.training.preparation import TrainingData
from core.training.recipe import Recipe, StabilityTerm


def test_every_sample_is_seen_once_an_epoch_and_no_batch_is_a_single_one() -> None:
    for count, size in ((17, 16), (12, 6), (5, 2), (2, 16), (33, 16)):
        parts = batches_of(count, size, seed=3, epoch=0)
        assert sorted(np.concatenate(parts).tolist()) == list(range(count))
        assert max(map(len, parts)) <= size
        assert min(map(len, parts)) > 1 or size == 2
    assert not np.array_equal(np.concatenate(batches_of(9, 3, 0, 0)), np.concatenate(batches_of(9, 3, 0, 1)))


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_batches_made_ahead_come_in_order(threads: int) -> None:
    assert list(ahead(lambda n: n * n, range(20), threads)) == [n * n for n in range(20)]
    assert list(ahead(lambda n: n, [], threads)) == []


def test_an_error_in_a_batch_made_ahead_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda n: 1 / n, [1, 0, 1], 2))


Tiny = Callable[..., Recipe]


@pytest.fixture
def full(tiny: Tiny) -> Recipe:
    """Everything that has a state: dropout, augmentation, the average, the gate, two threads that prepare batches."""
    recipe = tiny(options={"dropout": 0.2}, epochs=3, batch=4, ema=0.9, minutes=0.0, workers=2)
    return replace(recipe, augmentation=Augmentation(), stability=StabilityTerm(length=3, bar=1e6))


def test_threads_that_prepare_batches_change_nothing(faces: TrainingData, full: Recipe, tmp_path: Path) -> None:
    recipe = replace(full, epochs=1)
    alone, ahead = (
        train(replace(recipe, workers=count), faces, tmp_path / str(count), device="cpu") for count in (0, 3)
    )
    assert alone.sha256 == ahead.sha256
