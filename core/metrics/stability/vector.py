"""Stability as a vector, never one number: every figure of a track, and why the missing ones are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from core.metrics.stability import deviation, smoothness
from core.metrics.stability.normality import normality
from core.metrics.stability.tracks import (
    Flags,
    Floats,
    Units,
    as_breaks,
    as_tracks,
    displacements,
    eye_over_nose,
    nan_mean,
    nan_median,
)

# Each figure, its unit, and what it needs (`_WHY`). The order is the order in which they are shown.
FIGURES: Final[dict[str, tuple[str, frozenset[str]]]] = {
    name: (unit, frozenset(needs.split()))
    for name, unit, needs in (
        ("displacement_mean_x_px", "px", "pair"),
        ("displacement_mean_y_px", "px", "pair"),
        ("displacement_std_x_px", "px", "pair"),
        ("displacement_std_y_px", "px", "pair"),
        ("displacement_median_x_px", "px", "pair"),
        ("displacement_median_y_px", "px", "pair"),
        ("displacement_trimmed_mean_x_px", "px", "pair"),
        ("displacement_trimmed_mean_y_px", "px", "pair"),
        ("displacement_robust_std_x_px", "px", "pair"),
        ("displacement_robust_std_y_px", "px", "pair"),
        ("displacement_kurtosis_x", "", "pair varying"),
        ("displacement_kurtosis_y", "", "pair varying"),
        ("displacement_normality_p_x", "", "pair varying"),
        ("displacement_normality_p_y", "", "pair varying"),
        ("median_dev_x_pct", "%", "pair unit"),
        ("median_dev_y_pct", "%", "pair unit"),
        ("mean_dev_x_pct", "%", "pair unit"),
        ("mean_dev_y_pct", "%", "pair unit"),
        ("robust_dev_x_pct", "%", "pair unit"),
        ("robust_dev_y_pct", "%", "pair unit"),
        ("eye_over_nose", "", "pair face68 unit"),
        ("length_ratio_x", "", "pair unit"),
        ("length_ratio_y", "", "pair unit"),
        ("length_ratio_spread_x_pct", "%", "pair unit"),
        ("length_ratio_spread_y_pct", "%", "pair unit"),
        ("length_ratio_mean_of_ratios_x", "", "pair unit"),
        ("length_ratio_mean_of_ratios_y", "", "pair unit"),
        ("non_smooth_1_pct", "% of face", "triple face"),
        ("non_smooth_2_pct", "% of face", "triple face"),
        ("motion_ratio_x", "", "truth pair unit"),
        ("motion_ratio_y", "", "truth pair unit"),
        ("motion_ratio_robust_x", "", "truth pair unit"),
        ("motion_ratio_robust_y", "", "truth pair unit"),
        ("motion_ratio_mean_of_ratios_x", "", "truth pair unit"),
        ("motion_ratio_mean_of_ratios_y", "", "truth pair unit"),
        ("nme_pct", "%", "truth both unit"),
        ("sta_error_pct", "% of face", "truth both face"),
        ("delay_frames", "frames", "truth pair moving"),
        ("delay_robust_frames", "frames", "truth pair moving"),
        ("nmf", "", "truth pair face"),
        ("nmf_robust", "", "truth pair face"),
        ("accel_error_px", "px/frame²", "truth triple"),
        ("accel_error_pct", "% of face/frame²", "truth triple face"),
        ("indicator", "", "pair unit"),
    )
}
_WHY: Final = {
    "truth": "no true points are given",
    "face68": "it is defined for 68 points only",
    "both": "no point has both a prediction and a truth",
    "pair": "no point is there in two frames in a row",
    "triple": "no point is there in three frames in a row",
    "moving": "the true face never moves, so there is nothing to lag behind",
    "varying": "there are fewer than three displacements, or they are all the same",
    "face": "the points have no extent in any frame that it could use",
    "unit": "the points whose distance is the unit are absent, or at one place, in every frame that it could use",
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
    reasons: dict[str, str]
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
            "undefined": dict(self.reasons),
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
    known = as_tracks(tracks)
    broken = as_breaks(breaks, len(known))
    units = Units.of(known)
    moved = displacements(known, broken)
    deviating = deviation.deviations(known, broken, units)
    curve = deviation.deviation_curve(deviating)
    values: dict[str, float] = dict.fromkeys(FIGURES, float("nan"))
    test_x, test_y = (_normality(values, axis, moved[..., at]) for at, axis in enumerate("xy"))
    _deviation(values, curve, deviation.robust_curve(moved, units))
    _length_ratio(values, deviation.shapes(known, units), broken)
    values["eye_over_nose"] = eye_over_nose(known)
    values["non_smooth_1_pct"] = float(nan_mean(smoothness.non_smooth_1(known, broken, units.face)))
    values["non_smooth_2_pct"] = float(nan_mean(smoothness.non_smooth_2(known, broken, units.face)))
    values["indicator"] = (values["length_ratio_x"] + values["length_ratio_y"]) / 2
    true = None if truth is None else deviation.as_truth(truth, known)
    if true is not None:
        _against(values, known, true, broken)
        values["indicator"] = (values["motion_ratio_x"] + values["motion_ratio_y"]) / 2
    pairs = ~np.isnan(moved).all(axis=(1, 2))
    return Stability(
        int((~np.isnan(known).all(axis=(1, 2))).sum()),
        int(pairs.sum()),
        values,
        _reasons(values, known, true, broken),
        "the frame before" if true is None else "truth",
        test_x,
        test_y,
        curve,
    )


def _normality(values: dict[str, float], axis: str, moved: Floats) -> str:
    found = normality(moved)
    values[f"displacement_mean_{axis}_px"] = found.mean
    values[f"displacement_std_{axis}_px"] = found.std
    values[f"displacement_median_{axis}_px"] = found.median
    values[f"displacement_trimmed_mean_{axis}_px"] = found.trimmed_mean
    values[f"displacement_robust_std_{axis}_px"] = found.robust_std
    values[f"displacement_kurtosis_{axis}"] = found.kurtosis
    values[f"displacement_normality_p_{axis}"] = found.p
    return found.test


def _deviation(values: dict[str, float], curve: Floats, robust: Floats) -> None:
    for at, axis in enumerate("xy"):
        values[f"median_dev_{axis}_pct"] = nan_median(curve[:, at])
        values[f"mean_dev_{axis}_pct"] = float(nan_mean(curve[:, at]))
        values[f"robust_dev_{axis}_pct"] = nan_median(robust[:, at])


def _length_ratio(values: dict[str, float], shape: Floats, broken: Flags) -> None:
    ratios = deviation.length_ratios(shape, broken)
    each = deviation.ratio_of_each_point(shape, broken)
    for at, axis in enumerate("xy"):
        values[f"length_ratio_{axis}"] = float(nan_mean(ratios[:, at]))
        values[f"length_ratio_spread_{axis}_pct"] = deviation.spread_about_one(ratios[:, at])
        values[f"length_ratio_mean_of_ratios_{axis}"] = float(nan_mean(each[..., at]))


def _against(values: dict[str, float], tracks: Floats, truth: Floats, broken: Flags) -> None:
    units = Units.of(truth)
    predicted, true = deviation.motion_curves(tracks, truth, broken, units)
    ratios = deviation.motion_ratio(predicted, true)
    each = nan_mean((predicted + deviation.EPSILON) / (true + deviation.EPSILON), axis=0)
    for at, axis in enumerate("xy"):
        values[f"motion_ratio_{axis}"] = float(ratios[at])
        middles = nan_median(predicted[:, at]), nan_median(true[:, at])
        values[f"motion_ratio_robust_{axis}"] = (middles[0] + deviation.EPSILON) / (middles[1] + deviation.EPSILON)
        values[f"motion_ratio_mean_of_ratios_{axis}"] = float(each[at])
    values["nme_pct"] = float(nan_mean(smoothness.track_nme(tracks, truth, units.x)))
    values["sta_error_pct"] = float(nan_mean(smoothness.rms_error(tracks, truth, units.face)))
    along, squared = smoothness.delays(tracks, truth, broken, units.face)
    values["delay_frames"] = float(nan_mean(along / squared))
    values["delay_robust_frames"] = float(nan_mean(along) / nan_mean(squared))
    flicker = smoothness.nmf(tracks, truth, broken, units.scale)
    values["nmf"] = float(np.sqrt(nan_mean(flicker**2)))
    values["nmf_robust"] = nan_median(flicker)
    bends = smoothness.acceleration_error(tracks, truth, broken)
    values["accel_error_px"] = float(nan_mean(bends))
    values["accel_error_pct"] = float(100 * nan_mean(bends / units.face[1:-1, None]))


def _reasons(values: dict[str, float], tracks: Floats, truth: Floats | None, broken: Flags) -> dict[str, str]:
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
        reasons[name] = next(why for need, why in _WHY.items() if need in needs and not met.get(need, False))
    return reasons
