"""What to do with labels that wait: say which picture they are of, or drop them."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from core.points.waiting import drop_waiting, point_waiting
from db.queries.library import ImageFilter, all_clips, page_of_images
from db.queries.points import WaitingPicture
from pages.widgets.shared.controls import attempted
from pages.widgets.shared.resources import read, workspace
from pages.widgets.shared.text import counted, plain

_OFFERED: Final = 50  # pictures to choose from


def waiting_outcome() -> None:
    """What became of the labels that were placed or dropped last."""
    if outcome := st.session_state.pop("waiting_outcome", None):
        st.markdown(outcome)


def waiting_actions(dataset_id: int, rows: Sequence[WaitingPicture]) -> None:
    """The labels of one of the rows onto a picture, or away."""
    chosen = st.selectbox(
        "Labels that wait", rows, index=None, format_func=_title, placeholder="Choose what to place", key="waiting_row"
    )
    if chosen is None:
        return
    part = st.text_input("Part of the path of their picture or clip", key="waiting_part", width=320).strip()
    path = st.selectbox("They are of", _paths(dataset_id, part), index=None, key="waiting_path")
    with st.container(horizontal=True):
        if st.button("Put them on it", type="primary", disabled=path is None) and attempted(
            _put, dataset_id, chosen, path
        ):
            st.rerun()
        if st.button("Drop these labels", help="They are forgotten here; their file stays as it is.") and attempted(
            _drop, dataset_id, chosen
        ):
            st.rerun()


def _title(row: WaitingPicture) -> str:
    return f"{row.picture} ({counted(row.labels, 'label')}, {row.source})"


def _paths(dataset_id: int, part: str) -> list[str]:
    """Paths of clips and pictures that contain a part; the first of them."""
    chosen = ImageFilter(path_contains=part)
    images = read(lambda session: page_of_images(dataset_id, chosen, offset=0, limit=_OFFERED, session=session))
    clips = read(lambda session: all_clips(dataset_id, session=session))
    return [*(clip.path for clip in clips if part in clip.path)][:_OFFERED] + [image.path for image in images]


def _put(dataset_id: int, row: WaitingPicture, path: str) -> None:
    report = point_waiting(workspace(), dataset_id, picture=row.picture, source=row.source, path=path)
    placed = f"{counted(report.added + report.unchanged, 'label')} put on {plain(path)}"
    reasons = "; ".join(dict.fromkeys(plain(reason.text()) for _, reason in report.refused))
    st.session_state["waiting_outcome"] = f"{placed}; {reasons}" if reasons else placed


def _drop(dataset_id: int, row: WaitingPicture) -> None:
    dropped = drop_waiting(workspace(), dataset_id, picture=row.picture, source=row.source)
    st.session_state["waiting_outcome"] = f"{counted(dropped, 'label')} dropped"
