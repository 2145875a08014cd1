"""How long grouping takes and how good it is, every way of the table and peers on the same faces; and cuts and search.

``python -m tests.bench.bench_grouping [--faces 100000] [--people 10000] [--peers 10000] [--methods M ...] [--json]``,
``python -m tests.bench.bench_grouping --faces 1000000 --index``: average linkage through an index, and search;
``python -m tests.bench.bench_grouping --poor 3000 10000``: cuts where so many faces are poor, in time of the processor.
512-d embeddings of people whose sizes follow a power law. Peers run on the first ``--peers`` people's worth of faces
that they finish with, beside average linkage on the very same: scikit-learn's DBSCAN and HDBSCAN, dlib's Chinese
whispers, fastcluster's average linkage.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from time import perf_counter, process_time
from typing import Any, Final
from unittest.mock import patch

import dlib
import fastcluster
import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster
from sklearn.cluster import DBSCAN, HDBSCAN

from core.clustering import linkage
from core.clustering.gate import QualityGate
from core.clustering.linkage import MergeTree, merge_tree
from core.clustering.methods import AVERAGE_LINKAGE, METHODS, link_threshold
from core.clustering.neighbours import AlikePairs, Neighbours, PairFinder, indexed_neighbours, pairs_by_numpy
from core.foundation.arrays import Ints
from core.metrics.clustering import bcubed, with_unknown_apart
from tests.bench.machine import Row, facts, summed, table, timed

DIMENSION: Final = 512
THRESHOLD: Final = 0.36  # of a face encoder of this width
_FLOOR: Final = 0.26  # as `core.people.kept_trees`: 0.1 looser
_CUTS: Final = (0.3, 0.36, 0.42)
_BLUR: Final = 0.6  # length of the noise that poor faces have besides
_MARGIN: Final = 0.01  # as in the settings
_SEARCHED: Final = (10_000, 100_000, 1_000_000)
_DRAWN: Final = 50_000  # faces at a time
_AT_ONCE: Final = 50
_REPEATS: Final = 5
_SAMPLED: Final = 2_000  # faces whose edges are looked at
_FAMILY, _KIN, _COMMON = 5, 0.4, 32


def invented_faces(count: int, people: int, seed: int = 0) -> tuple[NDArray[np.float32], Ints]:
    """(N, 512) faces of so many people and (N,) whose they are, mixed; the k-th person has about k^-0.8 of the first.

    Five people at a time are a family, whose directions are 0.4 alike. A face is its person's direction and noise of a
    length of its own, 0.6 to 1.2: two faces of a person are 0.74 to 0.41 alike on average. Half of the noise is of 32
    directions that everybody has in common, as light and pose are: they make strangers alike.
    """
    rng = np.random.default_rng(seed)
    weights = np.arange(1, people + 1) ** -0.8
    who = np.concatenate([np.arange(people), rng.choice(people, max(0, count - people), p=weights / weights.sum())])
    who = rng.permutation(who[:count])
    families = _directions(rng, -(-people // _FAMILY))[np.arange(people) // _FAMILY]
    people_at = np.sqrt(_KIN) * families + np.sqrt(1 - _KIN) * _directions(rng, people)
    alike, shared = _directions(rng, count, _COMMON), np.linalg.qr(rng.standard_normal((DIMENSION, _COMMON)))[0].T
    faces, length = _directions(rng, count), rng.uniform(0.6, 1.2, count)[:, None]
    for start in range(0, count, _DRAWN):  # a million in double precision would be 4 GB, several times
        part = slice(start, start + _DRAWN)
        noise = (alike[part] @ shared + faces[part]) * np.sqrt(0.5) * length[part]
        faces[part] = people_at[who[part]] + noise
        faces[part] /= np.linalg.norm(faces[part], axis=1, keepdims=True)
    return faces, who


def _directions(rng: np.random.Generator, count: int, width: int = DIMENSION) -> NDArray[np.float32]:
    drawn = rng.standard_normal((count, width), np.float32)
    for start in range(0, count, _DRAWN):
        drawn[start : start + _DRAWN] /= np.linalg.norm(drawn[start : start + _DRAWN], axis=1, keepdims=True)
    return drawn


def peer_groupings() -> dict[str, Callable[[NDArray[np.float32]], NDArray]]:
    """What others group by, each at the threshold that the same way has here."""
    link = link_threshold(THRESHOLD)

    def whispers(faces: NDArray[np.float32]) -> NDArray:
        vectors = [dlib.vector(face.astype(float).tolist()) for face in faces]
        return np.array(dlib.chinese_whispers_clustering(vectors, float(np.sqrt(2 - 2 * link))))

    def average(faces: NDArray[np.float32]) -> NDArray:
        return fcluster(fastcluster.linkage(faces, "average", metric="cosine"), 1 - THRESHOLD, "distance") - 1

    return {
        "scikit-learn DBSCAN": lambda faces: DBSCAN(eps=1 - link, min_samples=3, metric="cosine").fit(faces).labels_,
        "scikit-learn HDBSCAN": lambda faces: HDBSCAN(min_cluster_size=2, copy=True).fit(faces).labels_,
        "dlib Chinese whispers": whispers,
        "fastcluster average linkage": average,
    }


def judged(work: Callable[[], NDArray], who: Ints) -> tuple[float, float]:
    """Seconds, and the BCubed F of the labels that come of it."""
    start = perf_counter()
    found = work()
    return perf_counter() - start, bcubed(who, with_unknown_apart(found)).f


def ours(faces: NDArray[np.float32], who: Ints, names: Sequence[str]) -> list[Row]:
    """Every way of the table on all faces."""
    rows = []
    for name in names:
        method = METHODS[name]
        threshold = method.own_threshold(THRESHOLD)
        seconds, f = judged(lambda method=method, at=threshold: method.group(faces, at), who)  # type: ignore[misc]
        _tell(f"{name}: {seconds:.1f} s, F {f:.3f}")
        rows += [Row(f"group {len(faces):,} faces: {name}", "s", seconds), Row(f"BCubed F of it: {name}", "%", 100 * f)]
    return [*rows, Row(f"peak memory, {len(faces):,} faces", "MiB", _peak())]


def beside_peers(faces: NDArray[np.float32], who: Ints) -> list[Row]:
    """Average linkage on faces that peers finish with, and each peer on the same."""
    seconds, f = judged(lambda: METHODS[AVERAGE_LINKAGE].group(faces, THRESHOLD), who)
    rows = []
    for name, grouping in peer_groupings().items():
        theirs, their_f = judged(lambda grouping=grouping: grouping(faces), who)  # type: ignore[misc]
        _tell(f"{name}: {theirs:.1f} s, F {their_f:.3f}")
        rows.append(Row(f"group {len(faces):,} faces", "s", seconds, None, f"{name}, {theirs:.2f} s", seconds / theirs))
        rows.append(Row("BCubed F of it", "%", 100 * f, None, f"{name}, {100 * their_f:.2f} %"))
    return rows


def through_an_index(faces: NDArray[np.float32], who: Ints) -> list[Row]:
    """Average linkage of as many faces as an index is for: time, F, peak, and how much of the graph the index finds."""
    told = [0.0]

    def progress(share: float) -> None:
        if share >= told[0]:
            told[0] = share + 0.05
            _tell(f"  {share:.0%} after {perf_counter() - start:.0f} s, peak {_peak():,.0f} MiB")

    seen: list[Neighbours] = []

    def neighbours(*given: Any) -> Neighbours:
        seen.append(indexed_neighbours(*given))
        return seen[-1]

    before, start = _peak(), perf_counter()
    least = min(len(faces), linkage.INDEXED_FROM)
    with patch.object(linkage, "indexed_neighbours", neighbours), patch.object(linkage, "INDEXED_FROM", least):
        found = linkage.group(faces, THRESHOLD, progress=progress)
    seconds, peak = perf_counter() - start, _peak()
    f = bcubed(who, found).f
    _tell(f"{len(faces):,} faces: {seconds:.0f} s, F {f:.4f}, peak {peak:,.0f} MiB, {before:,.0f} before")
    rows = [
        Row(f"group {len(faces):,} faces through an index", "s", seconds),
        Row("BCubed F of it", "%", 100 * f),
        Row(f"peak memory, the faces are {faces.nbytes / 2**20:,.0f} MiB of it", "MiB", peak),
    ]
    every, kept = edges_found(faces, seen[0])
    return [
        *rows,
        Row(f"recall of the {seen[0].most} nearest, {_SAMPLED:,} faces drawn", "%", 100 * kept),
        Row("recall of all edges, the same faces", "%", 100 * every),
    ]


def edges_found(faces: NDArray[np.float32], near: Neighbours) -> tuple[float, float]:
    """The share that an index has found of the edges of drawn faces: of all, and of those to the nearest it keeps."""
    drawn = np.sort(np.random.default_rng(2).choice(len(faces), min(_SAMPLED, len(faces)), replace=False))
    edges = nearest_edges = found = nearest_found = 0
    for start in range(0, len(drawn), _AT_ONCE):
        some = drawn[start : start + _AT_ONCE]
        for face, alike in zip(some.tolist(), faces[some] @ faces.T, strict=True):
            alike[face] = -1
            there = np.flatnonzero(alike >= THRESHOLD)
            best = there[np.argsort(-alike[there])[: near.most]]
            mine = near.of(face)
            edges, found = edges + len(there), found + len(mine)
            nearest_edges, nearest_found = nearest_edges + len(best), nearest_found + int(np.isin(best, mine).sum())
    return found / max(1, edges), nearest_found / max(1, nearest_edges)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cuts(tree: MergeTree) -> list[Row]:
    """Another threshold, from the tree that is kept."""
    rows = []
    for threshold in _CUTS:
        taken = timed(lambda threshold=threshold: tree.cut(threshold), 5)  # type: ignore[misc]
        rows.append(summed(f"another threshold ({threshold}), {len(tree.faces):,} faces", taken))
    return rows


def cuts_with_poor_faces(faces: NDArray[np.float32], who: Ints, count: int) -> list[Row]:
    """Another threshold where so many drawn faces are blurred, beside comparing them with all groups: the same groups.

    Nobody is joined with other people here, so that the tree takes no time.
    """
    faces, who = faces[np.argsort(who)], np.sort(who)
    rng = np.random.default_rng(3)
    silent = np.isin(np.arange(len(faces)), rng.choice(len(faces), count, replace=False))
    faces[silent] += _BLUR * _directions(rng, count)
    faces[silent] /= np.linalg.norm(faces[silent], axis=1, keepdims=True)
    gate = QualityGate(silent, _MARGIN)
    plain = merge_tree(faces, _FLOOR, gate=gate, finder=pairs_within_people(who[~silent]))
    start = process_time()
    reaching = plain.reaching()
    rows = [Row(f"reach of {count:,} poor among {len(faces):,} faces, once", "s, processor", process_time() - start)]
    for threshold in _CUTS:
        if not np.array_equal(reaching.cut(threshold), plain.cut(threshold)):
            raise AssertionError(threshold)
        quick, slow = (_worked(lambda tree=tree, at=threshold: tree.cut(at)) for tree in (reaching, plain))  # type: ignore[misc]
        what = f"another threshold ({threshold}), {count:,} of {len(faces):,} faces poor, processor"
        rows.append(summed(what, quick, peer=f"all groups, {np.median(slow):,.0f} ms", of=slow))
    return rows


def pairs_within_people(who: Ints) -> PairFinder:
    """Finds no pairs of several people, where (U,) `who` rises."""

    def within(means: NDArray[np.float32]) -> AlikePairs:
        alike = pairs_by_numpy(means)

        def found(rows: slice, columns: slice, least: float) -> tuple[Ints, Ints, NDArray[np.float32]]:
            first, end = np.searchsorted(who, [who[rows.start], who[rows.stop - 1] + 1]).tolist()
            row, column, similarity = alike(rows, slice(max(columns.start, first), min(columns.stop, end)), least)
            mine = who[row] == who[column]
            return row[mine], column[mine], similarity[mine]

        return found if len(means) == len(who) else alike  # else a component, which is one person

    return within


def _worked(work: Callable[[], object]) -> list[float]:
    """Milliseconds of the processor, of all threads."""
    taken = []
    for _ in range(_REPEATS):
        start = process_time()
        work()
        taken.append(1000 * (process_time() - start))
    return taken


def searches(faces: NDArray[np.float32]) -> list[Row]:
    """All faces at least as alike as the threshold, best first, of one query."""
    rows = []
    for count in (size for size in _SEARCHED if size <= len(faces)):
        among = faces[:count]

        def search(among: NDArray[np.float32] = among) -> NDArray:
            scores = among @ faces[0]
            near = np.flatnonzero(scores >= THRESHOLD)
            return near[np.argsort(-scores[near])]

        rows.append(summed(f"search among {count:,} faces", timed(search, 9)))
    return rows


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="How long grouping takes, and how good it is.")
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=0, help="default: a tenth of the faces")
    parser.add_argument("--peers", type=int, default=10_000, help="faces that peers get")
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--index", action="store_true", help="only average linkage, as from 300,000 faces on, and search"
    )
    parser.add_argument("--poor", type=int, nargs="*", help="only other thresholds where so many faces are poor")
    options = parser.parse_args()
    faces, who = invented_faces(options.faces, options.people or max(1, options.faces // 10))
    if options.poor:
        _show([row for count in options.poor for row in cuts_with_poor_faces(faces, who, count)], options.json)
        return
    if options.index:
        _show([*through_an_index(faces, who), *searches(faces)], options.json)
        return
    few, whose = invented_faces(options.peers, max(1, options.peers // 10), seed=1)
    rows = [*beside_peers(few, whose), *ours(faces, who, options.methods)]
    start = perf_counter()
    tree = merge_tree(faces, _FLOOR)
    rows.append(Row(f"tree of {len(faces):,} faces, once", "s", perf_counter() - start))
    rows += [*cuts(tree), *searches(faces)]
    _show(rows, options.json)


def _show(rows: list[Row], as_json: bool) -> None:
    print(json.dumps([asdict(row) for row in rows]) if as_json else f"{facts()}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
