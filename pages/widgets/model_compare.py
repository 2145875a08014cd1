"""Models beside one another on the same held-out instances."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.errors import FacetError, NotEnoughData
from core.jobs.launch import start
from core.services import evaluating, models
from core.services.annotating import editor_skeletons
from core.services.evaluating import Held
from db.engine import reading
from db.queries.models import newness as newness_of
from pages.widgets.model_charts import ced_chart, group_chart, point_chart
from pages.widgets.model_versions import interval
from pages.widgets.picture_grid import Tile, picture_grid
from pages.widgets.resources import IMAGE, author_id, workspace
from pages.widgets.text import counted, plain, sentence

MOST: Final = 3
_WORST: Final = 24
# name: (what people call it, in percent, better when larger or None, what it is)
_METRICS: Final = {
    "nme": ("NME", True, False, "Mean distance from the truth over the usual length (a face's outer eye corners)."),
    "median_nme": ("Median NME", True, False, "The same for the middle instance: a few bad ones do not move it."),
    "nme_inter_pupil": ("NME, inter-pupil", True, False, "Over the distance of the eyes' centres."),
    "nme_box": ("NME, box", True, False, "Over the square root of the box's area."),
    "nme_diagonal": ("NME, diagonal", True, False, "Over the box's diagonal."),
    "auc": ("AUC at 8 %", True, True, "Area under the cumulative error curve up to 8 %, exact."),
    "failure_rate": ("Failures at 8 %", True, False, "Share of instances whose error is above 8 %."),
    "pck": ("PCK at 10 %", True, True, "Share of points nearer than 10 % of the usual length."),
    "rmse_px": ("RMSE, pixels", False, False, "Over all coordinates, as the motion competition scores."),
    "oks": ("OKS", True, True, "Object keypoint similarity, mean; the sigmas of the 24 points are partly borrowed."),
    "ap": ("AP", True, True, "COCO's average precision over OKS 0.50 to 0.95."),
    "missed": ("Missed", True, False, "Share of instances with a labelled point that the model did not give."),
}


def choose_models(dataset_id: int) -> tuple[str, list[str]]:
    """The skeleton, and up to three models to look at; the first is what the others are compared with."""
    st.subheader("Compare on held-out labels", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shape = st.selectbox("Points", list(editor_skeletons()), key="compare-skeleton", width=160)
        names = list(models.comparable(workspace(), dataset_id, shape))
        usual = names[-1:] + names[: min(1, len(names) - 1)]  # the built-in or oldest one first, the newest beside it
        chosen = st.multiselect(
            "Models (the first is what the others are compared with)", names, default=usual, max_selections=MOST,
            key=f"compare-{shape}-{len(names)}", width=560,
        )  # fmt: skip
    if not names:
        st.caption(f"There is no model for {plain(shape)} yet.")
    return shape, chosen


@st.cache_data(max_entries=8, show_spinner="Comparing")
def _held(dataset_id: int, names: tuple[str, ...], newness: tuple[int, ...]) -> Held:  # noqa: ARG001
    return evaluating.held_out(workspace(), dataset_id, names)


@st.cache_data(max_entries=32, show_spinner=False)
def _metrics(_held_out: Held, dataset_id: int, names: tuple[str, ...], newness: tuple[int, ...], model: str) -> dict:  # noqa: ARG001
    return evaluating.plain(evaluating.metrics(_held_out, model))


@st.cache_data(max_entries=32, show_spinner=False)
def _differences(
    _held_out: Held, dataset_id: int, names: tuple[str, ...], newness: tuple[int, ...], model: str  # noqa: ARG001
) -> dict:  # fmt: skip
    return evaluating.plain(evaluating.differences(_held_out, model, names[0]))


def comparison(dataset_id: int, chosen: list[str], *, busy: bool) -> None:
    """Figures with intervals, curves, points and groups, and the worst instances first."""
    names = tuple(chosen)
    with reading(workspace().engine) as session:
        newness = newness_of(dataset_id, session=session)
    try:
        held = _held(dataset_id, names, newness)
    except NotEnoughData as error:
        st.info(sentence(error))
        _offer(dataset_id, chosen, busy=busy)
        return
    except FacetError as error:
        st.error(sentence(error))
        return
    st.caption(
        f"{counted(len(held), 'instance')} of {counted(len(set(held.groups.tolist())), 'group')} that no model learned "
        "from; intervals (95 %) by drawing whole groups again."
    )
    if held.left_out:
        st.warning(f"{counted(held.left_out, 'held-out instance')} not predicted by all of them stay out.")
        _offer(dataset_id, chosen, busy=busy)
    _figures(held, dataset_id, names, newness)
    _where(held, names)
    _worst(held, chosen)


def _offer(dataset_id: int, chosen: list[str], *, busy: bool) -> None:
    if st.button("Predict the held-out part", icon=":material/play_arrow:", disabled=busy, type="primary"):
        for name in chosen:
            start(workspace(), "predict", dataset_id=dataset_id, author_id=author_id(), model=name, held_out=True)
        st.rerun()


def _figures(held: Held, dataset_id: int, names: tuple[str, ...], newness: tuple[int, ...]) -> None:
    found = {name: _metrics(held, dataset_id, names, newness, name) for name in names}
    apart = {name: _differences(held, dataset_id, names, newness, name) for name in names[1:]}
    rows = []
    for key, (title, percent, upward, about) in _METRICS.items():
        if not any(key in found[name] for name in names):
            continue
        row = {"Metric": title} | {name: interval(found[name].get(key), percent=percent) for name in names}
        for name in names[1:]:
            row[f"{name} − {names[0]}"] = verdict(apart[name].get(key), percent=percent, upward=upward)
        rows.append(row | {"What it is": about})
    st.dataframe(rows, hide_index=True, key="comparison", height="content")


def verdict(metric: dict[str, float | None] | None, *, percent: bool, upward: bool) -> str:
    """A paired difference with its interval, and whether it is clear."""
    if not metric or metric["value"] is None:
        return "undefined"
    text = interval(metric, percent=percent)
    low, high = metric["low"], metric["high"]
    if low is None or high is None:
        return f"{text}: one group cannot tell"
    if low <= 0 <= high:
        return f"{text}: no clear difference"
    return f"{text}: {'better' if (metric['value'] > 0) == upward else 'worse'}"


def _where(held: Held, names: tuple[str, ...]) -> None:
    parts = {name: evaluating.breakdown(held, name) for name in names}
    left, right = st.columns(2)
    left.plotly_chart(ced_chart(parts), key="ced", config={"displayModeBar": False})
    right.plotly_chart(group_chart(parts), key="by-group", config={"displayModeBar": False})
    st.plotly_chart(point_chart(parts, held.shape), key="by-point", config={"displayModeBar": False})


def _worst(held: Held, chosen: list[str]) -> None:
    st.markdown("**Worst first.** Click one to open it in the editor.")
    order = st.segmented_control("Errors of", chosen, default=chosen[-1], required=True, key="worst-of")
    rows = evaluating.worst(held, [order, *(name for name in chosen if name != order)], _WORST)
    tiles = [
        Tile(row.image_id, f"/api/thumbnail/{row.image_id}?v={row.sha256[:8]}", row.name, _errors(row.errors))
        for row in {row.image_id: row for row in reversed(rows)}.values()
    ][::-1]
    picture_grid(tiles, key="worst-grid", size=128, on_open=_open)


def _errors(errors: dict[str, float]) -> str:
    return " · ".join("missed" if error == float("inf") else f"{error:.2%}" for error in errors.values())


def _open(image_id: int) -> None:
    st.session_state[IMAGE] = image_id
    st.switch_page("keypoints.py")
