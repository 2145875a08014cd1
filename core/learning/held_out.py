"""Labels that models are measured on, with what they predicted of them: read from the store, no model is loaded.

A model that was trained here is measured on what was held out. One that has learned from nothing here, as every
built-in one, is measured on every label: none of them was held out for its sake.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from core.foundation.arrays import Bools, Keypoints
from core.foundation.errors import BadInput, NotEnoughData
from core.foundation.geometry import boxes_of
from core.foundation.predictor_names import PredictorName
from core.foundation.skeletons import Skeleton, find_skeleton
from core.foundation.workspace import Workspace
from core.learning.labels import Labels, Supply, label_supply, read_labels
from core.learning.pose_models import PoseModel, find_model, stored_version, stored_versions
from core.learning.samples import learned_from
from core.metrics.mean_shape import guesses_from_other_groups, lay_into, mean_places
from db.engine import reading
from db.queries.learning.labels import HumanLabel, stored_points
from db.queries.learning.models import predicted_instances, trained_by_name
from db.tables import Part

MEAN_SHAPE: Final = "mean shape"  # among the predictions: what knows the boxes and other labels, and no picture
UNPREDICTED: Final = frozenset({"models.nothing_predicted", "models.none_of_held_out"})  # errors that predicting cures


@dataclass(frozen=True, eq=False)
class HeldOutSet:
    """Held-out labels with the predictions of some models, all of the same instances.

    Attributes
    ----------
    truth, visibility, boxes
        (N, K, 2) float32 pixels, (N, K) uint8, (N, 4) float32.
    groups, images, names, hashes, instances
        Of each of the N: its group, the picture's id, path and SHA-256, the instance's id.
    predicted, scores
        By model: (N, K, 2) float32 pixels (NaN where it gave no point), (N,) float32 mean confidence of its points (0
        where it states none). `MEAN_SHAPE` is among them: the mean shape of the labels that are not measured on, or
        where there are none, of those of other groups, laid into each box; all NaN where there is no other label.
    left_out
        How many of the instances some model has not predicted.
    learned
        How many instances that would be held out now some model has learned from: it is not measured on those.
    every_label
        Whether these are all labels, as none of the models has learned from any.
    in_progress
        How many of the N a human is still working on: the truth has of each what a human has set.
    """

    skeleton: Skeleton
    truth: NDArray[np.float32]
    visibility: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    groups: NDArray[np.str_]
    images: Sequence[int]
    names: Sequence[str]
    hashes: Sequence[str]
    instances: Sequence[int]
    predicted: Mapping[str, NDArray[np.float32]]
    scores: Mapping[str, NDArray[np.float32]]
    left_out: int
    learned: int = 0
    every_label: bool = False
    in_progress: int = 0

    def __len__(self) -> int:
        return len(self.truth)


def training_split(model: str, *, session: Session) -> str:
    """How the groups were made that a model did not learn from: as its training was asked to; "auto" for a built-in."""
    trained = trained_by_name(PredictorName.parse(model).model, session=session)
    return str((trained.data.get("split_by") if trained else None) or "auto")


def held_out(
    workspace: Workspace,
    dataset_id: int,
    models: Sequence[str],
    *,
    split_by: str | None = None,
    in_progress: bool = False,
) -> HeldOutSet:
    """The labels that all of the models have predicted and none has learned from: those held out, or all of them where
    no model has learned from any.

    Parameters
    ----------
    split_by
        One of `core.learning.labels.SPLIT_BY`; None: as the first model's training was asked to.
    in_progress
        Whether what a human is working on counts too, with the points that he has set.

    Raises
    ------
    NotFound
        If there is no such model.
    BadInput
        If the models locate different points.
    NotEnoughData
        If nothing is held out, or a model has predicted nothing of it, or has learned from all of it.
    """
    with reading(workspace.engine) as session:
        pose_models = [find_model(workspace, name, session=session) for name in models]
        measured = labels_to_measure(dataset_id, pose_models, split_by, in_progress=in_progress, session=session)
        predictions_of = {
            model.use_name: _stack(measured.labels, dataset_id, stored_version(model, session=session), session=session)
            for model in pose_models
        }
    return _common(measured, predictions_of)


def unpredicted(
    workspace: Workspace,
    dataset_id: int,
    models: Sequence[str],
    *,
    split_by: str | None = None,
    in_progress: bool = False,
    count: Callable[..., Supply] = label_supply,
) -> dict[str, int]:
    """How many of the instances that `held_out` would measure on each of the models has not predicted yet.

    `count` counts the labels as `label_supply`, for whoever keeps what it gave.

    Raises
    ------
    NotFound, BadInput, NotEnoughData
        As `held_out`, but not where a model has predicted nothing.
    """
    missing: dict[str, int] = {}
    with reading(workspace.engine) as session:
        pose_models = [find_model(workspace, name, session=session) for name in models]
        skeleton, split_by = _measured_how(pose_models, split_by, session=session)
        supply = count(workspace, dataset_id, skeleton, split_by, in_progress=in_progress)
        wanted = _to_measure(supply.part_of, dataset_id, pose_models, session=session).instances
        for name, model in zip(models, pose_models, strict=True):
            versions = stored_versions(model, session=session)
            missing[name] = (
                len(wanted - predicted_instances(dataset_id, versions[0], session=session)) if versions else len(wanted)
            )
    return missing


@dataclass(frozen=True)
class MeasuredLabels:
    """The labels that models are measured on, and those that a guess without a picture may be made of.

    `learned` and `every` as `HeldOutSet.learned` and `every_label`.
    """

    labels: Labels
    others: Labels
    learned: int
    every: bool


def labels_to_measure(
    dataset_id: int,
    models: Sequence[PoseModel],
    split_by: str | None = None,
    *,
    in_progress: bool = False,
    session: Session,
) -> MeasuredLabels:
    """The labels that models are measured on together, whether they have predicted them or not; `in_progress` as
    `held_out`.

    Raises
    ------
    BadInput, NotEnoughData
        As `held_out`.
    """
    skeleton, split_by = _measured_how(models, split_by, session=session)
    every = read_labels(
        dataset_id, skeleton, split_by=split_by, in_progress=in_progress, measured=True, session=session
    )
    part_of = {label.instance.id: part for label, part in zip(every.labels, every.parts, strict=True)}
    chosen = _to_measure(part_of, dataset_id, models, session=session)
    labels = every.keeping([label.instance.id in chosen.instances for label in every.labels])
    others = every.without(chosen.instances | chosen.learned)
    return MeasuredLabels(labels, others, len(chosen.learned), every=chosen.every)


def _measured_how(models: Sequence[PoseModel], split_by: str | None, *, session: Session) -> tuple[str, str]:
    """Of which skeleton the labels are, and how they are split."""
    skeletons = {model.skeleton for model in models}
    if len(skeletons) > 1:
        names = [model.use_name for model in models]
        raise BadInput("models.different_points", names=names, skeletons=sorted(skeletons))
    return models[0].skeleton, split_by or training_split(models[0].use_name, session=session)


class _ChosenInstances(NamedTuple):
    """The instances to measure on, those of the held-out ones that a model has learned from, and whether it is every
    label that there is."""

    instances: Set[int]
    learned: Set[int]
    every: bool


def _to_measure(
    part_of: Mapping[int, str], dataset_id: int, models: Sequence[PoseModel], *, session: Session
) -> _ChosenInstances:
    """Of the labelled instances, each with its part, those that `labels_to_measure` gives."""
    trained = [trained_by_name(model.name, session=session) for model in models]
    seen = {model.use_name: learned_from(row) for model, row in zip(models, trained, strict=True)}
    learned = set().union(*seen.values())
    if part_of and learned.isdisjoint(part_of) and not any(row and row.dataset_id == dataset_id for row in trained):
        return _ChosenInstances(set(part_of), set(), every=True)
    held_apart = {instance for instance, part in part_of.items() if part == Part.TEST}
    if not held_apart:
        raise NotEnoughData("models.nothing_held_out", skeleton=models[0].skeleton)
    if held_apart <= learned:
        most = max(seen, key=lambda name: len(seen[name]))
        raise NotEnoughData("models.learned_from_all", name=most)
    return _ChosenInstances(held_apart - learned, held_apart & learned, every=False)


@dataclass(frozen=True, eq=False)
class _PredictionArrays:
    """What a model predicted of N instances of K points, as in `HeldOutSet`, and (N,) bool of which it did."""

    points: NDArray[np.float32]
    scores: NDArray[np.float32]
    present: Bools


def _stack(labels: Labels, dataset_id: int, version_id: int, *, session: Session) -> _PredictionArrays:
    """What a version predicted of the labelled instances, in their order."""
    row_of = {label.instance.id: i for i, label in enumerate(labels.labels)}
    count = len(find_skeleton(labels.skeleton))
    arrays = _PredictionArrays(
        np.full((len(row_of), count, 2), np.nan, np.float32),
        np.zeros(len(row_of), np.float32),
        np.zeros(len(row_of), np.bool_),
    )
    for part in stored_points(dataset_id, version_id, session=session):
        chosen = [(row_of[instance], points) for instance, points, _ in part if instance in row_of]
        if chosen:
            rows, blobs = map(list, zip(*chosen, strict=True))
            arrays.points[rows], _, confidence = Keypoints.unpack_all(blobs, count)
            arrays.scores[rows] = _scores(confidence)
            arrays.present[rows] = True
    return arrays


def _common(measured: MeasuredLabels, predictions_of: Mapping[str, _PredictionArrays]) -> HeldOutSet:
    """The labels that all models have predicted, with what they predicted."""
    labels, skeleton = measured.labels, find_skeleton(measured.labels.skeleton)
    everywhere = np.all([arrays.present for arrays in predictions_of.values()], axis=0)
    rows = np.flatnonzero(everywhere).tolist()
    if not rows:
        missing = [name for name, arrays in predictions_of.items() if not arrays.present.any()] or list(predictions_of)
        raise NotEnoughData("models.none_of_held_out", name=missing[0])
    chosen = [labels.labels[i] for i in rows]
    truth, visibility, boxes = _arrays(chosen, len(skeleton))
    guesses = {MEAN_SHAPE: _guesses(measured, len(skeleton))[rows]}
    return HeldOutSet(
        skeleton=skeleton,
        truth=truth,
        visibility=visibility,
        boxes=boxes,
        groups=np.array([labels.groups[i] for i in rows]),
        images=[label.image.id for label in chosen],
        names=[label.image.path for label in chosen],
        hashes=[label.image.sha256 for label in chosen],
        instances=[label.instance.id for label in chosen],
        predicted={name: arrays.points[everywhere] for name, arrays in predictions_of.items()} | guesses,
        scores={name: arrays.scores[everywhere] for name, arrays in predictions_of.items()},
        left_out=len(labels.labels) - len(rows),
        learned=measured.learned,
        every_label=measured.every,
        in_progress=replace(labels, labels=chosen).in_progress,
    )


def _arrays(
    labels: Sequence[HumanLabel], count: int
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Points (N, K, 2), visibility (N, K) and boxes (N, 4) of N labels of K points."""
    points, visibility, _ = Keypoints.unpack_all([label.revision.points for label in labels], count)
    return points, visibility, boxes_of(label.instance for label in labels).astype(np.float32)


def _guesses(measured: MeasuredLabels, count: int) -> NDArray[np.float32]:
    """(N, K, 2) the mean shape of other labels in the boxes of those that are measured on."""
    points, visibility, boxes = _arrays(measured.labels.labels, count)
    if measured.others.labels:
        return lay_into(mean_places(*_arrays(measured.others.labels, count)), boxes).astype(np.float32)
    groups = np.array(measured.labels.groups)
    return guesses_from_other_groups(points, visibility, boxes, groups).astype(np.float32)


def _scores(confidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,) the mean of each row's finite confidences, 0 where there are none."""
    finite = np.isfinite(confidence)
    return np.asarray(np.where(finite, confidence, 0).sum(axis=1) / np.maximum(finite.sum(axis=1), 1), np.float32)
