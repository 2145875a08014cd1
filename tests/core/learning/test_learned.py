"""What a model has learned from is kept with it, and it is never measured on that, whatever becomes of the groups."""

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.errors import NotEnoughData
from core.learning.held_out import held_out, split_of
from core.learning.labels import keep_parts, read_labels
from core.learning.learned import KEY, as_ranges, learned_from
from db.engine import reading
from db.tables import GroupPart, TrainedModel
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def test_ids_become_runs_and_come_back():
    assert as_ranges([]) == []
    assert as_ranges({5}) == [[5, 5]]
    assert as_ranges([7, 1, 2, 3, 2]) == [[1, 3], [7, 7]]
    ids = set(np.random.default_rng(0).integers(0, 500, 300).tolist())
    assert learned_from({KEY: as_ranges(ids)}) == ids
    assert learned_from({}) == set()


def _people(shelf, model, **data):
    """Six people of two pictures each, with a model that learned from the parts that they had then."""
    version = shelf.model(model)
    for person in "abcdef":
        for i in range(2):
            shelf.predict(shelf.instance(shelf.image(f"{person}/{i}.png", identity=person), face()), version, face(1.0))
    with writing(shelf.workspace.engine) as session:
        labels = read_labels(shelf.dataset, "face68", session=session)
        keep_parts(shelf.dataset, labels, session=session)
        rows = [label.instance.id for part in ("train", "validation") for label, _ in labels.of(part)]
        kept = session.exec(select(TrainedModel).where(TrainedModel.model_version_id == version)).one()
        kept.data = {KEY: as_ranges(rows), **data}
        session.add(kept)
    return labels


def test_no_model_is_measured_on_what_it_learned_from_although_the_groups_have_changed(shelf):
    before = _people(shelf, "net")
    assert held_out(shelf.workspace, shelf.dataset, ["net"]).learned == 0
    with writing(shelf.workspace.engine) as session:  # everybody changes sides
        for row in session.exec(select(GroupPart)):
            row.part = "train" if row.part == "test" else "test"
            session.add(row)
    with pytest.raises(NotEnoughData, match="net has learned from all that is held out now"):
        held_out(shelf.workspace, shelf.dataset, ["net"])
    newcomer = shelf.instance(shelf.image("g/1.png", identity="g"), face())
    shelf.predict(newcomer, shelf.model("net", trained=False), face(1.0))
    with writing(shelf.workspace.engine) as session:
        session.merge(GroupPart(dataset_id=shelf.dataset, group="person g", part="test"))
    found = held_out(shelf.workspace, shelf.dataset, ["net"])
    assert list(found.instances) == [newcomer]
    assert found.learned == sum(part != "test" for part in before.parts)


def test_a_model_is_measured_with_the_groups_that_its_training_was_asked_for(shelf):
    _people(shelf, "net", split_by="picture")
    with reading(shelf.workspace.engine) as session:
        assert split_of("net+flip", session=session) == "picture"
        assert split_of("dlib-68", session=session) == "auto"
    with writing(shelf.workspace.engine) as session:
        for row in session.exec(select(TrainedModel)):
            row.data = {"split_by": "picture"}
            session.add(row)
        labels = read_labels(shelf.dataset, "face68", split_by="picture", session=session)
    wanted = [label.instance.id for label, _ in labels.of("test")]
    assert list(held_out(shelf.workspace, shelf.dataset, ["net"]).instances) == wanted
