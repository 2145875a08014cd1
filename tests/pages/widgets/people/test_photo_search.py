"""Asking with photos: the face of each that is meant, and how similar a face has to be."""

from __future__ import annotations

import numpy as np
import pytest

from core.foundation.errors import NotEnoughData, NotFound
from core.people.encoders import encoder_of, threshold_of
from core.people.searching import PhotoQuery
from pages.widgets.people import photo_search
from pages.widgets.shared.text import sentence
from tests.builders.saved_thresholds import save
from tests.builders.staged_people import ENCODER, add_faces, vector


def asked(faces, chosen=0, encoder_id=1):
    corners = tuple((60.0 * k, 5.0, 60.0 * k + 40, 55.0) for k in range(faces))
    return PhotoQuery(
        np.stack([vector(k) for k in range(faces)]), (b"crop",) * faces, chosen, encoder_id, ENCODER, 0.5, corners
    )


@pytest.fixture
def grids(monkeypatch):
    """The tiles of each grid, and what is clicked in the next."""
    seen = {"tiles": [], "clicked": []}

    def grid(tiles, **_):
        seen["tiles"].append(tiles)
        return seen["clicked"]

    monkeypatch.setattr(photo_search, "picture_grid", grid)
    monkeypatch.setattr(photo_search, "selected_now", lambda *_: seen["clicked"])
    return seen


def choose(query):
    import streamlit as st

    from pages.widgets.people.photo_search import choose_face

    st.session_state["meant"] = choose_face(query, "key")


def test_the_only_face_of_a_photo_is_meant_without_a_word(shown, grids):
    page = shown(choose, query=asked(1))
    assert page.session_state["meant"] == 0
    assert not page.caption
    assert [tile.url for tile in grids["tiles"][0]] == ["data:image/jpeg;base64,Y3JvcA=="]


def test_the_face_in_the_middle_is_meant_unless_another_is_clicked(shown, grids):
    page = shown(choose, query=asked(3, chosen=1))
    assert page.session_state["meant"] == 1
    assert page.caption[0].value.startswith("3 faces are in the photo.")
    assert [(tile.caption, tile.badge) for tile in grids["tiles"][-1]] == [
        ("1: 40 × 50 px at 0, 5", ""),
        ("2: 40 × 50 px at 60, 5", "meant"),
        ("3: 40 × 50 px at 120, 5", ""),
    ]
    grids["clicked"] = [2]
    page.run()
    assert page.session_state["meant"] == 2
    assert page.caption[1].value == "Searching with face 3: 40 × 50 px at 120\\, 5."
    assert [tile.badge for tile in grids["tiles"][-1]] == ["", "", "meant"]


def test_the_least_similarity_begins_at_the_threshold_in_force(shown, workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{k}.jpg", vector(k)) for k in range(3)])
    version = encoder_of(workspace, dataset, None)

    def draw(dataset_id, encoder):
        from pages.widgets.people.photo_search import choose_least

        choose_least(dataset_id, encoder)

    own_threshold = threshold_of(workspace, dataset, version)
    assert shown(draw, dataset_id=dataset, encoder=version).slider[0].value == own_threshold
    save(workspace, dataset, version.id, faces, 0.61, author_id=author)
    assert shown(draw, dataset_id=dataset, encoder=version).slider[0].value == 0.61


def uploads(encoder):
    import streamlit as st

    from pages.widgets.people.photo_search import faces_of_photos

    st.session_state["vectors"] = faces_of_photos(encoder, "photos")


def test_of_several_photos_each_gives_a_face_and_one_that_cannot_be_used_is_named(
    shown, grids, workspace, dataset, monkeypatch
):
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    version = encoder_of(workspace, dataset)

    def read(content, name, encoder):
        if content == b"wall":
            raise NotEnoughData("people.no_face_in_photo", of=name)
        return asked(2, encoder_id=version.id + (content == b"other"))

    monkeypatch.setattr(photo_search, "read_photo", read)
    page = shown(uploads, encoder=version)
    assert page.session_state["vectors"] == []
    files = [("one.png", b"one", "image/png"), ("wall_*.png", b"wall", "image/png"), ("b.png", b"other", "image/png")]
    page.file_uploader[0].set_value(files).run()
    assert not page.exception
    assert [error.value for error in page.error] == [
        sentence(NotEnoughData("people.no_face_in_photo", of="wall_*.png")),
        sentence(NotFound("people.no_embedding_of_version", encoder=ENCODER)),
    ]
    np.testing.assert_array_equal(page.session_state["vectors"], [vector(0)])
    assert page.caption[0].value == "one\\.png"
