"""The dashboard's charts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from html import escape
from typing import Final

import plotly.graph_objects as go
import streamlit as st

from db.queries.dashboard import InstancesByReview, Work
from db.tables import ImageState
from pages.widgets.library.picture_tiles import STATES
from pages.widgets.shared.words import words

_STATE_COLOURS: Final[dict[str, str]] = {
    ImageState.NEW: "#9aa5b1",
    ImageState.EMPTY: "#cfd6dd",
    ImageState.FOUND: "#2f6feb",
    ImageState.IN_PROGRESS: "#e9a03b",
    ImageState.IMPORTED: "#8a6fc9",
    ImageState.ACCEPTED: "#2a9d8f",
    ImageState.FAILED: "#d1495b",
}
# how far points are reviewed: the column of `InstancesByReview`, and the colour that pictures of that kind have
_REVIEW_COLOURS: Final[dict[str, str]] = {
    "accepted": _STATE_COLOURS[ImageState.ACCEPTED],
    "imported": _STATE_COLOURS[ImageState.IMPORTED],
    "in_progress": _STATE_COLOURS[ImageState.IN_PROGRESS],
    "model": _STATE_COLOURS[ImageState.FOUND],
    "none": _STATE_COLOURS[ImageState.NEW],
}
_REVIEWS: Final = words("reviews")
_KINDS: Final = {"face": "Faces", "person": "Figures"}
_MOST_TICKS: Final = 10
_FEWEST_DAYS: Final = 14
_DAY_MS: Final = 86_400_000


def state_bar(states: Mapping[str, int]) -> go.Figure:
    """One bar of all pictures, in parts by their state."""
    parts = [
        go.Bar(
            x=[states[state]],
            y=[""],
            name=f"{name}: {states[state]:,}",
            orientation="h",
            marker_color=_STATE_COLOURS[state],
            hovertemplate=f"{name}: %{{x:,}}<extra></extra>",
        )
        for state, name in STATES.items()
        if states.get(state)
    ]
    return _stacked(parts, most=sum(states.values()), height=150)


def review_row(row: InstancesByReview) -> dict[str, str | int]:
    """How many faces or figures are reviewed how far, under their titles."""
    return {"": _KINDS[row.kind], **{_REVIEWS[name]: getattr(row, name) for name in _REVIEW_COLOURS}}


def points_bars(points: Sequence[InstancesByReview]) -> go.Figure:
    """A bar for faces and one for figures, in parts by how far their points are reviewed."""
    rows_with_any = [row for row in points if row.total]
    named = {
        _REVIEWS[name]: ([getattr(row, name) for row in rows_with_any], colour)
        for name, colour in _REVIEW_COLOURS.items()
    }
    parts = [
        go.Bar(
            x=counts,
            y=[_KINDS[row.kind] for row in rows_with_any],
            name=name,
            orientation="h",
            marker_color=colour,
            text=[f"{count:,}" if count else "" for count in counts],
            hovertemplate=f"%{{y}}, {name.lower()}: %{{x:,}}<extra></extra>",
        )
        for name, (counts, colour) in named.items()
        if any(counts)
    ]
    most = max(row.total for row in rows_with_any)
    return _stacked(parts, most=most, height=110 + 50 * len(rows_with_any))


def _stacked(parts: Sequence[go.Bar], most: int, height: int) -> go.Figure:
    figure = go.Figure(list(parts))
    figure.update_layout(
        barmode="stack",
        height=height,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        legend={"orientation": "h", "traceorder": "normal"},
        xaxis={"visible": False, "range": [0, most]},
        yaxis={"autorange": "reversed"},
        showlegend=True,
    )
    return figure


def work_bars(rows: Sequence[Work]) -> go.Figure:
    """A bar for each day (UTC) with work, in parts by annotator. Rows of one annotator and day are added up."""
    amounts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        amounts[row.annotator][row.day] += row.count
    days = sorted({row.day for row in rows})
    last = date.fromisoformat(days[-1])
    first = min(date.fromisoformat(days[0]), last - timedelta(days=_FEWEST_DAYS - 1))
    every = -(-((last - first).days + 1) // _MOST_TICKS)
    # Plotly reads a few HTML tags in names
    parts = [
        go.Bar(
            x=days,
            y=[amounts[name].get(day, 0) for day in days],
            name=escape(name),
            hovertemplate=f"{escape(name)}, %{{x|%Y-%m-%d}}: %{{y:,}}<extra></extra>",
        )
        for name in sorted(amounts)
    ]
    figure = go.Figure(parts)
    margin = timedelta(hours=14)
    figure.update_layout(
        barmode="stack",
        height=320,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        showlegend=True,
        xaxis={
            "type": "date",
            "tickformat": "%d %b",
            "tick0": f"{first}",
            "dtick": every * _DAY_MS,
            "range": [_midnight(first) - margin, _midnight(last) + margin],
        },
        yaxis={"rangemode": "tozero"},
        colorway=st.get_option("theme.chartCategoricalColors"),
    )
    figure.update_traces(width=0.8 * _DAY_MS)
    return figure


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())
