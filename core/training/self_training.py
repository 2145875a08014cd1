"""Learning from unlabelled pictures too: in rounds, a network labels them itself and a fresh one learns from both.

With a curriculum (Jin, Liao and Shao, "Pixel-in-Pixel Net", IJCV 2021: self-training with curriculum) the first rounds
ask of a pseudo-label only what it can be trusted for: the cell among 2 × 2, then among 4 × 4, then all of it. Plain
self-training asks for all of it every time. Either way no pseudo-label is filtered by confidence, human labels are
learned from in full, and every round starts from fresh weights: never from the last round's, whose mistakes it would
keep.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, NotEnoughData
from core.foundation.messages import Message, message
from core.media.files import write_atomically
from core.models.codecs import build_codec
from core.models.codecs.pip import PipCodec
from core.models.devices import pick_device
from core.models.pose.checkpoint import load_checkpoint
from core.training.distributed import trainer
from core.training.listening import Listener
from core.training.loop import TrainingOutcome
from core.training.pictures import png
from core.training.preparation import TrainingData, config_for
from core.training.recipe import Recipe
from core.training.samples import CropSource, Sample
from core.training.state import write_curves
from core.training.taught import taught_points
from core.training.validation import Inference, locate_points

PLANS: Final[Mapping[str, tuple[str, ...]]] = {
    "curriculum": ("cls3", "cls2", "std", "std", "std"),
    "plain": ("std", "std", "std"),
}
_ROUND: Final = 1000  # steps of progress in a round


@dataclass(frozen=True)
class Round:
    """What one round bought; also a line of ``rounds.jsonl``.

    Attributes
    ----------
    round, task
        Its number, and what was asked of its pseudo-labels; round 0 learns from human labels only and has none.
    pseudo_labels
        How many there were.
    validation_nme, change
        Of its best weights on the validation samples, and the difference to the round before (below 0 is better; 0 in
        round 0).
    epochs, seconds
        What it took.
    file, sha256
        Its best weights.
    """

    round: int
    task: str
    pseudo_labels: int
    validation_nme: float
    change: float
    epochs: int
    seconds: float
    file: str
    sha256: str


@dataclass(frozen=True)
class SelfTrained:
    """All rounds, and the last one's training: the result, as published. To choose a round by its NME flatters it."""

    rounds: list[Round]
    trained: TrainingOutcome


def self_train(
    recipe: Recipe,
    data: TrainingData,
    folder: Path,
    *,
    plan: str = "curriculum",
    processes: int = 1,
    device: str = "auto",
    listener: Listener | None = None,
    weights_folder: Path | None = None,
) -> SelfTrained:
    """Train on the labels, then in rounds on labels and pseudo-labels; goes on where it stopped.

    Round n is in ``folder/round-n``; ``rounds.jsonl`` has a line for each that is over, ``curves.jsonl`` the epochs of
    all.

    Parameters
    ----------
    plan
        A key of `PLANS`.
    processes
        Of each round's training (`core.training.distributed`); pseudo-labels are made in this one.
    recipe, data, folder, device, listener, weights_folder
        As `core.training.loop.train`; `data.unlabelled` is what pseudo-labels are made for.

    Raises
    ------
    BadInput
        If there is no such plan, or a curriculum is asked of a network that is no PIPNet or whose map does not divide.
    NotEnoughData
        If nothing is unlabelled, or the network found no point in any of it.
    TrainingCancelled
        As `train`, with what came of the round that was stopped.
    FacetError
        As `train`.
    """
    tasks = _checked(recipe, data, plan)
    learn, listener = trainer(processes), listener or Listener()
    rounds: list[Round] = []
    pseudo: list[Sample] = []
    for number, task in enumerate(("", *tasks)):
        round_folder = folder / f"round-{number}"
        round_data = TrainingData(data.skeleton, [*data.train, *pseudo], data.validation)
        listening = _InRound(listener, folder, number, len(tasks) + 1)
        # Fresh weights each round: the trainer builds them anew in an empty folder, and is given none to begin from.
        trained = learn(
            recipe, round_data, round_folder, device=device, listener=listening, weights_folder=weights_folder
        )
        rounds.append(_round(number, task, len(pseudo), trained, rounds))
        write_curves(folder / "rounds.jsonl", [asdict(line) for line in rounds])
        if trained.stopped == "nan":
            listener.remark(message("trainings.round_at_nan", number=number))
            break
        if number < len(tasks):
            pseudo = pseudo_labels(trained.file, data, recipe, tasks[number], device, listener)
    return SelfTrained(rounds, trained)


