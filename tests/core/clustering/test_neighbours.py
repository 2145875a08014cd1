"""Neighbours in blocks against a plain sort, and those that an index finds: how many, always the same, and copies."""

import os
import subprocess
import sys

import numpy as np
import pytest

from core.clustering import linkage, neighbours
from core.clustering.agglomeration import Agglomeration
from core.clustering.constraints import Constraints
from core.clustering.gate import QualityGate
from core.clustering.linkage import group, merge_tree
from core.clustering.neighbours import all_neighbours, connected_units, indexed_neighbours
from core.foundation.errors import Cancelled
from core.metrics.clustering import bcubed
from tests.builders.places import ROOT
from tests.builders.scattered_faces import people, random_limits, unit


def deaf(share):
    pass


@pytest.fixture(params=["exactly in the end", "by the index alone"])
def indexed(monkeypatch, request):
    """Grouping goes through an index for any number of faces; what is left is then few enough, or never."""

    def over(count):
        monkeypatch.setattr(linkage, "INDEXED_FROM", count if request.param == "exactly in the end" else 1)

    return over


@pytest.mark.parametrize("most", [3, 256])
def test_in_blocks_they_are_the_nearest_of_a_plain_sort(monkeypatch, most):
    monkeypatch.setattr(neighbours, "_MOST", most)
    faces, _ = people(np.random.default_rng(0), 300, 20)
    near = all_neighbours(faces, 0.2, deaf)
    alike = faces.astype(np.float64) @ faces.T.astype(np.float64)
    np.fill_diagonal(alike, -1)
    for face in range(300):
        order = np.argsort(-alike[face])
        there = order[alike[face][order] >= 0.2]
        assert set(near.of(face)) == set(there[:most])
        assert near.bounds[face] == pytest.approx(max([0.2, *alike[face][there[most : most + 1]]]), abs=1e-5)
        assert near.best[face] == pytest.approx(alike[face].max() if len(there) else -np.inf, abs=1e-5)
    some = np.array([7, 3, 3])
    assert near.of_all(some).tolist() == [*near.of(7), *near.of(3), *near.of(3)]


def test_connected_units_are_those_of_all_pairs():
    faces = unit([[1, 0], [1, 0.2], [1, 0.4], [-1, 0]])
    assert connected_units(faces, 0.97, deaf).tolist() == [0, 0, 0, 1]


def test_an_index_finds_the_nearest_with_their_exact_similarity_and_the_same_each_time():
    faces, _ = people(np.random.default_rng(1), 4000, 300, dimensions=64, noise=0.5)
    exact, near = all_neighbours(faces, 0.4, deaf), indexed_neighbours(faces, 0.4, deaf)
    found = sum(len(np.intersect1d(exact.of(face), near.of(face))) for face in range(4000))
    assert found >= 0.99 * len(exact.units)
    for face in range(0, 4000, 40):
        mine = near.of(face)
        assert face not in mine
        assert len(set(mine)) == len(mine)
        alike = faces[mine] @ faces[face]
        assert (alike >= 0.4 - 1e-5).all()
        if len(mine):
            assert near.best[face] == pytest.approx(alike.max(), abs=1e-5)
            assert alike[0] == pytest.approx(alike.max(), abs=1e-5)
    again = indexed_neighbours(faces, 0.4, deaf)
    assert (again.units == near.units).all()
    assert (again.best == near.best).all()


def test_long_lists_are_taken_in_parts(monkeypatch):
    monkeypatch.setattr(neighbours, "_LONGEST", 10)
    faces, _ = people(np.random.default_rng(1), 600, 3, dimensions=64)
    near = indexed_neighbours(faces, 0.4, deaf)
    assert 0 < np.diff(near.starts).max() <= 256


def test_groups_through_an_index_are_nearly_the_exact_ones(indexed):
    faces, who = people(np.random.default_rng(2), 3000, 300, dimensions=64)
    exact = bcubed(who, group(faces, 0.4)).f
    indexed(3000)
    found = group(faces, 0.4)
    assert abs(bcubed(who, found).f - exact) <= 0.002
    assert group(faces, 0.4).tolist() == found.tolist()


