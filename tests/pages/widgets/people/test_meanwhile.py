"""What others decide while a page is looked at is told there, and shown when asked for."""

from __future__ import annotations

import pytest

from core.library.names_in_store import annotator_id
from core.people.deciding import name_person
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, vector


def watched(dataset_id):
    import streamlit as st

    from pages.widgets.people import meanwhile

    if "seen" in st.session_state:
        meanwhile._watch(dataset_id, st.session_state["seen"])
    else:
        meanwhile.decided_meanwhile(dataset_id)


@pytest.fixture
def person(workspace, dataset):
    return own(workspace, dataset, add_faces(workspace, dataset, [("a.jpg", vector(0))]), "Ada")


def test_nothing_is_said_of_what_the_page_shows_already(shown, workspace, dataset, author, person):
    name_person(workspace, person, "Bea", author_id=author)
    page = shown(watched, dataset_id=dataset)
    assert not page.markdown
    assert not page.button


def test_who_decided_what_since_is_said_as_text(shown, workspace, dataset, person):
    for number in range(4):
        name_person(workspace, person, f"*{number}*", author_id=annotator_id(workspace, "be_rt"))
    page = shown(watched, {"seen": 0}, dataset_id=dataset)
    said = page.markdown[0].value
    assert said.startswith("Decided elsewhere since this page was drawn: be\\_rt: Named \\*2\\* \\*3\\* · ")
    assert said.endswith(" · and more before")
    assert [button.label for button in page.button] == ["Show"]
