"""What the Verification page draws: how the scores are spread, and the errors at every threshold."""

from typing import Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.verification import VerificationReport

SAME: Final = "#2f6feb"
DIFFERENT: Final = "#d1495b"
_LINE: Final = "#e9a03b"
_QUIET: Final = "#8a8f98"
_FAINTEST: Final = 1e-3  # of the highest density: what a logarithmic axis still shows


def score_chart(report: VerificationReport, threshold: float, *, logarithmic: bool) -> go.Figure:
    """Histogram (bars) and kernel density (lines) of same and of different pairs, each with the area 1.

    Every person counts the same, so the area at and above the threshold is the FMR, that below it the FNMR.
    """
    figure = go.Figure()
    histogram, density = report.histogram, report.density
    different = (histogram.different, histogram.different_share, density.different, density.different_bandwidth)
    same = (histogram.same, histogram.same_share, density.same, density.same_bandwidth)
    highest = max(
        _add_pairs(figure, report, "Different people", DIFFERENT, *different),
        _add_pairs(figure, report, "Same person", SAME, *same),
    )
    here, best = ("left", "right") if threshold < report.best.threshold else ("right", "left")
    marks = (
        _mark(report.best.threshold, "best accuracy", _QUIET, "dot", best),
        _mark(threshold, f"{threshold:.3f}", _LINE, "solid", here),
    )
    figure.update_layout(
        barmode="overlay",
        height=330,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        bargap=0,
        shapes=[line for line, _ in marks],
        annotations=[text for _, text in marks],
        legend={"orientation": "h", "yanchor": "top", "y": -0.28},
    )
    figure.update_xaxes(title="Cosine similarity")
    figure.update_yaxes(title="Density")
    if logarithmic:
        figure.update_yaxes(type="log", range=[np.log10(highest * _FAINTEST), np.log10(highest * 1.5)])
    return figure


def _add_pairs(
    figure: go.Figure,
    report: VerificationReport,
    name: str,
    colour: str,
    counts: NDArray,
    shares: NDArray,
    curve: NDArray | None,
    bandwidth: float | None,
) -> float:
    """Bars and the smoothed line of the pairs of one kind; returns how high the highest bar is."""
    edges = report.histogram.edges
    width = float(edges[1] - edges[0])
    figure.add_bar(
        x=(edges[1:] + edges[:-1]) / 2,
        y=shares / width,
        width=width,
        name=name,
        marker_color=colour,
        opacity=0.4,
        customdata=counts,
        hovertemplate="similarity %{x:.3f}<br>%{customdata:,} pairs",
        legendgroup=name,
    )
    if curve is not None:
        figure.add_scatter(
            x=report.density.x,
            y=curve,
            mode="lines",
            name=f"smoothed, bandwidth {bandwidth:.3f}",
            legendgroup=name,
            line={"color": colour, "width": 2},
            hoverinfo="skip",
        )
    return float((shares / width).max())


def _mark(at: float, text: str, colour: str, dash: str, side: str) -> tuple[dict[str, object], dict[str, object]]:
    """A line from top to bottom, and its name at the top on one side: what `add_vline` makes, a tenth of its time."""
    place = {"x": at, "y": 1, "xref": "x", "yref": "y domain"}
    line = {"color": colour, "width": 2, "dash": dash}
    shape = {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "xref": "x", "yref": "y domain", "line": line}
    anchor = "left" if side == "right" else "right"
    return shape, {**place, "text": text, "showarrow": False, "xanchor": anchor, "yanchor": "top"}


def roc_chart(report: VerificationReport, fmr: float | None, fnmr: float | None) -> go.Figure:
    """Matches found against false matches, false matches on a logarithmic axis, and where the slider stands."""
    curve = report.drawn_roc
    least = float(curve.fmr[0])
    figure = go.Figure()
    figure.add_scatter(
        x=curve.fmr,
        y=curve.tmr,
        customdata=curve.thresholds,
        mode="lines",
        line={"color": SAME, "shape": "hv"},
        name="ROC",
        hovertemplate="FMR %{x:.2%}<br>1 − FNMR %{y:.2%}<br>threshold %{customdata:.4f}<extra></extra>",
    )
    if fmr is not None and fnmr is not None:
        figure.add_scatter(
            x=[max(fmr, least)],
            y=[1 - fnmr],
            mode="markers",
            marker={"color": _LINE, "size": 11},
            name="here" if fmr else "here: no false match seen",
            hoverinfo="name",
        )
    figure.update_layout(
        height=320,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        showlegend=bool(fmr == 0),
        legend={"x": 0.98, "xanchor": "right", "y": 0.05},
    )
    figure.update_xaxes(title="FMR: different people accepted", type="log", tickformat=".2~%", dtick=1)
    lowest = float(curve.tmr[0]) if fnmr is None else min(float(curve.tmr[0]), 1 - fnmr)
    room = max(0.02, (1 - lowest) / 20)  # a perfect curve is a line at the top, not a scale up to 200 %
    figure.update_yaxes(title="1 − FNMR: same people accepted", tickformat=".1~%", range=[lowest - room, 1 + room / 4])
    return figure
