"""Scores of every pair of many faces, block by block of a matrix product: none is left out, none is drawn.

Legend
------
- N: number of faces, D numbers each; they make N (N - 1) / 2 pairs
- `vectors`: (N, D) float32 of length 1, so that the product of two is their cosine similarity
- `people`: (N,) whose each face is

Cosine similarity and Euclidean (L2) distance of vectors of length 1 are one ranking: distance = sqrt(2 - 2 cosine)
falls where similarity rises, so that every rate and curve is the same and only the threshold is written otherwise.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.foundation.arrays import Floats, Ints, are_unit
from core.foundation.errors import BadInput
from core.metrics.ranked_scores import RankedScores

MOST_RANKED: Final = 250_000_000  # pairs: 22,000 faces, 1 GB
STEP: Final = 2.0**-21  # of cosine similarity, a few times what float32 can tell apart near 1
_STEPS: Final = round(1 / STEP)
_AT_ONCE: Final = 1 << 23  # similarities in a block

Scores = NDArray[np.float32]


def every_pair(vectors: NDArray, people: NDArray, *, most: int = MOST_RANKED, at_once: int = _AT_ONCE) -> RankedScores:
    """The cosine similarity of every two faces, those of one person and those of two people, each pair counting once.

    Up to `most` pairs the scores are exact and take 4 bytes a pair: 10,000 faces are 50 million pairs and 200 MB. Of
    more than that it is counted how many lie in each of the 4 million steps of 2^-21 (4.8e-7) from -1 to 1, in 64 MB
    however many there are: each score is then the lower end of its step, so at most a `RankedScores.step` too low. A
    rate at a threshold that is an end of a step is exact, a threshold that is chosen at most a step too low, and the
    AUC off by at most half the chance that a same and a different pair share a step. Blocks add 12 bytes for each of
    `at_once` similarities, the vectors' copy in the order of people their own size.

    Raises
    ------
    BadInput
        If shapes disagree, or a vector has not the length 1.
    NotEnoughData
        If there are no two faces of one person, or of two people.
    """
    faces, ends = _by_person(vectors, people)
    sizes = ends - np.arange(len(faces)) - 1
    same, every = int(sizes.sum()), len(faces) * (len(faces) - 1) // 2
    if not 0 < same < every:
        RankedScores(np.zeros(same), np.zeros(every - same)).require_both()
    blocks = _blocks(faces, ends, at_once)
    return _kept(blocks, same, every - same) if every <= most else _counted(blocks)


def l2_distance(cosine: ArrayLike) -> Floats:
    """How far apart two vectors of length 1 lie, 0 to 2; 0 where rounding has put their similarity above 1."""
    return np.sqrt(np.maximum(0, 2 - 2 * np.asarray(cosine, np.float64)))


def cosine_of_l2(distance: ArrayLike) -> Floats:
    """The cosine similarity of two vectors of length 1 so far apart."""
    return 1 - np.square(np.asarray(distance, np.float64)) / 2


def _by_person(vectors: NDArray, people: NDArray) -> tuple[Scores, Ints]:
    """The faces in the order of their people, and where those of each face's person end."""
    faces, whose = np.asarray(vectors, np.float32), np.asarray(people)
    if faces.ndim != 2:
        raise BadInput("arrays.shape", name="vectors", shape="(N, D)", found=faces.shape)
    if whose.shape != (len(faces),):
        raise BadInput("arrays.shape", name="people", shape=f"({len(faces)},)", found=whose.shape)
    wrong = np.flatnonzero(~are_unit(faces))
    if wrong.size:
        raise BadInput("clustering.not_unit_length", number=wrong[0], length=np.linalg.norm(faces[wrong[0]]))
    _, person, sizes = np.unique(whose, return_inverse=True, return_counts=True)
    return faces[np.argsort(person, kind="stable")], np.repeat(np.cumsum(sizes), sizes)


def _blocks(faces: Scores, ends: Ints, at_once: int) -> Iterator[tuple[list[Scores], list[Scores]]]:
    """Of some rows each: row by row the similarities to later faces of the same person, and to those of others."""
    start = 0
    while start < len(faces) - 1:
        stop = min(len(faces) - 1, start + max(1, at_once // (len(faces) - start)))
        alike = np.clip(faces[start:stop] @ faces[start:].T, -1, 1)
        border = ends[start:stop] - start
        yield (
            [row[after:end] for after, (row, end) in enumerate(zip(alike, border, strict=True), 1)],
            [row[end:] for row, end in zip(alike, border, strict=True)],
        )
        start = stop


def _kept(blocks: Iterator[tuple[list[Scores], list[Scores]]], same: int, different: int) -> RankedScores:
    kinds = (np.empty(same, np.float32), np.empty(different, np.float32))
    filled = [0, 0]
    for block in blocks:
        for kind, rows in enumerate(block):
            count = sum(map(len, rows))
            np.concatenate(rows, out=kinds[kind][filled[kind] : filled[kind] + count])
            filled[kind] += count
    for scores in kinds:
        scores.sort()
    return RankedScores(*kinds)


def _counted(blocks: Iterator[tuple[list[Scores], list[Scores]]]) -> RankedScores:
    counts = np.zeros((2, 2 * _STEPS + 1), np.int64)
    for block in blocks:
        for kind, rows in enumerate(block):
            steps = np.floor(np.concatenate(rows) * np.float32(_STEPS)).astype(np.int64)  # exact: a power of two
            counts[kind] += np.bincount(steps + _STEPS, minlength=counts.shape[1])
    (same, same_sums), (different, different_sums) = (_of_steps(count) for count in counts)
    return RankedScores(same, different, same_sums, different_sums, STEP)


def _of_steps(counts: Ints) -> tuple[Scores, Ints]:
    """The steps that have pairs, by their lower ends, and how many lie below each."""
    there = np.flatnonzero(counts)
    return ((there - _STEPS) * STEP).astype(np.float32), np.append(0, np.cumsum(counts[there]))
