"""What the Verification page draws of the errors at every threshold."""

from typing import Final

import plotly.graph_objects as go

from core.verification import VerificationReport

SAME: Final = "#2f6feb"
_LINE: Final = "#e9a03b"


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
