"""The pairs that a threshold gets wrong, and putting their labels right."""

from __future__ import annotations

import pytest

from core.people.deciding import name_person
from core.verification import confirmed_pairs
from pages.widgets.verification import wrong_pairs as parts
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, owners, vector


@pytest.fixture
def staged(workspace, dataset, monkeypatch):
    """Two people of two faces; one face of each is nearly the same."""
    monkeypatch.setattr(parts, "picture_grid", lambda tiles, **_: [])
    faces = add_faces(
        workspace,
        dataset,
        [("a1.png", vector(0)), ("a2.png", vector(1)), ("b1.png", vector(1, 1)), ("b2.png", vector(2))],
    )
    own(workspace, dataset, faces[:2], confirmed=faces[:2])
    own(workspace, dataset, faces[2:], confirmed=faces[2:])
    return faces


def place(pairs, value, before):
    from pages.widgets.verification.wrong_pairs import wrong_pairs

    wrong_pairs(pairs, value, before)


def person_of(workspace, dataset, face):
    return owners(workspace, dataset)[face][0]


def test_a_false_match_is_put_right_by_a_decision_about_people(shown, workspace, dataset, staged):
    page = shown(place, pairs=confirmed_pairs(workspace, dataset), value=0.5, before=0.5)
    labels = [button.label for button in page.button]
    assert len(labels) == 2
    assert all(label.startswith("Both are ") for label in labels)
    page.button[0].click().run()
    assert not page.exception
    assert person_of(workspace, dataset, staged[1]) == person_of(workspace, dataset, staged[2])
    assert owners(workspace, dataset)[staged[2]][1], "a human has said so"


def test_a_name_is_no_markup(shown, workspace, dataset, author, staged):
    name_person(workspace, person_of(workspace, dataset, staged[0]), "*Ada*", author_id=author)
    page = shown(place, pairs=confirmed_pairs(workspace, dataset), value=0.5, before=0.5)
    assert r"Both are \*Ada\*" in [button.label for button in page.button]


def test_a_false_non_match_may_be_two_people(shown, workspace, dataset, staged):
    state = {}
    page = shown(place, state, pairs=confirmed_pairs(workspace, dataset), value=0.5, before=0.5)
    page.get("button_group")[0].set_value("false_non_matches").run()
    before = person_of(workspace, dataset, staged[0])
    next(button for button in page.button if button.label == "The right one is somebody else").click().run()
    assert not page.exception
    people = [person_of(workspace, dataset, face) for face in staged]
    assert people.count(before) == 1 or people[2] != people[3]
    assert len(set(people)) == 3


def test_what_has_crossed_the_threshold_is_shown(shown, workspace, dataset, staged):
    page = shown(place, pairs=confirmed_pairs(workspace, dataset), value=0.5, before=0.5)
    page.get("button_group")[0].set_value("crossed").run()
    assert page.caption[-1].value.startswith("No pair has crossed")
    page = shown(place, pairs=confirmed_pairs(workspace, dataset), value=0.5, before=1.0)
    page.get("button_group")[0].set_value("crossed").run()
    assert [text.value for text in page.caption if text.value.startswith("similarity")]
