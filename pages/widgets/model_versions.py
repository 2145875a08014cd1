"""The table of trained models, and which of them pre-labels."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from core.errors import FacetError
from core.jobs.launch import start
from core.services import models
from core.services.promoting import built_in_for, in_force, promote, roll_back
from db.engine import reading
from db.queries.models import promotions
from pages.widgets.resources import author_id, workspace
from pages.widgets.text import counted, lasting, plain, sentence, utc


def versions_table(rows: list[dict[str, Any]]) -> None:
    """Every version in one line, and the whole of one on request."""
    st.dataframe(
        [
            {
                "Model": row["name"], "Points": row["skeleton"],
                "NME": interval(row["figures"].get("nme"), percent=True),
                "Learned from": row["labels"]["train"], "Held out": row["labels"]["test"],
                "Parent": row["parent"] or "",
                "Trained in": lasting(row["seconds"]), "By": row["author"], "At": utc(_moment(row["created_at"])),
                "Pre-labels": "yes" if row["pre_labels"] else "",
            }
            for row in rows
        ],
        hide_index=True, key="versions",
    )  # fmt: skip
    st.caption("NME: mean distance from the truth on the held-out part when it was trained, with its 95 % interval.")
    with st.expander("All about one model", icon=":material/info:"):
        names = [row["name"] for row in rows]
        chosen = st.selectbox("Model", names, key="version-details", width=360)
        row = rows[names.index(chosen)]
        st.markdown(
            f"**{plain(row['name'])}**: recipe {plain(row['recipe'])}, {counted(row['epochs'] or 0, 'epoch')}, "
            f"ended {plain(row['stopped'])}. Weights SHA-256 {plain(row['weights_sha256'][:16])}…"
        )
        st.code(models.recipe_text(row["settings"]), language="json", height=240)


def pre_labelling(dataset_id: int, shape: str, *, busy: bool) -> None:
    """Which model pre-labels, and changing that."""
    st.subheader("Pre-labels", anchor=False)
    now = in_force(workspace(), dataset_id, shape)
    built_in = built_in_for(shape)
    st.markdown(
        f"**{plain(now or built_in or 'No model')}** gives the first points of {plain(shape)} in this dataset. "
        "What humans have set or accepted never changes."
    )
    names = [name for name in models.comparable(workspace(), dataset_id, shape) if name not in (now, now or built_in)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Promote", names, index=None, placeholder="a model", key=f"promote-{shape}", width=320)
        if st.button("Promote", disabled=busy or chosen is None, type="primary", icon=":material/upgrade:"):
            _do(dataset_id, shape, promoted=chosen)
        if now is not None and st.button("Roll back", disabled=busy, icon=":material/undo:"):
            _do(dataset_id, shape)
    with reading(workspace().engine) as session:
        history = promotions(dataset_id, session=session)
    if history:
        with st.expander("What pre-labelled when"):
            st.table(
                [
                    {
                        "From (UTC)": f"{row['at']:%Y-%m-%d %H:%M}", "Points": row["skeleton"],
                        "Model": plain(row["model"] or built_in or "none"), "By": plain(row["author"]),
                    }
                    for row in history
                ],
                hide_index=True,
            )  # fmt: skip


def _do(dataset_id: int, shape: str, *, promoted: str | None = None) -> None:
    try:
        if promoted is not None:
            promote(workspace(), dataset_id, promoted, author_id=author_id())
        else:
            roll_back(workspace(), dataset_id, shape, author_id=author_id())
    except FacetError as error:
        st.error(sentence(error))
        return
    start(workspace(), "prelabel", dataset_id=dataset_id, author_id=author_id(), skeleton=shape)
    st.rerun()


def interval(metric: dict[str, float | None] | None, *, percent: bool = False) -> str:
    """A value with its interval: "3.41 % (3.20 to 3.66)"."""
    if not metric or metric["value"] is None:
        return "undefined"
    scale, unit = (100.0, " %") if percent else (1.0, "")
    value = f"{metric['value'] * scale:.2f}{unit}"
    if metric["low"] is None or metric["high"] is None:
        return value
    return f"{value} ({metric['low'] * scale:.2f} to {metric['high'] * scale:.2f})"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
