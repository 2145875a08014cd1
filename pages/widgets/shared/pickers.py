"""Choosing what to work on."""

from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.foundation.errors import BadInput
from core.foundation.names import clean_name
from db.queries.library import datasets
from pages.widgets.shared.address import kept
from pages.widgets.shared.resources import DATASET, IMAGE, NAME, read, workspace

# Streamlit forgets what a widget holds when a button opens another page; these keys are no widget's.
_DATASET_FIELD: Final = "dataset-field"
_NAME_FIELD: Final = "name-field"


def choose_dataset() -> None:
    """The dataset of the whole session; the newest at first."""
    now = st.session_state.get(DATASET)  # where nothing came into it, that is shown once
    names = read(lambda session: {dataset.id: dataset.name for dataset in datasets(also=now, session=session)})
    if not names:
        st.session_state.pop(DATASET, None)
        return
    by_name = {name: number for number, name in names.items()}
    st.session_state[DATASET] = kept(
        "dataset", by_name.__getitem__, max(names), key=DATASET, write=names.__getitem__, always=True
    )
    st.session_state[_DATASET_FIELD] = st.session_state[DATASET]
    st.selectbox("Dataset", list(names), format_func=names.__getitem__, key=_DATASET_FIELD, on_change=_other_dataset)


def _other_dataset() -> None:
    """What was open belongs to the dataset before."""
    st.session_state[DATASET] = st.session_state[_DATASET_FIELD]
    st.session_state.pop(IMAGE, None)


def choose_name() -> bool:
    """Who works; every decision and correction carries this name. Tells whether somebody has said it.

    Nobody is somebody by default: two people under one name could not be told apart.
    """
    st.session_state[NAME] = kept("name", _cleaned, _cleaned(workspace().settings.user), key=NAME, always=True)
    if st.session_state[NAME]:
        _name_field(st.sidebar)
    else:
        st.header("Who are you?", anchor=False)
        st.text("Every correction and decision carries your name, so that people who work side by side are told apart.")
        _name_field(st.container(width=420))
    return bool(st.session_state[NAME])


def _name_field(place: DeltaGenerator) -> None:
    st.session_state[_NAME_FIELD] = st.session_state[NAME]
    place.text_input(
        "Your name",
        key=_NAME_FIELD,
        max_chars=60,
        on_change=_other_name,
        help="Every correction and decision carries it.",
    )


def _other_name() -> None:
    st.session_state[NAME] = _cleaned(st.session_state[_NAME_FIELD])


def _cleaned(name: str) -> str:
    """A name as it is stored; empty where there is none, or it can be none, as an address may hold."""
    try:
        return clean_name(name) or ""
    except BadInput:
        return ""
