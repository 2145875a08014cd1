"""Held-out labels with what models predicted of them: read from the store, no model is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from core.foundation.arrays import Keypoints, Uncertainty
from core.foundation.errors import BadInput, NotEnoughData
from core.foundation.geometry import boxes_of
from core.foundation.predictor_names import PredictorName
from core.foundation.skeletons import Skeleton, find_skeleton
from core.foundation.workspace import Workspace
from core.learning.labels import Labels, read_labels
from core.learning.learned import learned_from
from core.learning.pose_models import PoseModel, find_model, stored_version, stored_versions
from db.engine import reading
from db.queries.learning.labels import predicted
from db.queries.learning.models import predictions, trained_by_name
from db.tables import Part


@dataclass(frozen=True, eq=False)
class HeldOutSet:
    """Held-out labels with the predictions of some models, all of the same instances.

    Attributes
    ----------
    shape
        The skeleton.
    truth, visibility, boxes
        (N, K, 2) float32 pixels, (N, K) uint8, (N, 4) float32.
    groups, images, names, hashes, instances
        Of each of the N: its group, the picture's id, path and SHA-256, the instance's id.
    predicted, doubt, scores
        By model: (N, K, 2) float32 pixels (NaN where it gave no point), (N, K) float32 pixels of its largest doubt,
        (N,) float32 mean confidence of its points (0 where it states none).
    left_out
        How many held-out instances some model has not predicted.
    learned
        How many instances that would be held out now some model has learned from: it is not measured on those.
    """

    shape: Skeleton
    truth: NDArray[np.float32]
    visibility: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    groups: NDArray[np.str_]
    images: Sequence[int]
    names: Sequence[str]
    hashes: Sequence[str]
    instances: Sequence[int]
    predicted: Mapping[str, NDArray[np.float32]]
    doubt: Mapping[str, NDArray[np.float32]]
    scores: Mapping[str, NDArray[np.float32]]
    left_out: int
    learned: int = 0

    def __len__(self) -> int:
        return len(self.truth)


def split_of(model: str, *, session: Session) -> str:
    """How the groups were made that a model did not learn from: as its training was asked to; "auto" for a built-in."""
    trained = trained_by_name(PredictorName.parse(model).model, session=session)
    return str((trained.data.get("split_by") if trained else None) or "auto")


def held_out(
    workspace: Workspace, dataset_id: int, models: Sequence[str], *, split_by: str | None = None
) -> HeldOutSet:
    """The held-out labels that all of the models have predicted and none has learned from.

    Parameters
    ----------
    split_by
        A key of `core.learning.labels.SPLIT_BY`; None: as the first model's training was asked to.

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
        found = [find_model(workspace, name, session=session) for name in models]
        fresh, learned = _fresh(dataset_id, found, split_by, session)
        place = {label.instance.id: i for i, label in enumerate(fresh.labels)}
        count = len(find_skeleton(fresh.skeleton))
        said = {
            model.use_name: _said(dataset_id, stored_version(model, session=session), place, count, session)
            for model in found
        }
    return _gathered(fresh, said, learned)


def unpredicted(
    workspace: Workspace, dataset_id: int, models: Sequence[str], *, split_by: str | None = None
) -> dict[str, int]:
    """How many of the instances that `held_out` would measure on each of the models has not predicted yet.

    Raises
    ------
    NotFound, BadInput, NotEnoughData
        As `held_out`, but not where a model has predicted nothing.
    """
    missing: dict[str, int] = {}
    with reading(workspace.engine) as session:
        found = [find_model(workspace, name, session=session) for name in models]
        fresh, _ = _fresh(dataset_id, found, split_by, session)
        wanted = {label.instance.id for label in fresh.labels}
        for name, model in zip(models, found, strict=True):
            used = stored_versions(model, session=session)
            there = predictions(dataset_id, used[0], session=session) if used else {}
            missing[name] = len(wanted - set(there))
    return missing


