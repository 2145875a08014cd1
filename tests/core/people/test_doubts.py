"""The least fitting face of a person says how doubtful the person is."""

from __future__ import annotations

import numpy as np
import pytest

from core.people.deciding import confirm_faces
from core.people.doubts import least_likeness, likeness_to_others
from core.people.encoders import encoder_of
from tests.builders.people_rows import own
from tests.builders.staged_people import SAME, add_faces, vector


def test_each_face_is_compared_with_the_others_of_its_group():
    faces = np.random.default_rng(2).normal(size=(7, 5))
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    which = np.array([0, 1, 0, 2, 0, 1, 0])
    found = likeness_to_others(faces, which)
    alike = faces @ faces.T
    for row, group in enumerate(which):
        others = [each for each in range(7) if which[each] == group and each != row]
        assert found[row] == pytest.approx(alike[row, others].mean() if others else np.nan, nan_ok=True)


def test_the_least_likeness_counts_and_what_is_confirmed_is_not_doubted(workspace, dataset, author):
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(2, 3), vector(2, 4), vector(3, 5)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    mixed, pure, alone = (own(workspace, dataset, part) for part in (faces[:3], faces[3:5], faces[5:]))
    version = encoder_of(workspace, dataset)
    found = least_likeness(workspace, dataset, version)
    assert found == {mixed: pytest.approx(0, abs=1e-6), pure: pytest.approx(SAME, abs=1e-6)}
    assert alone not in found
    confirm_faces(workspace, faces[2:5], author_id=author)
    assert least_likeness(workspace, dataset, version) == {mixed: pytest.approx(SAME / 2, abs=1e-6)}


def test_without_people_nobody_is_doubtful(workspace, dataset):
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    assert least_likeness(workspace, dataset, encoder_of(workspace, dataset)) == {}
