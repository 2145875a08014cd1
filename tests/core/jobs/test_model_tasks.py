"""What runs about models do, with training and networks left out: what is asked of whom, in which order."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.foundation.messages import worded
from core.jobs import model_tasks, tasks
from core.jobs.kinds import RUN_KINDS
from core.learning.promoting import promote, promoted_skeletons
from core.learning.training import TrainingRequest
from core.people.finding import CompletedFaces
from db.engine import reading
from db.queries.learning.models import trained_by_name
from db.tables import GroupPart, Instance, KeypointRevision, ModelVersion, RunState, Source
from db.writing import writing
from tests.builders.learning_rows import Shelf, face

UNBOXED = {"untaught": ["jaw"], "boxed": 0, "kind": "face", "without_box": 0}


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


@pytest.fixture
def held(shelf):
    """A labelled face of each of three people, of whom `a` and `b` are held out; gives the instances of these two."""
    with writing(shelf.workspace.engine) as session:
        for name, part in (("a", "test"), ("b", "test"), ("c", "train")):
            session.merge(GroupPart(dataset_id=shelf.dataset, group=f"person {name}", part=part))
    faces = [shelf.instance(shelf.image(f"{name}.png", identity=name), face()) for name in "abc"]
    return set(faces[:2])


@pytest.fixture
def predicted(shelf, monkeypatch):
    """What models were asked to predict; they are 3 pixels off in x."""
    asked = []

    def predict(*_, model, only=None, clips=None, **__):
        instances = None if only is None else {label.instance.id for label in only.labels}
        asked.append(SimpleNamespace(model=model, instances=instances, clips=clips))
        for instance in instances or ():
            shelf.predict(instance, shelf_version(shelf.workspace, model), face((3.0, 0.0)))
        return {"predicted": len(instances or ()), "failed": 7, "untaught": ["jaw"]}

    monkeypatch.setattr(model_tasks, "predict", predict)
    return asked


@pytest.fixture
def trained(shelf, monkeypatch):
    """What was asked for when models were trained; the rows of model `m` are there, no network."""
    requests = []

    def train_model(*_, request, **__):
        requests.append(request)
        shelf.model("m")
        return {"model": "m", "epochs": 2}

    monkeypatch.setattr(model_tasks, "train_model", train_model)
    return requests


def test_a_trained_model_is_measured_on_what_was_held_out_and_keeps_its_figures(
    workspace, do, held, trained, predicted
):
    run = do("train", skeleton="face68", recipe="quick")
    assert (run.state, run.error) == (RunState.DONE, None)
    assert [(asked.model, asked.instances) for asked in predicted] == [("m", held)]
    assert (run.counts["model"], run.counts["epochs"]) == ("m", 2)
    assert run.counts["metrics"]["nme"]["value"] == pytest.approx(0.03)
    with reading(workspace.engine) as session:
        assert trained_by_name("m", session=session).figures == run.counts["metrics"] | {
            "mean_shape": run.counts["mean_shape"]
        }
    (warning,) = run.counts["warnings"]
    assert worded(warning).startswith("this training came to nothing"), "all faces stand alike, so a guess is exact"
    assert warning in run.counts["said"]


def test_a_training_asks_for_what_its_run_says_and_else_for_the_usual(do, held, trained, predicted):
    do("train", skeleton="face68", recipe="quick")
    do(
        "train",
        skeleton="face68",
        recipe="quick",
        settings={"epochs": "2"},
        split_by="person",
        parent="p",
        plan="teacher",
    )
    assert trained == [
        TrainingRequest("face68", "quick", {}, "auto", None, None),
        TrainingRequest("face68", "quick", {"epochs": "2"}, "person", "p", "teacher"),
    ]


def test_a_prediction_of_what_was_held_out_is_of_nothing_else_and_gives_no_points(
    workspace, do, shelf, held, predicted, author
):
    shelf.model("m")
    promote(workspace, shelf.dataset, "m", author_id=author)
    untouched = shelf.instance(shelf.image("late.png"))
    shelf.predict(untouched, shelf_version(workspace, "m"), face())
    assert do("predict", model="m", held_out=True).counts == {"model": "m", "predicted": 2, "failed": 7, **UNBOXED}
    assert [asked.instances for asked in predicted] == [held]
    assert head(workspace, untouched) is None


@pytest.mark.parametrize("promoted", [True, False])
def test_a_prediction_gives_points_where_the_model_is_in_force_only(workspace, do, shelf, predicted, author, promoted):
    version = shelf.model("m")
    if promoted:
        promote(workspace, shelf.dataset, "m", author_id=author)
    untouched = shelf.instance(shelf.image("late.png"))
    shelf.predict(untouched, version, face((4.0, 4.0)))
    assert do("predict", model="m", clip=5).state == RunState.DONE
    assert [(asked.model, asked.instances, asked.clips) for asked in predicted] == [("m", None, {5})]
    assert head(workspace, untouched) == ((Source.MODEL, [4.0, 4.0]) if promoted else None)


def test_a_smoothed_prediction_predicts_frame_by_frame_first_and_counts_its_failures(do, shelf, predicted, monkeypatch):
    shelf.model("m")

    def smooth(*_, dataset_id, model, **__):
        assert predicted, "predicted before"
        return {"smoothed": dataset_id, "model": model, "failed": 0}

    monkeypatch.setattr(model_tasks, "smooth_predictions", smooth)
    run = do("predict", model="m+flip+one-euro")
    assert [asked.model for asked in predicted] == ["m+flip"]
    assert run.counts == {"smoothed": shelf.dataset, "model": "m+flip+one-euro", "failed": 7, **UNBOXED}


def test_a_prediction_says_how_many_pictures_have_no_box_and_takes_them_whole_where_it_is_asked_to(
    workspace, do, shelf, predicted
):
    shelf.model("m")
    shelf.instance(shelf.image("a.png"))
    shelf.image("b.png")
    run = do("predict", model="m")
    assert (run.counts["boxed"], run.counts["without_box"]) == (0, 1)
    assert "1 picture without a box of a face" in RUN_KINDS["predict"].result({**run.counts, "instances": 1}).text()
    run = do("predict", model="m", whole_picture=True)
    assert (run.counts["boxed"], run.counts["without_box"]) == (1, 0)
    with reading(workspace.engine) as session:
        boxes = session.exec(select(Instance.left, Instance.right).where(Instance.box_source == "picture")).all()
    assert boxes == [(-0.5, 199.5)]
    shelf.image("c.png")
    assert do("predict", model="m", clip=5).counts["without_box"] == 0  # of a clip's frames nobody asked


def test_a_smoothed_clip_is_all_that_is_predicted_and_smoothed(do, shelf, predicted, monkeypatch):
    shelf.model("m")
    smoothed = []

    def smooth(*_, only, **__):
        smoothed.append(only)
        return {}

    monkeypatch.setattr(model_tasks, "smooth_predictions", smooth)
    do("predict", model="m+one-euro", clip=5)
    assert [(asked.model, asked.clips) for asked in predicted] == [("m", {5})]
    assert smoothed == [{5}]


def test_a_smoothed_use_is_measured_on_labels_with_the_clips_around_them(do, shelf, held, predicted, monkeypatch):
    shelf.model("m")
    frame = shelf.image("clip/0.png", identity="a")
    number = shelf.clip("clip.mp4", [frame])
    shelf.instance(frame, face())
    shelf.split({f"clip {number}": "test"})
    monkeypatch.setattr(model_tasks, "smooth_predictions", lambda *_, only, **__: {"only": sorted(only)})
    assert do("predict", model="m+one-euro", held_out=True).counts["only"] == [number]
    ((instances, clips),) = [(asked.instances, asked.clips) for asked in predicted]
    assert held < instances
    assert clips == {number}


def test_a_built_in_model_is_asked_for_every_label_and_beside_a_trained_one_for_what_was_held_out(
    do, shelf, held, predicted
):
    shelf.model("dlib-68", trained=False)
    shelf.model("m")
    do("predict", model="dlib-68", held_out=True)
    do("predict", model="dlib-68", held_out=True, beside=["dlib-68", "m"])
    alone, beside = (asked.instances for asked in predicted)
    assert len(alone) == 3
    assert beside == held


def test_pre_labelling_asks_no_network_where_the_built_in_model_is_in_force(do, shelf, predicted):
    shelf.model("m")
    assert do("prelabel", skeleton="face68").state == RunState.DONE
    assert predicted == []


def test_pre_labelling_lets_the_model_in_force_predict_what_is_missing(workspace, do, shelf, predicted, author):
    shelf.model("m")
    promote(workspace, shelf.dataset, "m", author_id=author)
    assert do("prelabel", skeleton="face68").state == RunState.DONE
    assert [(asked.model, asked.instances) for asked in predicted] == [("m", None)]


def test_an_onnx_file_is_written_to_the_place_that_tells_the_weights(workspace, do, shelf, monkeypatch):
    shelf.model("m")
    monkeypatch.setattr(model_tasks, "export_onnx", lambda _, model, out: {"model": model, "file": str(out)})
    run = do("onnx", model="m")
    assert run.counts == {"model": "m", "file": str(model_tasks.onnx_file(workspace, "m"))}


def test_an_onnx_file_of_a_model_that_is_not_there_fails_with_the_reason(do):
    run = do("onnx", model="nobody")
    assert run.state == RunState.FAILED
    assert "nobody" in str(run.error)


@pytest.mark.parametrize("kind", ["faces", "predict"])
def test_people_that_came_after_a_promotion_get_its_points_too(
    workspace, dataset, author, shelf, do, monkeypatch, kind
):
    """Of a person two skeletons can be promoted; the last one counts."""
    for name, shape in (("old", "coco17"), ("new", "body24")):
        shelf.model(name, shape)
        promote(workspace, dataset, name, author_id=author)
    assert promoted_skeletons(workspace, dataset) == ["body24"]
    late = shelf.instance(shelf.image("late.png"), kind="person")
    touched = shelf.instance(shelf.image("b.png"), body(), kind="person", skeleton="body24")

    def predict(*_, model, **__):
        version = shelf_version(workspace, model)
        for one in (late, touched):
            shelf.predict(one, version, body(4.0), "body24")
        return {"model_version": version, "instances": 2, "predicted": 2, "failed": 0, "untaught": []}

    monkeypatch.setattr(model_tasks, "predict", predict)
    monkeypatch.setattr(tasks, "find_faces", lambda *_, **__: None)
    monkeypatch.setattr(tasks, "complete_faces", lambda *_, **__: CompletedFaces(0, 0))
    assert do(kind, model="new").state == RunState.DONE
    assert head(workspace, late) == (Source.MODEL, [4.0, 4.0])
    assert head(workspace, touched) == (Source.HUMAN, [0.0, 0.0])


def body(shift=0.0):
    return np.arange(48.0).reshape(24, 2) * [1, 0] * 2 + shift


def shelf_version(workspace, name):
    with reading(workspace.engine) as session:
        return session.exec(select(ModelVersion.id).where(ModelVersion.name == name)).one()


def head(workspace, instance):
    """Who gave an instance its points, and the first of them; None without points."""
    with reading(workspace.engine) as session:
        number = session.get(Instance, instance).revision_id
        if number is None:
            return None
        revision = session.get(KeypointRevision, number)
        return revision.source, Keypoints.from_bytes(revision.points).points[0].tolist()
