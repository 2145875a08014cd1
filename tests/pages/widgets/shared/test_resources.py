"""Who works on what."""

from db.engine import reading
from db.tables import User
from pages.widgets.shared.resources import DATASET, NAME


def author():
    import streamlit as st

    from pages.widgets.shared.resources import author_id

    st.session_state["author"] = author_id()


def needs_a_dataset():
    import streamlit as st

    from pages.widgets.shared.resources import dataset_or_stop

    st.title(dataset_or_stop("People").name)


def test_work_is_that_of_the_name_given_else_of_the_user_of_the_settings(shown, workspace):
    def name(state):
        number = shown(author, state).session_state["author"]
        with reading(workspace.engine) as session:
            return session.get_one(User, number).name

    assert name({NAME: "Zoë"}) == "Zoë"
    assert name({NAME: ""}) == name({}) == "ada"


def test_a_page_goes_on_with_the_chosen_dataset(shown, dataset):
    page = shown(needs_a_dataset, {DATASET: dataset})
    assert [title.value for title in page.title] == ["faces"]
    assert not page.info


def test_a_page_without_data_ends_under_its_title_with_the_way_to_the_library(shown, switched, dataset):
    for state in ({}, {DATASET: dataset + 1}):
        page = shown(needs_a_dataset, state)
        assert [info.value for info in page.info] == [
            "There is no data yet. Import photos or try the sample in the library."
        ]
        assert [title.value for title in page.title] == ["People"]
    page.button[0].click().run()
    assert switched == ["library.py"]
