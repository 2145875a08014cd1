"""Choosing what to work on."""

from __future__ import annotations

import streamlit as st

from core.services.people import clean_name
from db.engine import reading
from db.queries.library import datasets
from pages.widgets.resources import DATASET, NAME, workspace


def choose_dataset() -> None:
    """The dataset of the whole session; kept in the address, so that a reload stays where it was."""
    with reading(workspace().engine) as session:
        names = {dataset.id: dataset.name for dataset in datasets(session=session)}
    if not names:
        st.session_state.pop(DATASET, None)
        return
    if st.session_state.get(DATASET) not in names:
        asked = st.query_params.get("dataset", "")
        by_name = {name: number for number, name in names.items()}
        st.session_state[DATASET] = by_name.get(asked, max(names))
    st.selectbox("Dataset", list(names), format_func=names.__getitem__, key=DATASET)
    st.query_params["dataset"] = names[st.session_state[DATASET]]


def choose_name() -> None:
    """Who works; every decision and correction carries this name."""
    if NAME not in st.session_state:
        st.session_state[NAME] = st.query_params.get("name", workspace().settings.user)
    st.text_input("Your name", key=NAME, max_chars=60, help="Every correction and decision carries it.")
    name = clean_name(st.session_state[NAME])
    if name is None:
        st.warning("Without a name your work is counted for “" + workspace().settings.user + "”.")
    else:
        st.query_params["name"] = name


def page_of(count: int, size: int, *, key: str) -> int:
    """A pager below a grid; gives the offset of the page shown."""
    pages = max(1, -(-count // size))
    if pages == 1:
        return 0
    if st.session_state.get(key, 1) > pages:
        st.session_state[key] = pages
    return (st.pagination(pages, key=key) - 1) * size
