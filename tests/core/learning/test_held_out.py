"""What is held out is never what a model has learned from, whatever becomes of the groups."""

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, NotEnoughData, NotFound
from core.learning.evaluating import evaluate
from core.learning.held_out import MEAN_SHAPE, UNPREDICTED, held_out, training_split, unpredicted
from core.learning.labels import keep_parts, read_labels
from core.learning.samples import LEARNED, as_ranges
from core.points.annotating import Edit, save_edit
from db.engine import reading
from db.tables import Exclusion, GroupPart, TrainedModel
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


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
        kept.data = {LEARNED: as_ranges(rows), **data}
        session.add(kept)
    return labels


def test_no_model_is_measured_on_what_it_learned_from_although_the_groups_have_changed(shelf):
    before = _people(shelf, "net")
    assert held_out(shelf.workspace, shelf.dataset, ["net"]).learned == 0
    with writing(shelf.workspace.engine) as session:  # everybody changes sides
        for row in session.exec(select(GroupPart)):
            row.part = "train" if row.part == "test" else "test"
            session.add(row)
    with pytest.raises(NotEnoughData, match="net has learned from all that is held out now") as error:
        held_out(shelf.workspace, shelf.dataset, ["net"])
    assert error.value.code not in UNPREDICTED
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
        assert training_split("net+flip", session=session) == "picture"
        assert training_split("dlib-68", session=session) == "auto"
    with writing(shelf.workspace.engine) as session:
        for row in session.exec(select(TrainedModel)):
            row.data = {"split_by": "picture"}
            session.add(row)
        labels = read_labels(shelf.dataset, "face68", split_by="picture", session=session)
    wanted = [label.instance.id for label, _ in labels.of("test")]
    assert list(held_out(shelf.workspace, shelf.dataset, ["net"]).instances) == wanted


def test_nothing_held_out_or_predicted_is_said(shelf):
    shelf.model("idle")
    with pytest.raises(NotEnoughData, match="no human label of face68 is held out"):
        evaluate(shelf.workspace, shelf.dataset, "idle")
    shelf.people()
    with pytest.raises(NotEnoughData, match="idle has predicted none") as error:
        evaluate(shelf.workspace, shelf.dataset, "idle")
    assert error.value.code in UNPREDICTED
    with pytest.raises(NotEnoughData, match="dlib-68 has predicted nothing yet") as error:
        evaluate(shelf.workspace, shelf.dataset, "dlib-68")
    assert error.value.code in UNPREDICTED, "whoever compares is offered to predict"
    with pytest.raises(NotFound, match="there is no model called 'nobody'"):
        evaluate(shelf.workspace, shelf.dataset, "nobody")


def test_each_model_lacks_what_it_has_not_predicted_of_the_held_out_part(shelf):
    held = shelf.people()
    whole, half = shelf.model("whole"), shelf.model("half")
    shelf.model("silent")
    for name, instance in held.items():
        shelf.predict(instance, whole, face())
        if name[0] in "ac":
            shelf.predict(instance, half, face())
    names = ["whole", "half", "silent"]
    assert unpredicted(shelf.workspace, shelf.dataset, names) == {"whole": 0, "half": 2, "silent": 4}
    assert unpredicted(shelf.workspace, shelf.dataset, ["whole+flip"]) == {"whole+flip": 4}, "another use of it"


def test_a_built_in_model_is_measured_on_every_label_and_beside_a_trained_one_on_what_was_held_out(shelf):
    every = shelf.people()
    built_in, trained = shelf.model("dlib-68", trained=False), shelf.model("net")
    for instance in every.values():
        shelf.predict(instance, built_in, face(1.0))
        shelf.predict(instance, trained, face(2.0))
    alone = held_out(shelf.workspace, shelf.dataset, ["dlib-68"])
    assert (len(alone), alone.every_label, alone.left_out) == (len(every), True, 0)
    beside = held_out(shelf.workspace, shelf.dataset, ["dlib-68", "net"])
    assert (len(beside), beside.every_label) == (4, False)
    assert evaluate(shelf.workspace, shelf.dataset, "dlib-68")["instances"] == len(every)


def _touched(shelf, path, identity, version):
    """A face with a model's points, of which a human has moved one to (50, 60), and a prediction 10 pixels from it."""
    instance = shelf.instance(shelf.image(path, identity=identity), face(), human=False)
    save_edit(shelf.workspace, Edit(path, instance, None, ((3, 50.0, 60.0, 2),)), author_id=shelf.author)
    points = face()
    points[3] = 60.0, 60.0
    shelf.predict(instance, version, points)
    return instance


