"""The parts of the Stability page: what is opened, the smoothing, the vector, the ranking of bad predictors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.foundation.errors import FacetError
from core.motion import stability
from core.motion.stability import SETTINGS, DatasetStability, Ranked, Smoothing
from db.engine import reading
from db.queries.learning.models import model_cache_key
from pages.widgets.motion.explanations import PARTS, PREDICTORS, RANKED, SMOOTHERS, Row
from pages.widgets.motion.stability_charts import cut_off, deviation_chart, spread_chart
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import counted, plain, sentence

_SMALLEST_P: Final = 1e-300


@dataclass(frozen=True, eq=False)
class Opened:
    """A track (T, K, 2) with its truth and broken pairs, frames a second, and a key that changes when it does."""

    name: str
    key: str
    tracks: NDArray[np.float64]
    truth: NDArray[np.float64] | None
    breaks: NDArray[np.bool_] | None
    rate: float | None
    judged: DatasetStability | None = None


def open_file() -> Opened | None:
    """A track file of the reader's, and the truth to it if there is one; None until one is given that can be read."""
    left, right = st.columns(2)
    file = left.file_uploader("Track (.npy)", type="npy", max_upload_size=1024, key="stability-track")
    beside = right.file_uploader(
        "True track, if there is one (.npy)", type="npy", max_upload_size=1024, key="stability-truth"
    )
    if file is None:
        st.info(
            "A track is a numpy array of frames × points × 2 in pixels, saved with `numpy.save`; NaN where a point is "
            "absent, all NaN for a removed frame. What a model has predicted in the videos of a dataset can be judged "
            "here too, once there is any.",
            icon=":material/timeline:",
        )
        return None
    try:
        tracks = stability.read_tracks(file.getvalue(), file.name)
        truth = None if beside is None else stability.read_tracks(beside.getvalue(), beside.name)
        stability.require_fit(tracks, truth)
    except FacetError as error:
        st.error(sentence(error))
        return None
    contents = [one.getvalue() for one in (file, beside) if one is not None]
    return Opened(file.name, _digest(*contents), tracks, truth, None, None)


def open_predictions(dataset_id: int, versions: Sequence[str]) -> Opened | None:
    """A track of a video as a model predicted it; None where nothing can be judged."""
    left, right = st.columns(2)
    model = left.selectbox("Model", versions, key=f"stability-model-{dataset_id}")
    try:
        with reading(workspace().engine) as session:
            state = model_cache_key(dataset_id, session=session)
        judged = _of_dataset(dataset_id, model, state)
    except FacetError as error:
        st.info(sentence(error))
        return None
    tracks = [(video, number, track) for video in judged.videos for number, track in enumerate(video.tracks)]
    names = {
        at: f"{video.name}, "
        + (f"track {number + 1}, " if len(video.tracks) > 1 else "")
        + counted(track.frames, "frame")
        for at, (video, number, track) in enumerate(tracks)
    }
    chosen = right.selectbox(
        "Video", list(names), format_func=names.__getitem__, key=f"stability-video-{dataset_id}-{model}"
    )
    video, number, track = tracks[chosen]
    key = f"{dataset_id}-{judged.version_id}-{video.video_id}-{number}-{state}"
    return Opened(
        names[chosen], key, track.predicted, track.truth, track.breaks, video.frames_per_second or None, judged
    )


@st.cache_data(max_entries=8, show_spinner="Judging the videos")
def _of_dataset(dataset_id: int, model: str, state: int) -> DatasetStability:  # noqa: ARG001
    return stability.of_dataset(workspace(), dataset_id, model)


def _digest(*contents: bytes) -> str:
    return hashlib.sha256(b"|".join(hashlib.sha256(content).digest() for content in contents)).hexdigest()


