"""What lives longer than a rerun: the workspace. And who works on what, as ids."""

import secrets
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import streamlit as st
from sqlmodel import Session

from core.foundation.errors import BadInput
from core.foundation.workspace import Workspace
from core.library.names_in_store import annotator_id
from db.engine import reading
from db.tables import Dataset
from pages.widgets.shared.address import DATASET, end_page, open_page

_Answer = TypeVar("_Answer")

NAME = "annotator"
IMAGE = "image_id"  # the picture that the keypoints page shows
CHOICE = "image_choice"  # the order and the filter under which it was opened
_WINDOW = "window"


@st.cache_resource
def workspace() -> Workspace:
    """The workspace of this process."""
    return Workspace.open()


def who_works() -> str:
    """The name of who works now; no page is drawn before somebody has said it (`choose_name`).

    Raises
    ------
    BadInput
        If nobody has.
    """
    name = str(st.session_state.get(NAME) or workspace().settings.user)
    if not name:
        raise BadInput("people.nobody_works")
    return name


def author_id() -> int:
    """The id of who works now; raises as `who_works`."""
    return annotator_id(workspace(), who_works())


def window_id() -> str:
    """The id of this window of a browser, until it is loaded anew (`core.points.windows`)."""
    return str(st.session_state.setdefault(_WINDOW, secrets.token_hex(6)))


def read(query: Callable[[Session], _Answer]) -> _Answer:
    """What one query gives, in a reading of its own; two that must agree share a `reading`."""
    with reading(workspace().engine) as session:
        return query(session)


def start_run(kind: str, dataset_id: int, **parameters: Any) -> int:
    """Start a run in the name of who works now; gives its id."""
    from core.jobs.launch import start  # with all that can run, which no page needs that only shows

    return start(workspace(), kind, dataset_id=dataset_id, author_id=author_id(), **parameters)


def dataset_or_stop(title: str) -> Dataset:
    """The chosen dataset; a page that needs one ends here, under its title, with the way to get one."""
    chosen = st.session_state.get(DATASET)
    with reading(workspace().engine) as session:
        dataset = session.get(Dataset, chosen) if chosen is not None else None
    if dataset is None or dataset.staged_by is not None:
        st.title(title, anchor=False)
        stop_at_library("There is no data yet. Import photos or try the sample in the library.")
    return dataset


def stop_at_library(reason: str) -> NoReturn:
    """End a page that has nothing to show, with the reason and the way to get something."""
    st.info(reason, icon=":material/photo_library:")
    if st.button("Open the library", type="primary"):
        open_page("library.py")
    end_page()
