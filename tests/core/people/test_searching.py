"""A photo to search with: its faces, which of them is meant, and what the dataset's are compared by."""

from __future__ import annotations

import numpy as np
import pytest

from core.foundation.errors import BadInput, NotFound, UnreadableImage
from core.foundation.messages import message
from core.people import encoders, searching
from core.people.searching import PhotoQuery, measured_by
from db.tables import Threshold
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.staged_people import ENCODER, add_faces, vector


@pytest.fixture
def faces(workspace, dataset):
    return add_faces(workspace, dataset, [("a.jpg", vector(0, 0)), ("b.jpg", vector(1, 1))])


def query(encoder_id, *rows, corners=()):
    return PhotoQuery(np.stack(rows), tuple(b"" for _ in rows), 0, encoder_id, ENCODER, 0.9, corners)


def save_threshold(workspace, dataset, author, encoder_id, value):
    chosen = message("thresholds.by_hand").to_json()
    row = {"dataset_id": dataset, "model_version_id": encoder_id, "value": value, "chosen": chosen}
    with writing(workspace.engine) as session:
        session.add(Threshold(**row, author_id=author))


def test_a_search_by_photo_compares_by_the_encoder_of_the_photo_at_its_threshold(workspace, dataset, author, faces):
    version = encoders.encoder_of(workspace, dataset)
    photo = query(version.id, vector(0))
    assert measured_by(workspace, dataset, None, [photo]) == (version.id, 0.9)
    save_threshold(workspace, dataset, author, version.id, 0.7)
    assert measured_by(workspace, dataset, None, [photo]) == (version.id, 0.7)


def test_a_search_without_a_photo_compares_by_the_encoder_of_the_dataset(workspace, dataset, author, faces):
    version = encoders.encoder_of(workspace, dataset)
    own = encoders.own_threshold(workspace, version)
    assert measured_by(workspace, dataset, None, []) == (version.id, own)
    save_threshold(workspace, dataset, author, version.id, 0.7)
    assert measured_by(workspace, dataset, ENCODER, []) == (version.id, 0.7)


def test_where_nothing_is_measured_a_photo_cannot_be_searched_for_and_people_can(workspace, dataset, faces):
    with writing(workspace.engine) as session:
        newer = ensure_model_version(ENCODER, "encoder", "1" * 64, {}, session=session)
    with pytest.raises(NotFound, match="no face here has an embedding of this version of dlib-resnet yet"):
        measured_by(workspace, dataset, None, [query(newer, vector(0))])
    assert measured_by(workspace, dataset + 1, None, []) == (None, 1.0)
    with pytest.raises(NotFound, match="no face here has an embedding of magic yet"):
        measured_by(workspace, dataset, "magic", [])


def test_what_is_no_picture_is_refused_before_any_model_is_loaded(workspace, dataset, monkeypatch):
    monkeypatch.setattr(searching, "_models", lambda *_: pytest.fail("models were loaded"))
    with pytest.raises(UnreadableImage, match=r"notes\.jpg"):
        searching.photo_query(workspace, b"plain text", "notes.jpg")


def test_of_several_faces_in_a_photo_one_has_to_be_chosen_and_they_are_listed_with_their_numbers():
    two = query(1, vector(0), vector(2), corners=((3.0, 4.0, 43.0, 54.0), (60.0, 5.0, 90.0, 35.0)))
    with pytest.raises(BadInput) as refused:
        searching.meant(two, None, "party.jpg")
    assert str(refused.value) == (
        "party.jpg: 2 faces are in this photo: 1 (40 × 50 px at 3, 4), 2 (30 × 30 px at 60, 5); "
        "say which one is meant (--face)"
    )
    assert [searching.meant(two, number, "party.jpg") for number in (1, 2)] == [0, 1]
    for number in (0, 3):
        with pytest.raises(BadInput, match=f"the photo has 2 faces; there is no number {number}"):
            searching.meant(two, number, "party.jpg")
    assert searching.meant(query(1, vector(0)), None, "a.jpg") == 0
