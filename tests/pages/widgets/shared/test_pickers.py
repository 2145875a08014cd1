"""Choosing what to work on, and by whose name."""

import pytest

from db.engine import reading
from db.tables import User
from db.writes.library import ensure_dataset
from db.writing import writing
from pages.widgets.shared.resources import DATASET, IMAGE, NAME


def datasets():
    from pages.widgets.shared.pickers import choose_dataset

    choose_dataset()


def names():
    from pages.widgets.shared.pickers import choose_name

    choose_name()


@pytest.fixture
def others(workspace, author):
    """The id of a second dataset."""
    with writing(workspace.engine) as session:
        return ensure_dataset("others", author, session=session)


def test_the_newest_dataset_is_chosen_unless_the_address_names_another(shown, dataset, others):
    page = shown(datasets)
    assert page.session_state[DATASET] == others
    assert page.query_params["dataset"] == "others"
    assert shown(datasets, address={"dataset": "faces"}).session_state[DATASET] == dataset
    assert shown(datasets, address={"dataset": "gone"}).session_state[DATASET] == others


def test_what_was_open_in_the_dataset_before_is_not_open_in_the_next(shown, dataset, others):
    before = {DATASET: others, IMAGE: 7, "keypoints_path": "a"}
    page = shown(datasets, before, address={"person": "3", "picture": "7"})
    page.selectbox[0].select(dataset).run()
    assert page.session_state[DATASET] == dataset
    assert IMAGE not in page.session_state
    assert "keypoints_path" not in page.session_state
    assert page.query_params == {"dataset": "faces"}


def test_a_dataset_that_is_gone_is_no_longer_chosen(shown, dataset):
    assert shown(datasets, {DATASET: dataset + 100}).session_state[DATASET] == dataset


def test_a_name_is_kept_in_the_address_and_an_empty_one_is_warned_of(shown, workspace):
    page = shown(names, address={"name": "Zoë"})
    assert page.session_state[NAME] == "Zoë"
    page.text_input[0].input("  Bo ").run()
    assert page.query_params["name"] == "Bo"
    assert not page.warning
    page.text_input[0].input(" ").run()
    assert page.warning[0].value == f"Without a name your work is counted for “{workspace.settings.user}”."


def test_work_is_counted_for_whom_the_page_says(shown, workspace):
    def counted():
        import streamlit as st

        from pages.widgets.shared.pickers import choose_name
        from pages.widgets.shared.resources import author_id

        choose_name()
        st.session_state["author"] = author_id()

    def author(page):
        with reading(workspace.engine) as session:
            return session.get(User, page.session_state["author"]).name

    page = shown(counted, address={"name": " Zoë "})
    assert author(page) == "Zoë"
    page.text_input[0].input("  ").run()
    assert page.warning
    assert author(page) == workspace.settings.user
    too_long = shown(counted, address={"name": "x" * 121})
    assert too_long.warning
    assert author(too_long) == workspace.settings.user