def _fresh(dataset_id: int, models: Sequence[PoseModel], split_by: str | None, session: Session) -> tuple[Labels, int]:
    """The held-out labels that none of the models has learned from, and how many some has."""
    shapes = {model.skeleton for model in models}
    if len(shapes) > 1:
        raise BadInput("models.different_points", names=[model.use_name for model in models], skeletons=sorted(shapes))
    way = split_by or split_of(models[0].use_name, session=session)
    labels = read_labels(dataset_id, models[0].skeleton, split_by=way, session=session).only(Part.TEST)
    if not labels.labels:
        raise NotEnoughData("models.nothing_held_out", skeleton=models[0].skeleton)
    seen = {model.use_name: _learned(model.name, session) for model in models}
    fresh = labels.without(set().union(*seen.values()))
    if not fresh.labels:
        who = max(seen, key=lambda name: len(seen[name]))
        raise NotEnoughData("models.learned_from_all", name=who)
    return fresh, len(labels.labels) - len(fresh.labels)


def _learned(name: str, session: Session) -> set[int]:
    trained = trained_by_name(name, session=session)
    return learned_from(trained.data) if trained else set()


@dataclass(frozen=True, eq=False)
class _PredictionArrays:
    """What a model predicted of N instances of K points, as in `HeldOutSet`, and (N,) bool of which it did."""

    points: NDArray[np.float32]
    doubt: NDArray[np.float32]
    score: NDArray[np.float32]
    there: NDArray[np.bool_]


def _said(dataset_id: int, version: int, place: Mapping[int, int], count: int, session: Session) -> _PredictionArrays:
    """`place` gives each instance's row; what else was predicted is passed over."""
    rows = len(place)
    said = _PredictionArrays(
        np.full((rows, count, 2), np.nan, np.float32),
        np.full((rows, count), np.nan, np.float32),
        np.zeros(rows, np.float32),
        np.zeros(rows, np.bool_),
    )
    for part in predicted(dataset_id, version, session=session):
        chosen = [row for row in part if row[0] in place]
        if chosen:
            ids, points, doubt = zip(*chosen, strict=True)
            at = [place[one] for one in ids]
            said.points[at], _, confidence = Keypoints.unpack_all(points, count)
            said.doubt[at] = largest(Uncertainty.unpack_all(doubt, count))
            said.score[at] = _scores(confidence)
            said.there[at] = True
    return said


def _gathered(labels: Labels, said: Mapping[str, _PredictionArrays], learned: int) -> HeldOutSet:
    shape = find_skeleton(labels.skeleton)
    everywhere = np.all([one.there for one in said.values()], axis=0)
    kept = np.flatnonzero(everywhere).tolist()
    if not kept:
        missing = [name for name, one in said.items() if not one.there.any()] or list(said)
        raise NotEnoughData("models.none_of_held_out", name=missing[0])
    chosen = [labels.labels[i] for i in kept]
    truth, visibility, _ = Keypoints.unpack_all([label.revision.points for label in chosen], len(shape))
    return HeldOutSet(
        shape=shape,
        truth=truth,
        visibility=visibility,
        boxes=boxes_of(instance for instance, *_ in chosen).astype(np.float32),
        groups=np.array([labels.groups[i] for i in kept]),
        images=[label.image.id for label in chosen],
        names=[label.image.path for label in chosen],
        hashes=[label.image.sha256 for label in chosen],
        instances=[label.instance.id for label in chosen],
        predicted={name: one.points[everywhere] for name, one in said.items()},
        doubt={name: one.doubt[everywhere] for name, one in said.items()},
        scores={name: one.score[everywhere] for name, one in said.items()},
        left_out=len(labels.labels) - len(kept),
        learned=learned,
    )


def _scores(confidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,) the mean of each row's finite confidences, 0 where there are none."""
    known = np.isfinite(confidence)
    return np.asarray(np.where(known, confidence, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1), np.float32)


def largest(doubts: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, K) float32 the largest of the (N, K, 3) doubts of each point; NaN where the model states none."""
    highest = np.where(np.isnan(doubts), -np.inf, doubts).max(axis=-1)
    return np.where(np.isfinite(highest), highest, np.nan).astype(np.float32)
