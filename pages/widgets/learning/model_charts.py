"""Charts of models beside one another."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go

from core.foundation.skeletons import Skeleton
from core.learning.errors_on_held_out import Breakdown, PairedDifference
from core.learning.evaluating import FEWEST_GROUPS

# Baseline green, compared blue, as in the overlay; the third orange. Dashes tell them apart without colour.
COLOURS: Final = ("#2a9d3c", "#266edc", "#d9822b")
_DASHES: Final = ("solid", "dash", "dot")
_MOST_GROUPS: Final = 40


def ced_chart(parts: Mapping[str, Breakdown]) -> go.Figure:
    """Cumulative error distribution: the share of instances whose error is at most x."""
    figure = go.Figure()
    for (name, part), colour, dash in zip(parts.items(), COLOURS, _DASHES, strict=False):
        curve = part.curve
        figure.add_scatter(
            x=curve.error,
            y=curve.share,
            name=_short(name),
            mode="lines",
            line={"shape": "hv", "color": colour, "dash": dash},
            hovertemplate="error ≤ %{x:.2%}: %{y:.1%}<extra>" + _short(name) + "</extra>",
        )
    figure.update_xaxes(title="Error", tickformat=".0%")
    figure.update_yaxes(title="Share of instances", tickformat=".0%", range=[0, 1.02])
    return _laid_out(figure, "Cumulative error")


def group_chart(parts: Mapping[str, Breakdown]) -> go.Figure:
    """Mean error by group (video, person, action), the worst of the last model first."""
    figure, title = _group_bars(parts, "By group", COLOURS, ".2%")
    figure.update_xaxes(title="Mean error", tickformat=".1%")
    return _laid_out(figure, title, figure.layout.height)


def point_chart(parts: Mapping[str, Breakdown], skeleton: Skeleton) -> go.Figure:
    """Mean error of each point, and of each region as a line of its own width."""
    figure = go.Figure()
    for (name, part), colour, dash in zip(parts.items(), COLOURS, _DASHES, strict=False):
        figure.add_scatter(
            x=list(range(1, len(skeleton) + 1)),
            y=part.points,
            name=_short(name),
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 1.5},
            marker={"size": 4},
            customdata=list(skeleton.point_names),
            hovertemplate="%{customdata}: %{y:.2%}<extra>" + _short(name) + "</extra>",
        )
    for i, (region, points) in enumerate(skeleton.regions.items()):
        if i % 2 == 0 and list(points) == list(range(points[0], points[-1] + 1)):
            figure.add_vrect(
                points[0] + 0.5,
                points[-1] + 1.5,
                fillcolor="#8893a0",
                opacity=0.09,
                line_width=0,
                annotation_text=region.replace("_", " "),
                annotation_position="top left",
            )
    figure.update_xaxes(title="Point")
    figure.update_yaxes(title="Mean error", tickformat=".1%", rangemode="tozero")
    return _laid_out(figure, "By point")


def point_difference_chart(parts: Mapping[str, PairedDifference], skeleton: Skeleton, first: str) -> go.Figure:
    """How much more than the first each model errs at each point, with intervals where there are groups enough."""
    figure = go.Figure()
    for (name, part), colour in zip(parts.items(), COLOURS[1:], strict=False):
        value, low, high = (
            np.array([getattr(difference, end) for difference in part.points]) for end in ("value", "low", "high")
        )
        few = np.array([difference.groups < FEWEST_GROUPS for difference in part.points])
        figure.add_scatter(
            x=list(range(1, len(skeleton) + 1)),
            y=value,
            name=_short(name),
            mode="markers",
            marker={"color": colour, "size": 5},
            customdata=list(skeleton.point_names),
            error_y={
                "type": "data",
                "symmetric": False,
                "width": 2,
                "thickness": 1,
                "array": np.where(few, 0.0, high - value),
                "arrayminus": np.where(few, 0.0, value - low),
            },
            hovertemplate="%{customdata}: %{y:+.2%}<extra>" + _short(name) + "</extra>",
        )
    return _about_nothing(figure, f"By point, less {_short(first)}", "y").update_xaxes(title="Point")


def group_difference_chart(parts: Mapping[str, PairedDifference], first: str) -> go.Figure:
    """How much more than the first each model errs in each group, the worst of the last model first."""
    figure, title = _group_bars(parts, f"By group, less {_short(first)}", COLOURS[1:], "+.2%")
    return _about_nothing(figure, title, "x", figure.layout.height)


def _group_bars(
    parts: Mapping[str, Breakdown | PairedDifference], title: str, colours: Sequence[str], form: str
) -> tuple[go.Figure, str]:
    """Bars of the groups, the worst of the last model first and undefined ones last; a title that says if not all."""
    groups = list(parts.values())[-1].groups
    worst = sorted(groups, key=lambda group: -np.nan_to_num(groups[group], nan=-np.inf))
    order = worst[:_MOST_GROUPS]
    figure = go.Figure()
    for (name, part), colour in zip(parts.items(), colours, strict=False):
        figure.add_bar(
            x=[part.groups[group] for group in order],
            y=[_short(group) for group in order],
            name=_short(name),
            orientation="h",
            marker_color=colour,
            hovertemplate=f"%{{y}}: %{{x:{form}}}<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(height=max(320, 120 + 22 * len(order) * len(parts)))
    return figure, title + (f", the worst {_MOST_GROUPS} of {len(worst):,}" if len(worst) > _MOST_GROUPS else "")


def _about_nothing(figure: go.Figure, title: str, axis: str, height: int = 340) -> go.Figure:
    """Differences, with a line where there is none."""
    figure.update_layout(
        {
            f"{axis}axis": {
                "title": "Difference of the mean error",
                "tickformat": "+.1%",
                "zeroline": True,
                "zerolinecolor": "#8893a0",
            }
        }
    )
    return _laid_out(figure, title, height)


def _short(name: str) -> str:
    """A name as a label: Plotly takes a part of HTML for what it is."""
    text = name if len(name) <= 42 else f"{name[:20]}…{name[-20:]}"
    return text.replace("<", "‹").replace(">", "›").replace("&", "&amp;")


def _laid_out(figure: go.Figure, title: str, height: int = 340) -> go.Figure:
    figure.update_layout(
        title=title, height=height, margin={"l": 60, "r": 10, "t": 45, "b": 45}, legend={"orientation": "h", "y": -0.22}
    )
    return figure
