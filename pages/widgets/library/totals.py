"""What a dataset holds, counted once for each state of it."""

import streamlit as st

from db.engine import reading
from db.queries.library import DatasetCounts, count_instances, counts, states
from pages.widgets.shared.resources import workspace


@st.cache_data(max_entries=20, show_spinner=False)
def what_it_holds(dataset_id: int, cache_key: int) -> tuple[dict[str, int], DatasetCounts, int]:  # noqa: ARG001
    """How many pictures are in each state, the totals, and how many whole people there are."""
    with reading(workspace().engine) as session:
        by_state = states(dataset_id, session=session)
        totals = counts(dataset_id, by_state=by_state, session=session)
        return by_state, totals, count_instances(dataset_id, "person", session=session)
