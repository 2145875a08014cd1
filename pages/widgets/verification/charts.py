"""What the Verification page draws of the errors at every threshold."""

from typing import Final

import numpy as np
import plotly.graph_objects as go

from core.foundation.arrays import Floats
from core.verification import VerificationReport, probit

SAME: Final = "#2f6feb"
_DIFFERENT: Final = "#d1495b"
_TICKS: Final = (1e-4, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.99)
_LINE: Final = "#e9a03b"


def roc_chart(report: VerificationReport, fmr: float | None, fnmr: float | None) -> go.Figure:
    """Matches found against false matches, false matches on a logarithmic axis, and where the slider stands."""
    curve = report.drawn_roc
    least = float(curve.fmr[0])
    band = report.det_band
    figure = go.Figure()
    _add_band(figure, band.at, 1 - band.high, 1 - band.low, SAME)
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


def det_chart(report: VerificationReport, fmr: float | None, fnmr: float | None) -> go.Figure:
    """Both error rates on normal-deviate axes: normal scores make a straight line (Martin et al. 1997)."""
    curve, band = report.drawn_roc, report.det_band
    figure = go.Figure()
    _add_band(figure, probit(band.at), probit(band.low), probit(band.high), SAME)
    figure.add_scatter(
        x=probit(curve.fmr),
        y=probit(1 - curve.tmr),
        customdata=np.stack([curve.fmr, 1 - curve.tmr, curve.thresholds], axis=1),
        mode="lines",
        line={"color": SAME},
        name="DET",
        hovertemplate="FMR %{customdata[0]:.2%}<br>FNMR %{customdata[1]:.2%}<br>threshold %{customdata[2]:.4f}"
        "<extra></extra>",
    )
    if fmr and fnmr:
        here = {"color": _LINE, "size": 11}
        figure.add_scatter(
            x=probit([fmr]), y=probit([fnmr]), mode="markers", marker=here, name="here", hoverinfo="name"
        )
    figure.update_layout(height=320, margin={"l": 10, "r": 10, "t": 10, "b": 10}, showlegend=False)
    axis = {"tickvals": probit(_TICKS), "ticktext": [f"{100 * tick:g}%" for tick in _TICKS], "zeroline": False}
    figure.update_xaxes(title="FMR: different people accepted", **axis)
    figure.update_yaxes(title="FNMR: same people rejected", **axis)
    return figure


def rates_chart(report: VerificationReport, threshold: float) -> go.Figure:
    """FMR and FNMR against the threshold, each with what the people show of it."""
    figure = go.Figure()
    for name, colour, band in zip(("FMR", "FNMR"), (_DIFFERENT, SAME), report.bands, strict=True):
        _add_band(figure, band.at, band.low, band.high, colour)
        figure.add_scatter(
            x=band.at,
            y=band.value,
            mode="lines",
            line={"color": colour},
            name=name,
            hovertemplate=f"{name} %{{y:.2%}}<br>threshold %{{x:.4f}}<extra></extra>",
        )
    figure.add_vline(threshold, line={"color": _LINE, "width": 2})
    figure.update_layout(
        height=320,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(title="Threshold")
    figure.update_yaxes(title="Rate", tickformat=".0%", rangemode="tozero")
    return figure


def _add_band(figure: go.Figure, x: Floats, low: Floats, high: Floats, colour: str) -> None:
    """What lies between two curves, where both are known."""
    known = np.isfinite(low) & np.isfinite(high) & np.isfinite(x)
    shared = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=x[known], y=low[known], **shared)
    figure.add_scatter(x=x[known], y=high[known], fill="tonexty", fillcolor=_faint(colour), **shared)


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.18)"
