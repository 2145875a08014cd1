"""The points that a box gets at once."""

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.arrays import Keypoints, Uncertainty
from core.foundation.errors import FacetError, MissingWeights, NotFound
from core.learning import first_points as module
from core.learning.first_points import first_points
from core.library.batches import OpenedPicture
from core.points.annotating import Edit, save_edit
from db.engine import reading
from db.tables import Image, Instance, KeypointRevision, ModelUse, ModelVersion, Prediction
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


class Corner:
    """A model that puts every point into the upper left corner of the box."""

    name, weights_sha256, settings = "corner", "c" * 64, {}
    doubt = np.nan

    def estimate(self, images, corners, sources):
        self.seen = (images[0].shape, corners[0].tolist(), sources)
        points = Keypoints.of(np.repeat(corners[0][:1, :2], 68, axis=0))
        unknown = np.full(68, np.nan, np.float32)
        return [[(points, Uncertainty(unknown, np.full(68, self.doubt, np.float32), unknown))]]


@pytest.fixture
def model(monkeypatch):
    """The model that pre-labels, on pictures that need no file."""
    corner = Corner()
    monkeypatch.setattr(module, "_loaded", lambda *_: corner)
    pixels = np.zeros((150, 200, 3), np.uint8)
    monkeypatch.setattr(module, "open_picture", lambda _, image: OpenedPicture(image, pixels, None))
    return corner


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def head(workspace, number):
    with reading(workspace.engine) as session:
        instance = session.get(Instance, number)
        return session.get(KeypointRevision, instance.revision_id) if instance.revision_id else None


def test_a_box_without_points_gets_those_of_what_pre_labels(workspace, shelf, model):
    number = shelf.instance(shelf.image("a.png"))
    assert first_points(workspace, number) == "dlib-68"
    assert model.seen == ((150, 200, 3), [[0, 0, 120, 90]], [["detector"]])
    revision = head(workspace, number)
    assert (revision.source, revision.review, revision.skeleton) == ("model", "open", "face68")
    assert (Keypoints.from_bytes(revision.points).points == 0).all()
    with reading(workspace.engine) as session:
        assert session.get(ModelVersion, revision.model_version_id).name == "corner"
        assert session.get(ModelUse, (shelf.dataset, revision.model_version_id)) is not None


def test_what_a_model_doubts_of_them_is_kept_as_what_it_said_last(workspace, shelf, model):
    number = shelf.instance(shelf.image("a.png"))
    for doubt in (1, 2):
        model.doubt = doubt
        first_points(workspace, number)
    with reading(workspace.engine) as session:
        (said,) = session.exec(select(Prediction)).all()
    assert (Uncertainty.from_bytes(said.uncertainty).neighbours == 2).all()


def test_points_of_a_model_in_another_box_are_placed_anew_those_of_a_human_stay(workspace, shelf, author, model):
    found, touched = (shelf.instance(shelf.image(f"{name}.png"), face(), human=False) for name in "ab")
    save_edit(workspace, Edit("w.1", touched, None, ((3, 7.0, 8.0, 2),)), author_id=author)
    before = head(workspace, touched).id
    assert first_points(workspace, found)
    assert (Keypoints.from_bytes(head(workspace, found).points).points == 0).all()
    assert first_points(workspace, touched) is None
    assert head(workspace, touched).id == before


def test_what_is_gone_and_what_nothing_pre_labels_is_said(workspace, shelf, model, monkeypatch):
    for nobody in (999, 2**63, 10**30):  # an address may name any number
        with pytest.raises(NotFound, match="not there any more"):
            first_points(workspace, nobody)
    number = shelf.instance(shelf.image("a.png"))
    monkeypatch.setattr(module, "pre_labels_now", lambda *_: None)
    with pytest.raises(MissingWeights, match="no model on this machine gives first points of face68"):
        first_points(workspace, number)
    with writing(workspace.engine) as session:
        session.get(Instance, number).removed = True
    with pytest.raises(NotFound, match="not there any more"):
        first_points(workspace, number)


def test_a_picture_whose_file_is_gone_is_said(workspace, shelf, monkeypatch):
    number = shelf.instance(shelf.image("a.png"))
    monkeypatch.setattr(module, "_loaded", lambda *_: Corner())
    with pytest.raises(FacetError, match=r"a\.png"):
        first_points(workspace, number)
    with reading(workspace.engine) as session:
        assert session.get(Image, 1).state == "new"
