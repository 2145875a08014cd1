from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from core.foundation.errors import FacetError
from core.foundation.skeletons import FACE68
from core.models.pose.checkpoint import load_checkpoint
from core.training.loop import train
from core.training.preparation import TrainingData
from core.training.recipe import Recipe
from core.training.stepping import Optimization
from core.training.validation import Inference

Tiny = Callable[..., Recipe]


def test_too_little_memory_halves_the_batch_and_goes_on(
    faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(tiny(), faces, tmp_path / "whole", device="cpu")
    outputs = Inference.outputs

    def scarce(self: Inference, network: nn.Module, images: torch.Tensor, **options: bool) -> dict[str, torch.Tensor]:
        if torch.is_grad_enabled() and len(images) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return outputs(self, network, images, **options)

    monkeypatch.setattr(Inference, "outputs", scarce)
    trained = train(tiny(), faces, tmp_path / "scarce", device="cpu", listener=heard)
    assert trained.stopped == "done"
    assert trained.history[0]["part"] == 3
    assert len(heard.batches) == 4  # the weights still change once a batch
    assert heard.sentences == [
        "memory ran out with 6 samples at a time; the training goes on with 3 at a time, and still changes the weights "
        "once a batch"
    ]
    assert trained.history[0]["train_loss"] == pytest.approx(whole.history[0]["train_loss"], rel=0.02)


def test_the_gradient_of_parts_is_that_of_the_whole(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    """Without batch norms there is no difference at all but rounding; a transformer with the simple head has none."""
    ended = []
    for batch, part in ((4, 4), (4, 1)):
        recipe = tiny("vitpose-s", batch=batch, epochs=1, ema=0.0, options={"head": "simple"}, optimiser="sgd")

        def take(
            self: Optimization, *arguments: object, part: int = part, original: Callable = Optimization.take
        ) -> object:
            self.part = part
            return original(self, *arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Optimization, "take", take)
            data = TrainingData(FACE68, faces.train[:4])
            ended.append(load_checkpoint(train(recipe, data, tmp_path / str(part), device="cpu").file).state_dict())
    for name, value in ended[0].items():
        assert torch.allclose(value, ended[1][name], atol=1e-6), name


def test_no_memory_for_one_sample_ends_with_a_sentence(
    faces: TrainingData, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Inference, "outputs", none)
    with pytest.raises(FacetError, match="not enough memory on cpu to learn from a single sample"):
        train(tiny(), faces, tmp_path, device="cpu")
