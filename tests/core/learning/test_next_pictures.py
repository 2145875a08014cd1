"""The pictures to label next are those that the model doubts, spread over groups; humans' and held-out ones are not."""

import numpy as np
import pytest

from core.foundation.arrays import Keypoints, Uncertainty
from core.foundation.errors import NotEnoughData
from core.learning.next_pictures import next_pictures
from core.learning.promoting import promote
from db.tables import GroupPart, Prediction
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def _predict(shelf, instance, version, spread, error=0.0):
    unknown = np.full(68, np.nan, np.float32)
    doubt = Uncertainty(np.full(68, spread, np.float32), unknown, unknown)
    with writing(shelf.workspace.engine) as session:
        session.add(
            Prediction(
                instance_id=instance,
                model_version_id=version,
                skeleton="face68",
                uncertainty=doubt.to_bytes(),
                points=Keypoints.of(face((error, 0.0))).to_bytes(),
            )
        )


def test_the_most_doubtful_come_first_and_groups_take_turns(shelf):
    version = shelf.model("net")
    spreads = {"a/1.png": 5.0, "a/2.png": 4.9, "b/1.png": 3.0, "c/1.png": 1.0}
    images = {}
    for path, spread in spreads.items():
        images[path] = shelf.image(path, identity=path[0])
        _predict(shelf, shelf.instance(images[path]), version, spread)
    found = next_pictures(shelf.workspace, shelf.dataset, "face68")
    assert found.model == "net"
    assert list(found.images) == [images[path] for path in ("a/1.png", "b/1.png", "a/2.png", "c/1.png")]
    assert np.isnan(found.spearman)


def test_doubt_that_goes_with_errors_is_said_to(shelf):
    version = shelf.model("net")
    with writing(shelf.workspace.engine) as session:
        for i in range(12):
            session.add(GroupPart(dataset_id=shelf.dataset, group=f"person h{i}", part="test"))
    for i in range(12):
        held = shelf.instance(shelf.image(f"h{i}.png", identity=f"h{i}"), face())
        _predict(shelf, held, version, spread=1.0 + i, error=float(i))
    new = shelf.image("new.png", identity="new")
    _predict(shelf, shelf.instance(new), version, spread=20.0)
    found = next_pictures(shelf.workspace, shelf.dataset, "face68")
    assert (found.spearman, found.checked) == (pytest.approx(1.0), 12)
    assert list(found.images) == [new]


def test_pictures_of_a_held_out_group_are_not_offered(shelf):
    version = shelf.model("net")
    with writing(shelf.workspace.engine) as session:
        session.add(GroupPart(dataset_id=shelf.dataset, group="person a", part="test"))
    _predict(shelf, shelf.instance(shelf.image("a.png", identity="a")), version, 9.0)
    other = shelf.image("b.png", identity="b")
    _predict(shelf, shelf.instance(other), version, 1.0)
    assert list(next_pictures(shelf.workspace, shelf.dataset, "face68").images) == [other]


def test_the_model_in_force_is_asked(shelf):
    image = shelf.image("a.png", identity="a")
    instance = shelf.instance(image)
    first, second = shelf.model("first"), shelf.model("second")
    for version in (first, second):
        _predict(shelf, instance, version, 1.0)
    assert next_pictures(shelf.workspace, shelf.dataset, "face68").model == "second"
    promote(shelf.workspace, shelf.dataset, "first", author_id=shelf.author)
    assert next_pictures(shelf.workspace, shelf.dataset, "face68").model == "first"


def test_without_a_model_or_without_predictions_there_is_nothing_to_go_by(shelf):
    with pytest.raises(NotEnoughData, match="no trained model has predicted face68"):
        next_pictures(shelf.workspace, shelf.dataset, "face68")
    shelf.model("net")
    promote(shelf.workspace, shelf.dataset, "net", author_id=shelf.author)
    with pytest.raises(NotEnoughData, match="net has predicted nothing that is unlabelled"):
        next_pictures(shelf.workspace, shelf.dataset, "face68")


def test_a_model_that_states_no_doubt_says_what_would(shelf):
    version = shelf.model("net")
    shelf.predict(shelf.instance(shelf.image("a.png", identity="a")), version, face())
    with pytest.raises(NotEnoughData, match=r"net states no doubt of its points; predict with net\+flip"):
        next_pictures(shelf.workspace, shelf.dataset, "face68")


def test_the_flip_test_is_asked_where_it_was_used(shelf):
    plain = shelf.model("net")
    with writing(shelf.workspace.engine) as session:
        flipped = ensure_model_version("net", "landmarks", "n" * 64, {"flip_test": True}, session=session)
    images = [shelf.image(f"{name}.png", identity=name) for name in "ab"]
    for image, spread in zip(images, (1.0, 2.0), strict=True):
        instance = shelf.instance(image)
        _predict(shelf, instance, plain, 1.0)
        _predict(shelf, instance, flipped, spread)
    found = next_pictures(shelf.workspace, shelf.dataset, "face68")
    assert (found.model, list(found.images)) == ("net+flip", images[::-1])
