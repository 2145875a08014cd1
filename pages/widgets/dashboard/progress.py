"""How far the work has come, counted once for each state of the datasets."""

import streamlit as st

from db.queries.dashboard import Overview, overview
from db.queries.library import revisions
from pages.widgets.shared.resources import read


def progress_of(dataset_id: int | None) -> Overview:
    """How far a dataset is; with None, all of them together."""
    return _counted(dataset_id, read(lambda session: revisions(dataset_id, session=session)))


@st.cache_data(max_entries=20, show_spinner=False)
def _counted(dataset_id: int | None, cache_key: tuple[tuple[int, int], ...]) -> Overview:  # noqa: ARG001
    return read(lambda session: overview(dataset_id, session=session))
