"""The album of a search is kept until something in it changes."""

from __future__ import annotations

from datetime import datetime

import pytest
import streamlit as st

from core.people import deciding
from core.people.encoders import encoder_of
from db.tables import CaptureTime
from db.writing import writing
from pages.widgets.people import searched_album as module
from pages.widgets.people.searched_album import searched_album
from pages.widgets.shared import resources
from tests.builders.staged_people import add_faces, vector


@pytest.fixture
def album(workspace, dataset, monkeypatch):
    st.cache_resource.clear()
    for place in (module, resources):
        monkeypatch.setattr(place, "workspace", lambda: workspace)
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0)), ("b.jpg", vector(1))])
    encoder = encoder_of(workspace, dataset).id
    yield faces, lambda: searched_album(dataset, encoder)
    st.cache_resource.clear()


def test_what_was_read_is_kept_for_as_long_as_it_is_so(album):
    _, now = album
    assert now() is now()


def test_a_face_that_comes_or_goes_a_decision_and_a_time_are_seen_at_once(workspace, dataset, author, album):
    faces, now = album
    before = now()
    removed = deciding.remove_faces(workspace, faces[:1], author_id=author)
    assert now().faces.tolist() == faces[1:]
    deciding.undo(workspace, removed, author_id=author)
    assert now().faces.tolist() == faces
    deciding.move_faces(workspace, faces[:1], name="Ada", author_id=author)
    assert now().settled.tolist() == [True, False]
    with writing(workspace.engine) as session:
        session.add(CaptureTime(image_id=int(before.images[0]), at=datetime(2024, 5, 1)))
    assert str(now().taken[0]) == "2024-05-01T00:00:00"
    (late,) = add_faces(workspace, dataset, [("c.jpg", vector(2))])
    assert now().faces.tolist() == [*faces, late]
