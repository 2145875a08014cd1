"""Predictions are stored once for each instance and version; a picture that fails is listed, and the rest goes on."""

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.arrays import Keypoints, Uncertainty
from core.foundation.errors import Cancelled, NotFound
from core.foundation.messages import worded
from core.foundation.progress import DEAF, Progress
from core.learning import predicting
from core.learning.labels import read_labels
from core.points.boxes import add_instances
from db.engine import reading
from db.tables import Frame, Instance, ModelUse, ModelVersion, Prediction, SkippedInput, TrainedModel, Video
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.face_rows import Faces
from tests.builders.tiny_models import tiny_picture


class TinyPredictor:
    """Every point in the middle of the box, one pixel of spread; fails on pictures of the shade 200."""

    name, weights_sha256 = "tiny-net", "t" * 64

    def __init__(self):
        self.settings = {"flip_test": False}
        self.seen = 0

    def estimate(self, images, corners, sources):
        self.sources = sources
        if any(image[5, 5, 0] == 200 for image in images):
            raise RuntimeError("too bright")
        self.seen += sum(map(len, corners))
        return [[self._points(box) for box in boxes] for boxes in corners]

    def _points(self, box):
        middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
        unknown = Uncertainty.unknown(68)
        return Keypoints.of(np.tile(middle, (68, 1))), Uncertainty(
            np.ones(68, np.float32), unknown.neighbours, unknown.flip
        )


@pytest.fixture
def net(monkeypatch, workspace, dataset, author):
    made = TinyPredictor()
    monkeypatch.setattr(predicting, "open_predictor", lambda workspace, model: made)
    with writing(workspace.engine) as session:
        version = ensure_model_version(made.name, "landmarks", made.weights_sha256, made.settings, session=session)
        row = TrainedModel(
            model_version_id=version, dataset_id=dataset, recipe="r", skeleton="face68", file="m", author_id=author
        )
        session.add(row)
    return made


@pytest.fixture
def shelf(workspace, dataset, author, tmp_path):
    made = Faces(workspace, dataset, author, tmp_path / "photos")
    made.add({"a.png": tiny_picture(0, 50), "b.png": tiny_picture(0, 60), "bright.png": tiny_picture(0, 200)})
    for name in ("a.png", "b.png", "bright.png"):
        add_instances(workspace, made.image(name).id, [(10, 10, 30, 30)], "face", author_id=author)
    return made


def _predict(shelf, progress=DEAF, **kwargs):
    return predicting.predict(
        shelf.workspace,
        dataset_id=shelf.dataset,
        run_id=shelf.run("predict"),
        model="tiny-net",
        progress=progress,
        **kwargs,
    )


def _rows(shelf):
    with reading(shelf.workspace.engine) as session:
        return session.exec(select(Prediction).order_by(Prediction.instance_id)).all()


def test_points_and_doubt_of_every_instance_are_stored(shelf, net):
    told = _predict(shelf)
    assert (told["instances"], told["predicted"], told["failed"]) == (2, 2, 1)
    rows = _rows(shelf)
    assert len(rows) == 2
    assert net.sources[0][0] == "drawn"  # whoever located the points knows where the box comes from
    assert np.allclose(Keypoints.from_bytes(rows[0].points).points, 20.0)
    doubt = Uncertainty.from_bytes(rows[0].uncertainty)
    assert (doubt.spread == 1).all()
    assert np.isnan(doubt.flip).all()
    with reading(shelf.workspace.engine) as session:
        skipped = [
            (path, worded(reason))
            for path, reason in session.exec(select(SkippedInput.path, SkippedInput.reason)).all()
        ]
        assert session.get(ModelUse, (shelf.dataset, told["model_version"])) is not None
        assert session.get(ModelVersion, told["model_version"]).settings == {"flip_test": False}
    assert skipped == [("bright.png", "a model failed on it (RuntimeError: too bright)")]


