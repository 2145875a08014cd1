import numpy as np
import pytest

from core.clustering import neighbours
from core.clustering.agglomeration import Agglomeration
from core.clustering.neighbours import all_neighbours


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def begun(faces, threshold, tags=None, photos=None):
    nothing = [np.zeros(0, int)] * len(faces)
    sizes, undecided = np.ones(len(faces), int), np.zeros(len(faces), bool)
    means = faces.astype(np.float32)
    near = all_neighbours(means, threshold, lambda share: None)
    return Agglomeration(faces.copy(), means, sizes, tags or nothing, photos or nothing, undecided, threshold, near)


def most_similar_stranger(work, a):
    """The greatest similarity of `a` to a living cluster that is not among its candidates."""
    living = work.slot[: work.living]
    strangers = np.setdiff1d(living, np.append(work.clusters()[work.candidates[a]], a))
    rows = work.sums[work.row[strangers]]
    similarity = rows @ work.sums[work.row[a]] / (work.sizes[strangers] * work.sizes[a])
    return similarity.max(initial=-np.inf)


@pytest.mark.parametrize("seed", range(6))
def test_no_cluster_is_nearer_to_a_stranger_than_its_bound(monkeypatch, seed):
    monkeypatch.setattr(neighbours, "_MOST", 2)
    rng = np.random.default_rng(seed)
    faces = unit(rng.normal(size=(60, 4)))
    work = begun(faces, threshold=-0.2)
    join, joined = work._join, []

    def join_and_check(a, b, similarity):
        into = join(a, b, similarity)
        joined.append(into)
        for cluster in work.slot[: work.living]:
            assert most_similar_stranger(work, cluster) <= work.bounds[cluster] + 1e-9
        return into

    monkeypatch.setattr(work, "_join", join_and_check)
    shares = list(work.steps())
    assert len(joined) > 20
    assert shares == sorted(shares)


def test_sums_and_sizes_follow_the_clusters():
    rng = np.random.default_rng(0)
    faces = unit(rng.normal(size=(40, 3)))
    work = begun(faces, threshold=0.5)
    list(work.steps())
    clusters = work.clusters()
    assert sorted(work.slot[: work.living]) == sorted(set(clusters.tolist()))
    for name in set(clusters.tolist()):
        members = clusters == name
        assert work.sizes[name] == members.sum()
        np.testing.assert_allclose(work.sums[work.row[name]], faces[members].sum(axis=0))


def test_a_cluster_inherits_the_tags_of_both_parts():
    faces = unit(np.array([[1, 0.0], [1, 0.01], [1, 0.3], [1, 0.6]]))
    tags = [np.array([7]), np.array([8]), np.array([7]), np.array([8])]
    work = begun(faces, threshold=0.0, tags=tags)
    list(work.steps())
    first, second, third, fourth = work.clusters().tolist()
    assert first == second
    assert third == fourth
    assert first != third


def test_joins_fall_in_similarity_and_end_at_the_threshold():
    faces = unit(np.random.default_rng(2).normal(size=(80, 4)))
    work = begun(faces, threshold=0.1)
    list(work.steps())
    similarities = [similarity for similarity, *_ in work.joins]
    assert len(similarities) == 80 - work.living
    assert similarities == sorted(similarities, reverse=True)
    assert similarities[-1] >= 0.1


def test_a_photo_that_tells_two_apart_keeps_them_from_all_who_are_seen_in_it():
    def along(degrees):
        return [np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]

    faces = np.array([along(degrees) for degrees in (0, 40, 2, 42, 100)])
    work = begun(faces, threshold=0.0, photos=[np.array([photo]) for photo in (1, 1, 2, 2, 1)])
    list(work.steps())
    ada, bea, ada_again, bea_again, third = work.clusters().tolist()
    assert ada == ada_again
    assert bea == bea_again
    assert len({ada, bea, third}) == 3
