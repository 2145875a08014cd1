"""Smoothed predictions are a version of their own, made of the frames' tracks; pictures that are no frames stay."""

from collections import Counter
from contextlib import contextmanager

import numpy as np
import pytest
from sqlalchemy import event
from sqlmodel import col, select

from core.foundation.errors import BadInput, NotEnoughData
from core.learning.pose_models import find_model, stored_version
from core.motion.smoothing_predictions import smooth_predictions
from core.tracks.smoothing import delay, one_euro, savitzky_golay
from db.engine import reading
from db.queries.learning.models import model_cache_key, predictions
from db.tables import Frame, Prediction
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def _clip(shelf, version, frames=15, seed=0, name="clip"):
    """A face that stays while its predictions jitter; gives the instances and the points."""
    rng = np.random.default_rng(seed)
    images = [shelf.image(f"{name}/{i:03d}.png", sequence=name) for i in range(frames)]
    shelf.clip(f"{name}.mp4", images)
    instances = [shelf.instance(image) for image in images]
    points = face() + rng.normal(0, 1.0, (frames, 68, 2))
    for instance, one in zip(instances, points, strict=True):
        shelf.predict(instance, version, one)
    return instances, points.astype(np.float32)


def _rows(shelf, smoother):
    with reading(shelf.workspace.engine) as session:
        version = stored_version(find_model(shelf.workspace, f"net+{smoother}", session=session), session=session)
        return predictions(shelf.dataset, version, session=session)


def test_smoothed_points_are_those_of_the_filter_and_the_plain_ones_stay(shelf):
    version = shelf.model("net")
    instances, points = _clip(shelf, version)
    told = smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model="net+savitzky-golay")
    assert (told["instances"], told["predicted"], told["failed"]) == (15, 15, 0)
    assert told["delay_frames"] == pytest.approx(0, abs=1e-3)
    expected = savitzky_golay(points, 25.0)
    assert np.allclose(shelf.predicted_points(told["model_version"], instances), expected, atol=1e-4)
    assert np.array_equal(shelf.predicted_points(version, instances), points)
    with reading(shelf.workspace.engine) as session:
        model = find_model(shelf.workspace, "net+savitzky-golay", session=session)
        assert stored_version(model, session=session) == told["model_version"] != version


def test_smoothing_again_changes_nothing(shelf):
    version = shelf.model("net")
    instances, _ = _clip(shelf, version)
    first = smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model="net+one-euro")
    before = shelf.predicted_points(first["model_version"], instances)
    again = smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model="net+one-euro")
    assert (again["model_version"], again["predicted"]) == (first["model_version"], 0)
    assert np.array_equal(shelf.predicted_points(first["model_version"], instances), before)
    assert first["delay_frames"] > 0.1


def test_pictures_that_are_no_frames_keep_their_points(shelf):
    version = shelf.model("net")
    _clip(shelf, version)
    single = shelf.instance(shelf.image("photo.png"))
    shelf.predict(single, version, face(7.0))
    told = smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model="net+one-euro")
    assert np.allclose(shelf.predicted_points(told["model_version"], [single])[0], face(7.0))


def test_only_the_clips_that_are_asked_for_are_smoothed_and_the_others_are_not_taken_for_smoothed(shelf):
    version = shelf.model("net")
    _clip(shelf, version)
    other = shelf.clip("other.mp4", images := [shelf.image(f"other/{number}.png") for number in range(3)])
    for at, image in enumerate(images):
        shelf.predict(shelf.instance(image), version, face(float(at % 2)))
    single = shelf.instance(shelf.image("photo.png"))
    shelf.predict(single, version, face(7.0))
    ask = {"dataset_id": shelf.dataset, "model": "net+one-euro"}
    told = smooth_predictions(shelf.workspace, **ask, only=[other])
    assert told["instances"] == 3 + 1, "the clip, and the photo, which needs no neighbour"
    assert smooth_predictions(shelf.workspace, **ask)["instances"] == 15 + 3 + 1


