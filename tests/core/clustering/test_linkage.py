from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage

from core.clustering import neighbours
from core.clustering.constraints import Constraints
from core.clustering.linkage import group, merge_tree
from core.foundation.errors import BadInput, Cancelled
from tests.builders.scattered_faces import people, random_limits, unit


def forbidden(one, other, limits):
    """Straight from the definitions, face by face."""
    for i in one:
        for j in other:
            if limits.photos[i] == limits.photos[j] >= 0:
                return True
            if ([i, j] == limits.apart).all(axis=1).any() or ([j, i] == limits.apart).all(axis=1).any():
                return True
    return all(any(limits.together[i] in limits.decided for i in cluster) for cluster in (one, other))


def brute_force(embeddings, threshold, limits):
    """Photos as the docstring of `DoubledPhotos` says it, pair by pair, when two clusters are to be joined."""
    clusters = set()
    for cluster in joined(embeddings, threshold, limits):
        gone = set()
        for units in doubled(cluster, limits).values():
            rest = sorted(cluster - set().union(*units))

            def right(unit, rest=rest):
                likeness = (embeddings[list(unit)].astype(float) @ embeddings[rest].astype(float).T).sum() / len(unit)
                return is_decided(unit, limits), len(unit), likeness

            gone |= set(units) - {max(units, key=right)}
        clusters |= gone | {cluster - frozenset().union(*gone)}
    return clusters


def is_decided(unit, limits):
    return limits.together[min(unit)] in limits.decided


def doubled(cluster, limits):
    """Photo to its units, free faces and must-link groups, where there are several of them in the cluster."""
    held = {}
    for face in sorted(cluster):
        value = limits.together[face]
        unit = frozenset([face] if value < 0 else np.flatnonzero(limits.together == value).tolist())
        if limits.photos[face] >= 0:
            held.setdefault(int(limits.photos[face]), set()).add(unit)
    return {photo: sorted(units, key=min) for photo, units in held.items() if len(units) > 1}


def one_person(units, cluster, count, embeddings, limits):
    stays = max(units, key=lambda unit: (is_decided(unit, limits), len(unit)))
    if any(len(unit) > 1 for unit in units if unit != stays):
        return False
    if count == 1:
        return True
    similarity = embeddings.astype(np.float64) @ embeddings.T.astype(np.float64)
    alike = min(similarity[np.ix_(list(a), list(b))].mean() for a in units for b in units if a != b)
    pairs = [similarity[a, b] for a in cluster for b in cluster if a != b]
    return alike >= np.mean(pairs)


def joined(embeddings, threshold, limits):
    """Average linkage that computes every pair anew at each step."""
    similarity = embeddings.astype(np.float64) @ embeddings.T.astype(np.float64)
    free = [[i] for i in np.flatnonzero(limits.together < 0)]
    clusters = free + [
        list(np.flatnonzero(limits.together == value)) for value in np.unique(limits.together) if value >= 0
    ]
    told = [set() for _ in clusters]  # photos that have told a cluster apart from another
    held = [{int(limits.photos[i]) for i in cluster} - {-1} for cluster in clusters]
    firm = replace(limits, photos=np.full(len(limits.photos), -1))
    while True:
        best, pair = threshold, None
        for a, one in enumerate(clusters):
            for b in range(a):
                if (told[a] & held[b]) or (told[b] & held[a]) or forbidden(one, clusters[b], firm):
                    continue
                average = similarity[np.ix_(one, clusters[b])].mean()
                if average >= best:
                    best, pair = average, (b, a)
        if pair is None:
            return {frozenset(int(i) for i in cluster) for cluster in clusters}
        into, gone = pair
        both = frozenset(clusters[into] + clusters[gone])
        twice = doubled(both, limits)
        said = {
            photo
            for photo in held[into] & held[gone]
            if photo in twice and not one_person(twice[photo], both, len(twice), embeddings, limits)
        }
        for cluster in pair:
            told[cluster] |= said
        if not said:
            for kept in (clusters, held, told):
                kept[into] = type(kept[into])([*kept[into], *kept.pop(gone)])


def as_sets(labels):
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


def peer(embeddings, threshold):
    tree = linkage(embeddings.astype(np.float64), "average", metric="cosine")
    return as_sets(fcluster(tree, 1 - threshold, "distance"))


