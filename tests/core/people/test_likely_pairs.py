"""Which people may be one: the most similar first, none that is known to be two, none far below the threshold."""

from __future__ import annotations

import numpy as np
import pytest

from core.people import deciding as people
from core.people import likely_pairs
from core.people.encoders import encoder_of, own_threshold
from core.people.likely_pairs import chance_of_one, floor_below, likely_same
from core.people.showing import hide_people
from tests.builders.saved_thresholds import save
from tests.builders.staged_people import SAME, add_faces, group, owners, vector


def persons(workspace, dataset, faces):
    whose = owners(workspace, dataset)
    return [whose[face][0] for face in faces]


def asked(workspace, dataset, **options):
    return likely_same(workspace, dataset, encoder_of(workspace, dataset), **options)


def near(similarity):
    """(64,) float32 of unit length, as similar as that to the first axis."""
    made = np.zeros(64)
    made[:2] = similarity, np.sqrt(1 - similarity**2)
    return made.astype(np.float32)


def test_the_most_similar_people_are_asked_about_first(workspace, dataset, author):
    rows = [vector(0, 0), vector(0, 1), vector(0, 2), vector(1, 3), vector(1, 4)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    group(workspace, dataset, threshold=0.99)
    whose = persons(workspace, dataset, faces)
    found = asked(workspace, dataset, limit=4)
    assert [row.score for row in found.pairs] == pytest.approx([SAME] * 4, abs=1e-6)
    assert {frozenset((row.first, row.second)) for row in found.pairs} == {
        frozenset(whose[at] for at in pair) for pair in ((0, 1), (0, 2), (1, 2), (3, 4))
    }
    people.merge_people(workspace, whose[3], [whose[4]], author_id=author)
    people.keep_apart(workspace, whose[1], whose[0], author_id=author)
    left = {frozenset((row.first, row.second)) for row in asked(workspace, dataset).pairs}
    assert left == {frozenset(whose[1:3]), frozenset((whose[0], whose[2]))}


def test_the_similarity_of_two_people_is_the_average_over_their_faces(workspace, dataset, author):
    rng = np.random.default_rng(3)
    rows = (rng.normal(size=64) + 0.2 * rng.normal(size=(7, 64))).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    one = people.move_faces(workspace, faces[:4], author_id=author)
    other = people.move_faces(workspace, faces[4:], author_id=author)
    (pair,) = asked(workspace, dataset).pairs
    assert (pair.first, pair.second) == (one, other)
    assert pair.score == pytest.approx(float((rows[:4] @ rows[4:].T).mean()), abs=1e-6)
    assert pair.least == pytest.approx(float((rows[:4] @ rows[4:].T).min()), abs=1e-6)


def test_people_in_one_photo_are_not_asked_about_and_nobody_gives_no_question(workspace, dataset):
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0, 0)), ("a.jpg", vector(0, 1))])
    assert asked(workspace, dataset).pairs == []
    group(workspace, dataset)
    assert len(set(persons(workspace, dataset, faces))) == 2
    assert (asked(workspace, dataset).pairs, asked(workspace, dataset).left) == ([], 0)


def test_the_chance_is_a_half_at_the_threshold_and_nothing_at_the_floor():
    assert chance_of_one(np.array([0.9, 0.91, 0.92, 0.93, 0.94, 0.99]), 0.92, 0.9) == pytest.approx(
        [0, 0.25, 0.5, 0.75, 1, 1]
    )


def test_confirmed_people_teach_how_quickly_the_chance_rises(workspace, dataset, author):
    rng = np.random.default_rng(0)
    rows = np.repeat(rng.normal(size=(8, 64)), 3, axis=0) + 1.2 * rng.normal(size=(24, 64))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    for person in range(5):
        people.move_faces(workspace, faces[3 * person : 3 * person + 3], author_id=author)
    encoder = encoder_of(workspace, dataset).id
    save(workspace, dataset, encoder, faces[:3], 0.0, author_id=author)
    found = asked(workspace, dataset, limit=100)
    assert not found.learned
    assert found.pairs
    for pair in found.pairs:
        assert pair.chance == pytest.approx(float(chance_of_one(pair.score, 0.0, found.floor)))
        assert not pair.learned
    for person in range(5, 8):
        people.move_faces(workspace, faces[3 * person : 3 * person + 3], author_id=author)
    found = asked(workspace, dataset, limit=100)
    line = likely_pairs.known_faces(workspace, dataset, encoder).line
    assert found.learned
    assert found.pairs
    for pair in found.pairs:
        assert pair.learned
        assert pair.chance == pytest.approx(1 / (1 + np.exp(-line.slope * pair.score)))
        assert pair.gain == pytest.approx(3 * pair.chance)


