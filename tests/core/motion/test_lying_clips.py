"""A clip whose header lies about its rate: overlays last as long as the clip, filters count in its true rate."""

import numpy as np
import pytest
from sqlmodel import select

from core.library.clip_importing import ClipIntake
from core.media.videos import frames, probe
from core.motion.overlaying import render_overlay
from core.motion.smoothing_predictions import smooth_predictions
from core.motion.stability import Smoothing, of_dataset
from core.tracks.smoothing import delay, one_euro
from db.engine import reading
from db.queries.motion.seen import frame_pictures
from db.tables import Run, RunState, Video
from db.writing import writing
from tests.builders.learning_rows import Shelf, face
from tests.builders.lying_clips import lying_clip

COUNT, RATE, STATED = 40, 30, 1000


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


@pytest.fixture
def predicted(shelf, tmp_path):
    """The clip in the store, with a model that jitters; gives the (40, 68, 2) points and the ids of the instances."""
    file = lying_clip(tmp_path / "cam.avi", COUNT, RATE, STATED)
    assert probe(file).frames_per_second == STATED
    with writing(shelf.workspace.engine) as session:
        run = Run(kind="import", state=RunState.RUNNING, dataset_id=shelf.dataset, author_id=shelf.author)
        session.add(run)
        session.flush()
        run_id = run.id
    ClipIntake(shelf.workspace, dataset_id=shelf.dataset, author_id=shelf.author, run_id=run_id).take_source(file)
    with reading(shelf.workspace.engine) as session:
        places = frame_pictures(session.exec(select(Video.id)).one(), session=session)
    points = 0.4 * face() + np.random.default_rng(0).normal(0, 0.5, (COUNT, 68, 2))
    version, instances = shelf.model("net"), [shelf.instance(place.image.id) for place in places]
    for instance, one in zip(instances, points, strict=True):
        shelf.predict(instance, version, one)
    return points.astype(np.float32), instances


def test_its_overlay_lasts_as_long_as_the_clip(shelf, predicted, tmp_path):
    found = render_overlay(shelf.workspace, shelf.dataset, "cam.avi", ["net"], out=tmp_path / "o.mp4")
    shown = [seconds for _, seconds, _ in frames(tmp_path / "o.mp4")]
    taken = [seconds for _, seconds, _ in frames(tmp_path / "cam.avi")]
    assert (found["frames"], len(shown)) == (COUNT, COUNT)
    assert shown[-1] == pytest.approx((COUNT - 1) / RATE, abs=0.01), "1.3 seconds, not 0.04"
    np.testing.assert_allclose(shown, taken, atol=0.01)


def test_smoothed_predictions_are_those_of_a_filter_at_its_true_rate(shelf, predicted):
    points, instances = predicted
    told = smooth_predictions(shelf.workspace, dataset_id=shelf.dataset, model="net+one-euro")
    assert told["delay_frames"] == pytest.approx(delay("one-euro", frames_per_second=RATE).frames, abs=0.01)
    stored = shelf.predicted_points(told["model_version"], instances)
    np.testing.assert_allclose(stored, one_euro(points, RATE), atol=0.01)
    assert np.abs(stored - one_euro(points, STATED)).max() > 0.5, "the filter by the header is another"


def test_stability_is_shown_and_smoothed_at_its_true_rate(shelf, predicted):
    (video,) = of_dataset(shelf.workspace, shelf.dataset, "net", Smoothing("one-euro", frames_per_second=STATED)).videos
    assert video.frames_per_second == pytest.approx(RATE, rel=0.01)
    np.testing.assert_allclose(video.tracks[0].predicted, one_euro(predicted[0], RATE), atol=0.01)
