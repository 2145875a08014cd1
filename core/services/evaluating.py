"""Measuring models on what was held out: stored predictions against human labels, with intervals over groups.

No model is loaded here. Two models are compared on the very same instances, and what is given is their paired
difference: resampling the groups changes both alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import NotFound
from core.held_out import Held, held_out
from core.metrics import intervals, landmarks, pose
from core.metrics.intervals import Interval
from core.workspace import Workspace
from db.engine import writing
from db.queries.models import trained_by_name

__all__ = ["Breakdown", "Held", "Worst", "breakdown", "differences", "evaluate", "held_out", "keep_figures", "metrics"]

LIMIT: Final = 0.08  # error at which a face counts as failed, as 300-W and MERL report
PCK_AT: Final = 0.1
_PRECISION_DRAWS: Final = 400  # each draw sorts and matches anew


def evaluate(
    workspace: Workspace, dataset_id: int, model: str, *, against: str | None = None, split_by: str = "auto"
) -> dict[str, Any]:
    """Measure a model, alone or beside another on the same instances, as plain values.

    Returns
    -------
    dict
        ``model``, ``skeleton``, ``instances``, ``groups``, ``left_out``, ``metrics`` {name: {value, low, high}}; with
        `against` also ``against``, ``against_metrics``, and ``difference`` (model minus against, paired).
        A value that is undefined is None, and so are the ends of an interval over a single group.

    Raises
    ------
    NotFound, NotEnoughData
        As `held_out`.
    """
    names = [model] if against is None else [model, against]
    held = held_out(workspace, dataset_id, list(dict.fromkeys(names)), split_by=split_by)
    told: dict[str, Any] = {
        "model": model, "skeleton": held.shape.name, "instances": len(held), "groups": len(set(held.groups.tolist())),
        "left_out": held.left_out, "metrics": plain(metrics(held, model)),
    }  # fmt: skip
    if against is not None:
        told |= {
            "against": against, "against_metrics": plain(metrics(held, against)),
            "difference": plain(differences(held, model, against)),
        }  # fmt: skip
    return told


def metrics(held: Held, model: str) -> dict[str, Interval]:
    """Every metric of a model with its 95 % interval over groups.

    NME is over the instances in which the model gave every labelled point; the others count in ``missed`` and as
    failures of the curve.
    """
    found = {
        name: intervals.bootstrap(values, held.groups, statistic)
        for name, (values, statistic) in _rows(held, model).items()
    }
    if held.shape.kind == "person" and held.shape.sigmas is not None:
        found["ap"] = _precision(held, model)
    return found


def differences(held: Held, model: str, against: str) -> dict[str, Interval]:
    """Model minus against of every metric but AP, paired: both on the same draws of groups."""
    first, second = _rows(held, against), _rows(held, model)
    return {
        name: intervals.paired(values, second[name][0], held.groups, statistic)
        for name, (values, statistic) in first.items()
    }


Floats = NDArray[np.float64]
Column = tuple[Floats, Callable[[Floats], float]]  # (N,) or (N, C) of the instances, and what they add up to


def _rows(held: Held, model: str) -> dict[str, Column]:
    """Each metric as a value of each instance (NaN: undefined) and a statistic, so that groups can be drawn again."""
    data = (held.predicted[model], held.truth, held.visibility)
    rows: dict[str, Column] = {}
    for name in landmarks.applicable(held.shape):
        errors = landmarks.errors(*data, landmarks.units(name, held.truth, held.visibility, held.boxes, held.shape))
        given = np.where(np.isfinite(errors), errors, np.nan)
        if not rows:
            rows = {"nme": (given, intervals.mean), "median_nme": (given, _median)}
            rows |= _curve(errors) | _share_near(landmarks.point_errors(*data, _unit(held)))
        else:
            rows[f"nme_{name.replace('-', '_')}"] = given, intervals.mean
    sums, counts = landmarks.squared_sums(*data)
    rows["rmse_px"] = np.stack([np.where(np.isfinite(sums), sums, np.nan), counts], axis=1), _root_of_ratio
    if held.shape.sigmas is not None:
        rows["oks"] = pose.oks(*data, _areas(held), held.shape.sigmas), intervals.mean
    return rows


def _curve(errors: Floats) -> dict[str, Column]:
    """AUC and failure rate are means; an error that is infinite adds nothing to the one and 1 to the other."""
    undefined = np.isnan(errors)
    below = np.maximum(0.0, 1 - np.where(undefined, 0.0, errors) / LIMIT)
    return {
        "auc": (np.where(undefined, np.nan, below), intervals.mean),
        "failure_rate": (np.where(undefined, np.nan, errors > LIMIT), intervals.mean),
        "missed": (np.where(undefined, np.nan, np.isinf(errors)), intervals.mean),
    }


def _share_near(each: Floats) -> dict[str, Column]:
    known = ~np.isnan(each)
    near = known & (np.where(known, each, np.inf) <= PCK_AT)
    rows = np.stack([near.sum(axis=1), known.sum(axis=1)], axis=1).astype(np.float64)
    return {"pck": (rows, _ratio)}


def _median(values: Floats) -> float:
    return float(np.median(values))


def _ratio(rows: Floats) -> float:
    above, below = rows.sum(axis=0)
    return float(above / below) if below else float("nan")


def _root_of_ratio(rows: Floats) -> float:
    return float(np.sqrt(_ratio(rows)))


def _areas(held: Held) -> Floats:
    """COCO's area of a person without a mask: 0.53 of the box."""
    sides = np.maximum(held.boxes[:, 2:] - held.boxes[:, :2], 0).astype(np.float64)
    return np.asarray(0.53 * sides.prod(axis=1))


