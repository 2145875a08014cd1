"""Asking with a photo: the face that is meant, and pictures that show the same person, never older than the faces."""

from __future__ import annotations

import numpy as np
import pytest
import streamlit as st
from sqlmodel import select

from core.people import deciding, searching
from core.people.encoders import encoder_of, threshold_of
from core.people.searching import PhotoQuery, RankedFaces
from db.tables import Embedding
from db.writing import writing
from pages.widgets.people import photo_search
from pages.widgets.shared import resources
from tests.builders.people_rows import own
from tests.builders.saved_thresholds import save
from tests.builders.staged_people import ENCODER, add_faces, vector


def test_a_face_that_is_embedded_or_removed_after_a_search_changes_what_the_next_one_finds(
    workspace, dataset, author, monkeypatch
):
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0, 0)), ("b.jpg", vector(0, 1))])
    encoder_id = encoder_of(workspace, dataset, None).id
    with writing(workspace.engine) as session:
        late = session.exec(select(Embedding).where(Embedding.instance_id == faces[1])).one()
        kept = late.vector
        session.delete(late)
    st.cache_data.clear()
    for module in (photo_search, resources):
        monkeypatch.setattr(module, "workspace", lambda: workspace)
    query = PhotoQuery(np.stack([vector(0, 0)]), (b"",), 0, encoder_id, ENCODER, 0.5, ())

    # of all that are at all alike only those of a page are looked up, or every edit would make a search of 100,000 slow
    monkeypatch.setattr(searching, "boxes_in_pictures", lambda *_, **__: pytest.fail("all faces were looked up"))

    def pictures():
        found = photo_search.ranked(query, dataset, 0).instances
        return [("a.jpg", "b.jpg")[faces.index(instance)] for instance in found.tolist()]

    assert pictures() == ["a.jpg"]
    with writing(workspace.engine) as session:
        session.add(Embedding(instance_id=faces[1], model_version_id=encoder_id, vector=kept))
    assert pictures() == ["a.jpg", "b.jpg"]
    removed = deciding.remove_faces(workspace, faces[:1], author_id=author)
    assert pictures() == ["b.jpg"]
    deciding.undo(workspace, removed, author_id=author)
    assert pictures() == ["a.jpg", "b.jpg"]


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


def results(matched, least):
    from pages.widgets.people.photo_search import show_matches

    show_matches(matched, least, "key")


def test_pictures_at_or_above_the_least_similarity_are_shown_with_the_names_that_are_known(
    shown, grids, workspace, dataset
):
    named, unnamed, far = add_faces(workspace, dataset, [(f"{k}.jpg", vector(k)) for k in range(3)])
    own(workspace, dataset, [named], "Ada")
    own(workspace, dataset, [unnamed])
    faces = np.array([named, unnamed, far])
    page = shown(results, matched=RankedFaces(faces, faces, np.array([0.9, 0.7, 0.2])), least=0.7)
    assert page.subheader[0].value == "2 pictures"
    assert [tile.caption for tile in grids["tiles"][0]] == ["0.900 · Ada", "0.700"]
    assert grids["tiles"][0][0].title == "0.jpg · 48 × 48 px at 8, 8"


def test_a_face_that_goes_while_it_is_looked_up_is_left_out(shown, grids, workspace, dataset):
    (here,) = add_faces(workspace, dataset, [("0.jpg", vector(0))])
    faces = np.array([here + 1, here])
    shown(results, matched=RankedFaces(faces, faces, np.array([0.9, 0.8])), least=0.7)
    assert [tile.caption for tile in grids["tiles"][0]] == ["0.800"]


def test_where_nothing_is_similar_enough_the_most_similar_one_is_named(shown, grids):
    one = np.array([1])
    page = shown(results, matched=RankedFaces(one, one, np.array([0.4])), least=0.7)
    assert page.info[0].value == (
        "No picture shows this person at a similarity of 0.700. The most similar one has 0.400. "
        "Lower the slider to see more."
    )
    assert (
        shown(results, matched=RankedFaces(one[:0], one[:0], np.zeros(0)), least=0.7).info[0].value.count("similar one")
        == 0
    )
    assert grids["tiles"] == []
