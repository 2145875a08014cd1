"""What lives longer than a rerun: the workspace. And who works on what, as ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import streamlit as st
from sqlmodel import Session

from core.foundation.errors import FacetError
from core.foundation.workspace import Workspace
from core.jobs.launch import start
from core.library.names_in_store import annotator_id
from db.engine import reading
from db.tables import Dataset
from pages.widgets.shared.text import sentence

_Answer = TypeVar("_Answer")

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


def read(query: Callable[[Session], _Answer]) -> _Answer:
    """What one query gives, in a reading of its own; two that must agree share a `reading`."""
    with reading(workspace().engine) as session:
        return query(session)


def start_run(kind: str, dataset_id: int, **parameters: Any) -> int:
    """Start a run in the name of who works now; gives its id."""
    return start(workspace(), kind, dataset_id=dataset_id, author_id=author_id(), **parameters)


def dataset_or_stop() -> Dataset:
    """The chosen dataset; a page that needs one ends here with the way to get one."""
    chosen = st.session_state.get(DATASET)
    with reading(workspace().engine) as session:
        dataset = session.get(Dataset, chosen) if chosen is not None else None
    if dataset is None:
        stop_at_library("There is no data yet. Import photos or try the sample in the library.")
    return dataset


def open_picture(image_id: int, instance_id: int | None = None) -> None:
    """Show a picture in the keypoint editor, where one of its instances may be selected at first."""
    st.session_state[IMAGE] = image_id
    st.session_state["focus_instance"] = instance_id
    st.switch_page("keypoints.py")


def page_button(label: str, page: str, **options: Any) -> None:
    """A button that opens another page."""
    if st.button(label, **options):
        st.switch_page(page)


def attempted(action: Callable[..., object], *arguments: Any, **options: Any) -> bool:
    """Whether something that was asked for could be done; the reason is shown where not."""
    try:
        action(*arguments, **options)
    except FacetError as error:
        st.error(sentence(error))
        return False
    return True


def stop_at_library(reason: str) -> NoReturn:
    """End a page that has nothing to show, with the reason and the way to get something."""
    st.info(reason, icon=":material/photo_library:")
    page_button("Open the library", "library.py", type="primary")
    st.stop()
