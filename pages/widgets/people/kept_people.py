"""What a page tells of the people of a dataset, read once for each state of it, however often pages run anew."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import streamlit as st

from db.queries.learning.models import model_cache_key
from db.queries.people.listing import (
    PeopleOrder,
    PeopleView,
    PersonSummary,
    ShownFace,
    best_faces,
    people_in_view,
    people_page,
    person_names,
)
from pages.widgets.shared.resources import read


def present_state(dataset_id: int) -> int:
    """What all that is kept here is kept under: it rises with every change of the dataset."""
    return read(lambda session: model_cache_key(dataset_id, session=session))


@st.cache_resource(max_entries=8, show_spinner=False)
def known_names(dataset_id: int, state: int) -> Sequence[tuple[int, str]]:  # noqa: ARG001
    """As `person_names`."""
    return read(lambda session: person_names(dataset_id, session=session))


class PeopleFilter(NamedTuple):
    """Who of a dataset is asked for, as `people_page` takes it."""

    dataset_id: int
    view: PeopleView
    name_contains: str
    unnamed: bool


@st.cache_resource(max_entries=32, show_spinner=False)
def ids_in_view(which: PeopleFilter, state: int) -> Sequence[int]:  # noqa: ARG001
    """As `people_in_view`."""
    return read(lambda session: people_in_view(**which._asdict(), session=session))


@st.cache_resource(max_entries=32, show_spinner=False)
def page_of_people(
    which: PeopleFilter,
    state: int,  # noqa: ARG001
    order: PeopleOrder,
    offset: int,
    limit: int,
) -> Sequence[PersonSummary]:
    """As `people_page`."""
    place: dict[str, Any] = {"order": order, "offset": offset, "limit": limit}
    return read(lambda session: people_page(**which._asdict(), **place, session=session))


@st.cache_resource(max_entries=32, show_spinner=False)
def faces_of_cards(dataset_id: int, state: int, people: tuple[int, ...]) -> Mapping[int, ShownFace]:  # noqa: ARG001
    """As `best_faces`, of people of the dataset."""
    return read(lambda session: best_faces(people, session=session))
