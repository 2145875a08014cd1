"""What the store refuses of models and predictions, and what goes with an instance."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from db.engine import reading
from db.tables import Instance, ModelUse, ModelVersion, Prediction, Promotion, TrainedModel
from db.writes.models import note_model_use
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


@pytest.fixture
def predicted(shelf):
    """An instance and the version that has predicted it."""
    instance, version = shelf.instance(shelf.image("a.png")), shelf.model("net")
    shelf.predict(instance, version, face())
    return instance, version


def test_a_version_predicts_an_instance_once(shelf, predicted):
    with pytest.raises(IntegrityError, match="UNIQUE"):
        shelf.predict(*predicted, face())
    shelf.predict(predicted[0], shelf.model("other"), face())


def test_predictions_go_with_their_instance_and_the_model_stays(shelf, predicted):
    instance, version = predicted
    with writing(shelf.workspace.engine) as session:
        session.delete(session.get(Instance, instance))
    with reading(shelf.workspace.engine) as session:
        assert session.exec(select(Prediction)).all() == []
        assert session.get(TrainedModel, version) is not None


def test_name_weights_and_settings_are_one_version(shelf):
    same = {"name": "m", "kind": "encoder", "weights_sha256": "0", "settings_key": "{}"}
    with pytest.raises(IntegrityError, match="UNIQUE"), writing(shelf.workspace.engine) as session:
        session.add_all([ModelVersion(**same), ModelVersion(**same)])
    with writing(shelf.workspace.engine) as session:
        session.add_all([ModelVersion(**same), ModelVersion(**same | {"settings_key": "{1}"})])


def test_a_version_whose_output_is_held_cannot_be_deleted(shelf):
    version = shelf.model("built-in", trained=False)
    with writing(shelf.workspace.engine) as session:
        note_model_use(shelf.dataset, version, session=session)
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), writing(shelf.workspace.engine) as session:
        session.delete(session.get(ModelVersion, version))
    with writing(shelf.workspace.engine) as session:
        session.delete(session.get(ModelUse, (shelf.dataset, version)))
        session.flush()
        session.delete(session.get(ModelVersion, version))


def test_a_promotion_cannot_take_back_one_that_never_was(shelf):
    row = Promotion(dataset_id=shelf.dataset, skeleton="face68", author_id=shelf.author, rolls_back_id=99)
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), writing(shelf.workspace.engine) as session:
        session.add(row)