def test_no_two_groups_are_left_that_are_alike_enough_where_all_that_is_left_is_looked_at(monkeypatch):
    faces, _ = people(np.random.default_rng(3), 1500, 200, dimensions=32, noise=1.2)
    monkeypatch.setattr(linkage, "INDEXED_FROM", 1500)
    monkeypatch.setattr(neighbours, "_PROBED", 2)  # which misses much
    labels = group(faces, 0.3)
    means = np.stack([faces[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    alike = means @ means.T
    np.fill_diagonal(alike, -1)
    assert alike.max() < 0.3 + 1e-5


def test_joins_fall_in_similarity_and_a_cut_has_only_whole_joins(indexed):
    faces, who = people(np.random.default_rng(4), 1500, 150, dimensions=64)
    indexed(1500)
    tree = merge_tree(faces, 0.3)
    assert (np.diff(tree.similarity) <= 0).all()
    assert bcubed(who, tree.cut(0.45)).precision > 0.99
    assert len(set(tree.cut(0.6))) > len(set(tree.cut(0.45))) > len(set(tree.cut(0.3)))


@pytest.mark.parametrize("seed", range(4))
def test_what_people_have_said_is_kept_through_an_index(indexed, seed):
    rng = np.random.default_rng(seed)
    faces, _ = people(rng, 400, 40)
    limits = random_limits(rng, 400)
    indexed(int(limits.units().max()) + 1)
    labels = group(faces, 0.3, limits)
    for value in np.unique(limits.together[limits.together >= 0]):
        assert len(set(labels[limits.together == value])) == 1
    assert (labels[limits.apart[:, 0]] != labels[limits.apart[:, 1]]).all()
    decided = [labels[limits.together == value][0] for value in limits.decided]
    assert len(set(decided)) == len(decided)
    units = limits.units()
    seen = {(label, photo, face) for label, photo, face in zip(labels, limits.photos, units, strict=True) if photo >= 0}
    assert len({(label, photo) for label, photo, _ in seen}) == len(seen)


def test_a_silent_face_bridges_nobody_through_an_index(indexed):
    angles = np.radians([0, 10, 21])
    faces = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    indexed(2)
    assert group(faces, 0.95).tolist() == [0, 0, 0]
    assert group(faces, 0.95, gate=QualityGate(np.array([False, True, False]), 0.0)).tolist() == [0, 0, 1]
    assert group(faces, 0.95, gate=QualityGate(np.ones(3, bool), 0.0)).tolist() == [0, 1, 2]


def test_no_face_one_face_and_faces_of_no_numbers(indexed):
    indexed(1)
    assert group(np.zeros((0, 8), np.float32), 0.5).tolist() == []
    assert group(np.zeros((0, 0), np.float32), 0.5).tolist() == []
    assert group(unit([[1, 2]]), 0.5).tolist() == [0]
    assert group(unit([[1, 2], [-1, 2], [-1, 2.01]]), 0.9).tolist() == [1, 0, 0]


@pytest.mark.parametrize(("count", "longest"), [(3000, 700), pytest.param(10_000, 2048, marks=pytest.mark.nightly)])
def test_thousands_of_copies_of_one_face_are_one_person_and_chosen_for_a_few_times_each(monkeypatch, count, longest):
    monkeypatch.setattr(linkage, "INDEXED_FROM", count)
    monkeypatch.setattr(neighbours, "_LONGEST", longest)
    chosen = []
    choose = Agglomeration._choose
    monkeypatch.setattr(Agglomeration, "_choose", lambda *given: (chosen.append(0), choose(*given)))
    faces = np.repeat(people(np.random.default_rng(1), 1, 1)[0], count, axis=0)
    assert len(indexed_neighbours(faces, 0.5, deaf).units) == count * 256
    assert not group(faces, 0.5).any()
    assert len(chosen) < 8 * count


def test_copies_that_share_photos_stay_apart_through_an_index(indexed):
    faces = np.repeat(unit([[1, 0, 0], [1, 0.1, 0]]), 30, axis=0)
    photos = np.tile(np.arange(30), 2)
    indexed(60)
    labels = group(faces, 0.5, Constraints(np.full(60, -1), (), photos, np.zeros((0, 2), np.int64)))
    assert len(set(zip(labels.tolist(), photos.tolist(), strict=True))) == 60


def test_progress_rises_and_a_person_can_stop_at_any_of_it(indexed):
    faces, _ = people(np.random.default_rng(3), 3000, 30)
    indexed(3000)
    seen = []
    group(faces, 0.3, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1
    for least in (0.0, 0.1, 0.3, 0.5, 0.79):

        def stop(share, least=least):
            if share >= least:
                raise Cancelled("training.stopped")

        with pytest.raises(Cancelled, match="stopped"):
            group(faces, 0.3, progress=stop)


def test_each_look_through_an_index_tells_how_far_it_is_and_so_can_be_stopped(monkeypatch):
    faces, _ = people(np.random.default_rng(3), 1500, 100, dimensions=32, noise=1.2)
    monkeypatch.setattr(linkage, "INDEXED_FROM", 1)
    monkeypatch.setattr(neighbours, "_PROBED", 1)
    looks, seen = [], []
    look = linkage.indexed_neighbours
    monkeypatch.setattr(linkage, "indexed_neighbours", lambda *given: (looks.append(len(seen)), look(*given))[1])
    group(faces, 0.3, progress=seen.append)
    assert len(looks) > 2
    assert seen == sorted(seen)
    assert (np.diff([*looks, len(seen)]) > 3).all()


TOGETHER = """
import sys
import numpy as np
from core.clustering.linkage import group
from core.clustering.neighbours import indexed_neighbours
assert "faiss" not in sys.modules
import torch
faces = torch.nn.functional.normalize(torch.ones(500, 8) + torch.eye(500, 8)).numpy()
found = indexed_neighbours(faces, 0.9, lambda share: None)
import faiss
torch.ones(300, 300) @ torch.ones(300, 300)
print(torch.get_num_threads(), faiss.omp_get_max_threads(), len(found.units))
"""


def test_faiss_is_loaded_late_and_keeps_to_the_threads_that_torch_has():
    environment = os.environ | {"OMP_NUM_THREADS": "2", "PYTHONPATH": str(ROOT)}
    shown = subprocess.run(
        [sys.executable, "-c", TOGETHER], capture_output=True, text=True, env=environment, timeout=300, check=True
    )
    assert shown.stdout.split() == ["2", "2", str(500 * 256)]
