"""How long grouping takes and how good it is, every way of the table and peers on the same faces; and cuts and search.

``python -m tests.bench.bench_grouping [--faces 100000] [--people 10000] [--peers 10000] [--methods M ...] [--json]``.
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
from time import perf_counter
from typing import Final

import dlib
import fastcluster
import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster
from sklearn.cluster import DBSCAN, HDBSCAN

from core.clustering.linkage import MergeTree, merge_tree
from core.clustering.methods import AVERAGE_LINKAGE, METHODS, link_threshold
from core.foundation.arrays import Ints
from core.metrics.clustering import bcubed, with_unknown_apart
from tests.bench.machine import Row, facts, summed, table, timed

DIMENSION: Final = 512
THRESHOLD: Final = 0.36  # of a face encoder of this width
_FLOOR: Final = 0.26  # as `core.people.kept_trees`: 0.1 looser
_CUTS: Final = (0.3, 0.36, 0.42)
_SEARCHED: Final = (10_000, 100_000)
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
    common = _directions(rng, count, _COMMON) @ np.linalg.qr(rng.standard_normal((DIMENSION, _COMMON)))[0].T
    noise = (common + _directions(rng, count)) * np.sqrt(0.5) * rng.uniform(0.6, 1.2, count)[:, None]
    faces = (people_at[who] + noise).astype(np.float32)
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    return faces, who


def _directions(rng: np.random.Generator, count: int, width: int = DIMENSION) -> NDArray[np.float32]:
    drawn = rng.standard_normal((count, width), np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [*rows, Row(f"peak memory, {len(faces):,} faces", "MiB", peak)]


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


def cuts(tree: MergeTree) -> list[Row]:
    """Another threshold, from the tree that is kept."""
    rows = []
    for threshold in _CUTS:
        taken = timed(lambda threshold=threshold: tree.cut(threshold), 5)  # type: ignore[misc]
        rows.append(summed(f"another threshold ({threshold}), {len(tree.faces):,} faces", taken))
    return rows


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
    options = parser.parse_args()
    faces, who = invented_faces(options.faces, options.people or max(1, options.faces // 10))
    few, whose = invented_faces(options.peers, max(1, options.peers // 10), seed=1)
    rows = [*beside_peers(few, whose), *ours(faces, who, options.methods)]
    start = perf_counter()
    tree = merge_tree(faces, _FLOOR)
    rows.append(Row(f"tree of {len(faces):,} faces, once", "s", perf_counter() - start))
    rows += [*cuts(tree), *searches(faces)]
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
