"""The fields that say which pictures to look at."""

from db.queries.library import ImageFilter
from pages.widgets.library.picture_filter import as_choices


def drawn(dataset_id):
    import streamlit as st

    from pages.widgets.library.picture_filter import choose_filter

    st.session_state["got"] = choose_filter(dataset_id)


def test_the_fields_follow_the_address(shown, dataset):
    assert shown(drawn, dataset_id=dataset).session_state["got"] == ImageFilter()
    page = shown(drawn, address={"state": "failed", "part": "day-3/"}, dataset_id=dataset)
    assert page.session_state["got"] == ImageFilter("failed", "day-3/", None)


def test_a_filter_becomes_the_choices_of_another_page():
    assert as_choices(ImageFilter("found", "a/", 7)) == {"state": "found", "part": "a/", "person": 7}
