"""Pairs that a file gives become faces of the dataset; what gives no face is listed."""

from __future__ import annotations

import numpy as np
import pytest

from core import verification
from core.formats.pair_lists import read_pairs
from core.foundation.errors import NotFound, UnreadableLabels
from core.metrics.protocols import given_folds_rates
from db.tables import Embedding, Image, Instance
from db.writing import writing
from tests.builders.people_rows import remove
from tests.builders.staged_people import add_faces

ROWS = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [0, 0.6, 0.8]], np.float32)


@pytest.fixture
def given(workspace, dataset, tmp_path):
    def read(text):
        path = tmp_path / "pairs.txt"
        path.write_text(text)
        return verification.acquired_pairs(workspace, dataset, read_pairs(path))

    return read


def test_scores_are_those_of_the_pictures_faces(workspace, dataset, given):
    faces = add_faces(workspace, dataset, [(f"a/{n}.jpg", row) for n, row in enumerate(ROWS)])
    found = given("left,right,same\na/0.jpg,a/1.jpg,1\n3.jpg,a/2.jpg,yes\na/1.jpg,a/2.jpg,0\n")
    assert found.left.tolist() == [faces[0], faces[3], faces[1]]
    assert found.right.tolist() == [faces[1], faces[2], faces[2]]
    assert found.scores.tolist() == pytest.approx([0.8, 0.6, 0.6])
    assert (found.left_person == found.right_person).tolist() == found.same.tolist() == [True, True, False]
    assert (found.acquired.all(), found.failed, found.failures, found.pictures) == (True, (0, 0), (), 4)


def test_pictures_without_a_face_are_failures_with_their_reason(workspace, dataset, given):
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(ROWS)])
    add_faces(workspace, dataset, [("x/same.jpg", ROWS[0]), ("y/same.jpg", ROWS[1])])
    remove(workspace, faces[2])
    with writing(workspace.engine) as session:
        image = session.get_one(Instance, faces[3]).image_id
        session.delete(session.get_one(Embedding, 4))
        assert session.get_one(Image, image).path == "3.jpg"
    found = given("0.jpg,1.jpg,1\n0.jpg,2.jpg,0\n3.jpg,1.jpg,0\n0.jpg,gone.jpg,1\nsame.jpg,0.jpg,0\n")
    assert {name: reason.code for name, reason in found.failures} == {
        "2.jpg": "verification.no_face",
        "3.jpg": "verification.not_embedded",
        "gone.jpg": "verification.no_picture",
        "same.jpg": "labels.ambiguous",
    }
    assert (found.acquired.tolist(), found.failed) == ([True, False, False, False, False], (1, 3))
    assert found.left.tolist() == [faces[0], faces[0], -1, faces[0], -1]
    assert np.isnan(found.scores).tolist() == [False, True, True, True, True]


def test_of_several_faces_the_largest_stands_for_the_picture(workspace, dataset, given):
    small, sure, large, late = add_faces(workspace, dataset, [("group.jpg", row) for row in ROWS])
    (one,) = add_faces(workspace, dataset, [("one.jpg", ROWS[0])])
    with writing(workspace.engine) as session:
        session.get_one(Instance, large).bottom = 57
    assert given("group.jpg,one.jpg,1\n").left.tolist() == [large]
    with writing(workspace.engine) as session:
        session.get_one(Instance, large).bottom = 56
        session.get_one(Instance, sure).score = 0.999
        session.get_one(Instance, late).score = None
    found = given("group.jpg,one.jpg,1\n")
    assert (found.left.tolist(), found.right.tolist()) == ([sure], [one])
    remove(workspace, sure)
    assert given("group.jpg,one.jpg,1\n").left.tolist() == [small]  # of equals the first


def test_two_names_of_one_face_are_refused_with_the_line(workspace, dataset, given):
    add_faces(workspace, dataset, [("a/0.jpg", ROWS[0]), ("a/1.jpg", ROWS[1])])
    with pytest.raises(UnreadableLabels, match=r"pairs.txt: line 2: 0.jpg is compared with itself"):
        given("a/0.jpg,a/1.jpg,1\n0.jpg,a/0.jpg,1\n")


def test_lfw_is_found_whatever_its_endings_and_judged_by_its_folds(workspace, dataset, given):
    names = [("Ann Lee", 1, 0), ("Ann Lee", 4, 1), ("Bo", 1, 2), ("Bo", 12, 3)]
    add_faces(workspace, dataset, [(f"lfw/{name}/{name}_{n:04d}.png", ROWS[at]) for name, n, at in names])
    first = "Ann Lee\t1\t4\nBo\t1\t12\nAnn Lee\t4\tBo\t12\nAnn Lee\t1\tBo\t7\n"
    second = "Ann Lee\t4\t1\nBo\t12\t1\nAnn Lee\t4\tBo\t1\nAnn Lee\t1\tBo\t12\n"
    found = given(f"2 2\n{first}{second}")
    assert found.scores.tolist() == pytest.approx([0.8, 0.6, 0.36, np.nan, 0.8, 0.6, 0.6, 0], nan_ok=True)
    assert [name for name, _ in found.failures] == ["Bo/Bo_0007.*"]
    assert found.failed == (0, 1)
    assert found.left_person.tolist() == [0, 1, 0, 0] * 2
    rates = given_folds_rates(found.scores, found.same, found.fold, found.acquired)
    # .7, between what is once of both kinds and .8, is as good outside of the first fold as 0.3; it has the lower FMR.
    assert rates.thresholds.tolist() == pytest.approx([0.7, 0.48], abs=1e-6)
    assert rates.accuracies.tolist() == [0.75, 0.75]


def test_a_dataset_without_embeddings_is_refused(workspace, dataset, given):
    with pytest.raises(NotFound):
        given("a.jpg,b.jpg,1\n")
