"""The list of people: a row keeps its place while it is worked on."""

from __future__ import annotations

import re

import pytest

from core.people import deciding
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, vector


def listed(dataset_id, newest_run=0):
    from pages.widgets.people.views import list_of_people

    list_of_people(dataset_id, 3, newest_run)


@pytest.fixture
def three(workspace, dataset):
    """Four, three and two faces of three people without a name."""
    counts = (4, 3, 2)
    rows = [(f"{person}/{n}.png", vector(person, n)) for person, count in enumerate(counts) for n in range(count)]
    faces = iter(add_faces(workspace, dataset, rows))
    return [own(workspace, dataset, [next(faces) for _ in range(count)]) for count in counts]


def order(page):
    return [int(re.sub(r"\D", "", field.key)) for field in page.text_input if (field.key or "").startswith("name-")]


def test_a_row_that_is_named_keeps_its_place_until_the_list_is_opened_anew(shown, dataset, three):
    page = shown(listed, dataset_id=dataset)
    assert order(page) == three
    page.text_input(key=f"name-{three[2]}").input("Ada").run()
    assert order(page) == three
    assert page.text_input(key=f"name-{three[2]}").value == "Ada"
    assert order(shown(listed, dataset_id=dataset)) == [three[2], *three[:2]], "who has a name stands first"


def test_whoever_is_merged_away_leaves_and_comes_back_to_their_place(shown, workspace, dataset, author, three):
    page = shown(listed, dataset_id=dataset)
    merged = deciding.merge_people(workspace, three[2], [three[0]], author_id=author)
    page.run()
    assert order(page) == three[1:]
    deciding.undo(workspace, merged, author_id=author)
    page.run()
    assert order(page) == three


def test_somebody_new_stands_at_the_end_until_a_run_has_grouped_again(shown, workspace, dataset, three):
    page = shown(listed, {"run": 0}, dataset_id=dataset)
    new = own(workspace, dataset, add_faces(workspace, dataset, [(f"{n}.jpg", vector(9, n)) for n in range(5)]))
    page.run()
    assert order(page) == [*three, new]
    kept = page.session_state["people.places"]
    assert order(shown(listed, {"people.places": kept}, dataset_id=dataset)) == [*three, new]
    assert order(shown(listed, {"people.places": kept}, dataset_id=dataset, newest_run=7)) == [new, *three]


def test_another_page_of_the_list_is_in_its_own_order(shown, workspace, dataset, three, monkeypatch):
    monkeypatch.setattr("pages.widgets.people.views._ROWS", 2)
    page = shown(listed, dataset_id=dataset)
    page.session_state[f"people-{dataset}-"] = 2
    page.run()
    assert order(page) == three[2:]
    page.text_input(key=f"name-{three[2]}").input("Ada").run()
    assert order(page) == [three[2], three[1]], "it is still under the hand, and whoever slipped down comes after it"
