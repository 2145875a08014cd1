"""Reads of what there is to learn from."""

import numpy as np
import pytest

from core.foundation.arrays import Keypoints
from db.engine import reading
from db.queries.learning.labels import skeletons_with_points, stored_points
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def _skeletons(shelf):
    with reading(shelf.workspace.engine) as session:
        return skeletons_with_points(shelf.dataset, session=session)


def test_the_points_with_most_human_labels_come_first(shelf):
    assert _skeletons(shelf) == []
    for i in range(3):
        shelf.instance(shelf.image(f"{i}.png"), face(), human=False)
    body = np.zeros((24, 2))
    shelf.instance(shelf.image("body.png"), body, kind="person", skeleton="body24")
    assert _skeletons(shelf) == ["body24", "face68"]


def test_predictions_come_in_parts_and_only_those_of_the_dataset(shelf):
    held = list(shelf.people().values())
    version, other = shelf.model("one"), shelf.model("two")
    for instance in held[:5]:
        shelf.predict(instance, version, face(float(instance)))
        shelf.predict(instance, other, face())
    with reading(shelf.workspace.engine) as session:
        parts = list(stored_points(shelf.dataset, version, at_once=2, session=session))
        assert list(stored_points(shelf.dataset + 1, version, session=session)) == []
    assert [len(part) for part in parts] == [2, 2, 1]
    found = {instance: Keypoints.from_bytes(points).points for part in parts for instance, points, _ in part}
    assert found.keys() == set(held[:5])
    assert all(np.array_equal(points, face(float(one)).astype(np.float32)) for one, points in found.items())
