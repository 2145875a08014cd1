"""What a search asks of pictures, as it is chosen and as the address has it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, vector
from tests.pages.conftest import labelled, written


def fields(dataset_id):
    import streamlit as st

    from pages.widgets.people.search_fields import choose_conditions, choose_people, choose_unwanted_people

    st.session_state["people"] = choose_people(dataset_id, 0)
    st.session_state["unwanted"] = choose_unwanted_people(dataset_id, 0)
    st.session_state["conditions"] = choose_conditions()


@pytest.fixture
def people(workspace, dataset):
    faces = add_faces(workspace, dataset, [(f"{k}.jpg", vector(k)) for k in range(3)])
    return [own(workspace, dataset, [face], name) for face, name in zip(faces, ["<b>Ada", "Bea", None], strict=True)]


def test_named_people_can_be_chosen_and_the_choice_is_in_the_address(shown, dataset, people):
    ada, bea, _ = people
    page = shown(fields, dataset_id=dataset)
    assert labelled(page.multiselect, "All of").options == ["<b>Ada", "Bea"]
    assert not page.session_state["people"].anybody
    labelled(page.multiselect, "All of").select(ada)
    labelled(page.multiselect, "None of").select(bea)
    labelled(page.multiselect, "People who are not meant").select(bea).run()
    assert not page.exception
    chosen = page.session_state["people"]
    assert (chosen.all_of, chosen.any_of, chosen.none_of) == ((ada,), (), (bea,))
    assert page.session_state["unwanted"] == (bea,)
    assert page.session_state["address"].written == {"all": [str(ada)], "none": [str(bea)], "not-people": [str(bea)]}


def test_times_and_numbers_are_conditions_of_whole_days(shown, dataset, people):
    page = shown(fields, dataset_id=dataset)
    assert page.session_state["conditions"] == {
        "since": None,
        "until": None,
        "least_people": None,
        "most_people": None,
        "by_event": False,
    }
    labelled(page.date_input, "From").set_value(date(2024, 5, 1))
    labelled(page.date_input, "To").set_value(date(2024, 5, 1))
    labelled(page.number_input, "People, at most").set_value(0)
    page.toggle[0].set_value(True).run()
    assert not page.exception
    assert page.session_state["conditions"] == {
        "since": np.datetime64("2024-05-01T00:00:00"),
        "until": np.datetime64("2024-05-01T23:59:59"),
        "least_people": None,
        "most_people": 0,
        "by_event": True,
    }
    says = {"from": ["2024-05-01"], "to": ["2024-05-01"], "most-people": ["0"], "by-event": ["yes"]}
    assert page.session_state["address"].written == says


def test_an_address_chooses_the_same_also_somebody_without_a_name(opened, dataset, people):
    ada, _, unnamed = people
    address = {"all": [str(ada), str(unnamed)], "from": "2024-05-01", "least-people": "2"}
    page = opened("search.py", **address)
    assert labelled(page.multiselect, "All of").value == [ada, unnamed]
    assert labelled(page.date_input, "From").value == date(2024, 5, 1)
    assert labelled(page.number_input, "People, at least").value == 2
    assert written(page)["all"] == [str(ada), str(unnamed)]
    page = opened("search.py", all="999", **{"from": "yesterday"})
    assert labelled(page.multiselect, "All of").value == []
    assert "999" in page.warning[0].value