def test_where_an_answer_settles_more_faces_is_asked_first_though_others_are_more_alike(workspace, dataset, author):
    rows = [near(at) for at in (1.0, 0.99, -1.0, -1.0, -0.93, -0.93, -0.93)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    parts = (faces[:1], faces[1:2], faces[2:4], faces[4:])
    one, other, third, crowd = (people.move_faces(workspace, part, author_id=author) for part in parts)
    found = asked(workspace, dataset).pairs
    assert [{pair.first, pair.second} for pair in found] == [{crowd, third}, {one, other}]
    assert [pair.gain for pair in found] == pytest.approx([2.0, 1.0])
    assert found[0].score < found[1].score


def test_nobody_is_asked_again_about_whom_somebody_was_not_sure(workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", vector(0, n)) for n in range(3)])
    one, other, third = (people.move_faces(workspace, [face], author_id=author) for face in faces)
    unsure = people.leave_unsure(workspace, [other, one], author_id=author)
    pairs = [{pair.first, pair.second} for pair in asked(workspace, dataset).pairs]
    assert {one, other} not in pairs
    assert len(pairs) == asked(workspace, dataset).left == 2
    people.undo(workspace, unsure, author_id=author)
    assert asked(workspace, dataset).left == 3
    assert third


def test_nobody_is_asked_about_who_is_hidden(workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", vector(0, n)) for n in range(3)])
    one, other, third = (people.move_faces(workspace, [face], author_id=author) for face in faces)
    hide_people(workspace, [other], author_id=author)
    assert [{pair.first, pair.second} for pair in asked(workspace, dataset).pairs] == [{one, third}]
    assert asked(workspace, dataset).left == 1


@pytest.mark.parametrize(
    ("threshold", "own", "floor"),
    [(0.92, 0.92, 0.912), (0.36, 0.36, 0.296), (0.96, 0.92, 0.912), (0.8, 0.92, 0.78), (-1.0, 0.92, -1.0)],
)
def test_the_floor_is_a_tenth_farther_than_the_threshold_or_the_encoders_own(threshold, own, floor):
    assert floor_below(threshold, own) == pytest.approx(floor)
    assert floor <= threshold


def test_below_the_floor_nobody_is_asked_and_the_questions_come_to_an_end(workspace, dataset, author):
    version_floor = 0.912
    rows = [near(1.0), near(version_floor + 0.001), near(version_floor - 0.001)]
    rows[2][1] *= -1  # on the other side: far from the second
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    assert own_threshold(workspace, encoder_of(workspace, dataset)) == 0.92
    for face in faces:
        people.move_faces(workspace, [face], author_id=author)
    found = asked(workspace, dataset)
    assert found.floor == pytest.approx(version_floor)
    assert ([row.score for row in found.pairs], found.left) == (pytest.approx([version_floor + 0.001], abs=1e-6), 1)
    people.keep_apart(workspace, found.pairs[0].first, found.pairs[0].second, author_id=author)
    assert asked(workspace, dataset).left == 0


def test_a_lower_threshold_in_force_lowers_the_floor(workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", near(at)) for n, at in enumerate((1.0, 0.85, 0.0))])
    for face in faces:
        people.move_faces(workspace, [face], author_id=author)
    assert asked(workspace, dataset).left == 0
    save(workspace, dataset, encoder_of(workspace, dataset).id, faces, 0.86, author_id=author)
    assert (asked(workspace, dataset).floor, asked(workspace, dataset).left) == (pytest.approx(0.846), 1)


def test_two_people_who_both_have_a_name_come_last_however_alike_they_are(workspace, dataset, author):
    rows = [near(1.0), near(0.999), near(0.93)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    ada, bea = (
        people.move_faces(workspace, [face], name=name, author_id=author)
        for face, name in zip(faces, ("Ada", "Bea"), strict=False)
    )
    nobody = people.move_faces(workspace, faces[2:], author_id=author)
    found = asked(workspace, dataset)
    order = [{pair.first, pair.second} for pair in found.pairs]
    assert order == [{bea, nobody}, {ada, nobody}, {ada, bea}]
    assert {ada, bea} not in [{pair.first, pair.second} for pair in asked(workspace, dataset, limit=2).pairs]
    assert asked(workspace, dataset, limit=2).left == 3


@pytest.mark.parametrize("decide", ["move", "release"])
def test_whose_face_somebody_said_it_is_not_is_not_asked_about(workspace, dataset, author, decide):
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", vector(0, n)) for n in range(4)])
    group(workspace, dataset)
    if decide == "move":
        people.move_faces(workspace, faces[:1], author_id=author)
    else:
        people.release_faces(workspace, faces[:1], author_id=author)
        group(workspace, dataset)
    assert len(set(persons(workspace, dataset, faces))) == 2
    assert asked(workspace, dataset).left == 0


def test_it_is_said_how_many_people_were_compared(workspace, dataset, author, monkeypatch):
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(1, 3), vector(2, 4)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    people.move_faces(workspace, faces[2:4], author_id=author)
    for face in (faces[0], faces[1], faces[4]):
        people.move_faces(workspace, [face], author_id=author)
    assert (asked(workspace, dataset).compared, asked(workspace, dataset).people) == (4, 4)
    monkeypatch.setattr(likely_pairs, "MOST_PEOPLE", 2)
    found = asked(workspace, dataset)
    assert (found.compared, found.people, found.left) == (2, 4, 0)
