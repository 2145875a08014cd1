"""What is kept of people is read once for each state of the dataset, and follows every change of it."""

from __future__ import annotations

import pytest
import streamlit as st

from core.people.deciding import merge_people, name_person
from core.people.showing import choose_cover, hide_people
from db.queries.people.listing import PeopleOrder, PeopleView
from pages.widgets.people import kept_people
from pages.widgets.people.kept_people import (
    PeopleFilter,
    faces_of_cards,
    ids_in_view,
    known_names,
    page_of_people,
    present_state,
)
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, vector

READS = ("person_names", "people_in_view", "people_page", "best_faces")


@pytest.fixture
def reads(workspace, monkeypatch):
    """What was read from the store."""
    monkeypatch.setattr("pages.widgets.shared.resources.workspace", lambda: workspace)
    done = []
    for name in READS:
        query = getattr(kept_people, name)
        monkeypatch.setattr(
            kept_people, name, lambda *a, name=name, query=query, **k: done.append(name) or query(*a, **k)
        )
    st.cache_resource.clear()
    yield done
    st.cache_resource.clear()


@pytest.fixture
def three(workspace, dataset, reads):
    """Four, three and two faces of three people without a name."""
    counts = (4, 3, 2)
    rows = [(f"{person}/{n}.png", vector(person, n)) for person, count in enumerate(counts) for n in range(count)]
    faces = iter(add_faces(workspace, dataset, rows))
    return [own(workspace, dataset, [next(faces) for _ in range(count)]) for count in counts]


@pytest.fixture
def told(dataset, three):
    """What is told now: names, ids, the first two of a page, and the faces of these."""

    def now(view=PeopleView.KNOWN, name_contains="", unnamed=False):
        which, state = PeopleFilter(dataset, view, name_contains, unnamed), present_state(dataset)
        page = page_of_people(which, state, PeopleOrder.COUNT, 0, 2)
        faces = faces_of_cards(dataset, state, tuple(person.id for person in page))
        ids = {person: face.instance_id for person, face in faces.items()}
        return dict(known_names(dataset, state)), ids_in_view(which, state), [row.id for row in page], ids

    return now


def test_nothing_is_read_again_until_something_changes(told, three, reads):
    first = told()
    assert first == ({}, three, three[:2], {three[0]: 1, three[1]: 5})
    assert sorted(reads) == sorted(READS)
    assert told() == first
    assert len(reads) == len(READS)
    assert told(unnamed=True)[1] == three
    assert len(reads) == len(READS) + 2, "names and faces are the same"


def test_every_change_is_followed(told, workspace, author, three):
    told()
    name_person(workspace, three[1], "Ada", author_id=author)
    assert told()[:3] == ({three[1]: "Ada"}, [three[1], three[0], three[2]], [three[1], three[0]])
    assert told(name_contains="da")[1] == [three[1]]
    choose_cover(workspace, 3, author_id=author)
    assert told()[3][three[0]] == 3
    merge_people(workspace, three[1], [three[0]], author_id=author)
    assert told()[1] == three[1:]
    hide_people(workspace, three[1:2], author_id=author)
    assert (told()[1], told(PeopleView.HIDDEN)[1]) == (three[2:], three[1:2])
