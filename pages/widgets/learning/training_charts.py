"""Charts of a training."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import plotly.graph_objects as go

COLOURS: Final = ("#2a9d3c", "#266edc", "#d9822b", "#8e5bb5", "#5f6b76")
_BEST: Final = "#d1495b"

Rows = Sequence[Mapping[str, Any]]


def loss_chart(epochs: Rows) -> go.Figure:
    """Training loss and its parts by epoch, on a logarithmic axis."""
    figure = go.Figure()
    x = [row["epoch"] for row in epochs]
    figure.add_scatter(x=x, y=[_number(row.get("train_loss")) for row in epochs], name="loss", line_color="#2f6feb")
    parts = list(dict.fromkeys(name for row in epochs for name in row.get("parts", {})))
    for name in parts if len(parts) > 1 else []:
        values = [_number(row.get("parts", {}).get(name)) for row in epochs]
        figure.add_scatter(x=x, y=values, name=name, line={"width": 1, "dash": "dot"})
    figure.update_yaxes(type="log", exponentformat="power")
    return _with_epochs(figure, "Training loss", epochs)


def nme_chart(epochs: Rows) -> go.Figure:
    """NME on the validation part by epoch, the best epoch marked where there are no rounds."""
    figure = go.Figure()
    values = [_number(row.get("validation_nme")) for row in epochs]
    figure.add_scatter(x=[row["epoch"] for row in epochs], y=values, name="validation", line_color="#2a9d8f")
    finite = [value for value in values if value is not None]
    if finite and "round" not in epochs[0]:  # of rounds the last one counts, whichever came out best
        best = values.index(min(finite))
        figure.add_scatter(
            x=[epochs[best]["epoch"]],
            y=[values[best]],
            mode="markers",
            name="best",
            marker={"size": 10, "color": _BEST},
        )
    figure.update_yaxes(tickformat=".1%")
    return _with_epochs(figure, "NME on the validation part", epochs)


def rounds_chart(plans: Mapping[str, Rows]) -> go.Figure:
    """NME on the validation part after each round, a line for each self-training."""
    figure = go.Figure()
    for (name, rounds), colour in zip(plans.items(), COLOURS, strict=False):
        figure.add_scatter(
            x=[row["round"] for row in rounds],
            y=[_number(row["validation_nme"]) for row in rounds],
            name=name,
            mode="lines+markers",
            line_color=colour,
        )
    figure.update_xaxes(title="Round", dtick=1)
    figure.update_yaxes(tickformat=".1%")
    return _layout(figure, "NME on the validation part after each round")


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _with_epochs(figure: go.Figure, title: str, epochs: Rows) -> go.Figure:
    """The axis of epochs; where rounds follow one another, a line before each."""
    for before, row in pairwise(epochs):
        if row.get("round") != before.get("round"):
            figure.add_vline(
                row["epoch"] - 0.5, line_dash="dot", line_color="#8893a0", annotation_text=f"round {row['round']}"
            )
    whole = {"dtick": 1} if len(epochs) < 6 else {}  # half an epoch is nothing to point at
    figure.update_xaxes(title="Epoch", **whole)
    return _layout(figure, title)


def _layout(figure: go.Figure, title: str) -> go.Figure:
    return figure.update_layout(
        title=title, height=300, margin={"l": 50, "r": 10, "t": 45, "b": 40}, legend={"orientation": "h", "y": -0.25}
    )