def test_a_model_that_has_not_predicted_or_a_smoother_that_is_not_there_is_said(shelf):
    with pytest.raises(NotEnoughData, match="dlib-68 has predicted nothing yet"):
        smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model="dlib-68+one-euro")
    with pytest.raises(BadInput, match="cannot be used as 'dlib-68\\+magic'"):
        smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model="dlib-68+magic")
    with pytest.raises(BadInput, match="cannot be used as 'dlib-68\\+flip'"):
        smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model="dlib-68+flip")


def test_hertz_count_in_the_frames_that_were_taken(shelf):
    """Of every fifth frame of a clip of 25 a second there are 5 a second."""
    version = shelf.model("net")
    instances, points = _clip(shelf, version)
    with writing(shelf.workspace.engine) as session:
        for row in session.exec(select(Frame).order_by(col(Frame.index).desc())).all():
            row.index *= 5
            session.add(row)
            session.flush()
    told = smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model="net+one-euro")
    expected = one_euro(points, 5.0)
    assert not np.allclose(expected, one_euro(points, 25.0), atol=0.1)
    assert np.allclose(shelf.predicted_points(told["model_version"], instances), expected, atol=1e-4)
    assert told["delay_frames"] == pytest.approx(delay("one-euro", frames_per_second=5.0).frames, abs=1e-3)


@contextmanager
def _written(shelf):
    """How many rows of predictions are written inside, by the first word of the statement."""
    count = Counter()

    def note(_connection, _cursor, statement, parameters, _context, many):
        if " prediction " in f"{statement} ":
            count[statement.split()[0]] += len(parameters) if many else 1

    event.listen(shelf.workspace.engine, "before_cursor_execute", note)
    try:
        yield count
    finally:
        event.remove(shelf.workspace.engine, "before_cursor_execute", note)


def _key(shelf):
    with reading(shelf.workspace.engine) as session:
        return model_cache_key(shelf.dataset, session=session)


def test_smoothed_points_that_follow_other_points_make_kept_figures_old(shelf):
    version = shelf.model("net")
    _clip(shelf, version)
    smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model="net+one-euro")
    with writing(shelf.workspace.engine) as session:
        first = session.exec(select(Frame).order_by(col(Frame.index))).first()
        first.scene = 7  # cut off from the others, so that these are smoothed anew
        session.add(first)
    key, before = _key(shelf), _rows(shelf, "one-euro")
    smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model="net+one-euro")
    changed = [instance for instance, row in _rows(shelf, "one-euro").items() if row != before[instance]]
    assert changed
    assert _key(shelf) > key


@pytest.mark.parametrize("smoother", ["one-euro", "savitzky-golay"])
def test_only_a_clip_in_which_something_changed_is_written_anew(shelf, smoother):
    version = shelf.model("net")
    early, _ = _clip(shelf, version, seed=1, name="early")
    late, points = _clip(shelf, version, seed=2, name="late")
    with writing(shelf.workspace.engine) as session:  # the last frames of one clip are not predicted yet
        for row in session.exec(select(Prediction).where(col(Prediction.instance_id).in_(late[10:]))):
            session.delete(row)
    model = f"net+{smoother}"
    told = smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model=model)
    version_of = told["model_version"]
    untouched = shelf.predicted_points(version_of, early)
    with _written(shelf) as count:
        smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model=model)
    assert count.keys() <= {"SELECT"}
    for instance, one in zip(late[10:], points[10:], strict=True):
        shelf.predict(instance, version, one)
    with _written(shelf) as count:
        assert smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model=model)["predicted"] == 5
    assert count["UPDATE"] == 0, "what is stored is replaced, never changed"
    expected = {"one-euro": one_euro, "savitzky-golay": savitzky_golay}[smoother](points, 25.0)
    assert np.allclose(shelf.predicted_points(version_of, late), expected, atol=1e-4)
    assert np.array_equal(shelf.predicted_points(version_of, early), untouched)
