"""What is trained, and how each training is done in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from core.models.pose.estimator import PoseEstimator
from core.training.loop import TrainingOutcome, train
from core.training.preparation import TrainingData, mean_shape
from core.training.recipe import Recipe
from core.training.samples import Sample
from core.training.self_training import self_train
from tests.bench.learning.data import SKELETON, Drawn, Size

ALONE: Final = "few labels alone"


@dataclass(frozen=True)
class Few:
    """Learning from few labels.

    Attributes
    ----------
    recipe
        Of every round.
    people, labelled
        How many of the training people there are at all, and of how many the frames are labelled.
    every
        One frame in so many of the other people is there, without its label.
    repeats
        How often a labelled frame is in an epoch, so that pseudo-labels do not drown it.
    seeds
        Of its trainings.
    plans
        Of self-training: keys of `core.training.self_training.PLANS`. The curriculum is six trainings, plain is four.
    """

    recipe: Recipe
    people: int
    labelled: int
    every: int
    repeats: int
    seeds: tuple[int, ...]
    plans: tuple[str, ...] = ("curriculum", "plain")

    def split(self, drawn: Drawn) -> tuple[list[Sample], list[Sample]]:
        """Labelled samples, each as often as it is in an epoch, and the others."""
        labelled, rest = drawn.few(self.people, self.labelled, self.every)
        return labelled * self.repeats, rest


@dataclass(frozen=True)
class Plan:
    """A bench of one size.

    Attributes
    ----------
    size
        Of the data.
    arms
        Trained on all labels and compared with the mean shape.
    steadied
        Which arm is trained on, and how: recipes that differ in the stability term alone, the first without.
    few
        Learning from few labels.
    seeds
        Of the arms.
    """

    size: Size
    arms: tuple[Recipe, ...]
    steadied: tuple[str, tuple[Recipe, ...]]
    few: Few
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Fitted:
    """One training, and what it says of the people nobody has seen.

    Attributes
    ----------
    arm, seed
        Which.
    points
        (M, 68, 2) pixels; the middle of the box where the network found nothing.
    absent
        Share of points that it did not find.
    validation_nme
        Of its best epoch; what epochs, rates and weights were chosen by.
    seconds
        Of the training, with measuring.
    """

    arm: str
    seed: int
    points: NDArray[np.float64]
    absent: float
    validation_nme: float
    seconds: float
    rounds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """Where a process works, and on what."""

    drawn: Drawn
    folder: Path
    device: str


_HERE: list[Place] = []  # of this process


def settle(place: Place, threads: int) -> None:
    """Begin a process: two trainings side by side on a core each are quicker than one on both."""
    torch.set_num_threads(threads)
    _HERE[:] = [place]


def mean_face(drawn: Drawn) -> NDArray[np.float64]:
    """(M, 68, 2): the mean shape of the training labels in each test box; it never looks at a pixel."""
    shape = mean_shape(drawn.train)
    boxes = np.array([sample.box for sample in drawn.test])
    middles, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    return np.asarray(middles[:, None] + shape * sides[:, None, None])


def fit(recipe: Recipe, seed: int) -> list[Fitted]:
    """One arm with one seed."""
    return [_judged(recipe.name, seed, _trained(recipe, seed, _all_labels()))]


def fit_and_steady(recipe: Recipe, onwards: Sequence[Recipe], seed: int) -> list[Fitted]:
    """One arm with one seed, and from its weights the continuations, which differ in the stability term alone."""
    start = _trained(recipe, seed, _all_labels())
    continued = [_trained(one, seed, _all_labels(), start.file) for one in onwards]
    judged = (_judged(one.name, seed, trained) for one, trained in zip(onwards, continued, strict=True))
    return [_judged(recipe.name, seed, start), *judged]


def fit_alone(few: Few, seed: int) -> list[Fitted]:
    """The few labels without any other picture, for as many steps as a round of self-training."""
    labelled, rest = few.split(_HERE[0].drawn)
    epochs = round(few.recipe.epochs * (len(labelled) + len(rest)) / len(labelled))
    recipe = replace(few.recipe, name=ALONE, epochs=epochs)
    return [_judged(ALONE, seed, _trained(recipe, seed, replace(_all_labels(), train=labelled)))]


def fit_few(few: Few, plan: str, seed: int) -> list[Fitted]:
    """The few labels and, in rounds, pseudo-labels of the other pictures."""
    place = _HERE[0]
    labelled, rest = few.split(place.drawn)
    data = replace(_all_labels(), train=labelled, unlabelled=rest)
    begun = perf_counter()
    found = self_train(
        replace(few.recipe, seed=seed), data, place.folder / f"{plan}-{seed}", plan=plan, device=place.device
    )
    fitted = _judged(plan, seed, found.trained)
    return [replace(fitted, seconds=perf_counter() - begun, rounds=[one.validation_nme for one in found.rounds])]


def _all_labels() -> TrainingData:
    return TrainingData(SKELETON, _HERE[0].drawn.train, _HERE[0].drawn.validation)


def _trained(recipe: Recipe, seed: int, data: TrainingData, start: Path | None = None) -> TrainingOutcome:
    place = _HERE[0]
    folder = place.folder / f"{recipe.name}-{seed}".replace(" ", "-").replace(",", "")
    return train(replace(recipe, seed=seed), data, folder, device=place.device, start_from=start)


def _judged(arm: str, seed: int, trained: TrainingOutcome) -> Fitted:
    """The test people through the estimator that the product uses, with their boxes."""
    place = _HERE[0]
    estimator = PoseEstimator.load(trained.file, arm, device=place.device, batch=32)
    boxes = np.array([sample.box for sample in place.drawn.test])
    pictures = [sample.picture for sample in place.drawn.test]
    found = estimator.estimate(pictures, [box[None] for box in boxes])  # type: ignore[arg-type]  # drawn: arrays
    points = np.stack([of_picture[0][0].points for of_picture in found]).astype(np.float64)
    missing = ~np.isfinite(points).all(axis=2)
    middles = np.broadcast_to(((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None], points.shape)
    points[missing] = middles[missing]
    return Fitted(arm, seed, points, float(missing.mean()), float(trained.best["validation_nme"]), trained.seconds)
