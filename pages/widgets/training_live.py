"""A training on the screen: its curves, heatmaps beside their targets, examples, what it said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from core.services.watching import Watched, watch
from db.engine import reading
from db.queries.work import runs_page
from db.tables import Run, RunState
from pages.widgets.resources import workspace
from pages.widgets.run_status import MARKS, result_sentence
from pages.widgets.text import plain, utc

_KINDS: Final = ("train", "selftrain")
_PAST: Final = 20


def live(dataset_id: int) -> None:
    """The training that is at work, if one is."""
    run = next((run for run in _trainings(dataset_id) if run.state == RunState.RUNNING), None)
    if run is not None:
        _moving(run.id)


def past_trainings(dataset_id: int) -> None:
    """Trainings that have ended: choose one to see how it went."""
    ended = [run for run in _trainings(dataset_id) if run.state not in (RunState.QUEUED, RunState.RUNNING)]
    if not ended:
        return
    st.subheader("Trainings so far", anchor=False)
    names = {run.id: _name(run) for run in ended[:_PAST]}
    chosen = st.selectbox("Training", list(names), format_func=names.__getitem__, key="past-training", width=480)
    run = next(run for run in ended if run.id == chosen)
    st.markdown(f"{MARKS[RunState(run.state)]} {result_sentence(run)}")
    _show(watch(workspace(), run.id), key=f"past-{run.id}")
    if run.state == RunState.DONE and st.button("Compare it", icon=":material/compare_arrows:", type="primary"):
        st.switch_page("models.py")


def _trainings(dataset_id: int) -> list[Run]:
    with reading(workspace().engine) as session:
        rows = runs_page(dataset_id=dataset_id, limit=500, session=session)
    return [run for run, *_ in rows if run.kind in _KINDS]


def _name(run: Run) -> str:
    model = run.counts.get("model") or run.parameters.get("recipe", "")
    return f"{model} · {utc(run.created_at)}"


@st.fragment(run_every=2.0)
def _moving(run_id: int) -> None:
    st.subheader("At work", anchor=False)
    seen = watch(workspace(), run_id)
    if not seen.epochs:
        st.caption("The first epoch is not over yet; curves and pictures come with it.")
    _show(seen, key=f"live-{run_id}")


def _show(seen: Watched, *, key: str) -> None:
    for said in seen.said:
        st.info(plain(said), icon=":material/info:")
    if seen.rounds:
        _rounds(seen.rounds, key=key)
    if seen.epochs:
        left, right = st.columns(2)
        left.plotly_chart(loss_chart(seen.epochs), key=f"{key}-loss", config={"displayModeBar": False})
        right.plotly_chart(nme_chart(seen.epochs), key=f"{key}-nme", config={"displayModeBar": False})
    for title, sheets in (("Heatmaps beside their targets", seen.heatmaps), ("Examples", seen.examples)):
        if sheets:
            chosen = sheets[-1]
            if len(sheets) > 1:
                names = {path.name: path for path in sheets}
                name = st.select_slider(title, list(names), value=sheets[-1].name, key=f"{key}-{title}")
                chosen = names[name]
            st.image(chosen.read_bytes(), caption=f"{title}, {chosen.stem}")


def _rounds(rounds: Sequence[dict[str, Any]], *, key: str) -> None:
    """What each round of a self-training bought."""
    st.markdown("**What each round bought**")
    st.dataframe(
        [
            {
                "Round": row.get("round"), "Task": row.get("task"), "Pseudo-labels": row.get("pseudo_labels"),
                "Validation NME": _percent(row.get("validation_nme")),
                "Change": _percent(row.get("change"), signed=True),
            }
            for row in rounds
        ],
        hide_index=True, key=f"{key}-rounds",
    )  # fmt: skip


def _percent(value: float | None, *, signed: bool = False) -> str:
    return "" if value is None else f"{value:+.2%}" if signed else f"{value:.2%}"


def loss_chart(epochs: Sequence[dict[str, Any]]) -> go.Figure:
    """Training loss and its parts by epoch, on a logarithmic axis."""
    figure = go.Figure()
    x = [row["epoch"] for row in epochs]
    figure.add_scatter(x=x, y=[row.get("train_loss") for row in epochs], name="loss", line_color="#2f6feb")
    parts = list(dict.fromkeys(name for row in epochs for name in row.get("parts", {})))
    for name in parts if len(parts) > 1 else []:
        values = [row.get("parts", {}).get(name) for row in epochs]
        figure.add_scatter(x=x, y=values, name=name, line={"width": 1, "dash": "dot"})
    return _dressed(figure, "Training loss", "log")


def nme_chart(epochs: Sequence[dict[str, Any]]) -> go.Figure:
    """NME on the validation part by epoch."""
    figure = go.Figure()
    values = [row.get("validation_nme") for row in epochs]
    figure.add_scatter(x=[row["epoch"] for row in epochs], y=values, name="validation", line_color="#2a9d8f")
    known = [value for value in values if value is not None]
    if known:
        best = values.index(min(known))
        figure.add_scatter(
            x=[epochs[best]["epoch"]],
            y=[min(known)],
            mode="markers",
            name="best",
            marker={"size": 10, "color": "#d1495b"},
        )
    return _dressed(figure, "NME on the validation part", "linear", percent=True)


def _dressed(figure: go.Figure, title: str, kind: str, *, percent: bool = False) -> go.Figure:
    figure.update_layout(
        title=title, height=300, margin={"l": 50, "r": 10, "t": 45, "b": 40}, xaxis_title="Epoch",
        legend={"orientation": "h", "y": -0.25},
    )  # fmt: skip
    figure.update_yaxes(type=kind, **({"tickformat": ".1%"} if percent else {"exponentformat": "power"}))
    return figure
