"""The album that a search looks through, kept until something in it changes."""

from typing import Any

import streamlit as st

from core.people.search.album import Album
from db.queries.people.album import count_capture_times
from db.queries.people.vectors import people_state
from pages.widgets.shared.resources import read, workspace


def searched_album(dataset_id: int, encoder_id: int) -> Album:
    """The dataset as it is now; what was read before is kept for as long as it is so."""
    state = read(lambda session: people_state(dataset_id, encoder_id, session=session))
    times = read(lambda session: count_capture_times(dataset_id, session=session))
    return _album(dataset_id, encoder_id, (*state, times))


@st.cache_resource(max_entries=2, show_spinner=False)
def _album(dataset_id: int, encoder_id: int, state: tuple[Any, ...]) -> Album:  # noqa: ARG001
    return Album.of(workspace(), dataset_id, encoder_id)
