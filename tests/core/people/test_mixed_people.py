"""Who looks like two: the cut is where the last two groups of the person met, and it is asked about once."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from core.people import deciding as people
from core.people import mixed_people as module
from core.people.encoders import encoder_of
from core.people.mixed_people import cut_of_person, mixed_people, proposed_cut
from core.people.showing import hide_people
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, owners, vector


def looked_at(workspace, dataset):
    return mixed_people(workspace, dataset, encoder_of(workspace, dataset))


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def mixed(workspace, dataset):
    """One person of four faces, three of them of somebody and one of somebody else."""
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(0, 3)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    return faces, own(workspace, dataset, faces)


def test_the_smaller_side_would_leave_and_gains_its_faces(workspace, dataset, mixed):
    faces, person = mixed
    (cut,) = looked_at(workspace, dataset)
    assert (cut.person, cut.staying, cut.leaving) == (person, [faces[0], faces[1], faces[3]], [faces[2]])
    assert (cut.score, cut.gain) == (pytest.approx(0, abs=1e-6), 1)


def test_faces_that_a_human_has_confirmed_stay_though_they_are_fewer(workspace, dataset, author, mixed):
    faces, _ = mixed
    people.confirm_faces(workspace, [faces[2]], author_id=author)
    (cut,) = looked_at(workspace, dataset)
    assert (cut.staying, cut.leaving) == ([faces[2]], [faces[0], faces[1], faces[3]])


def test_whoever_is_one_by_a_human_is_not_asked_about_and_two_are_two(workspace, dataset, author, mixed):
    faces, person = mixed
    done = people.confirm_faces(workspace, faces, author_id=author)
    assert looked_at(workspace, dataset) == []
    people.undo(workspace, done, author_id=author)
    people.move_faces(workspace, [faces[2]], author_id=author)
    assert looked_at(workspace, dataset) == []
    assert owners(workspace, dataset)[faces[0]][0] == person


def test_about_whom_somebody_was_not_sure_is_not_asked_until_that_is_undone(workspace, dataset, author, mixed):
    _, person = mixed
    unsure = people.leave_unsure(workspace, [person], author_id=author)
    assert looked_at(workspace, dataset) == []
    people.undo(workspace, unsure, author_id=author)
    assert len(looked_at(workspace, dataset)) == 1


def test_who_is_hidden_is_not_asked_about(workspace, dataset, author, mixed):
    hide_people(workspace, [mixed[1]], author_id=author)
    assert looked_at(workspace, dataset) == []


def test_a_person_is_cut_however_alike_the_sides_are_and_whoever_cannot_be_is_not(workspace, dataset, author, mixed):
    faces, person = mixed
    version = encoder_of(workspace, dataset)
    rows = [vector(5, 0), vector(5, 1), vector(5, 1) + 0.01 * vector(6, 2)]
    alike = add_faces(workspace, dataset, [(f"a/{n}.jpg", row / np.linalg.norm(row)) for n, row in enumerate(rows)])
    cut = cut_of_person(workspace, version, own(workspace, dataset, alike))
    assert (cut.staying, cut.leaving) == (alike[1:], alike[:1])
    assert cut.score > 0.95
    assert cut_of_person(workspace, version, person).leaving == [faces[2]]
    people.confirm_faces(workspace, faces, author_id=author)
    assert cut_of_person(workspace, version, person) is None
    alone = own(workspace, dataset, add_faces(workspace, dataset, [("alone.jpg", vector(9))]))
    assert cut_of_person(workspace, version, alone) is None


def test_people_whose_sides_are_alike_enough_are_not_asked_about(workspace, dataset):
    rows = [vector(0, 0), vector(0, 1), vector(0, 2)]
    own(workspace, dataset, add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)]))
    own(workspace, dataset, add_faces(workspace, dataset, [("alone.jpg", vector(3))]))
    add_faces(workspace, dataset, [("nobodys.jpg", vector(4))])
    assert looked_at(workspace, dataset) == []


def test_nobody_with_more_faces_than_can_be_joined_at_once_is_looked_at(workspace, dataset, mixed, monkeypatch):
    monkeypatch.setattr(module, "MOST_FACES", 3)
    assert looked_at(workspace, dataset) == []


def test_of_many_people_those_whose_faces_are_least_alike_are_looked_at(workspace, dataset, mixed, monkeypatch):
    _, person = mixed
    half = unit([vector(5, 0) + vector(6, 0), vector(5, 1)])
    own(workspace, dataset, add_faces(workspace, dataset, [(f"half/{n}.jpg", row) for n, row in enumerate(half)]))
    assert len(looked_at(workspace, dataset)) == 2
    monkeypatch.setattr(module, "MOST_LOOKED_AT", 1)
    assert [cut.person for cut in looked_at(workspace, dataset)] == [person]


def test_the_most_expected_gain_comes_first(workspace, dataset, mixed):
    rows = [vector(n // 3 + 7, n) for n in range(6)]
    other = own(workspace, dataset, add_faces(workspace, dataset, [(f"o/{n}.jpg", row) for n, row in enumerate(rows)]))
    assert [(cut.person, cut.gain) for cut in looked_at(workspace, dataset)] == [(other, 3), (mixed[1], 1)]


@pytest.mark.parametrize("seed", range(6))
def test_the_cut_is_the_one_of_average_linkage(seed):
    rng = np.random.default_rng(seed)
    faces = unit(rng.normal(size=(12, 16)) + 1)
    leaving, score = proposed_cut(faces, np.zeros(12, bool))
    linked = scipy.cluster.hierarchy.linkage(faces.astype(np.float64), "average", metric="cosine")
    sides = scipy.cluster.hierarchy.fcluster(linked, 2, "maxclust")
    smaller = sides == np.argmin(np.bincount(sides)[1:]) + 1
    assert leaving.tolist() in (smaller.tolist(), (~smaller).tolist())
    assert leaving.sum() <= 6
    assert score == pytest.approx(1 - linked[-1, 2], abs=1e-5)


def test_two_equal_faces_have_a_cut_and_it_says_how_alike_they_are():
    leaving, score = proposed_cut(unit([[1, 0], [1, 0]]), np.zeros(2, bool))
    assert (leaving.sum(), score) == (1, pytest.approx(1))


def test_only_who_has_changed_is_cut_anew(workspace, dataset, author, mixed, monkeypatch):
    faces, person = mixed
    others = [vector(7, 0), vector(7, 1), vector(8, 2)]
    other = own(
        workspace, dataset, add_faces(workspace, dataset, [(f"o/{n}.jpg", row) for n, row in enumerate(others)])
    )
    before = looked_at(workspace, dataset)
    looked, cut = [], proposed_cut
    monkeypatch.setattr(module, "proposed_cut", lambda *given: looked.append(len(given[0])) or cut(*given))
    assert looked_at(workspace, dataset) == before
    assert looked == []
    people.confirm_faces(workspace, faces[:1], author_id=author)
    assert {each.person for each in looked_at(workspace, dataset)} == {person, other}
    assert looked == [4]
