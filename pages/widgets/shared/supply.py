"""What there is to learn from, counted once for each state of a dataset."""

import streamlit as st

from core.learning.labels import Supply, label_supply
from pages.widgets.shared.resources import workspace


@st.cache_resource(max_entries=20, show_spinner="Counting the labels")
def counted_supply(
    dataset_id: int,
    skeleton: str,
    split_by: str,
    cache_key: int,  # noqa: ARG001
    *,
    in_progress: bool = False,
) -> Supply:
    """What there is to learn from, kept under the revision of the dataset; not copied, since nobody writes to it."""
    return label_supply(workspace(), dataset_id, skeleton, split_by, in_progress=in_progress)
