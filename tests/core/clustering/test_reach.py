"""What a silent unit may reach: by hand, where there is little, and every cut as without it, at any threshold."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clustering import reach
from core.clustering.gate import QualityGate, attached
from core.clustering.linkage import merge_tree
from core.clustering.reach import Reach, all_pairs
from tests.builders.scattered_faces import people, random_limits, unit

NO_TAGS = np.zeros(0, np.int64), np.zeros(0, np.int64)


def at(*degrees):
    angles = np.radians(np.array(degrees, float))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def cos(degrees):
    return float(np.cos(np.radians(degrees)))


def three_places():
    """Two loud faces at 0 and 10 that are one component, others at 90 and 200; silent ones at 20 and 100."""
    return Reach.of(at(20, 100), at(0, 10, 90, 200), np.array([0, 0, 1, 2]), np.array([0, 0, 1, 2, 3, 4]), told.append)


told = []


def pairs(parts):
    found = [(row, group) for rows, groups in parts for row in rows.tolist() for group in groups.tolist()]
    assert len(set(found)) == len(found), "each pair once"
    return set(found)


def test_each_component_is_as_near_as_its_nearest_unit_and_the_rest_is_bounded():
    with patch.object(reach, "_KEPT", 2):
        found = three_places()
    assert [sorted(row) for row in found.nearest.tolist()] == [[0, 1], [0, 1]]
    near = np.take_along_axis(found.similarity, np.argsort(found.nearest, axis=1), axis=1)
    np.testing.assert_allclose(near, [[cos(10), cos(70)], [cos(90), cos(10)]], atol=1e-6)
    np.testing.assert_allclose(found.rest, [cos(180), cos(100)], atol=1e-6)
    assert told[-1] == 1.0
    assert three_places().rest.tolist() == [-np.inf, -np.inf], "there is nothing else"


def test_only_groups_that_may_be_nearest_or_second_are_compared():
    found, homes = three_places(), np.array([2, 0, 0, 1])
    with patch.object(reach, "_TOGETHER", 1):
        assert pairs(found.parts(homes, 0.9, 0.01)) == {(0, 1), (0, 2), (1, 3)}
        assert pairs(found.parts(homes, 0.9, 0.6)) == {(0, 1), (0, 2), (0, 3), (1, 3)}, "70 degrees are 0.34"
        assert pairs(found.parts(homes, 0.99, 0.01)) == set(), "nobody is near enough"
    assert pairs(found.parts(homes, 0.9, 0.01)) >= {(0, 1), (0, 2), (1, 3)}, "together with what is near others"


def test_who_may_be_as_near_to_what_is_not_kept_is_compared_with_all():
    with patch.object(reach, "_KEPT", 1):
        found, homes = three_places(), np.array([2, 0, 0, 1])
    assert pairs(found.parts(homes, 0.3, 0.01)) == {(0, group) for group in range(4)} | {(1, 3)}


def test_rounding_may_have_taken_something_from_every_similarity():
    near, next_one = np.array([[0.4999, 0.3999]], np.float32), np.array([0.3999], np.float32)
    only, places = np.array([-np.inf], np.float32), np.array([[0, 1]], np.int32)
    assert pairs(Reach(np.arange(2), places, near, only).parts(np.arange(2), 0.5, 0.1)) == {(0, 0), (0, 1)}
    assert pairs(Reach(np.arange(3), places, near, next_one).parts(np.arange(3), 0.5, 0.1)) == {(0, 0), (0, 1), (0, 2)}


def test_of_two_groups_that_are_as_near_the_first_has_it_wherever_they_lie():
    faces, units, silent = at(0, 0, 20), np.arange(3), np.array([False, False, True])
    first_last = Reach.of(faces[2:], faces[:2], np.array([0, 1]), np.array([1, 0, 2]), told.append)
    with patch.object(reach, "_TOGETHER", 1):
        assert attached(units, faces, units, QualityGate(silent, 0.0), NO_TAGS, 0.5, first_last).tolist() == [0, 1, 0]


def test_of_copies_the_first_has_it_however_many_are_multiplied():
    rng = np.random.default_rng(0)
    for count in (2, 3, 7, 13, 37, 61) * 5:
        face, like_it = unit(rng.normal(size=(2, 512)))
        faces, units = np.concatenate([np.tile(face, (count, 1)), unit([face + like_it])]), np.arange(count + 1)
        found = attached(units, faces, units, QualityGate(units == count, 0.0), NO_TAGS, 0.1)
        assert found[count] == 0


def test_of_groups_that_single_precision_does_not_tell_apart_the_nearest_has_it():
    rng = np.random.default_rng(1)
    for _ in range(50):
        face, like_it = unit(rng.normal(size=(2, 512)))
        groups = unit(face + 2e-7 * rng.normal(size=(7, 512)) / np.sqrt(512))
        faces, units = np.concatenate([groups, unit([face + like_it])]), np.arange(8)
        found = attached(units, faces, units, QualityGate(units == 7, 0.0), NO_TAGS, 0.1)
        exact = (groups.astype(float) @ faces[7].astype(float)).astype(np.float32)
        assert found[7] == exact.argmax()


def test_whom_a_unit_may_not_join_is_no_second_however_wide_the_margin():
    units, silent = np.arange(2), np.array([False, True])
    both = np.array([0, 1]), np.array([5, 5])
    assert attached(units, at(0, 20), units, QualityGate(silent, np.inf), both, 0.5).tolist() == [0, 1]


def test_all_are_compared_in_parts():
    with patch.object(reach, "_ROWS", 2), patch.object(reach, "_COLUMNS", 3):
        parts = list(all_pairs(np.arange(5), np.arange(7)))
    assert len(parts) == 9
    assert pairs(parts) == {(row, group) for row in range(5) for group in range(7)}
    assert list(all_pairs(np.arange(0), np.arange(7))) == []


@pytest.mark.parametrize("silent", [[], [0, 1, 2]])
def test_where_all_or_none_are_silent_there_is_no_reach_and_the_whole_work_is_told(silent):
    shares = []
    tree = merge_tree(at(0, 1, 90), 0.5, gate=QualityGate(np.isin(np.arange(3), silent), 0.0)).reaching(shares.append)
    assert tree.reach is None
    assert shares == [1.0]


def mixed(rng, count, copies, width):
    """Faces of a few people, some of them copies of others."""
    faces, _ = people(rng, count, 4, dimensions=width)
    if copies:
        faces[rng.integers(0, count, count // 2)] = faces[rng.integers(0, count, count // 2)]
    return faces


REACHED = given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 40),
    share=st.sampled_from([0.2, 0.5, 0.9]),
    margin=st.sampled_from([0.0, 0.02, 0.2]),
    kept=st.sampled_from([1, 2, 64]),
    together=st.sampled_from([1, 4, 64]),
    copies=st.booleans(),
    width=st.sampled_from([3, 64]),
)


@settings(max_examples=60, deadline=None)
@REACHED
def test_every_cut_is_as_without_it_under_limits_and_in_any_order(**drawn):
    assert_cuts_alike(**drawn)


@pytest.mark.nightly
@settings(max_examples=1500, deadline=None)
@REACHED
def test_so_is_every_cut_of_many_more_trees(**drawn):
    assert_cuts_alike(**drawn)


def assert_cuts_alike(seed, count, share, margin, kept, together, copies, width):
    rng = np.random.default_rng(seed)
    faces = mixed(rng, count, copies, width)
    limits = random_limits(rng, count)
    through = QualityGate(rng.random(count) < share, margin)
    floor = float(rng.uniform(-0.5, 0.5))
    tree = merge_tree(faces, floor, limits, gate=through)
    sharp = np.clip((faces @ faces[0]).astype(float), floor, 1.0)  # where a similarity is the threshold itself
    with patch.object(reach, "_KEPT", kept), patch.object(reach, "_TOGETHER", together):
        reaching = tree.reaching()
        for threshold in rng.permutation([floor, *rng.uniform(floor, 1, 3), *rng.choice(sharp, 3)]).tolist():
            assert reaching.cut(threshold).tolist() == tree.cut(threshold).tolist()