def pseudo_labels(
    file: Path, data: TrainingData, recipe: Recipe, task: str, device: str, listener: Listener
) -> list[Sample]:
    """The unlabelled samples with the points that a network finds, none left out for a low confidence; points that no
    human label teaches stay absent.

    Raises
    ------
    NotEnoughData
        If it finds no point in any.
    """
    chosen = pick_device(device)
    network = load_checkpoint(file, chosen)
    source = CropSource(
        data.unlabelled,
        network.config.input_size,
        padding=recipe.padding,
        margin=1.0,
        budget_bytes=0,
        progress=listener.progress,
    )
    if source.failures:
        failed = source.failures
        listener.remark(message("trainings.unlabelled_unread", count=len(failed), reason=failed[0].reason))
    with torch.random.fork_rng(devices=[]):
        located = locate_points(network, network.codec, source, data.skeleton, Inference(chosen, chosen == "cuda"))
    seen = np.stack([sample.keypoints.visibility for sample in data.train])
    mirrored = recipe.augmentation is not None and recipe.augmentation.mirror > 0
    untaught = ~taught_points(seen, data.skeleton, mirrored=mirrored)  # what it says of these would be learned as true
    located = np.where(untaught[:, None], np.nan, located)
    labelled = [
        replace(sample, keypoints=Keypoints.of(points), pseudo=task)
        for sample, points in zip(source.samples, located, strict=True)
        if np.isfinite(points).all(axis=1).any()
    ]
    if not labelled:
        raise NotEnoughData("training.nothing_found")
    return labelled


def _checked(recipe: Recipe, data: TrainingData, plan: str) -> tuple[str, ...]:
    if plan not in PLANS:
        raise BadInput("training.no_plan", choices=list(PLANS), name=plan)
    if not data.unlabelled:
        raise NotEnoughData("training.no_unlabelled")
    if plan == "curriculum" and data.train:
        config = config_for(recipe, data.skeleton, data.train)
        codec = build_codec(config.codec, config.input_size, config.codec_settings)
        if not isinstance(codec, PipCodec):
            raise BadInput("training.no_curriculum", network=recipe.network)
        codec.check_coarse_maps()
    return PLANS[plan]


def _round(number: int, task: str, count: int, trained: TrainingOutcome, before: Sequence[Round]) -> Round:
    nme = float(trained.best["validation_nme"])
    change = nme - before[-1].validation_nme if before else 0.0
    return Round(number, task, count, nme, change, trained.epochs, trained.seconds, str(trained.file), trained.sha256)


class _InRound(Listener):
    """Passes on what one of several rounds tells, and keeps curves and sheets of all in one place."""

    def __init__(self, listener: Listener, folder: Path, number: int, rounds: int) -> None:
        self._listener, self._folder, self._number, self._rounds = listener, folder, number, rounds
        self._epoch = 0
        self.progress = listener.progress

    def reading(self, done: int, total: int) -> None:
        self._listener.reading(done, total)

    def batch(self, done: int, total: int) -> None:
        inside = _ROUND * done // max(total, 1)
        self._listener.batch(_ROUND * self._number + inside, _ROUND * self._rounds)

    def epoch(self, figures: Mapping[str, Any]) -> None:
        self._epoch = int(figures["epoch"])
        curves = [self._folder / f"round-{number}" / "curves.jsonl" for number in range(self._number + 1)]
        lines = [line for curve in curves for line in curve.read_text(encoding="utf-8").splitlines()]
        write_atomically(self._folder / "curves.jsonl", "".join(_numbered(lines)).encode())
        self._listener.epoch({**figures, "round": self._number})

    def picture(self, kind: str, sheet: NDArray[np.uint8]) -> None:
        write_atomically(self._folder / "pictures" / f"round-{self._number}-{kind}.png", png(sheet))
        self._listener.picture(kind, sheet)

    def remark(self, message: Message) -> None:
        self._listener.remark(in_round(self._number, message))


def in_round(number: int, inner: Message) -> Message:
    """What is told of one of several rounds."""
    return message("trainings.in_round", number=number, told=inner)


def _numbered(lines: Sequence[str]) -> list[str]:
    """Epochs counted through all rounds, each with its round's number."""
    rounds = 0
    numbered = []
    for count, text in enumerate(lines, start=1):
        line = json.loads(text)
        rounds += line["epoch"] == 1
        numbered.append(
            json.dumps({**line, "epoch": count, "epoch_of_round": line["epoch"], "round": rounds - 1}) + "\n"
        )
    return numbered