def _precision(held: Held, model: str) -> Interval:
    """AP where every person's box is given, so each is found once: draws count whole pictures more or less often."""
    images, sizes = np.asarray(held.images), _areas(held)
    assert held.shape.sigmas is not None
    matches = pose.match(
        pose.TruePoses(images, held.truth, held.visibility, sizes, held.boxes),
        pose.FoundPoses(images, held.predicted[model], held.scores[model]),
        held.shape.sigmas,
    )
    place = np.searchsorted(matches.images, images)
    people = np.bincount(place, minlength=len(matches.images))

    def drawn(rows: Floats) -> float:
        weights = np.bincount(place[rows.astype(np.intp)], minlength=len(people)) / np.maximum(people, 1)
        return float(pose.precision_recall(matches, weights=weights)[0].mean())

    return intervals.bootstrap(np.arange(len(images)), held.groups, drawn, draws=_PRECISION_DRAWS)


def plain(found: Mapping[str, Interval]) -> dict[str, dict[str, float | None]]:
    """Intervals as JSON can hold them: what is undefined is None."""
    return {name: {key: _number(getattr(one, key)) for key in ("value", "low", "high")} for name, one in found.items()}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


@dataclass(frozen=True, eq=False)
class Breakdown:
    """Where a model errs, in the skeleton's usual unit: (K,) by point, by region, by group, and the CED curve."""

    points: NDArray[np.float64]
    regions: dict[str, float]
    groups: dict[str, float]
    curve: landmarks.Ced


@dataclass(frozen=True)
class Worst:
    """A held-out instance, and the error of each model on it (inf: a labelled point that it did not give)."""

    image_id: int
    name: str
    sha256: str
    instance_id: int
    errors: dict[str, float]


def breakdown(held: Held, model: str) -> Breakdown:
    """Where a model errs."""
    each = landmarks.point_errors(held.predicted[model], held.truth, held.visibility, _unit(held))
    finite = np.where(np.isfinite(each), each, np.nan)
    errors = _errors(held, model)
    return Breakdown(
        points=landmarks.point_means(finite),
        regions=landmarks.region_means(finite, held.shape),
        groups=landmarks.group_means(np.where(np.isfinite(errors), errors, np.nan), held.groups),
        curve=landmarks.ced(errors, LIMIT),
    )


def worst(held: Held, models: Sequence[str], limit: int = 24) -> list[Worst]:
    """The instances on which the first model errs most, the worst first; those that cannot be scored are left out."""
    errors = {model: _errors(held, model) for model in models}
    first = errors[models[0]]
    defined = np.flatnonzero(~np.isnan(first))
    order = defined[np.argsort(-first[defined], kind="stable")][:limit]
    return [
        Worst(
            held.images[i],
            held.names[i],
            held.hashes[i],
            held.instances[i],
            {model: float(errors[model][i]) for model in models},
        )
        for i in order.tolist()
    ]


def _unit(held: Held) -> NDArray[np.float64]:
    usual = landmarks.applicable(held.shape)[0]
    return landmarks.units(usual, held.truth, held.visibility, held.boxes, held.shape)


def _errors(held: Held, model: str) -> NDArray[np.float64]:
    return landmarks.errors(held.predicted[model], held.truth, held.visibility, _unit(held))


def keep_figures(workspace: Workspace, model: str, figures: Mapping[str, Any]) -> None:
    """Keep what a model reached on the held-out part when it was trained, with the model."""
    with writing(workspace.engine) as session:
        found = trained_by_name(model, session=session)
        if found is None:
            raise NotFound(f"there is no trained model called {model!r}")
        session.add(found)
        found.figures = dict(figures)
