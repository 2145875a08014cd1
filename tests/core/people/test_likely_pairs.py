"""Which people may be one: the most similar first, none that is known to be two."""

from __future__ import annotations

import numpy as np
import pytest

from core.people import deciding as people
from core.people import encoders
from core.people.likely_pairs import likely_same
from tests.builders.staged_people import SAME, add_faces, group, owners, vector


def persons(workspace, dataset, faces):
    whose = owners(workspace, dataset)
    return [whose[face][0] for face in faces]


def test_the_most_similar_people_are_asked_about_first(workspace, dataset, author):
    rows = [vector(0, 0), vector(0, 1), vector(0, 2), vector(1, 3), vector(1, 4)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    group(workspace, dataset, threshold=0.99)
    encoder = encoders.encoder_of(workspace, dataset, None).id
    whose = persons(workspace, dataset, faces)
    found = likely_same(workspace, dataset, encoder, limit=4)
    assert [row.score for row in found] == pytest.approx([SAME] * 4, abs=1e-6)
    assert {frozenset((row.first, row.second)) for row in found} == {
        frozenset(whose[at] for at in pair) for pair in ((0, 1), (0, 2), (1, 2), (3, 4))
    }
    people.merge_people(workspace, whose[3], [whose[4]], author_id=author)
    people.keep_apart(workspace, whose[1], whose[0], author_id=author)
    asked = {frozenset((row.first, row.second)) for row in likely_same(workspace, dataset, encoder)}
    assert frozenset(whose[:2]) not in asked
    assert frozenset(whose[1:3]) in asked


def test_the_similarity_of_two_people_is_the_average_over_their_faces(workspace, dataset, author):
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(7, 64)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    one = people.move_faces(workspace, faces[:4], author_id=author)
    other = people.move_faces(workspace, faces[4:], author_id=author)
    (pair,) = likely_same(workspace, dataset, encoders.encoder_of(workspace, dataset, None).id)
    assert (pair.first, pair.second) == (one, other)
    assert pair.score == pytest.approx(float((rows[:4] @ rows[4:].T).mean()), abs=1e-6)


def test_people_in_one_photo_are_not_asked_about_and_nobody_gives_no_question(workspace, dataset):
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0, 0)), ("a.jpg", vector(0, 1))])
    encoder = encoders.encoder_of(workspace, dataset, None).id
    assert likely_same(workspace, dataset, encoder) == []
    group(workspace, dataset)
    assert len(set(persons(workspace, dataset, faces))) == 2
    assert likely_same(workspace, dataset, encoder) == []
