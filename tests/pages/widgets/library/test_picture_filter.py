"""The fields that say which pictures to look at."""

from core.people.deciding import name_person
from db.queries.library import ImageFilter
from pages.widgets.library.picture_filter import as_choices
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, vector


def drawn(dataset_id):
    import streamlit as st

    from pages.widgets.library.picture_filter import choose_filter

    st.session_state["got"] = choose_filter(dataset_id)


def test_the_fields_follow_the_address(shown, dataset):
    assert shown(drawn, dataset_id=dataset).session_state["got"] == ImageFilter()
    page = shown(drawn, address={"state": "failed", "part": "day-3/"}, dataset_id=dataset)
    assert page.session_state["got"] == ImageFilter("failed", "day-3/", None)


def test_whoever_gets_a_name_is_offered_at_once(shown, workspace, dataset, author):
    face = add_faces(workspace, dataset, [("a.png", vector(0))])
    person = own(workspace, dataset, face)
    page = shown(drawn, dataset_id=dataset)
    assert page.selectbox[1].options == []
    name_person(workspace, person, "Ada", author_id=author)
    assert page.run().selectbox[1].options == ["Ada"]


def test_a_filter_becomes_the_choices_of_another_page():
    assert as_choices(ImageFilter("found", "a/", 7)) == {"state": "found", "part": "a/", "person": 7}
