"""What lives longer than a rerun: the workspace. And who works on what, as ids."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from core.foundation.workspace import Workspace
from core.library.names_in_store import annotator_id
from db.engine import reading
from db.tables import Dataset

DATASET = "dataset_id"
NAME = "annotator"
IMAGE = "image_id"  # the picture that the keypoints page shows


@st.cache_resource
def workspace() -> Workspace:
    """The workspace of this process."""
    return Workspace.open()


def author_id() -> int:
    """The id of who works now."""
    name = str(st.session_state.get(NAME) or workspace().settings.user)
    return annotator_id(workspace(), name)


def dataset_or_stop() -> Dataset:
    """The chosen dataset; a page that needs one ends here with the way to get one."""
    chosen = st.session_state.get(DATASET)
    with reading(workspace().engine) as session:
        dataset = session.get(Dataset, chosen) if chosen is not None else None
    if dataset is None:
        stop_at_library("There is no data yet. Import photos or try the sample in the library.")
    return dataset


def stop_at_library(reason: str) -> NoReturn:
    """End a page that has nothing to show, with the reason and the way to get something."""
    st.info(reason, icon=":material/photo_library:")
    if st.button("Open the library", type="primary"):
        st.switch_page("library.py")
    st.stop()
