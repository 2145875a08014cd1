"""The pairs behind a threshold go with it, and with their faces."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from db.engine import reading
from db.tables import Instance, ModelVersion, Pair, Threshold
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.learning_rows import Shelf
from tests.builders.saved_thresholds import save


@pytest.fixture
def saved(workspace, dataset, author):
    """Three faces, an encoder, and two thresholds with two pairs each."""
    shelf = Shelf(workspace, dataset, author)
    image = shelf.image("a.png")
    faces = [shelf.instance(image) for _ in range(3)]
    with writing(workspace.engine) as session:
        encoder = ensure_model_version("e", "encoder", "0", {}, session=session)
    return faces, encoder, [save(workspace, dataset, encoder, faces, value, author_id=author) for value in (0.5, 0.6)]


def _pairs(workspace):
    with reading(workspace.engine) as session:
        return session.exec(select(Pair.threshold_id, Pair.right_id, Pair.same).order_by(Pair.id)).all()


def test_the_pairs_of_a_threshold_go_with_it(workspace, saved):
    faces, _, (first, second) = saved
    with writing(workspace.engine) as session:
        session.delete(session.get(Threshold, first))
    assert _pairs(workspace) == [(second, faces[1], True), (second, faces[2], False)]


def test_a_face_that_goes_takes_its_pairs_along_and_the_thresholds_stay(workspace, saved):
    faces, _, (first, second) = saved
    with writing(workspace.engine) as session:
        session.delete(session.get(Instance, faces[1]))
    assert _pairs(workspace) == [(first, faces[2], False), (second, faces[2], False)]


def test_an_encoder_with_a_threshold_cannot_be_deleted(workspace, saved):
    _, encoder, _ = saved
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), writing(workspace.engine) as session:
        session.delete(session.get(ModelVersion, encoder))
