"""Silent faces: by hand, against a plain loop at every threshold of one tree, and where there are none or only such."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clustering.constraints import Constraints
from core.clustering.gate import QualityGate
from core.clustering.linkage import group, merge_tree
from core.foundation.errors import BadInput
from tests.builders.scattered_faces import people, random_limits

NOBODY = np.zeros((0, 2), np.int64)


def at(*degrees):
    angles = np.radians(np.array(degrees, float))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def gate(count, *silent, margin=0.0):
    return QualityGate(np.isin(np.arange(count), silent), margin)


def cos(degrees):
    return float(np.cos(np.radians(degrees)))


def test_a_silent_face_bridges_nobody_and_goes_to_the_nearer_one():
    faces = at(0, 10, 21)
    assert group(faces, 0.95).tolist() == [0, 0, 0], "0 and 21 by way of 10"
    assert group(faces, 0.95, gate=gate(3, 1)).tolist() == [0, 0, 1]
    assert group(faces, cos(9), gate=gate(3, 1)).tolist() == [0, 1, 2], "too far from both"


def test_it_is_left_alone_where_the_second_is_nearly_as_near():
    faces = at(0, 20, 36)
    apart = cos(16) - cos(20)
    assert group(faces, cos(21), gate=gate(3, 1, margin=apart + 1e-6)).tolist() == [0, 1, 2]
    assert group(faces, cos(21), gate=gate(3, 1, margin=apart - 1e-6)).tolist() == [1, 0, 0]
    assert group(at(0, 20), cos(21), gate=gate(2, 1, margin=5)).tolist() == [0, 0], "nobody is second"


def test_who_is_nearest_is_judged_by_all_loud_faces_of_a_group():
    faces = at(0, 10, 25, -15)
    average = (cos(25) + cos(15)) / 2
    assert group(faces, average - 1e-6, gate=gate(4, 2, 3)).tolist() == [0, 0, 0, 0]
    assert group(faces, average + 1e-6, gate=gate(4, 2, 3)).tolist() == [0, 0, 1, 2]


def test_silent_faces_never_make_a_group_of_their_own():
    assert group(at(0, 1, 2), 0.5, gate=gate(3, 0, 1, 2)).tolist() == [0, 1, 2]
    assert group(at(0, 1, 90), 0.9, gate=gate(3, 0, 1)).tolist() == [0, 1, 2]


def test_of_two_silent_faces_of_a_photo_the_nearer_one_gets_there():
    limits = Constraints(np.full(3, -1), frozenset(), np.array([0, 7, 7]), NOBODY)
    assert group(at(0, 20, 10), cos(30), limits, gate=gate(3, 1, 2)).tolist() == [0, 1, 0]


def test_neither_a_photo_that_shows_somebody_else_nor_a_word_against_it_lets_it_join():
    photo = Constraints(np.full(3, -1), frozenset(), np.array([0, 7, 7]), NOBODY)
    assert group(at(0, 20, 21), cos(25), photo, gate=gate(3, 2)).tolist() == [0, 0, 1]
    said = Constraints(np.full(3, -1), frozenset(), np.full(3, -1), np.array([[1, 2]]))
    assert group(at(0, 60, 61), cos(25), said, gate=gate(3, 2)).tolist() == [0, 1, 2]


def test_a_group_that_is_tied_goes_as_one_and_its_silent_faces_follow_without_a_say():
    tied = Constraints(np.array([-1, 4, 4]), frozenset(), np.full(3, -1), NOBODY)
    faces = at(0, 10, 60)
    assert group(faces, cos(20), tied, gate=gate(3, 2)).tolist() == [0, 0, 0], "judged by its face at 10 alone"
    assert group(faces, cos(20), tied).tolist() == [1, 0, 0], "judged by both"
    assert group(faces, 0.75, tied, gate=gate(3, 1, 2)).tolist() == [1, 0, 0], "on average too far"
    assert group(faces, 0.74, tied, gate=gate(3, 1, 2)).tolist() == [0, 0, 0], "on average near enough"


def test_photos_of_silent_faces_of_a_tied_group_tell_it_apart_too():
    limits = Constraints(np.array([4, 4, 4, 5, 5, 5]), frozenset(), np.array([0, 1, 2, 3, 1, 2]), NOBODY)
    assert len(set(group(at(0, 50, 50, 1, 51, 51), 0.5, limits, gate=gate(6, 1, 2, 4, 5)).tolist())) == 2


def plainly(faces, threshold, limits, through, labels):
    """Where each silent unit goes, one after another, given the `labels` of the loud faces (-1 of silent ones)."""
    units = limits.units()
    holders, tags = limits.tags(units)
    held = {unit: set(tags[holders == unit].tolist()) for unit in range(units.max() + 1)}
    cluster_of = {unit: max(labels[units == unit]) for unit in held}
    loud = {unit for unit in held if cluster_of[unit] >= 0}
    wishes = []
    for unit in sorted(set(held) - loud):
        nearness = []
        for cluster in sorted({cluster_of[other] for other in loud}):
            inside = [other for other in loud if cluster_of[other] == cluster]
            if not any(held[other] & held[unit] for other in inside):
                members = (labels == cluster) & ~through.silent
                pairs = faces[units == unit].astype(float) @ faces[members].astype(float).T
                nearness.append((pairs.mean(), cluster))
        nearness.sort(reverse=True)
        if nearness and nearness[0][0] >= threshold:
            second = nearness[1][0] if len(nearness) > 1 else -np.inf
            if nearness[0][0] - second >= through.margin:
                wishes.append((*nearness[0], unit))
    got = {}
    for _, cluster, unit in sorted(wishes, key=lambda wish: -wish[0]):
        if not any(held[unit] & held[other] for other, where in got.items() if where == cluster):
            got[unit] = cluster
    return {unit: got.get(unit, cluster_of[unit] if unit in loud else -1 - unit) for unit in held}


GATED = given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 40),
    share=st.sampled_from([0.2, 0.5, 0.9]),
    margin=st.sampled_from([0.0, 0.02, 0.2]),
)


@settings(max_examples=60, deadline=None)
@GATED
def test_every_threshold_is_a_cut_of_one_tree_and_silent_faces_go_where_a_plain_loop_puts_them(
    seed, count, share, margin
):
    assert_cut_and_placed(seed, count, share, margin)


@pytest.mark.nightly
@settings(max_examples=600, deadline=None)
@GATED
def test_so_it_is_of_many_more_trees(seed, count, share, margin):
    assert_cut_and_placed(seed, count, share, margin)


def assert_cut_and_placed(seed, count, share, margin):
    rng = np.random.default_rng(seed)
    faces, _ = people(rng, count, 4)
    limits = random_limits(rng, count)
    through = QualityGate(rng.random(count) < share, margin)
    tree = merge_tree(faces, -0.3, limits, gate=through)
    units = limits.units()
    loud = np.isin(units, units[~through.silent])
    for threshold in (-0.3, *rng.uniform(-0.3, 1, 3)):
        cut = tree.cut(threshold)
        assert cut.tolist() == group(faces, threshold, limits, gate=through).tolist()
        expected = plainly(faces, threshold, limits, through, np.where(loud, cut, -1))
        places = np.array([expected[unit] for unit in units.tolist()])
        assert len(np.unique(np.stack([places, cut]), axis=1).T) == len(np.unique(places)) == len(np.unique(cut))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 40))
def test_loud_faces_are_grouped_as_if_free_silent_ones_were_not_there(seed, count):
    rng = np.random.default_rng(seed)
    faces, _ = people(rng, count, 4)
    through = QualityGate(rng.random(count) < 0.4, 0.01)
    loud = np.flatnonzero(~through.silent)
    threshold = float(rng.uniform(-0.2, 0.9))
    together = group(faces, threshold, gate=through)[loud]
    alone = group(faces[loud], threshold)
    assert len(np.unique(np.stack([together, alone]), axis=1).T) == len(np.unique(together)) == len(np.unique(alone))


def test_a_gate_over_other_faces_or_with_no_margin_is_refused():
    with pytest.raises(BadInput, match="the gate should be over 2 faces"):
        group(at(0, 1), 0.5, gate=gate(3))
    for margin in (-0.1, float("nan")):
        with pytest.raises(BadInput, match="margin"):
            gate(2, margin=margin)
