"""What the Stability page shows of an opened track: curves, the vector of figures, and bad predictors beside it."""

import json
from dataclasses import dataclass
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.motion import stability
from core.motion.stability import DatasetStability, DisplacementHistogram, Smoothing
from pages.widgets.motion.explanations import PARTS, PREDICTORS, RANKED, FigureRow
from pages.widgets.motion.opened_track import OpenedTrack
from pages.widgets.motion.stability_charts import cut_off, deviation_chart, displacement_chart
from pages.widgets.shared.address import among, in_address, yes_or_no
from pages.widgets.shared.text import counted, plain

_SMALLEST_P: Final = 1e-300


@dataclass(frozen=True, eq=False)
class JudgedTrack:
    """The figures of a track, and its displacements in x and in y; these are None where nothing moves."""

    figures: stability.Stability
    displacements: tuple[DisplacementHistogram | None, DisplacementHistogram | None]


@st.cache_data(max_entries=16, show_spinner="Judging the track")
def judged(key: str, smoothing: Smoothing, _opened: OpenedTrack) -> JudgedTrack:  # noqa: ARG001  (the key is the track's)
    """An opened track, smoothed: judged once, and kept under its key and how it is smoothed.

    Raises
    ------
    BadInput
        If a setting of the smoother is out of range.
    """
    tracks = smoothing(_opened.tracks, _opened.breaks)
    figures = stability.of_tracks(tracks, _opened.truth, _opened.breaks)
    x, y = (stability.displacement_histogram(tracks, _opened.breaks, axis, figures.values) for axis in (0, 1))
    return JudgedTrack(figures, (x, y))


def curve_charts(raw: JudgedTrack, smoothed: JudgedTrack | None) -> None:
    """The deviation over time, and displacements against the normal that metric 1 assumes."""
    st.subheader("Deviation of each frame from the one before", anchor=False)
    curves = raw.figures.curve, None if smoothed is None else smoothed.figures.curve
    st.plotly_chart(deviation_chart(*curves), key="deviation", alt="Deviation over the frames")
    beyond = cut_off(*curves)
    if beyond:
        st.caption(f"{counted(beyond, 'pair of frames reaches', 'pairs of frames reach')} out of the chart.")
    st.subheader("Are displacements normal?", anchor=False)
    axis = st.segmented_control("Axis", ["x", "y"], required=True, **in_address("axis", among("xy"), "x"))
    shown = (smoothed or raw).figures
    histogram = (smoothed or raw).displacements["xy".index(axis)]
    if histogram is None:
        st.caption("Nothing moves, so there is nothing to fit.")
        return
    st.plotly_chart(
        displacement_chart(histogram, shown.values, axis), key="spread", alt="Displacements against the fitted normal"
    )
    kurtosis, p = shown.values[f"displacement_kurtosis_{axis}"], shown.values[f"displacement_normality_p_{axis}"]
    test = shown.normality_test_x if axis == "x" else shown.normality_test_y
    chance = f"p = {p:.2g}" if p >= _SMALLEST_P else f"p < {_SMALLEST_P:g}"
    refuted = "not normal" if p < 0.01 else "normality is not refuted"
    st.caption(
        f"Excess kurtosis **{kurtosis:,.1f}** (normal: 0); {plain(test)} {chance}: {refuted}. "
        f"{counted(histogram.outside, 'displacement lies', 'displacements lie')} outside the chart."
    )


def figure_tables(
    opened: OpenedTrack, figures: stability.Stability, smoothed_figures: stability.Stability | None
) -> None:
    """Every figure with what it measures and what it cannot see."""
    st.subheader("The vector", anchor=False)
    st.caption(
        "No single figure ranks every bad predictor rightly: read them together. "
        f"The indicator compares with {_compared_with(figures.indicator_against)}."
        + (" In brackets: 95 % interval from drawing whole videos anew." if _several(opened) else "")
    )
    for number, part in enumerate(PARTS):
        keys = [key for row in part.rows for key in row.keys()]  # noqa: SIM118
        missing = {figures.reasons[key].text() for key in keys if key in figures.reasons}
        st.markdown(f"**{part.title}**")
        if all(key in figures.reasons for key in keys):
            st.caption(f"Undefined: {'; '.join(sorted(missing))}.")
            continue
        st.caption(part.says + (f" Undefined figures: {'; '.join(sorted(missing))}." if missing else ""))
        with st.container(key=f"explained-{number}"):
            st.table([_line(row, opened, figures, smoothed_figures) for row in part.rows], hide_index=True)
    st.download_button(
        "Download the figures as JSON",
        json.dumps((smoothed_figures or figures).flat(), indent=1),
        "stability.json",
        "application/json",
        icon=":material/download:",
    )


