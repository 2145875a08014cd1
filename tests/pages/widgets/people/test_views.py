"""One person: all faces of theirs, and what can be decided about them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from core.foundation.messages import message
from core.people.assigning import record
from core.people.deciding import merge_people
from db.tables import Assignment
from db.writing import writing
from pages.widgets.people import views
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
    assert "has no faces: they are with nobody now" in page.info[0].value


def test_of_somebody_who_was_merged_away_it_is_said_with_whom_the_faces_are(shown, workspace, dataset, author, ada):
    person, _ = ada
    gone = own(workspace, dataset, add_faces(workspace, dataset, [("late.jpg", vector(3))]))
    merge_people(workspace, person, [gone], author_id=author)
    page = shown(opened, dataset_id=dataset, person_id=gone)
    assert "most of them are with Ada now" in page.info[0].value
    assert button(page, "Show Ada")


@pytest.fixture
def mixed(workspace, dataset):
    """Two faces of somebody and one that is more like Bo, who has two; the ids of both, and the three faces."""
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(1, 3), vector(1, 4)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    return own(workspace, dataset, faces[:3]), own(workspace, dataset, faces[3:], "Bo"), faces[:3]


@pytest.fixture
def grid(monkeypatch):
    """The tiles that were shown last, and what is selected in them."""
    shown = SimpleNamespace(tiles=[], selected=[])
    monkeypatch.setattr(views, "picture_grid", lambda tiles, **_: setattr(shown, "tiles", tiles))
    monkeypatch.setattr(views, "selected_now", lambda *_: shown.selected)
    return shown


def test_faces_stand_from_the_least_certain_on_with_whom_they_are_more_like(shown, dataset, mixed, grid):
    person, _, faces = mixed
    page = shown(opened, dataset_id=dataset, person_id=person)
    assert [tile.id for tile in grid.tiles] == [faces[2], *faces[:2]]
    assert [tile.caption for tile in grid.tiles] == ["more like Bo", "0.481", "0.481"]
    page.get("button_group")[0].set_value("sure").run()
    assert [tile.id for tile in grid.tiles] == [faces[1], faces[0], faces[2]]
    page.get("button_group")[0].set_value("waiting").run()
    assert [(tile.id, tile.caption) for tile in grid.tiles] == [(face, "") for face in faces]


def test_a_face_that_is_more_like_somebody_is_moved_there_with_one_button(shown, workspace, dataset, mixed, grid):
    person, bo, faces = mixed
    grid.selected = faces[2:]
    page = shown(opened, dataset_id=dataset, person_id=person)
    button(page, "Move to Bo").click().run()
    assert owners(workspace, dataset)[faces[2]] == (bo, True)
    grid.selected = faces[:1]
    page.run()
    assert "Move to Bo" not in [each.label for each in page.button]


def test_a_face_that_clothes_gave_to_somebody_is_marked(shown, workspace, dataset, author, ada, grid):
    person, faces = ada
    with writing(workspace.engine) as session:
        event = record(
            "clothes",
            message("decisions.clothes", faces=1, people=1),
            dataset,
            faces[1:2],
            [person],
            author,
            session=session,
        )
        session.get_one(Assignment, faces[1]).event_id = event.id
    shown(opened, dataset_id=dataset, person_id=person)
    assert {tile.id: tile.badge for tile in grid.tiles} == {faces[0]: "", faces[1]: "by clothes", faces[2]: ""}