def test_average_linkage_worked_out_by_hand():
    # Directions at 0, 20 and 50 degrees: 20 and 0 join at cos 20 = 0.940, then 50 sees (cos 50 + cos 30) / 2 = 0.754.
    angles = np.radians([0, 20, 50])
    faces = unit(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    assert group(faces, 0.76).tolist() == [0, 0, 1]
    assert group(faces, 0.75).tolist() == [0, 0, 0]
    assert group(faces, 0.95).tolist() == [0, 1, 2]


@pytest.mark.parametrize("threshold", [-1.0, 0.0, 0.2, 0.4, 0.6, 0.9, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_without_constraints_it_is_scipys_average_linkage(seed, threshold):
    rng = np.random.default_rng(seed)
    faces, _ = people(rng, 300, 30)
    assert as_sets(group(faces, threshold)) == peer(faces, threshold)


@pytest.mark.parametrize("threshold", [-0.2, 0.0, 0.3])
def test_it_stays_exact_when_few_candidates_are_kept(monkeypatch, threshold):
    monkeypatch.setattr(neighbours, "_MOST", 3)
    faces, _ = people(np.random.default_rng(8), 400, 10)
    assert as_sets(group(faces, threshold)) == peer(faces, threshold)


CONSTRAINED = pytest.mark.parametrize(("keep", "in_photo"), [(2, 2), (256, 2), (256, 6)])
ANY_ORDER = given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 40), noise=st.floats(0.3, 1.5))


@CONSTRAINED
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@ANY_ORDER
def test_with_constraints_it_is_the_brute_force_reference_in_any_order(monkeypatch, keep, in_photo, seed, count, noise):
    assert_as_by_brute_force(monkeypatch, keep, in_photo, seed, count, noise)


@pytest.mark.nightly
@CONSTRAINED
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@ANY_ORDER
def test_with_many_more_constraints_it_is_the_reference_too(monkeypatch, keep, in_photo, seed, count, noise):
    assert_as_by_brute_force(monkeypatch, keep, in_photo, seed, count, noise)


def assert_as_by_brute_force(monkeypatch, keep, in_photo, seed, count, noise):
    monkeypatch.setattr(neighbours, "_MOST", keep)
    rng = np.random.default_rng(seed)
    faces, _ = people(rng, count, 4, noise=noise)
    limits = random_limits(rng, len(faces), in_photo)
    threshold = float(rng.uniform(-0.2, 0.8))
    expected = brute_force(faces, threshold, limits)
    assert as_sets(group(faces, threshold, limits)) == expected
    order = rng.permutation(count)
    shuffled = Constraints(
        limits.together[order], limits.decided, limits.photos[order], np.argsort(order)[limits.apart].reshape(-1, 2)
    )
    found = as_sets(group(faces[order], threshold, shuffled))
    assert {frozenset(order[list(cluster)].tolist()) for cluster in found} == expected


SCATTERED = given(
    seed=st.integers(0, 2**32 - 1), count=st.integers(1, 60), noise=st.floats(0.3, 1.5), in_photo=st.integers(1, 8)
)


@settings(max_examples=60)
@SCATTERED
def test_every_threshold_is_a_cut_of_one_tree(seed, count, noise, in_photo):
    assert_cut(seed, count, noise, in_photo)


@pytest.mark.nightly
@settings(max_examples=600)
@SCATTERED
def test_every_threshold_is_a_cut_of_many_more_trees(seed, count, noise, in_photo):
    assert_cut(seed, count, noise, in_photo)


def assert_cut(seed, count, noise, in_photo):
    rng = np.random.default_rng(seed)
    faces, _ = people(rng, count, 5, noise=noise)
    limits = random_limits(rng, count, in_photo)
    tree = merge_tree(faces, -0.3, limits)
    assert (np.diff(tree.similarity) <= 0).all()
    for threshold in (-0.3, *rng.uniform(-0.3, 1, 4), *(tree.similarity[:2] - 1e-6)):
        assert tree.cut(threshold).tolist() == group(faces, threshold, limits).tolist()


def test_a_tree_is_not_cut_below_its_floor():
    tree = merge_tree(np.eye(2, dtype=np.float32), 0.25)
    assert tree.cut(0.25).tolist() == [0, 1]
    for threshold in (0.2, 1.1, float("nan")):
        with pytest.raises(BadInput, match=f"between 0.25, where the joins end, and 1, not at {threshold}"):
            tree.cut(threshold)


def test_blocks_do_not_change_the_result(monkeypatch):
    faces, _ = people(np.random.default_rng(5), 500, 50)
    whole = group(faces, 0.4)
    monkeypatch.setattr(neighbours, "_ROWS", 37)
    monkeypatch.setattr(neighbours, "_COLUMNS", 53)
    monkeypatch.setattr(neighbours, "_PRODUCTS", 100)
    monkeypatch.setattr(neighbours, "_LEAST_ROWS", 1)
    assert group(faces, 0.4).tolist() == whole.tolist()


def test_largest_cluster_comes_first_and_equal_ones_by_their_first_face():
    a, b, c = np.eye(3)
    assert group(unit([c, b, a, a, b, a]), 0.5).tolist() == [2, 1, 0, 0, 1, 0]
    assert group(unit([c, b, a]), 0.5).tolist() == [0, 1, 2]


@pytest.mark.parametrize("seed", range(5))
def test_order_of_the_faces_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    faces, _ = people(rng, 200, 20)
    limits = random_limits(rng, 200)
    order = rng.permutation(200)
    place = np.argsort(order)
    shuffled = Constraints(limits.together[order], limits.decided, limits.photos[order], place[limits.apart])
    again = group(faces[order], 0.3, shuffled)
    assert as_sets(again[place]) == as_sets(group(faces, 0.3, limits))


def test_equal_faces_are_one_cluster_whatever_is_kept(monkeypatch):
    monkeypatch.setattr(neighbours, "_MOST", 2)
    faces = np.repeat(people(np.random.default_rng(1), 1, 1)[0], 50, axis=0)
    assert group(faces, 0.99).tolist() == [0] * 50


def test_two_faces_of_a_photo_are_never_joined_by_the_machine():
    faces = unit([[1, 0], [1, 0.01], [1, 0.02]])
    photos = np.array([7, 7, 8])
    limits = Constraints(np.full(3, -1), (), photos, np.zeros((0, 2), np.int64))
    labels = group(faces, 0.5, limits)
    assert labels[0] != labels[1]
    assert len(set(labels.tolist())) == 2


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(3, 30))
def test_a_photo_that_shows_two_faces_costs_one_of_them_and_moves_nobody_else(seed, count):
    rng = np.random.default_rng(seed)
    faces, _ = people(rng, count, 3)
    threshold = float(rng.uniform(0, 0.8))
    photos = np.arange(count)
    photos[1] = 0
    without = as_sets(group(faces, threshold))
    limits = Constraints(np.full(count, -1), (), photos, np.zeros((0, 2), np.int64))
    found = as_sets(group(faces, threshold, limits))
    (both,) = [cluster for cluster in without if 0 in cluster]
    if 1 in both:
        costs = [without - {both} | {both - {one}, frozenset({one})} for one in (0, 1)]
        assert found in costs
    else:
        assert found == without


