"""Controls of many pages: a pager, ways to other pages, predictions to ask for, files to take along."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.foundation.errors import FacetError
from pages.widgets.shared.address import between, in_address, open_page
from pages.widgets.shared.resources import CHOICE, IMAGE, start_run
from pages.widgets.shared.text import counted, csv_bytes, plain, sentence


def paged(count: int, size: int, *, key: str, word: str = "page") -> tuple[DeltaGenerator, int]:
    """A place for one page of many rows, with a pager below it, and the offset of that page.

    `word` is what the number of the page is called in the address; two lists of a page need two.
    """
    above, pages = st.container(), max(1, -(-count // size))
    if pages == 1:
        return above, 0
    if st.session_state.get(key, 1) > pages:
        st.session_state[key] = pages
    return above, (st.pagination(pages, **in_address(word, between(1, pages), 1, key=key)) - 1) * size


def show_in_editor(image_id: int, instance_id: int | None = None, **filters: Any) -> NoReturn:
    """Show a picture in the keypoint editor, which goes through the list that it was opened from.

    Parameters
    ----------
    image_id
        The picture.
    instance_id
        One of its instances, selected at first.
    filters
        What the list was filtered by (`state`, `part`, `person`); nothing means all pictures.
    """
    st.session_state[IMAGE] = image_id
    st.session_state.pop(CHOICE, None)  # whatever is chosen for it, this picture is wanted
    st.session_state["focus_instance"] = instance_id
    open_page("keypoints.py", **{"state": None, "part": "", "person": None, "order": "path"} | filters)


def page_button(label: str, page: str, **options: Any) -> None:
    """A button that opens another page."""
    if st.button(label, **options):
        open_page(page)


def attempted(action: Callable[..., object], *arguments: Any, **options: Any) -> bool:
    """Whether something that was asked for could be done; the reason is shown where not."""
    try:
        action(*arguments, **options)
    except FacetError as error:
        st.error(sentence(error))
        return False
    return True


def csv_button(name: str, rows: Callable[[], Sequence[Mapping[str, Any]]], label: str = "Download as CSV") -> None:
    """All rows as a CSV file of this name; they are asked for when the button is pressed."""
    st.download_button(
        label,
        lambda: csv_bytes(rows()),
        f"{name}.csv",
        "text/csv",
        key=f"{name}-csv",
        on_click="ignore",
        icon=":material/download:",
    )


def offer_predictions(
    dataset_id: int,
    lacking: Mapping[str, int],
    models: Iterable[str],
    label: str,
    text: str,
    *,
    busy: bool,
    **scope: Any,
) -> None:
    """A button that predicts a part of a dataset with each model that lacks something of it, and which these are.

    `lacking` has the instances that each of them lacks, `scope` is the part as the run takes it.
    """
    missing = ", ".join(f"{plain(name)} ({counted(count, 'instance')})" for name, count in lacking.items())
    ready = ", ".join(plain(name) for name in models if name not in lacking)
    with st.container(horizontal=True, vertical_alignment="center"):
        clicked = st.button(label, icon=":material/play_arrow:", disabled=busy, type="primary", key=f"predict-{label}")
        also = f" Predicted already: {ready}." if ready else ""
        st.caption(f"{text}: {missing}.{also}", width="stretch")
    if clicked:
        for name in lacking:
            start_run("predict", dataset_id, model=name, **scope)
        st.rerun()
