"""What a search has found, event by event."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from sqlmodel import select

from core.people.encoders import encoder_of
from core.people.search.album import Album
from core.people.search.asking import PictureQuestion, WantedPerson, ask
from core.people.search.expressions import Shows
from db.engine import reading
from db.tables import CaptureTime, Image
from db.writing import writing
from pages.widgets.people import search_results
from tests.builders.people_rows import own
from tests.builders.staged_people import SAME, add_faces, vector


@pytest.fixture
def grids(monkeypatch):
    """The tiles of each grid, and what is selected in every one."""
    seen = {"tiles": [], "selected": [], "open": []}

    def grid(tiles, *, on_open, **_):
        seen["tiles"].append(tiles)
        seen["open"].append(on_open)
        return [tile.id for tile in tiles if tile.id in seen["selected"]]

    monkeypatch.setattr(search_results, "picture_grid", grid)
    return seen


@pytest.fixture
def faces(workspace, dataset):
    """Ada on two days of May and in a folder without times."""
    placed = [
        ("may/1.jpg", vector(0)),
        ("may/2.jpg", vector(0, 1)),
        ("old/*3.jpg", vector(0, 2)),
        ("old/4.jpg", vector(9)),
    ]
    faces = add_faces(workspace, dataset, placed)
    with reading(workspace.engine) as session:
        images = dict(session.exec(select(Image.path, Image.id)).all())
    with writing(workspace.engine) as session:
        session.add(CaptureTime(image_id=images["may/1.jpg"], at=datetime(2024, 5, 1, 10, 30)))
        session.add(CaptureTime(image_id=images["may/2.jpg"], at=datetime(2024, 5, 1, 12)))
    return faces


def results(album, found, question):
    import streamlit as st

    from pages.widgets.people.search_results import show_found

    show_found(album, found, question, "key", lambda least: st.session_state.update(lowered=least))


@pytest.fixture
def searched(shown, workspace, dataset):
    def search(question, **state):
        album = Album.of(workspace, dataset, encoder_of(workspace, dataset).id)
        return shown(results, album=album, found=ask(album, question), question=question, **state)

    return search


def photo(person=0):
    return (WantedPerson(vectors=vector(person)[None]),)


def test_pictures_are_shown_by_event_with_counts_and_names(searched, grids, workspace, dataset, faces):
    own(workspace, dataset, faces[:1], "Ada")
    page = searched(PictureQuestion(photo(), Shows(0), 0.9))
    assert page.subheader[0].value == "3 pictures of 2 events"
    assert [text.value for text in page.markdown] == [
        "**2024-05-01 10:30 – 12:00** · 2 pictures",
        "**old** · 1 picture",
    ]
    captions = [[tile.caption for tile in tiles] for tiles in grids["tiles"]]
    assert captions == [["1.000 · Ada", f"{SAME:.3f}"], [f"{SAME:.3f}"]]
    assert grids["tiles"][0][0].title == "may/1.jpg · 48 × 48 px at 8, 8"


def test_whom_a_search_for_a_person_only_takes_for_alike_is_marked(searched, grids, workspace, dataset, faces):
    ada = own(workspace, dataset, faces[:1], "Ada")
    searched(PictureQuestion((WantedPerson((ada,)),), Shows(0), 0.9))
    assert [[tile.badge for tile in tiles] for tiles in grids["tiles"]] == [["", "alike"], ["alike"]]


def test_what_is_just_below_and_what_has_no_time_is_counted(searched, grids, faces):
    page = searched(PictureQuestion(photo(), Shows(0), 0.97, since=np.datetime64("2024-01-01")))
    assert page.caption[0].value.endswith("1 more just below: at most 0.05 less similar than 0.970.")
    (button,) = page.button
    assert button.label == "Lower the least similarity to 0.920"
    assert button.click().run().session_state["lowered"] == 0.92
    page = searched(PictureQuestion(photo(), Shows(0), 0.9, since=np.datetime64("2024-01-01")))
    assert not page.button, "nothing is just below"
    assert page.caption[0].value.endswith("1 picture left out: nobody knows when they were taken.")


def test_where_nothing_is_found_the_most_similar_one_is_named(searched, grids, faces):
    page = searched(PictureQuestion(photo(20), Shows(0), 0.9))
    assert page.info[0].value.startswith("No picture shows this at a similarity of 0.900. The most similar one has 0.0")
    assert page.button[0].label.startswith("Lower the least similarity to 0.0")
    page = searched(PictureQuestion(photo(), Shows(0), 0.9999, since=np.datetime64("2024-05-01T11:00")))
    assert f"The most similar one has {SAME:.3f}." in page.info[0].value
    assert page.button[0].click().run().session_state["lowered"] == pytest.approx(min(SAME, 0.9499), abs=0.001)
    assert searched(PictureQuestion(most_people=0)).info[0].value == "No picture fits."
    page = searched(PictureQuestion(least_people=8))
    assert page.info[0].value == "No picture fits. The picture with most faces here has 1."
    assert grids["tiles"] == []


def test_pictures_of_nobody_in_particular_are_shown_whole(searched, grids, faces):
    page = searched(PictureQuestion(least_people=1))
    assert page.subheader[0].value == "4 pictures of 2 events"
    assert [tile.caption for tile in grids["tiles"][1]] == ["*3.jpg", "4.jpg"]
    assert all(tile.url.startswith("/api/thumbnail/") for tiles in grids["tiles"] for tile in tiles)
    assert "Double-click" not in "".join(caption.value for caption in page.caption)


def test_faces_are_marked_not_this_for_the_search_and_forgotten_again(searched, grids, faces):
    grids["selected"] = faces[:1]
    page = searched(PictureQuestion(photo(), Shows(0), 0.9))
    (button,) = page.button
    assert button.label == "Not this (1 face)"
    button.click().run()
    assert not page.exception
    assert page.session_state["address"].written["not"] == [str(faces[0])]
    assert page.caption[0].value.startswith("1 face marked “not this”")
    page.button[0].click().run()
    assert "not" not in page.session_state["address"].written


def test_a_tile_opens_its_picture_with_that_face(searched, grids, faces, monkeypatch):
    opened = []
    monkeypatch.setattr(search_results, "show_in_editor", lambda *where: opened.append(where))
    searched(PictureQuestion(photo(), Shows(0), 0.9))
    grids["open"][0](faces[1])
    searched(PictureQuestion(most_people=1))
    grids["open"][-1](grids["tiles"][-1][0].id)
    assert [face for _, face in opened] == [faces[1], None]


def test_events_are_paged_and_so_are_the_pictures_of_one(searched, grids, faces, monkeypatch):
    monkeypatch.setattr(search_results, "_EVENTS", 1)
    monkeypatch.setattr(search_results, "_PICTURES", 1)
    searched(PictureQuestion(photo(), Shows(0), 0.9))
    assert [len(tiles) for tiles in grids["tiles"]] == [1]
