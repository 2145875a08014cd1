"""What there is to learn from, in numbers."""

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.learning.listing import model_of_run
from core.learning.supply import supply
from db.engine import reading
from db.queries.learning.labels import labelled_skeletons
from db.queries.learning.models import ranking_cache_key
from db.tables import Exclusion, Run, TrainedModel
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def test_labels_are_counted_by_part_and_the_rest_by_reason(shelf):
    for person in "abcd":
        for i in range(2):
            shelf.instance(shelf.image(f"{person}/{i}.png", identity=person), face())
    shelf.instance(shelf.image("e/0.png", identity="e"), np.full((68, 2), np.nan))
    shelf.instance(shelf.image("f/bad.png", identity="f"), face())
    shelf.instance(shelf.image("g/0.png", identity="g"), face(), human=False)
    shelf.instance(shelf.image("h/0.png", identity="h"))
    with writing(shelf.workspace.engine) as session:
        session.add(Exclusion(dataset_id=shelf.dataset, name="bad.png", author_id=shelf.author))
    found = supply(shelf.workspace, shelf.dataset, "face68")
    assert sum(found.labels[part] for part in ("train", "validation", "test")) == 8
    assert found.groups == [f"person {person}" for person in "abcd"]
    assert (list(found.excluded), found.empty, found.unlabelled) == (["f/bad.png"], 1, 2)


def test_nothing_is_counted_where_nothing_is(workspace, dataset):
    found = supply(workspace, dataset, "face68")
    assert (sum(found.labels.values()), found.groups, found.unlabelled) == (0, [], 0)
    with pytest.raises(BadInput, match="split_by"):
        supply(workspace, dataset, "face68", "nothing")


def test_the_points_with_most_human_labels_come_first(shelf):
    assert _skeletons(shelf) == []
    for i in range(3):
        shelf.instance(shelf.image(f"{i}.png"), face(), human=False)
    body = np.zeros((24, 2))
    shelf.instance(shelf.image("body.png"), body, kind="person", skeleton="body24")
    assert _skeletons(shelf) == ["body24", "face68"]


def test_a_ranking_is_old_with_new_predictions_and_not_with_new_labels(shelf):
    version = shelf.model("net")
    instance = shelf.instance(shelf.image("a.png"))
    before = _newness(shelf)
    shelf.instance(shelf.image("b.png"), face())
    assert _newness(shelf) == before
    shelf.predict(instance, version, face())
    assert _newness(shelf) != before


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


def _skeletons(shelf):
    with reading(shelf.workspace.engine) as session:
        return labelled_skeletons(shelf.dataset, session=session)


def _newness(shelf):
    with reading(shelf.workspace.engine) as session:
        return ranking_cache_key(shelf.dataset, session=session)