def choose_smoothing(rate: float | None) -> Smoothing:
    """The smoother with its settings, and what it costs."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.segmented_control(
            "Smoothing over time",
            list(SMOOTHERS),
            format_func=SMOOTHERS.__getitem__,
            default="none",
            required=True,
            key="stability-smoother",
            help="Shows the figures before and after. Nothing is stored.",
        )
        settings: dict[str, float] = {}
        frames_per_second = rate or 30.0
        if name == "one-euro":
            if rate is None:
                frames_per_second = st.number_input("Frames a second", 1.0, 1000.0, 30.0, width=150)
            settings["min_cutoff_hz"] = st.number_input(
                "Cut-off at rest, Hz",
                0.05,
                60.0,
                SETTINGS[name]["min_cutoff_hz"],
                step=0.25,
                width=170,
                help="Lower is smoother and later.",
            )
            settings["beta"] = st.number_input(
                "Beta, Hz per px/s",
                0.0,
                10.0,
                SETTINGS[name]["beta"],
                step=0.01,
                format="%.3f",
                width=170,
                help="How much the cut-off rises with speed: higher is quicker, and lets more jitter through.",
            )
        elif name == "savitzky-golay":
            settings["window"] = st.number_input(
                "Frames of the window", 3, 99, int(SETTINGS[name]["window"]), 2, width=180
            )
            most = int(settings["window"]) - 1
            settings["order"] = st.number_input("Degree", 0, most, min(int(SETTINGS[name]["order"]), most), width=120)
            settings["window"] += 1 - settings["window"] % 2
    smoothing = Smoothing(name, settings, frames_per_second)
    if name != "none":
        _say_delay(smoothing)
    return smoothing


def _say_delay(smoothing: Smoothing) -> None:
    cost = stability.delay_of(smoothing)
    seconds = cost.frames / smoothing.frames_per_second
    ahead = f"It looks {counted(cost.lookahead, 'frame')} ahead, so live it is that late. " if cost.lookahead else ""
    st.caption(
        f"Delay **{cost.frames:.2f} frames** ({1000 * seconds:.0f} ms at {smoothing.frames_per_second:g} frames a "
        f"second), "
        f"{cost.gain:.0%} of the amplitude kept: measured on a sinusoid of 0.5 Hz and 20 px, like a "
        f"turning head. {ahead}"
    )


def curves(
    tracks: NDArray[np.float64],
    breaks: NDArray[np.bool_] | None,
    found: stability.Stability,
    smooth: stability.Stability | None,
) -> None:
    """The deviation over time, and displacements against the normal that metric 1 assumes."""
    st.subheader("Deviation of each frame from the one before", anchor=False)
    curve = None if smooth is None else smooth.curve
    st.plotly_chart(deviation_chart(found.curve, curve), key="deviation", alt="Deviation over the frames")
    beyond = cut_off(found.curve, curve)
    if beyond:
        st.caption(f"{counted(beyond, 'pair of frames reaches', 'pairs of frames reach')} out of the chart.")
    st.subheader("Are displacements normal?", anchor=False)
    axis = st.segmented_control("Axis", ["x", "y"], default="x", required=True, key="stability-axis")
    shown = smooth or found
    spread = stability.spread(tracks, breaks, "xy".index(axis), shown.values)
    if spread is None:
        st.caption("Nothing moves, so there is nothing to fit.")
        return
    st.plotly_chart(
        spread_chart(spread, shown.values, axis), key="spread", alt="Displacements against the fitted normal"
    )
    kurtosis, p = shown.values[f"displacement_kurtosis_{axis}"], shown.values[f"displacement_normality_p_{axis}"]
    test = shown.normality_test_x if axis == "x" else shown.normality_test_y
    chance = f"p = {p:.2g}" if p >= _SMALLEST_P else f"p < {_SMALLEST_P:g}"
    verdict = "not normal" if p < 0.01 else "normality is not refuted"
    st.caption(
        f"Excess kurtosis **{kurtosis:,.1f}** (normal: 0); {plain(test)} {chance}: {verdict}. "
        f"{counted(spread.outside, 'displacement lies', 'displacements lie')} outside the chart."
    )


def vector(opened: Opened, found: stability.Stability, smooth: stability.Stability | None) -> None:
    """Every figure with what it measures and what it cannot see."""
    st.subheader("The vector", anchor=False)
    st.caption(
        "No single figure ranks every bad predictor rightly: read them together. "
        f"The indicator compares with {'the truth' if found.indicator_against == 'truth' else found.indicator_against}."
        + (" In brackets: 95 % interval from drawing whole videos anew." if _several(opened) else "")
    )
    for number, part in enumerate(PARTS):
        missing = {found.reasons[key] for row in part.rows for key in row.keys() if key in found.reasons}  # noqa: SIM118
        st.markdown(f"**{part.title}**")
        if all(key in found.reasons for row in part.rows for key in row.keys()):  # noqa: SIM118
            st.caption(f"Undefined: {'; '.join(sorted(missing))}.")
            continue
        st.caption(part.says + (f" Undefined figures: {'; '.join(sorted(missing))}." if missing else ""))
        with st.container(key=f"explained-{number}"):
            st.table([_line(row, opened, found, smooth) for row in part.rows], hide_index=True)
    st.download_button(
        "Download the figures as JSON",
        json.dumps((smooth or found).flat(), indent=1),
        "stability.json",
        "application/json",
        icon=":material/download:",
    )


def _line(row: Row, opened: Opened, found: stability.Stability, smooth: stability.Stability | None) -> dict[str, str]:
    both = " (x\u00a0·\u00a0y)" if "{}" in row.key else ""
    line = {"Figure": row.label + both, "Value": _shown(row, found.values)}
    if smooth is not None:
        line["Smoothed"] = _shown(row, smooth.values)
    if opened.judged is not None and _several(opened):
        line[f"All {len(opened.judged.videos)} videos"] = _over_videos(row, opened.judged, found.indicator_against)
    return line | {"What it measures": f"{row.measures} **Cannot see:** {row.blind[:1].lower()}{row.blind[1:]}"}


def _several(opened: Opened) -> bool:
    return opened.judged is not None and len(opened.judged.videos) > 1


def _shown(row: Row, values: dict[str, float]) -> str:
    return _with_unit(row, [_number(row, values[key]) for key in row.keys()])  # noqa: SIM118


def _with_unit(row: Row, numbers: list[str]) -> str:
    """The numbers and their unit, which a line never parts."""
    return " · ".join(numbers).replace(" · ", "\u00a0· ") + (f"\u00a0{row.unit}" if row.unit else "")


def _number(row: Row, value: float) -> str:
    if not np.isfinite(value):
        return "–"
    if row.key.startswith("displacement_normality") and value < _SMALLEST_P:
        return f"< {_SMALLEST_P:g}"
    return row.form.format(value)


def _over_videos(row: Row, judged: DatasetStability, against: str) -> str:
    """The mean over the videos with its interval; a mean of p-values would mean nothing."""
    if row.key.startswith("displacement_normality"):
        return ""
    if row.key == "indicator" and judged.against != against:
        return f"{_number(row, judged.figures[row.key].value)}, against the {judged.against}"
    return _with_unit(row, [_interval(row, judged.figures[key]) for key in row.keys()])  # noqa: SIM118


def _interval(row: Row, found: stability.Interval) -> str:
    value = _number(row, found.value)
    return f"{value} ({found.low:.3g} to {found.high:.3g})" if np.isfinite(found.low) else value


@st.cache_data(max_entries=8, show_spinner="Judging bad predictors")
def _ranking(key: str, _tracks: NDArray[np.float64], _breaks: NDArray[np.bool_] | None) -> list[Ranked]:  # noqa: ARG001
    return stability.ranking(_tracks, _breaks)


def ranking(opened: Opened) -> None:
    """How each figure ranks bad predictors made from the opened track, which is the truth here."""
    st.subheader("How each figure ranks bad predictors", anchor=False)
    st.caption(
        "Each is made from the opened track, which is taken for the truth. Orange: the figure cannot tell it from the "
        "track itself, or likes it better."
    )
    rows = _ranking(opened.key, opened.tracks, opened.breaks)
    exact = rows[0].values
    st.table(
        [
            {
                "Predictor": PREDICTORS[row.predictor],
                **{heading: _ranked(row, exact, key, form, slack) for key, heading, form, slack in RANKED},
            }
            for row in rows
        ],
        hide_index=True,
    )


def _ranked(row: Ranked, exact: dict[str, float], key: str, form: str, slack: float) -> str:
    value, right = row.values[key], exact[key]
    if not np.isfinite(value):
        return "–"
    text = form.format(value + 0.0)
    distance = abs(value - right) if key.startswith(("motion", "delay")) else value - right
    fooled = row.predictor != "exact" and distance <= max(slack, 0.05 * abs(right))
    return f":orange[{text}]" if fooled else text
