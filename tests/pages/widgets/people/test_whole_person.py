"""A person is cut in two, broken up or hidden, and a face stands for them: each with its way back."""

from __future__ import annotations

import pytest

from core.people.deciding import release_faces
from db.engine import reading
from db.tables import Person
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, owners, vector


def drawn(dataset_id, person_id, selected=()):
    from db.queries.people.listing import summaries
    from pages.widgets.people.actions import decision_bar
    from pages.widgets.people.whole_person import whole_person_actions
    from pages.widgets.shared.resources import read

    decision_bar(dataset_id)
    found = read(lambda session: summaries([person_id], session=session))
    if person_id in found:
        whole_person_actions(dataset_id, found[person_id], lambda: list(selected))


@pytest.fixture
def mixed(workspace, dataset):
    """Three faces of somebody and one of somebody else, all one unnamed person's; the id and the faces."""
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(0, 3)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    return own(workspace, dataset, faces), faces


def button(page, label):
    return next(button for button in page.button if button.label == label)


def asked(dataset_id, person_id):
    from db.queries.people.listing import summaries
    from pages.widgets.people.whole_person import cut_dialog
    from pages.widgets.shared.resources import read

    cut_dialog(dataset_id, read(lambda session: summaries([person_id], session=session))[person_id])


def test_the_proposed_cut_is_shown_and_made(shown, workspace, dataset, mixed):
    person, faces = mixed
    page = shown(asked, dataset_id=dataset, person_id=person)
    assert "**Stay this person** · 3 faces" in [text.value for text in page.markdown]
    button(page, "Two people: split 1 face off").click().run()
    assert not page.exception
    after = owners(workspace, dataset)
    assert {after[face] for face in (faces[0], faces[1], faces[3])} == {(person, False)}
    assert after[faces[2]][0] != person


def test_a_cut_that_was_not_shown_is_not_made(shown, workspace, dataset, author, mixed):
    person, faces = mixed
    page = shown(asked, dataset_id=dataset, person_id=person)
    release_faces(workspace, [faces[2]], author_id=author)  # by somebody else, meanwhile
    button(page, "Two people: split 1 face off").click().run()
    assert not page.exception
    assert owners(workspace, dataset) == dict.fromkeys((faces[0], faces[1], faces[3]), (person, False))
    assert "**Stay this person** · 2 faces" in [text.value for text in page.markdown]
    button(page, "Two people: split 1 face off").click().run()
    assert len(set(owners(workspace, dataset).values())) == 2


def test_who_cannot_be_cut_is_said_not_to_be(shown, workspace, dataset, small_dataset):
    person = own(workspace, dataset, small_dataset[:2])
    page = shown(drawn, dataset_id=dataset, person_id=person)
    button(page, "Split…").click().run()
    assert page.info[0].value.startswith("There is nothing to cut")


def test_a_person_is_broken_up_with_one_undo(shown, workspace, dataset, mixed):
    person, _ = mixed
    before = owners(workspace, dataset)
    page = shown(drawn, dataset_id=dataset, person_id=person)
    button(page, "Break up").click().run()
    assert owners(workspace, dataset) == {}
    page.button(key="undo-last").click().run()
    assert owners(workspace, dataset) == before


def test_a_person_is_hidden_and_brought_back_and_a_face_stands_for_them(shown, workspace, dataset, mixed):
    person, faces = mixed

    def row():
        with reading(workspace.engine) as session:
            return session.get_one(Person, person)

    page = shown(drawn, dataset_id=dataset, person_id=person, selected=faces[2:3])
    button(page, "Hide").click().run()
    assert row().hidden
    button(page, "Bring back").click().run()
    assert not row().hidden
    button(page, "Cover").click().run()
    assert row().cover_id == faces[2]
    assert button(shown(drawn, dataset_id=dataset, person_id=person, selected=faces[:2]), "Cover").disabled
