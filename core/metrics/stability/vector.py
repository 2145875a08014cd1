"""Stability as a vector, never one number: every figure of a track, and why the missing ones are missing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from core.foundation.arrays import Bools, Floats
from core.foundation.messages import Message, message
from core.metrics.stability import deviation, smoothness
from core.metrics.stability.normality import Normality, normality
from core.metrics.stability.tracks import (
    Units,
    as_breaks,
    as_tracks,
    displacements,
    eye_over_nose,
    nan_mean,
    nan_median,
)

# Each figure (one for x and one for y where it has an axis), its unit, and what it needs (`_WHY`). The order is the
# order in which they are shown.
FIGURES: Final[dict[str, tuple[str, frozenset[str]]]] = {
    name.format(axis): (unit, frozenset(needs.split()))
    for name, unit, needs in (
        ("displacement_mean_{}_px", "px", "pair"),
        ("displacement_std_{}_px", "px", "pair"),
        ("displacement_median_{}_px", "px", "pair"),
        ("displacement_trimmed_mean_{}_px", "px", "pair"),
        ("displacement_robust_std_{}_px", "px", "pair"),
        ("displacement_kurtosis_{}", "", "pair varying"),
        ("displacement_normality_p_{}", "", "pair varying"),
        ("median_dev_{}_pct", "%", "pair unit"),
        ("mean_dev_{}_pct", "%", "pair unit"),
        ("robust_dev_{}_pct", "%", "pair unit"),
        ("eye_over_nose", "", "pair face68 unit"),
        ("length_ratio_{}", "", "pair unit"),
        ("length_ratio_spread_{}_pct", "%", "pair unit"),
        ("length_ratio_mean_of_ratios_{}", "", "pair unit"),
        ("non_smooth_1_pct", "% of face", "triple face"),
        ("non_smooth_2_pct", "% of face", "triple face"),
        ("motion_ratio_{}", "", "truth pair unit"),
        ("motion_ratio_robust_{}", "", "truth pair unit"),
        ("motion_ratio_mean_of_ratios_{}", "", "truth pair unit"),
        ("nme_pct", "%", "truth both unit"),
        ("mse_px2", "px²", "truth both"),
        ("sta_error_pct", "% of face", "truth both face"),
        ("delay_frames", "frames", "truth pair moving"),
        ("delay_robust_frames", "frames", "truth pair moving"),
        ("nmf", "", "truth pair face"),
        ("nmf_robust", "", "truth pair face"),
        ("accel_error_px", "px/frame²", "truth triple"),
        ("accel_error_pct", "% of face/frame²", "truth triple face"),
        ("indicator", "", "pair unit"),
    )
    for axis in ("xy" if "{}" in name else "x")
}
_WHY: Final = {  # the code of what is told where a need is not met; the first of them counts
    "truth": "stability.no_truth",
    "face68": "stability.not_68",
    "both": "stability.none_in_both",
    "pair": "stability.no_pair",
    "triple": "stability.no_triple",
    "moving": "stability.still",
    "varying": "stability.no_spread",
    "face": "stability.no_extent",
    "unit": "stability.no_unit",
}


@dataclass(frozen=True, eq=False)
class Stability:
    """The vector of one track.

    Attributes
    ----------
    frames, pairs
        Frames with a point, and pairs of consecutive frames that share one and are not broken.
    values
        The figures of `FIGURES`, float; NaN where undefined.
    reasons
        Of each undefined figure, why.
    indicator_against
        What `indicator` compares with: "truth" or "the frame before".
    normality_test_x, normality_test_y
        Which test gave `displacement_normality_p_x` and `..._y`.
    curve
        (T - 1, 2) float64 percent: the deviation of each pair in x and y.
    """

    frames: int
    pairs: int
    values: dict[str, float]
    reasons: dict[str, Message]
    indicator_against: str
    normality_test_x: str
    normality_test_y: str
    curve: Floats

    def flat(self) -> dict[str, Any]:
        """Plain JSON: one key a figure, None where undefined, and `undefined` with the reasons."""
        shown = {name: value if np.isfinite(value) else None for name, value in self.values.items()}
        return {
            "frames": self.frames,
            "pairs": self.pairs,
            **shown,
            "indicator_against": self.indicator_against,
            "normality_test_x": self.normality_test_x,
            "normality_test_y": self.normality_test_y,
            "undefined": {name: reason.text() for name, reason in self.reasons.items()},
        }


def stability(tracks: ArrayLike, truth: ArrayLike | None = None, breaks: ArrayLike | None = None) -> Stability:
    """Every figure of a track, alone or beside the truth.

    Parameters
    ----------
    tracks
        (T, K, 2) pixels, NaN where a point is absent. One frame, or none, gives NaN with reasons.
    truth
        (T, K, 2) the true points; only points that both have are compared. Where it is given, errors are divided by
        the true face's lengths; what needs no truth is divided by the track's own, with a truth or without.
    breaks
        (T - 1,) bool, or indices of the frames that begin something new: pairs that are no displacement.

    Raises
    ------
    BadInput
        If shapes disagree or a coordinate is infinite.
    """
    track = as_tracks(tracks)
    broken = as_breaks(breaks, len(track))
    units = Units.of(track)
    moved = displacements(track, broken)
    curve = deviation.deviation_curve(deviation.deviations(track, broken, units))
    x, y = (normality(moved[..., at]) for at in range(2))
    figures = _displacement("x", x) | _displacement("y", y) | _of_track(track, broken, units, moved, curve)
    true = None if truth is None else deviation.as_truth(truth, track)
    if true is not None:
        figures |= _against(track, true, broken)
    ratio = "length_ratio" if true is None else "motion_ratio"
    figures["indicator"] = (figures[f"{ratio}_x"] + figures[f"{ratio}_y"]) / 2
    values = {name: figures.get(name, float("nan")) for name in FIGURES}
    return Stability(
        int((~np.isnan(track).all(axis=(1, 2))).sum()),
        int((~np.isnan(moved).all(axis=(1, 2))).sum()),
        values,
        _reasons(values, track, true, broken),
        "the frame before" if true is None else "truth",
        x.test,
        y.test,
        curve,
    )


def _displacement(axis: str, assumed: Normality) -> dict[str, float]:
    return {
        f"displacement_mean_{axis}_px": assumed.mean,
        f"displacement_std_{axis}_px": assumed.std,
        f"displacement_median_{axis}_px": assumed.median,
        f"displacement_trimmed_mean_{axis}_px": assumed.trimmed_mean,
        f"displacement_robust_std_{axis}_px": assumed.robust_std,
        f"displacement_kurtosis_{axis}": assumed.kurtosis,
        f"displacement_normality_p_{axis}": assumed.p,
    }


def _xy(name: str, figure: Callable[[Floats], Floats | float], values: Floats) -> dict[str, float]:
    """A figure of x and of y, which the last axis of the values holds."""
    return {name.format(axis): float(figure(values[..., at])) for at, axis in enumerate("xy")}


def _of_track(tracks: Floats, broken: Bools, units: Units, moved: Floats, curve: Floats) -> dict[str, float]:
    """What needs no truth."""
    shape = deviation.shapes(tracks, units)
    ratios = deviation.length_ratios(shape, broken)
    return {
        **_xy("median_dev_{}_pct", nan_median, curve),
        **_xy("mean_dev_{}_pct", nan_mean, curve),
        **_xy("robust_dev_{}_pct", nan_median, deviation.robust_curve(moved, units)),
        **_xy("length_ratio_{}", nan_mean, ratios),
        **_xy("length_ratio_spread_{}_pct", deviation.spread_about_one, ratios),
        **_xy("length_ratio_mean_of_ratios_{}", nan_mean, deviation.ratio_of_each_point(shape, broken)),
        "eye_over_nose": eye_over_nose(tracks),
        "non_smooth_1_pct": float(nan_mean(smoothness.non_smooth_1(tracks, broken, units.face))),
        "non_smooth_2_pct": float(nan_mean(smoothness.non_smooth_2(tracks, broken, units.face))),
    }


def _against(tracks: Floats, truth: Floats, broken: Bools) -> dict[str, float]:
    """What compares with the truth."""
    units = Units.of(truth)
    predicted, true = deviation.motion_curves(tracks, truth, broken, units)
    middles, true_middles = (np.array([nan_median(column) for column in curve.T]) for curve in (predicted, true))
    along, squared = smoothness.delays(tracks, truth, broken, units.face)
    flicker = smoothness.nmf(tracks, truth, broken, units.scale)
    bends = smoothness.acceleration_error(tracks, truth, broken)
    epsilon = deviation.EPSILON
    return {
        **_xy("motion_ratio_{}", float, deviation.motion_ratio(predicted, true)),
        **_xy("motion_ratio_robust_{}", float, (middles + epsilon) / (true_middles + epsilon)),
        **_xy("motion_ratio_mean_of_ratios_{}", float, nan_mean((predicted + epsilon) / (true + epsilon), axis=0)),
        "nme_pct": float(nan_mean(smoothness.track_nme(tracks, truth, units.x))),
        "mse_px2": float(nan_mean((tracks - truth) ** 2)),
        "sta_error_pct": float(nan_mean(smoothness.rms_error(tracks, truth, units.face))),
        "delay_frames": float(nan_mean(along / squared)),
        "delay_robust_frames": float(nan_mean(along) / nan_mean(squared)),
        "nmf": float(np.sqrt(nan_mean(flicker**2))),
        "nmf_robust": nan_median(flicker),
        "accel_error_px": float(nan_mean(bends)),
        "accel_error_pct": float(100 * nan_mean(bends / units.face[1:-1, None])),
    }


def _reasons(values: dict[str, float], tracks: Floats, truth: Floats | None, broken: Bools) -> dict[str, Message]:
    """Why each undefined figure is undefined: the first need that is not met, in the order of `_WHY`."""
    present = ~np.isnan((tracks if truth is None else tracks - truth)[..., 0])
    pairs = present[1:] & present[:-1] & ~broken[:, None]
    triples = pairs[1:] & pairs[:-1]
    met = {
        "truth": truth is not None,
        "face68": tracks.shape[1] == 68,
        "both": bool(present.any()),
        "pair": bool(pairs.any()),
        "triple": bool(triples.any()),
    }
    reasons = {}
    for name, value in values.items():
        if np.isfinite(value):
            continue
        needs = FIGURES[name][1]
        reasons[name] = message(next(code for need, code in _WHY.items() if need in needs and not met.get(need, False)))
    return reasons
