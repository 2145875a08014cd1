"""How many people a dataset has, counted once for each state of it."""

from typing import NamedTuple

import streamlit as st

from db.engine import reading
from db.queries.people.listing import PeopleView, count_by_view, count_loose_faces
from pages.widgets.shared.resources import workspace


class PeopleCounts(NamedTuple):
    """People who are named or seen more than once, people seen once, people whom somebody has hidden; and how many
    faces are nobody's."""

    known: int
    once: int
    hidden: int
    nobody: int


@st.cache_data(max_entries=20, show_spinner=False)
def who_is_there(dataset_id: int, cache_key: int) -> PeopleCounts:  # noqa: ARG001
    """How many there are."""
    with reading(workspace().engine) as session:
        people = count_by_view(dataset_id, session=session)
        loose = count_loose_faces(dataset_id, session=session)
    return PeopleCounts(people[PeopleView.KNOWN], people[PeopleView.ONCE], people[PeopleView.HIDDEN], loose)
