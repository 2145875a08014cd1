"""Before a merge: the two faces that are least alike, and the photos that show two of the people."""

from __future__ import annotations

import numpy as np
import pytest

from core.people import before_merge as module
from core.people.before_merge import before_merge, least_alike
from core.people.encoders import encoder_of
from db.tables import Instance
from db.writing import writing
from tests.builders.people_rows import own, remove
from tests.builders.staged_people import SAME, add_faces, vector


def looked_at(workspace, dataset, people):
    return before_merge(workspace, dataset, encoder_of(workspace, dataset), people)


def test_the_least_alike_faces_are_of_two_of_the_people(workspace, dataset):
    rows = [vector(0, 0), vector(1, 1), vector(0, 2), vector(0, 3)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    one, other = own(workspace, dataset, faces[:2]), own(workspace, dataset, faces[2:])
    found = looked_at(workspace, dataset, [one, other])
    assert found.faces == 4
    assert found.least_alike == (faces[1], faces[2], pytest.approx(0, abs=1e-6))
    assert found.photos == {}
    third = own(workspace, dataset, add_faces(workspace, dataset, [("5.jpg", vector(0, 5))]))
    assert looked_at(workspace, dataset, [other, third]).least_alike[2] == pytest.approx(SAME, abs=1e-6)


def test_photos_that_show_two_of_them_are_told_with_all_their_faces_there(workspace, dataset):
    photos = ["a.jpg", "a.jpg", "a.jpg", "b.jpg", "b.jpg", "c.jpg"]
    faces = add_faces(workspace, dataset, [(photo, vector(n)) for n, photo in enumerate(photos)])
    one, other = own(workspace, dataset, faces[:2]), own(workspace, dataset, [faces[2], faces[3], faces[5]])
    with writing(workspace.engine) as session:
        photo = session.get_one(Instance, faces[0]).image_id
    assert looked_at(workspace, dataset, [one, other]).photos == {photo: faces[:3]}
    remove(workspace, faces[2])
    assert looked_at(workspace, dataset, [one, other]).photos == {}


def test_faces_that_no_encoder_has_seen_are_counted_and_not_compared(workspace, dataset):
    seen, *_ = add_faces(workspace, dataset, [("a.jpg", vector(0)), ("b.jpg", vector(1))])
    one, nobody = own(workspace, dataset, [seen]), own(workspace, dataset, [])
    found = looked_at(workspace, dataset, [one, nobody])
    assert (found.faces, found.least_alike) == (1, None)


@pytest.mark.parametrize("at_a_time", [1, 3, 1000])
def test_the_least_alike_are_found_in_parts_as_at_once(monkeypatch, at_a_time):
    monkeypatch.setattr(module, "_ROWS", at_a_time)
    faces = np.random.default_rng(4).normal(size=(12, 8)).astype(np.float32)
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    one, other = np.arange(7), np.arange(7, 12)
    left, right, score = least_alike(faces, one, other)
    alike = faces[one] @ faces[other].T
    assert score == pytest.approx(float(alike.min()))
    assert faces[left] @ faces[right] == pytest.approx(score)
    assert left in one
    assert right in other