@pytest.mark.parametrize("collages", [1, 2, 3])
def test_collages_that_show_a_photo_of_somebody_twice_do_not_tear_the_person_apart(collages):
    rng = np.random.default_rng(7)
    photos_of = unit(np.eye(1, 32) + 0.9 * rng.normal(size=(8, 32)) / np.sqrt(32))
    twice = [photos_of[at] + 0.01 * rng.normal(size=32) for at in range(collages) for _ in range(2)]
    faces = unit(np.concatenate([photos_of, np.stack(twice)]))
    photos = np.concatenate([np.arange(8), np.repeat(np.arange(8, 8 + collages), 2)])
    labels = group(faces, 0.4, Constraints(np.full(len(faces), -1), (), photos, np.zeros((0, 2), np.int64)))
    assert set(labels[:8].tolist()) == {0}
    assert sorted(np.bincount(labels).tolist()) == [*[1] * collages, 8 + collages]


def test_two_who_are_seen_together_again_and_again_stay_two_however_alike_they_are():
    rng = np.random.default_rng(3)
    middle = unit(np.array([[1, 0.25, *[0] * 30], [1, -0.25, *[0] * 30]]))
    rows = [
        unit(middle[who : who + 1] + 0.3 * rng.normal(size=(1, 32)) / np.sqrt(32)) for _ in range(6) for who in (0, 1)
    ]
    faces = np.concatenate(rows)
    photos = np.repeat(np.arange(6), 2)
    assert len(set(group(faces, 0.5).tolist())) == 1
    labels = group(faces, 0.5, Constraints(np.full(12, -1), (), photos, np.zeros((0, 2), np.int64)))
    assert as_sets(labels) == {frozenset(range(0, 12, 2)), frozenset(range(1, 12, 2))}


