"""Choosing what to work on, and by whose name."""

import pytest

from db.engine import reading
from db.tables import Run, RunState, User
from db.writes.library import ensure_dataset
from db.writing import writing
from pages.widgets.shared.resources import DATASET, IMAGE, NAME
from tests.pages.conftest import written


def datasets():
    from pages.widgets.shared.address import visit
    from pages.widgets.shared.pickers import choose_dataset

    with visit("library"):
        choose_dataset()


def names():
    from pages.widgets.shared.address import visit
    from pages.widgets.shared.pickers import choose_name

    with visit("library"):
        choose_name()


@pytest.fixture
def others(workspace, author):
    """The id of a second dataset."""
    with writing(workspace.engine) as session:
        return ensure_dataset("others", author, session=session)


def test_the_newest_dataset_is_chosen_unless_the_address_names_another(shown, dataset, others):
    page = shown(datasets)
    assert page.session_state[DATASET] == others
    assert written(page) == {"dataset": ["others"]}
    assert shown(datasets, address={"dataset": "faces"}).session_state[DATASET] == dataset
    page = shown(datasets, address={"dataset": "gone"})
    assert page.session_state[DATASET] == others
    assert [warning.value for warning in page.warning] == ["There is no dataset “gone” here; this is another one."]


def test_what_was_open_in_the_dataset_before_is_not_open_in_the_next(shown, dataset, others):
    page = shown(datasets, {DATASET: others, IMAGE: 7})
    page.selectbox[0].select(dataset).run()
    assert page.session_state[DATASET] == dataset
    assert IMAGE not in page.session_state
    assert written(page) == {"dataset": ["faces"]}


def test_a_dataset_that_is_gone_is_no_longer_chosen(shown, dataset):
    assert shown(datasets, {DATASET: dataset + 100}).session_state[DATASET] == dataset


def test_a_dataset_into_which_nothing_came_is_chosen_only_by_who_is_there(shown, workspace, dataset, others, author):
    with writing(workspace.engine) as session:
        session.add(Run(kind="import", dataset_id=others, author_id=author, state=RunState.FAILED))
    assert shown(datasets, {DATASET: others}).session_state[DATASET] == others
    page = shown(datasets, address={"dataset": "others"})
    assert page.session_state[DATASET] == dataset
    assert page.selectbox[0].options == ["faces"]


def test_a_name_is_kept_in_the_address_and_who_takes_it_away_is_asked(shown):
    page = shown(names, address={"name": "Zoë"})
    assert page.session_state[NAME] == "Zoë"
    page.text_input[0].input("  Bo ").run()
    assert written(page) == {"name": ["Bo"]}
    assert not page.header
    page.text_input[0].input(" ").run()
    assert [header.value for header in page.header] == ["Who are you?"]
    assert written(page) == {}


def test_nobody_is_somebody_by_default(opened, monkeypatch, started):
    monkeypatch.delenv("FACET_USER")
    page = opened("library.py")
    assert [header.value for header in page.header] == ["Who are you?"]
    assert not page.button, "no page is drawn that something could be done on"
    page.text_input[0].input("Mina").run()
    assert not page.header or page.header[0].value != "Who are you?"
    assert page.button
    assert written(page)["name"] == ["Mina"]


def test_a_name_that_can_be_none_is_asked_for(shown, monkeypatch):
    monkeypatch.setenv("FACET_USER", "")
    assert shown(names, address={"name": "x" * 121}).header[0].value == "Who are you?"


def test_work_is_counted_for_whom_the_page_says(shown, workspace):
    def counted():
        import streamlit as st

        from pages.widgets.shared.pickers import choose_name
        from pages.widgets.shared.resources import author_id

        choose_name()
        st.session_state["author"] = author_id()

    page = shown(counted, address={"name": " Zoë "})
    with reading(workspace.engine) as session:
        assert session.get(User, page.session_state["author"]).name == "Zoë"