def test_points_that_no_label_taught_the_model_are_stored_as_absent_and_named(shelf, net):
    with writing(shelf.workspace.engine) as session:
        session.exec(select(TrainedModel)).one().data = {"taught": list(range(17, 68))}
    told = _predict(shelf)
    assert told["untaught"] == ["jaw"]
    row = _rows(shelf)[0]
    jaw = np.arange(68) < 17
    assert (Keypoints.from_bytes(row.points).visibility == np.where(jaw, 0, 2)).all()
    assert (np.isnan(Uncertainty.from_bytes(row.uncertainty).spread) == jaw).all()


def test_a_second_run_looks_only_at_what_is_left(shelf, net):
    _predict(shelf)
    seen = net.seen
    told = _predict(shelf)
    assert net.seen == seen
    assert (told["instances"], told["predicted"], told["failed"]) == (2, 0, 1)
    assert len(_rows(shelf)) == 2


def test_what_another_process_has_predicted_meanwhile_is_not_stored_again(shelf, net):
    class AnotherIsQuicker(Progress):
        def begin(self, total, done=0, message=None):
            with writing(shelf.workspace.engine) as session:
                version = session.exec(select(ModelVersion.id).where(ModelVersion.name == "tiny-net")).one()
                for row in session.exec(select(Instance)).all():
                    nothing = Keypoints.of(np.full((68, 2), np.nan))
                    doubt = Uncertainty.unknown(68).to_bytes()
                    session.add(
                        Prediction(
                            instance_id=row.id,
                            model_version_id=version,
                            skeleton="face68",
                            points=nothing.to_bytes(),
                            uncertainty=doubt,
                        )
                    )

    _predict(shelf, AnotherIsQuicker())
    assert [np.isnan(Keypoints.from_bytes(row.points).points).all() for row in _rows(shelf)] == [True] * 3


def test_a_cancelled_run_keeps_what_it_has(shelf, net):
    class Stopping(Progress):
        def advance(self, done, message=""):
            if done:
                raise Cancelled("runs.this_cancelled")

    with pytest.raises(Cancelled):
        _predict(shelf, Stopping())
    kept = len(_rows(shelf))
    assert kept >= 1
    _predict(shelf)
    assert len(_rows(shelf)) == 2


def test_only_the_held_out_instances_when_asked(shelf, net, author):
    with reading(shelf.workspace.engine) as session:
        nothing = read_labels(shelf.dataset, "face68", session=session)
    assert _predict(shelf, only=nothing)["predicted"] == 0
    assert _rows(shelf) == []


def test_only_the_frames_of_a_clip_when_asked(shelf, net):
    with writing(shelf.workspace.engine) as session:
        video = Video(
            dataset_id=shelf.dataset,
            path="a.mp4",
            sha256="a" * 64,
            original="a.mp4",
            width=40,
            height=40,
            frames=2,
            frames_per_second=25.0,
        )
        session.add(video)
        session.flush()
        number = video.id
        session.add(Frame(video_id=number, index=0, seconds=0.0, image_id=shelf.image("b.png").id))
        session.add(Frame(video_id=number, index=1, seconds=0.04, image_id=None))
    assert _predict(shelf, clips=[number])["predicted"] == 1
    (row,) = _rows(shelf)
    with reading(shelf.workspace.engine) as session:
        assert session.get(Instance, row.instance_id).image_id == shelf.image("b.png").id
    assert _predict(shelf, clips=[number + 1])["predicted"] == 0


def test_a_model_that_does_not_exist_is_named(shelf):
    with pytest.raises(NotFound, match="there are dlib-68"):
        predicting.predict(shelf.workspace, dataset_id=shelf.dataset, run_id=shelf.run("predict"), model="nobody")


def test_the_built_in_landmarker_predicts_too(shelf):
    told = predicting.predict(shelf.workspace, dataset_id=shelf.dataset, run_id=shelf.run("predict"), model="dlib-68")
    assert told["failed"] == 0
    points = Keypoints.from_bytes(_rows(shelf)[0].points)
    assert np.isfinite(points.points).all()
    assert np.isnan(Uncertainty.from_bytes(_rows(shelf)[0].uncertainty).spread).all()
