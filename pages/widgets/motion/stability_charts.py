"""What the Stability page draws: the deviation of each pair of frames, and displacements against the fitted normal."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.motion.stability import DisplacementHistogram

_AXES: Final = {"x": "#2f6feb", "y": "#d1495b"}
_NORMAL: Final = "#e9a03b"
_ROBUST: Final = "#2a9d8f"
_QUIET: Final = "#8a8f98"
_FAINT: Final = 0.35
_LEGEND: Final = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0}


def deviation_chart(curve: NDArray, smoothed: NDArray | None) -> go.Figure:
    """The deviation (T - 1, 2) in percent over the later frame of each pair, counted from 1 as people do; behind a
    smoothed one, what it was before."""
    figure = go.Figure()
    frames = np.arange(2, len(curve) + 2)
    for at, (axis, colour) in enumerate(_AXES.items()):
        if smoothed is not None:
            figure.add_scatter(
                x=frames,
                y=curve[:, at],
                mode="lines",
                name=f"{axis}, as it was",
                opacity=_FAINT,
                line={"color": colour, "width": 1},
                hoverinfo="skip",
            )
        shown = curve if smoothed is None else smoothed
        figure.add_scatter(
            x=frames,
            y=shown[:, at],
            mode="lines",
            name=axis,
            line={"color": colour, "width": 1.3},
            hovertemplate=f"frame %{{x}}, {axis}: %{{y:.3f}} %<extra></extra>",
        )
    figure.update_layout(height=320, margin={"l": 10, "r": 10, "t": 44, "b": 10}, legend=_LEGEND)
    figure.update_xaxes(title="Frame")
    figure.update_yaxes(title="Deviation, %", range=[0, _top(curve, smoothed)])
    return figure


def _top(*curves: NDArray | None) -> float:
    """A little above what 99 % of the pairs stay under: one jump would leave a flat line of all others."""
    defined = [curve[~np.isnan(curve)] for curve in curves if curve is not None]
    values = np.concatenate(defined)
    if not values.size:
        return 1.0
    high, most = np.percentile(values, 99), float(values.max())
    return 1.08 * most if most < 3 * high else 1.5 * float(high)


def cut_off(curve: NDArray, smoothed: NDArray | None) -> int:
    """How many pairs reach out of `deviation_chart`."""
    top = _top(curve, smoothed)
    shown = curve if smoothed is None else smoothed
    return int((np.nan_to_num(shown).max(axis=1, initial=0) > top).sum())


def displacement_chart(histogram: DisplacementHistogram, values: Mapping[str, float], axis: str) -> go.Figure:
    """Displacements along an axis as a density, with the normal of their mean and deviation, and the robust one."""
    width = float(histogram.edges[1] - histogram.edges[0])
    total = int(histogram.counts.sum()) + histogram.outside
    middles = (histogram.edges[1:] + histogram.edges[:-1]) / 2
    figure = go.Figure()
    figure.add_bar(
        x=middles,
        y=histogram.counts / (total * width),
        width=width,
        name="displacements",
        marker_color=_AXES[axis],
        opacity=0.45,
        customdata=histogram.counts,
        hovertemplate="%{x:.2f} px: %{customdata:,}<extra></extra>",
    )
    fine = np.linspace(histogram.edges[0], histogram.edges[-1], 400)
    for name, colour, mean, std in (
        ("fitted normal", _NORMAL, f"displacement_mean_{axis}_px", f"displacement_std_{axis}_px"),
        ("robust normal", _ROBUST, f"displacement_median_{axis}_px", f"displacement_robust_std_{axis}_px"),
    ):
        if values[std] > 0:
            density = np.exp(-((fine - values[mean]) ** 2) / (2 * values[std] ** 2)) / (
                values[std] * np.sqrt(2 * np.pi)
            )
            figure.add_scatter(
                x=fine, y=density, mode="lines", name=name, line={"color": colour, "width": 2}, hoverinfo="skip"
            )
    figure.update_layout(height=320, margin={"l": 10, "r": 10, "t": 44, "b": 10}, bargap=0, legend=_LEGEND)
    figure.update_xaxes(title=f"Displacement in {axis}, px")
    figure.update_yaxes(title="Density")
    return figure
