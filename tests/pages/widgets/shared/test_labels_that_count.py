"""Which labels count: those that a human has accepted, and those in progress where they are asked for."""

import pytest

from pages.widgets.shared.labels_that_count import in_progress_parameter


def chosen():
    import streamlit as st

    from pages.widgets.shared.labels_that_count import labels_that_count

    st.session_state["got"] = labels_that_count()


@pytest.mark.parametrize(("address", "counts"), [({}, False), ({"labels": "in_progress"}, True)])
def test_labels_in_progress_count_where_the_address_asks_for_them(shown, address, counts):
    assert shown(chosen, address=address).session_state["got"] is counts


def test_a_run_is_told_only_where_they_count():
    assert (in_progress_parameter(True), in_progress_parameter(False)) == ({"in_progress": True}, {})