def test_a_human_may_tie_two_faces_of_a_photo_and_the_group_still_grows():
    faces = unit([[1, 0], [1, 0.01], [1, 0.02]])
    limits = Constraints(np.array([4, 4, -1]), (), np.array([7, 7, 8]), np.zeros((0, 2), np.int64))
    assert group(faces, 0.5, limits).tolist() == [0, 0, 0]


def test_two_decided_people_stay_apart_and_undecided_faces_join_the_nearer():
    faces = unit([[1, 0], [1, 0.1], [1, 0.02], [1, 0.09]])
    limits = Constraints(np.array([1, 2, -1, -1]), {1, 2}, np.full(4, -1), np.zeros((0, 2), np.int64))
    assert group(faces, 0.0, limits).tolist() == [0, 1, 0, 1]


def test_undecided_group_may_join_a_decided_person():
    faces = unit([[1, 0], [1, 0.1], [1, 0.2]])
    limits = Constraints(np.array([1, 2, 2]), {1}, np.full(3, -1), np.zeros((0, 2), np.int64))
    assert group(faces, 0.5, limits).tolist() == [0, 0, 0]


def test_must_link_holds_below_the_threshold():
    faces = unit([[1, 0], [-1, 0], [0, 1]])
    limits = Constraints(np.array([0, 0, -1]), (), np.full(3, -1), np.zeros((0, 2), np.int64))
    assert group(faces, 0.9, limits).tolist() == [0, 0, 1]


def test_faces_said_to_be_apart_stay_apart_through_a_common_neighbour():
    faces = unit([[1, 0], [1, 0.02], [1, 0.01]])
    limits = Constraints(np.full(3, -1), (), np.full(3, -1), np.array([[0, 1]]))
    labels = group(faces, 0.0, limits)
    assert labels[0] != labels[1]
    assert len(set(labels.tolist())) == 2


def test_no_face_and_one_face():
    assert group(np.zeros((0, 8), np.float32), 0.5).tolist() == []
    assert group(unit([[1, 2]]), 0.5).tolist() == [0]


def test_arguments_are_not_written_to():
    faces, _ = people(np.random.default_rng(2), 60, 5)
    limits = random_limits(np.random.default_rng(2), 60)
    for array in (faces, limits.together, limits.photos, limits.apart):
        array.flags.writeable = False
    before = faces.copy()
    group(faces, 0.2, limits)
    assert (faces == before).all()


def test_progress_rises_to_one():
    seen = []
    group(people(np.random.default_rng(3), 3000, 3)[0], 0.0, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == 1
    assert any(0.5 < share < 1 for share in seen)


def test_progress_is_told_sparingly_when_there_are_many_small_clusters():
    rng = np.random.default_rng(4)
    seen = []
    group(np.repeat(unit(rng.normal(size=(4000, 64))), 2, axis=0), 0.9, progress=seen.append)
    assert seen == sorted(seen)
    assert 500 < len(seen) < 1100


def test_a_person_can_stop_it_through_progress():
    def stop(share):
        if share > 0.5:
            raise Cancelled("training.stopped")

    with pytest.raises(Cancelled, match="stopped"):
        group(people(np.random.default_rng(3), 3000, 3)[0], 0.0, progress=stop)


@pytest.mark.parametrize(
    ("faces", "threshold", "message"),
    [
        (np.ones(4), 0.5, r"shape \(N, D\), not \(4,\)"),
        (np.array([[1.0, 0], [2, 0]]), 0.5, "length 1; number 1 has 2"),
        (np.array([[1.0, 0], [np.nan, 0]]), 0.5, "length 1; number 1 has nan"),
        (np.eye(2), 1.5, r"between -1 and 1, not 1.5"),
        (np.eye(2), float("nan"), r"between -1 and 1, not nan"),
    ],
)
def test_wrong_embeddings_are_refused(faces, threshold, message):
    with pytest.raises(BadInput, match=message):
        group(faces, threshold)


def test_constraints_over_other_faces_are_refused():
    with pytest.raises(BadInput, match="over 2 faces like the embeddings, not 3"):
        group(np.eye(2, dtype=np.float32), 0.5, Constraints.none(3))
