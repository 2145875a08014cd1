import numpy as np
import pytest

from core.clustering.identity import carry_person_ids
from core.foundation.errors import BadInput


def undecided(count):
    return np.full(count, -1)


def test_adding_photos_never_renames():
    previous = np.array([7, 7, 3, 3, 3, -1, -1])
    labels = np.array([1, 1, 0, 0, 0, 0, 2])
    assert carry_person_ids(labels, previous, undecided(7)) == {0: 3, 1: 7, 2: None}


def test_bigger_part_of_a_split_cluster_keeps_the_id():
    assert carry_person_ids(np.array([0, 1, 1, 1]), np.full(4, 5), undecided(4)) == {0: None, 1: 5}


def test_equal_parts_of_a_split_cluster_leave_the_id_to_the_lower_label():
    assert carry_person_ids(np.array([1, 0, 1, 0]), np.full(4, 5), undecided(4)) == {0: 5, 1: None}


def test_joined_clusters_go_by_the_bigger_one():
    assert carry_person_ids(np.zeros(5, int), np.array([8, 2, 2, 2, 8]), undecided(5)) == {0: 2}


def test_a_decided_person_wins_against_any_overlap():
    previous = np.array([1, 1, 1, 1, 9])
    decided = np.array([-1, -1, -1, -1, 9])
    assert carry_person_ids(np.zeros(5, int), previous, decided) == {0: 9}


def test_a_decided_person_is_not_given_to_a_second_cluster():
    labels = np.array([0, 0, 0, 1])
    previous = np.array([4, 4, 4, 6])
    decided = np.array([-1, -1, -1, 4])
    assert carry_person_ids(labels, previous, decided) == {0: None, 1: 4}


def test_biggest_part_is_not_renamed_for_the_sake_of_the_total():
    # The greatest total would be 0 -> 2 and 1 -> 1 (2 + 2 shared faces), but most of person 1 is in cluster 0.
    labels = np.array([0, 0, 0, 0, 0, 1, 1])
    previous = np.array([1, 1, 1, 2, 2, 1, 1])
    assert carry_person_ids(labels, previous, undecided(7)) == {0: 1, 1: None}


def test_order_of_the_faces_does_not_matter():
    rng = np.random.default_rng(0)
    labels, previous = rng.integers(0, 9, 200), rng.integers(-1, 9, 200)
    order = rng.permutation(200)
    shuffled = carry_person_ids(labels[order], previous[order], undecided(200))
    assert carry_person_ids(labels, previous, undecided(200)) == shuffled


def test_no_id_is_used_twice():
    rng = np.random.default_rng(1)
    people = carry_person_ids(rng.integers(0, 30, 300), rng.integers(-1, 20, 300), undecided(300))
    used = [person for person in people.values() if person is not None]
    assert len(used) == len(set(used)) > 0


def test_no_face_gives_no_cluster():
    assert carry_person_ids(np.zeros(0, int), np.zeros(0, int), np.zeros(0, int)) == {}


@pytest.mark.parametrize(
    ("labels", "previous", "decided", "message"),
    [
        ([0, 0], [1], [1, 1], r"should be \(N,\), not \(2,\), \(1,\) and \(2,\)"),
        ([[0, 0]], [[1, 1]], [[1, 1]], r"should be \(N,\), not \(1, 2\)"),
        ([0, -1], [1, 1], [-1, -1], "labels should be 0 or more, not -1"),
        ([0, 0, 0], [1, 1, 1], [1, 2, 2], "cluster 0 holds faces of two decided people, 2 and 1"),
        ([0, 1], [1, 1], [6, 6], "decided person 6 are spread over two clusters; 1 is one"),
    ],
)
def test_groupings_against_the_decisions_are_refused(labels, previous, decided, message):
    with pytest.raises(BadInput, match=message):
        carry_person_ids(np.array(labels), np.array(previous), np.array(decided))
