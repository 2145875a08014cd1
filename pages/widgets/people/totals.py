"""How many people a dataset has, counted once for each state of it."""

import streamlit as st

from db.engine import reading
from db.queries.people.listing import PeopleView, count_loose_faces, count_people_page
from pages.widgets.shared.resources import workspace


@st.cache_data(max_entries=20, show_spinner=False)
def who_is_there(dataset_id: int, cache_key: int) -> tuple[int, int, int]:  # noqa: ARG001
    """People who are named or seen more than once, people seen once, and faces of nobody."""
    with reading(workspace().engine) as session:
        known, once = (
            count_people_page(dataset_id, view=view, session=session) for view in (PeopleView.KNOWN, PeopleView.ONCE)
        )
        return known, once, count_loose_faces(dataset_id, session=session)


@st.cache_data(max_entries=20, show_spinner=False)
def hidden_people(dataset_id: int, cache_key: int) -> int:  # noqa: ARG001
    """How many people somebody has hidden."""
    with reading(workspace().engine) as session:
        return count_people_page(dataset_id, view=PeopleView.HIDDEN, session=session)
