"""Measuring models on what was held out: stored predictions against human labels, with intervals over groups.

No model is loaded here. Two models are compared on the very same instances, and what is given is their paired
difference: resampling the groups changes both alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from core.foundation.arrays import Floats, finite_or_none
from core.foundation.errors import NotFound
from core.foundation.geometry import outline_areas
from core.foundation.messages import Message, message
from core.foundation.workspace import Workspace
from core.learning.errors_on_held_out import LIMIT, errors_of, finite, unit
from core.learning.held_out import MEAN_SHAPE, HeldOutSet, held_out
from core.learning.verdicts import no_better_than_mean_shape
from core.metrics import intervals, landmarks, oks, pose, resampling
from core.metrics.resampling import Interval
from db.queries.learning.models import trained_by_name
from db.writing import writing

PCK_AT: Final = 0.1
FEWEST_GROUPS: Final = resampling.FEWEST_GROUPS  # with fewer no model is called better or worse
ORDER: Final = (
    "nme",
    "median_nme",
    "nme_inter_pupil",
    "nme_box",
    "nme_diagonal",
    "auc",
    "failure_rate",
    "pck",
    "mse_px2",
    "rmse_px",
    "oks",
    "ap",
    "missed",
)
UPWARD: Final = frozenset({"auc", "pck", "oks", "ap"})  # more is better; of all others less is
_PRECISION_DRAWS: Final = 400  # each draw sorts and matches anew


def evaluate(
    workspace: Workspace,
    dataset_id: int,
    model: str,
    *,
    against: str | None = None,
    split_by: str | None = None,
    in_progress: bool = False,
) -> dict[str, Any]:
    """Measure a model, alone or beside another on the same instances, as plain values; `in_progress` as `held_out`.

    Returns
    -------
    dict
        ``model``, ``skeleton``, ``unit`` (the length that NME divides by, a key of `landmarks.NORMALISERS`),
        ``instances``, ``groups``, ``left_out``, ``learned`` (instances that a model has learned from, and is not
        measured on), ``every_label`` (whether these are all labels, not those held out), ``in_progress`` (of how many
        of the instances a human has not accepted the points), ``metrics`` {name: {value, low, high}}, ``mean_shape``
        (the NME of a guess without a picture, likewise), ``warnings`` (messages that speak against a model); with
        `against` also ``against``, ``against_metrics``, and ``difference`` (model minus against, paired, as
        `differences_as_json`).
        A value that is undefined is None, and so are the ends of an interval over a single group; then ``reason`` is
        the message why (else None).

    Raises
    ------
    NotFound, BadInput, NotEnoughData
        As `held_out`.
    """
    names = [model] if against is None else [model, against]
    models = list(dict.fromkeys(names))
    held = held_out(workspace, dataset_id, models, split_by=split_by, in_progress=in_progress)
    report: dict[str, Any] = {
        "model": model,
        "skeleton": held.skeleton.name,
        "unit": landmarks.applicable(held.skeleton)[0],
        "instances": len(held),
        "groups": len(set(held.groups.tolist())),
        "left_out": held.left_out,
        "learned": held.learned,
        "every_label": held.every_label,
        "in_progress": held.in_progress,
        "metrics": intervals_as_json(figures := metrics(held, model)),
        "mean_shape": intervals_as_json({"nme": guess_of(held)})["nme"],
        "warnings": [found.to_json() for name in names if (found := no_better_than_mean_shape(held, name))],
        "reason": reason.to_json() if (reason := why_no_interval(held, figures)) else None,
    }
    if against is not None:
        report |= {
            "against": against,
            "against_metrics": intervals_as_json(metrics(held, against)),
            "difference": differences_as_json(metrics(held, model, against)),
        }
    return report


def guess_of(held: HeldOutSet) -> Interval:
    """The NME of a guess that knows other labels and no picture (`core.learning.held_out.MEAN_SHAPE`)."""
    return intervals.bootstrap(errors_of(held, MEAN_SHAPE), held.groups)


def why_no_interval(held: HeldOutSet, figures: Mapping[str, Interval]) -> Message | None:
    """Why figures have no interval; None where every figure that is defined has one."""
    without = [name for name, figure in figures.items() if np.isfinite(figure.value) and figure.groups < 2]
    if not without:
        return None
    groups = sorted(set(held.groups.tolist()))
    if len(groups) < 2:
        return message("evaluations.one_group", count=len(held), group=groups[0].strip())
    return message("evaluations.one_group_counts", names=without, count=len(held), groups=len(groups))


def metrics(held: HeldOutSet, model: str, against: str | None = None) -> dict[str, Interval]:
    """Every metric of a model with its 95 % interval over groups.

    NME is over the instances in which the model gave every labelled point; the others count in ``missed`` and as
    failures of the curve. With `against` model minus against of each, paired: both on the same draws of groups.
    """
    names = [model] if against is None else [against, model]
    sums = [_sums(held, name) for name in names]
    figures = {
        name: intervals.ratio_of_sums(
            *((each[name].above, each[name].below) for each in sums), groups=held.groups, root=first.root
        )
        for name, first in sums[0].items()
    }
    errors = [finite(errors_of(held, name)) for name in names]
    figures["median_nme"] = (
        intervals.bootstrap(errors[0], held.groups, intervals.median)
        if against is None
        else intervals.paired(errors[0], errors[1], held.groups, intervals.median)
    )
    if _has_precision(held):
        figures["ap"] = _precision(held, model, against)
    return {name: figures[name] for name in ORDER if name in figures}


@dataclass(frozen=True, eq=False)
class _Sums:
    """A metric as the quotient of two sums over the instances: (N,) each; NaN where it is undefined."""

    above: Floats
    below: Floats
    root: bool = False


def _sums(held: HeldOutSet, model: str) -> dict[str, _Sums]:
    pixels = landmarks.point_errors(held.predicted[model], held.truth, held.visibility)
    errors = landmarks.instance_means(pixels, held.visibility)
    usual = unit(held)
    rows = {"nme": _mean(finite(errors / usual)), **_curve(errors / usual)}
    for name in landmarks.applicable(held.skeleton)[1:]:
        length = landmarks.units(name, held.truth, held.visibility, held.boxes, held.skeleton)
        rows[f"nme_{name.replace('-', '_')}"] = _mean(finite(errors / length))
    rows["pck"] = _near(pixels / usual[:, None])
    squares, counts = landmarks.squares_of(pixels)
    rows["mse_px2"] = _Sums(finite(squares), counts.astype(np.float64))
    rows["rmse_px"] = replace(rows["mse_px2"], root=True)
    if held.skeleton.sigmas is not None:
        similarity = oks.oks(
            held.predicted[model], held.truth, held.visibility, outline_areas(held.boxes), held.skeleton.sigmas
        )
        rows["oks"] = _mean(similarity)
    return rows


def _mean(values: Floats) -> _Sums:
    return _Sums(values, np.ones(len(values)))


def _curve(errors: Floats) -> dict[str, _Sums]:
    """AUC and failure rate are means; an error that is infinite adds nothing to the one and 1 to the other."""
    undefined = np.isnan(errors)
    below = np.maximum(0.0, 1 - np.where(undefined, 0.0, errors) / LIMIT)
    return {
        "auc": _mean(np.where(undefined, np.nan, below)),
        "failure_rate": _mean(np.where(undefined, np.nan, errors > LIMIT)),
        "missed": _mean(np.where(undefined, np.nan, np.isinf(errors))),
    }


def _near(each: Floats) -> _Sums:
    near = each <= PCK_AT  # false for NaN
    return _Sums(near.sum(axis=1).astype(np.float64), (~np.isnan(each)).sum(axis=1).astype(np.float64))


def _has_precision(held: HeldOutSet) -> bool:
    return held.skeleton.kind == "person" and held.skeleton.sigmas is not None


def _precision(held: HeldOutSet, model: str, against: str | None = None) -> Interval:
    """AP where every person's box is given, or how much more of it than `against`; groups are drawn with all their
    pictures, which are matched once."""
    images = np.asarray(held.images)
    sides = [_matches(held, name) for name in (model, against) if name is not None]
    group_of = dict(zip(images.tolist(), held.groups.tolist(), strict=True))

    def figure(weights: Floats) -> float:
        each = [float(pose.precision_recall(side, weights=weights)[0].mean()) for side in sides]
        return each[0] if len(each) == 1 else each[0] - each[1]

    groups = np.array([group_of[image] for image in sides[0].images.tolist()])
    return intervals.bootstrap_weighted(figure, groups, difference=against is not None, draws=_PRECISION_DRAWS)


def _matches(held: HeldOutSet, model: str) -> pose.Matches:
    assert held.skeleton.sigmas is not None
    images = np.asarray(held.images)
    return pose.match(
        pose.TruePoses(images, held.truth, held.visibility, outline_areas(held.boxes), held.boxes),
        pose.FoundPoses(images, held.predicted[model], held.scores[model]),
        held.skeleton.sigmas,
    )


def intervals_as_json(figures: Mapping[str, Interval]) -> dict[str, dict[str, float | None]]:
    """Intervals as JSON can hold them: what is undefined is None."""
    ends = ("value", "low", "high")
    return {name: {end: finite_or_none(getattr(figure, end)) for end in ends} for name, figure in figures.items()}


def differences_as_json(figures: Mapping[str, Interval]) -> dict[str, dict[str, Any]]:
    """Paired differences as `intervals_as_json` gives them, each with its groups, its verdict, the way that it points
    however clear that is (as `resampling.verdict` and `resampling.way`), and in how many groups it points that way."""
    plain = intervals_as_json(figures)
    return {
        name: {
            **plain[name],
            "groups": figure.groups,
            "verdict": resampling.verdict(figure, upward=name in UPWARD),
            "way": resampling.way(figure, upward=name in UPWARD),
            "same_way": figure.same_way,
        }
        for name, figure in figures.items()
    }


def keep_figures(
    workspace: Workspace, model: str, figures: Mapping[str, Any], warnings: Sequence[Message] = ()
) -> None:
    """Keep with a model what it reached on the held-out part when it was trained, and what speaks against it."""
    with writing(workspace.engine) as session:
        trained = trained_by_name(model, session=session)
        if trained is None:
            raise NotFound("models.no_trained", name=model)
        session.add(trained)
        trained.figures = dict(figures)
        trained.data = {**trained.data, "warnings": [warning.to_json() for warning in warnings]}
