"""A version is a name, weights and settings; what it said of an instance is replaced, never changed."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from db.engine import reading
from db.queries.learning.models import StoredPrediction, predictions
from db.tables import ModelUse, ModelVersion, Prediction
from db.writes.models import ensure_model_version, note_model_use, replace_predictions
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


def test_the_same_name_weights_and_settings_in_any_order_are_one_version(workspace):
    with writing(workspace.engine) as session:
        first = ensure_model_version("m", "encoder", "0", {"a": 1, "b": 2}, session=session)
        assert ensure_model_version("m", "encoder", "0", {"b": 2, "a": 1}, session=session) == first
        others = [("n", "0", {"a": 1, "b": 2}), ("m", "1", {"a": 1, "b": 2}), ("m", "0", {"a": 1, "b": 3})]
        made = {ensure_model_version(name, "encoder", sha, given, session=session) for name, sha, given in others}
        assert len(made | {first}) == 4
        assert session.get(ModelVersion, first).settings == {"a": 1, "b": 2}


def test_a_dataset_uses_a_model_once_however_often_it_is_noted(workspace, dataset):
    with writing(workspace.engine) as session:
        version = ensure_model_version("m", "encoder", "0", {}, session=session)
    for _ in range(2):
        with writing(workspace.engine) as session:
            note_model_use(dataset, version, session=session)
            note_model_use(dataset, version, session=session)
    with reading(workspace.engine) as session:
        assert session.exec(select(ModelUse.dataset_id, ModelUse.model_version_id)).all() == [(dataset, version)]


@pytest.fixture
def predicted(workspace, dataset, author):
    """Two faces that two versions have predicted."""
    shelf = Shelf(workspace, dataset, author)
    image, versions = shelf.image("a.png"), (shelf.model("net"), shelf.model("other"))
    faces = [shelf.instance(image) for _ in range(2)]
    for version in versions:
        for instance in faces:
            shelf.predict(instance, version, face())
    return faces, versions


def _row_ids(workspace, version):
    with reading(workspace.engine) as session:
        rows = session.exec(select(Prediction.id).where(col(Prediction.model_version_id) == version))
        return set(rows)


def test_replaced_predictions_are_new_rows_of_that_version_and_those_instances_alone(workspace, dataset, predicted):
    (first, second), (net, other) = predicted
    before, of_other = _row_ids(workspace, net), _row_ids(workspace, other)
    again = StoredPrediction("face68", b"points", b"doubt")
    with writing(workspace.engine) as session:
        replace_predictions(net, {first: again}, session=session)
    with reading(workspace.engine) as session:
        now = predictions(dataset, net, session=session)
    assert now[first] == again
    assert now[second].points != b"points"
    assert len(_row_ids(workspace, net) & before) == 1
    assert _row_ids(workspace, other) == of_other


def test_nothing_is_stored_of_an_instance_that_is_gone(workspace, dataset, predicted):
    (first, second), (net, _) = predicted
    again = StoredPrediction("face68", b"points", b"doubt")
    with writing(workspace.engine) as session:
        replace_predictions(net, {first: again, second + 100: again}, session=session)
    with reading(workspace.engine) as session:
        assert predictions(dataset, net, session=session).keys() == {first, second}
