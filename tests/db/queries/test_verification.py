"""Thresholds: which was saved last for an encoder, and all of them, the newest first."""

from __future__ import annotations

import pytest

from db.engine import reading
from db.queries.verification import face_sizes, newest_threshold, thresholds
from db.tables import Instance
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.learning_rows import Shelf
from tests.builders.people_rows import remove
from tests.builders.saved_thresholds import save
from tests.builders.staged_people import add_faces, vector


@pytest.fixture
def saved(workspace, dataset, author):
    """Two encoders; 0.5, 0.7 and 0.6 were saved in this order, the second of them for the second encoder."""
    shelf = Shelf(workspace, dataset, author)
    image = shelf.image("a.png")
    faces = [shelf.instance(image) for _ in range(3)]
    with writing(workspace.engine) as session:
        encoders = [ensure_model_version(name, "encoder", "0", {}, session=session) for name in ("one", "two")]
    for value, number in ((0.5, 0), (0.7, 1), (0.6, 0)):
        save(workspace, dataset, encoders[number], faces, value, author_id=author)
    return encoders


def test_the_threshold_of_an_encoder_is_the_one_that_was_saved_last(workspace, dataset, saved):
    with reading(workspace.engine) as session:
        assert [newest_threshold(dataset, encoder, session=session).value for encoder in saved] == [0.6, 0.7]
        assert newest_threshold(dataset + 1, saved[0], session=session) is None
        assert newest_threshold(dataset, 999, session=session) is None


def test_thresholds_come_newest_first_with_encoder_and_author(workspace, dataset, saved):
    def rows(**asked):
        with reading(workspace.engine) as session:
            found = thresholds(dataset, session=session, **asked)
            return [(row.value, encoder, author) for row, encoder, author in found]

    every = [(0.6, "one", "ada"), (0.7, "two", "ada"), (0.5, "one", "ada")]
    assert rows() == every
    assert rows(limit=2) == every[:2]
    assert rows(encoder_id=saved[0]) == [every[0], every[2]]
    assert rows(encoder_id=saved[0], limit=1) == every[:1]


def test_a_dataset_without_thresholds_has_none(workspace, dataset):
    with reading(workspace.engine) as session:
        assert thresholds(dataset, session=session) == []


def test_sizes_are_of_the_faces_that_are_there(workspace, dataset):
    first, second, gone = add_faces(
        workspace, dataset, [("a.jpg", vector(0)), ("b.jpg", vector(1)), ("b.jpg", vector(2))]
    )
    remove(workspace, gone)
    with writing(workspace.engine) as session:
        session.get_one(Instance, second).right += 2
        session.get_one(Instance, second).score = None
    with reading(workspace.engine) as session:
        images = [session.get_one(Instance, face).image_id for face in (first, second)]
        found = face_sizes(dataset, session=session)
        assert face_sizes(dataset + 1, session=session) == []
    assert sorted(found) == [(first, images[0], 48 * 48, 0.99), (second, images[1], 50 * 48, 0)]
