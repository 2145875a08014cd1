"""Choosing which points a page is about; the choice holds for all pages of a dataset."""

from typing import Final

import streamlit as st

from core.points.annotating import editor_skeletons
from db.queries.learning.labels import skeletons_with_points
from db.queries.learning.models import model_cache_key
from pages.widgets.shared.address import among, kept
from pages.widgets.shared.resources import read
from pages.widgets.shared.words import words

_NAMES: Final[dict[str, str]] = words("points")


def points_name(skeleton: str) -> str:
    """What people call a set of points."""
    return _NAMES.get(skeleton, skeleton)


def usual_points(dataset_id: int) -> str:
    """The points that were chosen for this dataset, else those that it has most human labels of."""
    return st.session_state.get(_key(dataset_id)) or _most_labelled(dataset_id)


def _most_labelled(dataset_id: int) -> str:
    cache_key = read(lambda session: model_cache_key(dataset_id, session=session))
    return next((name for name in _with_points(dataset_id, cache_key) if name in editor_skeletons()), "face68")


@st.cache_data(max_entries=20, show_spinner=False)
def _with_points(dataset_id: int, cache_key: int) -> list[str]:  # noqa: ARG001
    return read(lambda session: skeletons_with_points(dataset_id, session=session))


def _key(dataset_id: int) -> str:
    """Where the choice is: no widget's key, and no page's, for it holds on all of them."""
    return f"points-of-{dataset_id}"


def keep_points(dataset_id: int, skeleton: str) -> None:
    """Let every page of a dataset be about these points from now on."""
    st.session_state[_key(dataset_id)] = skeleton


def choose_points(dataset_id: int, *, key: str) -> str:
    """A field for it."""
    usual = _most_labelled(dataset_id)
    st.session_state[key] = kept("points", among(editor_skeletons()), usual, key=_key(dataset_id))

    def keep() -> None:
        keep_points(dataset_id, st.session_state[key])

    return st.selectbox("Points", list(editor_skeletons()), format_func=points_name, key=key, width=260, on_change=keep)
