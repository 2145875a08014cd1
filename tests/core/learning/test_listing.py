"""The models that were trained here, by name."""

import pytest

from core.learning.listing import model_of_run
from db.tables import Run, TrainedModel
from db.writing import writing
from tests.builders.learning_rows import Shelf


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def test_the_model_of_a_run_is_known_by_its_name(shelf):
    version = shelf.model("net")
    with writing(shelf.workspace.engine) as session:
        run = Run(kind="train", dataset_id=shelf.dataset, author_id=shelf.author)
        session.add(run)
        session.flush()
        number = run.id
        session.get(TrainedModel, version).run_id = number
    assert model_of_run(shelf.workspace, number) == "net"
    assert model_of_run(shelf.workspace, number + 1) is None
