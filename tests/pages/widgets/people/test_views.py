"""One person: all faces of theirs, and what can be decided about them."""

from __future__ import annotations

import pytest

from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, owners, vector


def opened(dataset_id, person_id):
    from pages.widgets.people.actions import decision_bar
    from pages.widgets.people.views import one_person

    decision_bar(dataset_id)
    one_person(dataset_id, person_id)


@pytest.fixture
def ada(workspace, dataset):
    """Ada with three faces; her id, and the faces."""
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", vector(0, n)) for n in range(3)])
    return own(workspace, dataset, faces, "Ada"), faces


def button(page, label):
    return next(button for button in page.button if button.label == label)


def test_all_faces_are_confirmed_at_once(shown, workspace, dataset, ada):
    person, faces = ada
    page = shown(opened, dataset_id=dataset, person_id=person)
    button(page, "Confirm all 3").click().run()
    assert owners(workspace, dataset) == dict.fromkeys(faces, (person, True))
    assert button(page, "Confirm all 3").disabled


def test_somebody_without_faces_is_said_to_have_none(shown, workspace, dataset):
    page = shown(opened, dataset_id=dataset, person_id=own(workspace, dataset, []))
    assert page.info[0].value.startswith("This person has no faces any more")
