"""Where models err on held-out labels: by point, region and group, alone or one less the other; and on which most."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.foundation.arrays import Floats
from core.learning.held_out import HeldOutSet
from core.metrics import intervals, landmark_curves, landmarks
from core.metrics.resampling import Interval

LIMIT: Final = 0.08  # error at which a face counts as failed, as 300-W and MERL report


@dataclass(frozen=True, eq=False)
class Breakdown:
    """Where a model errs, in the skeleton's usual unit: (K,) by point, by region, by group, and the CED curve."""

    points: Floats
    regions: dict[str, float]
    groups: dict[str, float]
    curve: landmark_curves.Ced


@dataclass(frozen=True, eq=False)
class PairedDifference:
    """How much more a model errs than another, in the skeleton's usual unit, on what both gave: below 0 it is better.

    Attributes
    ----------
    points, regions
        Paired differences of the mean error, of each of the K points and of each region, with intervals over groups.
    groups
        The same of the instances of each group. No interval: a group is one draw, and its frames are no others.
    """

    points: list[Interval]
    regions: dict[str, Interval]
    groups: dict[str, float]


@dataclass(frozen=True)
class InstanceErrors:
    """A held-out instance, and the error of each model on it (inf: a labelled point that it did not give)."""

    image_id: int
    name: str
    sha256: str
    instance_id: int
    errors: dict[str, float]


def unit(held: HeldOutSet) -> Floats:
    """(N,) pixels: the length that the skeleton's errors are usually divided by."""
    usual = landmarks.applicable(held.skeleton)[0]
    return landmarks.units(usual, held.truth, held.visibility, held.boxes, held.skeleton)


def errors_of(held: HeldOutSet, model: str) -> Floats:
    """(N,) mean error of each instance; inf where a labelled point was not given, NaN where it is undefined."""
    return landmarks.errors(held.predicted[model], held.truth, held.visibility, unit(held))


def finite(errors: Floats) -> Floats:
    """The errors with NaN for those that are infinite: only what was given whole."""
    return np.where(np.isfinite(errors), errors, np.nan)


def breakdown(held: HeldOutSet, model: str) -> Breakdown:
    """Where a model errs."""
    each = _each(held, model)
    errors = errors_of(held, model)
    return Breakdown(
        points=landmark_curves.point_means(each),
        regions=landmark_curves.region_means(each, held.skeleton),
        groups=landmark_curves.group_means(finite(errors), held.groups),
        curve=landmark_curves.ced(errors, LIMIT),
    )


def paired_difference(held: HeldOutSet, model: str, against: str) -> PairedDifference:
    """Where a model errs more than another, and where less."""
    first, second = _each(held, against), _each(held, model)
    both = np.isfinite(first + second)
    first, second, count = (np.where(both, values, 0.0) for values in (first, second, np.ones_like(first)))
    names, groups = np.unique(held.groups, return_inverse=True)

    def over(points: Sequence[int]) -> Interval:
        above, other, below = (values[:, list(points)].sum(axis=1) for values in (first, second, count))
        return intervals.ratio_of_sums((above, below), (other, below), groups=groups)

    wholes = finite(errors_of(held, model)) - finite(errors_of(held, against))
    return PairedDifference(
        points=[over([point]) for point in range(len(held.skeleton))],
        regions={name: over(points) for name, points in held.skeleton.regions.items()},
        groups=landmark_curves.group_means(wholes, names[groups]),
    )


def worst_instances(held: HeldOutSet, models: Sequence[str]) -> list[InstanceErrors]:
    """The instances on which the first model errs most, the worst first; those that cannot be scored are left out."""
    errors = {model: errors_of(held, model) for model in models}
    first = errors[models[0]]
    defined = np.flatnonzero(~np.isnan(first))
    order = defined[np.argsort(-first[defined], kind="stable")]
    return [
        InstanceErrors(
            held.images[i],
            held.names[i],
            held.hashes[i],
            held.instances[i],
            {model: float(errors[model][i]) for model in models},
        )
        for i in order.tolist()
    ]


def _each(held: HeldOutSet, model: str) -> Floats:
    """(N, K) error of each point in the usual unit, NaN where it is not labelled or was not given."""
    return finite(landmarks.point_errors(held.predicted[model], held.truth, held.visibility, unit(held)))