def test_work_in_progress_is_measured_on_where_it_is_asked_for_and_then_by_what_a_human_has_set(shelf):
    held, version = shelf.people(), shelf.model("net")
    for name in ("a0", "a1", "b0", "b1"):
        shelf.predict(held[name], version, face())
    touched = _touched(shelf, "a/9.png", "a", version)
    _touched(shelf, "c/9.png", "c", version)  # of those to learn from
    plain = evaluate(shelf.workspace, shelf.dataset, "net")
    more = evaluate(shelf.workspace, shelf.dataset, "net", in_progress=True)
    assert (plain["instances"], plain["in_progress"], plain["metrics"]["mse_px2"]["value"]) == (4, 0, 0)
    assert (more["instances"], more["in_progress"]) == (5, 1)
    assert more["metrics"]["mse_px2"]["value"] == pytest.approx(100 / (2 * (4 * 68 + 1)))
    assert touched in held_out(shelf.workspace, shelf.dataset, ["net"], in_progress=True).instances
    shelf.model("silent")
    assert [
        unpredicted(shelf.workspace, shelf.dataset, ["silent"], in_progress=asked)["silent"] for asked in (False, True)
    ] == [4, 5]


def test_a_built_in_model_is_measured_on_all_work_in_progress_where_that_is_asked_for(shelf):
    every, version = shelf.people(), shelf.model("dlib-68", trained=False)
    for instance in every.values():
        shelf.predict(instance, version, face())
    _touched(shelf, "c/9.png", "c", version)
    found = held_out(shelf.workspace, shelf.dataset, ["dlib-68"], in_progress=True)
    assert (len(found), found.in_progress, found.every_label) == (len(every) + 1, 1, True)


def test_a_built_in_model_needs_nothing_held_out(shelf):
    shelf.split({"folder ": "train"})
    instance = shelf.instance(shelf.image("a.png"), face())
    shelf.predict(instance, shelf.model("dlib-68", trained=False), face(1.0))
    assert list(held_out(shelf.workspace, shelf.dataset, ["dlib-68"]).instances) == [instance]
    assert unpredicted(shelf.workspace, shelf.dataset, ["dlib-68+one-euro"]) == {"dlib-68+one-euro": 1}


def test_a_model_that_was_trained_elsewhere_is_measured_on_every_label_but_not_on_pictures_that_it_knows(shelf):
    every = shelf.people()
    version = shelf.model("net")
    for instance in every.values():
        shelf.predict(instance, version, face(1.0))
    with writing(shelf.workspace.engine) as session:
        session.exec(select(TrainedModel)).one().dataset_id = ensure_dataset("others", shelf.author, session=session)
    assert held_out(shelf.workspace, shelf.dataset, ["net"]).every_label
    with writing(shelf.workspace.engine) as session:
        session.exec(select(TrainedModel)).one().data = {LEARNED: as_ranges([every["a0"]])}
    found = held_out(shelf.workspace, shelf.dataset, ["net"])
    assert (found.every_label, len(found), found.learned) == (False, 3, 1)


def test_the_guess_is_made_of_what_is_not_measured_on(shelf):
    """The faces that are held out stand elsewhere in their boxes: the guess does not know."""
    shelf.split({"person a": "test", "person b": "test", "person c": "train"})
    version = shelf.model("net")
    for name, shift in (("a", 30.0), ("b", 30.0), ("c", 0.0)):
        shelf.predict(shelf.instance(shelf.image(f"{name}.png", identity=name), face(shift)), version, face())
    found = held_out(shelf.workspace, shelf.dataset, ["net"])
    np.testing.assert_allclose(found.predicted[MEAN_SHAPE], np.stack([face(0.0)] * 2), atol=1e-4)


def test_models_of_different_points_are_not_compared(shelf):
    shelf.model("face", "face68")
    shelf.model("body", "body24")
    with pytest.raises(BadInput, match="locate different points"):
        evaluate(shelf.workspace, shelf.dataset, "face", against="body")


def test_excluded_pictures_are_not_measured_on(shelf):
    held = shelf.people()
    version = shelf.model("shifted")
    for instance in held.values():
        shelf.predict(instance, version, face())
    with writing(shelf.workspace.engine) as session:
        session.add(Exclusion(dataset_id=shelf.dataset, name="a/0.png", author_id=shelf.author))
        session.add(Exclusion(dataset_id=shelf.dataset, name="elsewhere.png", author_id=shelf.author))
    assert evaluate(shelf.workspace, shelf.dataset, "shifted")["instances"] == 3
