"""Smoothing tracks over time, in Hz and frames, and the delay that it costs.

A gap (an absent point) and a break (a removed frame, a cut) end the filter's memory: nothing is smoothed across.

Sources: Casiez, Roussel and Vogel, "1 € Filter", CHI 2012; Savitzky and Golay, Analytical Chemistry 1964.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy
from numpy.typing import ArrayLike

from core.foundation.arrays import Bools, Floats, Indices
from core.foundation.errors import BadInput
from core.foundation.messages import Message, message, or_none

_REFERENCE_HZ: Final = 0.5  # a head that turns or nods
_REFERENCE_PIXELS: Final = 20.0  # amplitude; One-Euro with a beta above 0 is quicker on larger movements
_REFERENCE_SECONDS: Final = 20.0


def one_euro(
    tracks: ArrayLike,
    frames_per_second: float = 30.0,
    breaks: ArrayLike | None = None,
    *,
    min_cutoff_hz: float = 1.0,
    beta: float = 0.05,
    derivative_cutoff_hz: float = 1.0,
) -> Floats:
    """The One-Euro filter: a low-pass whose cut-off rises with speed. It sees the past only, and so it lags.

    alpha = r / (r + 1), r = 2 pi f T with T = 1 / frames_per_second; f = min_cutoff_hz + beta |speed|, the speed in
    pixels a second and itself smoothed at `derivative_cutoff_hz`. The cut-offs are Hz of the clip, not of the frame: at
    another frame rate the same settings smooth the same movement.

    Parameters
    ----------
    tracks
        (T, K, 2) pixels, NaN where absent.
    frames_per_second
        Above 0.
    breaks
        (T - 1,) bool, or None.
    min_cutoff_hz, beta, derivative_cutoff_hz
        Hz above 0; Hz for each pixel a second, 0 or more; Hz above 0.

    Returns
    -------
    smoothed
        (T, K, 2) float64, NaN where the input is. The first frame of each run is the input itself.

    Raises
    ------
    BadInput
        If a setting is out of range or a shape is wrong.
    """
    track, broken = _checked(tracks, breaks)
    for name, value in (
        ("frames_per_second", frames_per_second),
        ("min_cutoff_hz", min_cutoff_hz),
        ("derivative_cutoff_hz", derivative_cutoff_hz),
    ):
        _require(name, value, 0 < value < np.inf, message("smoothing.above_zero"))
    _require("beta", beta, 0 <= beta < np.inf, message("smoothing.not_negative"))
    smoothed = track.copy()
    speed = np.zeros(track.shape[1:])
    of_speed = _alpha(np.asarray(derivative_cutoff_hz), frames_per_second)
    for t in range(1, len(track)):
        goes_on = ~np.isnan(smoothed[t - 1]) & ~np.isnan(track[t]) & (not broken[t - 1])
        step = np.where(goes_on, track[t] - smoothed[t - 1], 0.0)
        speed = np.where(goes_on, speed + of_speed * (step * frames_per_second - speed), 0.0)
        share = _alpha(min_cutoff_hz + beta * np.abs(speed), frames_per_second)
        smoothed[t] = np.where(goes_on, smoothed[t - 1] + share * step, track[t])
    return smoothed


def _alpha(cutoff: Floats, frames_per_second: float) -> Floats:
    turn = 2 * np.pi * cutoff / frames_per_second
    return turn / (turn + 1)


def savitzky_golay(
    tracks: ArrayLike,
    frames_per_second: float = 30.0,  # noqa: ARG001
    breaks: ArrayLike | None = None,
    *,
    window: int = 9,
    order: int = 2,
) -> Floats:
    """A polynomial of `order` fitted to `window` frames around each: no delay, but it looks (window - 1) / 2 ahead.

    A run shorter than the window is fitted with the longest odd window that it holds, and stays as it is where that is
    not longer than `order`. At the ends of a run the first and last polynomials are read off (scipy's "interp").

    Parameters
    ----------
    tracks, breaks
        As in `one_euro`.
    frames_per_second
        Not used: the window counts frames.
    window, order
        Odd, 3 or more; 0 or more and below the window.

    Raises
    ------
    BadInput
        If a setting is out of range or a shape is wrong.
    """
    track, broken = _checked(tracks, breaks)
    _require("window", window, window == int(window) and window >= 3 and window % 2 == 1, message("smoothing.odd"))
    orders = message("smoothing.between", low=0, high=int(window) - 1)
    _require("order", order, order == int(order) and 0 <= order < window, orders)
    smoothed = track.copy()
    for points, first, end in _runs(track, broken):
        length = min(int(window), end - first - (end - first + 1) % 2)
        if length > order:
            part = track[first:end, points]
            smoothed[first:end, points] = scipy.signal.savgol_filter(part, length, int(order), axis=0, mode="interp")
    return smoothed


def _runs(tracks: Floats, broken: Bools) -> Iterator[tuple[Indices, int, int]]:
    """Points that are present in the same frames, with the first frame and the end of each unbroken run of theirs."""
    present = ~np.isnan(tracks).any(axis=2)
    patterns, which = np.unique(present, axis=1, return_inverse=True)
    for number, pattern in enumerate(patterns.T):
        begins = pattern & np.r_[True, ~pattern[:-1] | broken][: len(pattern)]
        for first in np.flatnonzero(begins):
            rest = np.flatnonzero(~pattern[first + 1 :] | broken[first:])
            end = first + 1 + (rest[0] if rest.size else len(pattern) - first - 1)
            yield np.flatnonzero(which.ravel() == number), int(first), int(end)


def none(tracks: ArrayLike, frames_per_second: float = 30.0, breaks: ArrayLike | None = None) -> Floats:  # noqa: ARG001
    """The tracks as they are."""
    return _checked(tracks, breaks)[0]


# Each takes (tracks, frames_per_second, breaks) and its own settings, plain JSON numbers, by keyword.
SMOOTHERS: Final[dict[str, Callable[..., Floats]]] = {
    "none": none,
    "one-euro": one_euro,
    "savitzky-golay": savitzky_golay,
}
DEFAULTS: Final[dict[str, dict[str, float]]] = {
    name: dict(getattr(function, "__kwdefaults__", None) or {}) for name, function in SMOOTHERS.items()
}


@dataclass(frozen=True)
class Delay:
    """What a smoother does to a slow movement.

    Attributes
    ----------
    frames
        How far the output lags, measured (`delay`).
    lookahead
        Frames after the present one that it needs: what a live picture would wait for.
    gain
        Amplitude of the output over that of the input.
    """

    frames: float
    lookahead: int
    gain: float


def smooth(
    tracks: ArrayLike,
    name: str,
    settings: Mapping[str, Any] | None = None,
    *,
    frames_per_second: float = 30.0,
    breaks: ArrayLike | None = None,
) -> Floats:
    """Smooth tracks with a smoother and settings by name, as they are stored with predictions.

    Raises
    ------
    BadInput
        If there is no such smoother, it has no such setting, or a setting is no number in its range.
    """
    if name not in SMOOTHERS:
        raise BadInput("smoothing.none_called", name=name, choices=list(SMOOTHERS))
    values = dict(settings or {})
    for setting, value in values.items():
        if setting not in DEFAULTS[name]:
            raise BadInput("smoothing.no_setting", smoother=name, setting=setting, choices=or_none(DEFAULTS[name]))
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadInput("smoothing.no_number", setting=setting, value=value)
    return SMOOTHERS[name](tracks, frames_per_second, breaks, **values)


def delay(name: str, settings: Mapping[str, Any] | None = None, *, frames_per_second: float = 30.0) -> Delay:
    """Measure the delay: the phase by which a sinusoid of 0.5 Hz and 20 pixels comes out late, in frames.

    0.5 Hz is a turning head; where that is more than a tenth of the frame rate, a tenth of it. A linear filter delays
    every amplitude alike; One-Euro with a beta above 0 delays larger and quicker movements less. Raises as `smooth`.
    """
    hertz = min(_REFERENCE_HZ, frames_per_second / 10)
    turn = 2 * np.pi * hertz / frames_per_second
    frames = np.arange(round(max(_REFERENCE_SECONDS * frames_per_second, 10 / hertz * frames_per_second)))
    wave = np.repeat(_REFERENCE_PIXELS * np.sin(turn * frames)[:, None, None], 2, axis=2)
    out = smooth(wave, name, settings, frames_per_second=frames_per_second)[:, 0, 0]
    period = round(1 / hertz * frames_per_second)
    settled = slice(len(frames) // 2, -period)  # neither the start nor the end, which filters treat in their own way
    basis = np.stack([np.sin(turn * frames), np.cos(turn * frames)], axis=1)[settled]
    (sine, cosine), *_ = np.linalg.lstsq(basis, out[settled], rcond=None)
    lag = -float(np.arctan2(cosine, sine)) / turn
    ahead = int((settings or {}).get("window", DEFAULTS[name]["window"])) // 2 if name == "savitzky-golay" else 0
    return Delay(0.0 if abs(lag) < 1e-9 else lag, ahead, float(np.hypot(sine, cosine)) / _REFERENCE_PIXELS)


def _checked(tracks: ArrayLike, breaks: ArrayLike | None) -> tuple[Floats, Bools]:
    track = np.array(tracks, dtype=np.float64)
    if track.shape[2:] != (2,):
        raise BadInput("arrays.shape", name="tracks", shape="(frames, points, 2)", found=track.shape)
    pairs = max(len(track) - 1, 0)
    broken = np.zeros(pairs, bool) if breaks is None else np.asarray(breaks)
    if broken.shape != (pairs,) or broken.dtype != np.bool_:
        raise BadInput("smoothing.breaks", count=pairs, dtype=broken.dtype, shape=broken.shape)
    return track, broken


def _require(name: str, value: float, right: bool, wanted: Message) -> None:
    if not right:
        raise BadInput("smoothing.value", name=name, wanted=wanted, value=value)