def _line(
    row: FigureRow, opened: OpenedTrack, figures: stability.Stability, smoothed_figures: stability.Stability | None
) -> dict[str, str]:
    both = " (x\u00a0·\u00a0y)" if "{}" in row.key else ""
    line = {"Figure": row.label + both, "Value": _shown(row, figures.values)}
    if smoothed_figures is not None:
        line["Smoothed"] = _shown(row, smoothed_figures.values)
    if opened.in_dataset is not None and _several(opened):
        line[f"All {len(opened.in_dataset.videos)} videos"] = _over_videos(
            row, opened.in_dataset, figures.indicator_against
        )
    return line | {"What it measures": f"{row.measures} **Cannot see:** {row.blind[:1].lower()}{row.blind[1:]}"}


def _several(opened: OpenedTrack) -> bool:
    return opened.in_dataset is not None and len(opened.in_dataset.videos) > 1


def _shown(row: FigureRow, values: dict[str, float]) -> str:
    return _with_unit(row, [_number(row, values[key]) for key in row.keys()])  # noqa: SIM118


def _with_unit(row: FigureRow, numbers: list[str]) -> str:
    """The numbers and their unit, which a line never parts."""
    return " · ".join(numbers).replace(" · ", "\u00a0· ") + (f"\u00a0{row.unit}" if row.unit else "")


def _number(row: FigureRow, value: float) -> str:
    if not np.isfinite(value):
        return "–"
    if row.key.startswith("displacement_normality") and value < _SMALLEST_P:
        return f"< {_SMALLEST_P:g}"
    return row.form.format(value)


def _over_videos(row: FigureRow, in_dataset: DatasetStability, against: str) -> str:
    """The mean over the videos with its interval; a mean of p-values would mean nothing."""
    if row.key.startswith("displacement_normality"):
        return ""
    if row.key == "indicator" and in_dataset.against != against:
        return f"{_number(row, in_dataset.figures[row.key].value)}, against {_compared_with(in_dataset.against)}"
    return _with_unit(row, [_interval(row, in_dataset.figures[key]) for key in row.keys()])  # noqa: SIM118


def _compared_with(against: str) -> str:
    return "the truth" if against == "truth" else against


def _interval(row: FigureRow, interval: stability.Interval) -> str:
    value = _number(row, interval.value)
    return f"{value} ({interval.low:.3g} to {interval.high:.3g})" if np.isfinite(interval.low) else value


@st.cache_data(max_entries=8, show_spinner="Judging bad predictors")
def _bad_predictors(
    key: str,  # noqa: ARG001  (what the cache goes by)
    _tracks: NDArray[np.float64],
    _breaks: NDArray[np.bool_] | None,
) -> dict[str, dict[str, float]]:
    return stability.judge_bad_predictors(_tracks, _breaks)


def bad_predictors(opened: OpenedTrack) -> None:
    """How each figure ranks bad predictors made from the opened track, which is the truth here."""
    st.subheader("How each figure ranks bad predictors", anchor=False)
    asked = in_address("bad", yes_or_no, False)
    if not st.toggle("Make bad predictors of this track and judge them", **asked):
        return
    st.caption(
        "Each is made from the opened track, which is taken for the truth. Orange: the figure cannot tell it from the "
        "track itself, or likes it better."
    )
    rows = _bad_predictors(opened.key, opened.tracks, opened.breaks)
    st.table(
        [
            {
                "Predictor": PREDICTORS[predictor],
                **{heading: _ranked(predictor, rows, key, form, slack) for key, heading, form, slack in RANKED},
            }
            for predictor in rows
        ],
        hide_index=True,
    )


def _ranked(predictor: str, rows: dict[str, dict[str, float]], key: str, form: str, slack: float) -> str:
    value, right = rows[predictor][key], rows["exact"][key]
    if not np.isfinite(value):
        return "–"
    text = form.format(value + 0.0)
    distance = abs(value - right) if key.startswith(("motion", "delay")) else value - right
    fooled = predictor != "exact" and distance <= max(slack, 0.05 * abs(right))
    return f":orange[{text}]" if fooled else text
