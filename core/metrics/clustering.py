"""How well a clustering agrees with true identities, and what can be said of one where nobody knows them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Ints
from core.foundation.errors import BadInput


@dataclass(frozen=True)
class Agreement:
    """Agreement of a clustering with the truth, each in [0, 1] or NaN where it is undefined.

    Attributes
    ----------
    precision
        Low when different people share a cluster.
    recall
        Low when a person is spread over several clusters.
    f
        The harmonic mean of the two; NaN if either is NaN, 0 if both are 0.
    """

    precision: float
    recall: float
    f: float


def bcubed(truth: NDArray, found: NDArray, of: Bools | None = None) -> Agreement:
    """BCubed precision, recall and F.

    The precision of a face is the share of its cluster that is of its person, the recall the share of its person
    that is in its cluster; both are averaged over faces. Bagga & Baldwin, "Entity-Based Cross-Document Coreferencing
    Using the Vector Space Model", COLING-ACL 1998; Amigó et al., "A comparison of extrinsic clustering evaluation
    metrics based on formal constraints", Information Retrieval 12 (2009).

    Parameters
    ----------
    truth
        (N,) int person of each face; negative = not labelled, left out of every count.
    found
        (N,) int cluster of each face, 0 or more; a face outside all clusters has a label of its own.
    of
        (N,) the faces to average over, each judged by its whole cluster; None for all.

    Returns
    -------
    scores
        All NaN when no face is labelled, or none of those.

    Raises
    ------
    BadInput
        If the shapes differ, a label is not an integer, or a label of `found` is negative.
    """
    cell, person, cluster, row, column = _contingency(truth, found)
    judged = cell if of is None else cell - _cells_of(truth, found, ~of)
    total = int(judged.sum())
    if total == 0:
        return Agreement(np.nan, np.nan, np.nan)
    weight = judged * cell.astype(np.float64)
    return _scores(float((weight / cluster[column]).sum()) / total, float((weight / person[row]).sum()) / total)


def pairwise(truth: NDArray, found: NDArray, of: Bools | None = None) -> Agreement:
    """Precision, recall and F over pairs of faces.

    A pair is true when both faces are of one person and found when both are in one cluster. Precision is the share
    of true ones among the found pairs, recall the share of found ones among the true pairs. A person with n faces
    weighs n (n - 1) / 2, so big people dominate: show it beside `bcubed`. Exact in integers up to billions of pairs.

    Parameters
    ----------
    truth, found
        As in `bcubed`.
    of
        (N,) faces of which a pair has to have one, or two, to count; None for all.

    Returns
    -------
    scores
        Precision is NaN when no two labelled faces share a cluster, recall when no two share a person.

    Raises
    ------
    BadInput
        As in `bcubed`.
    """
    both, true, joined = (_pairs(sizes) for sizes in _contingency(truth, found)[:3])
    if of is not None:
        others = _contingency(np.asarray(truth)[~of], np.asarray(found)[~of])
        both, true, joined = both - _pairs(others[0]), true - _pairs(others[1]), joined - _pairs(others[2])
    return _scores(both / joined if joined else np.nan, both / true if true else np.nan)


def with_unknown_apart(found: NDArray) -> Ints:
    """(N,) int64 clusters, with one of its own for every face of (N,) int `found` whose label is negative."""
    clusters = np.array(found, np.int64)
    unknown = clusters < 0
    clusters[unknown] = clusters.max(initial=-1) + 1 + np.arange(int(unknown.sum()))
    return clusters


def same_photo_purity(photos: NDArray, found: NDArray) -> float:
    """The share of faces, among those in photos of several, that no other face of their photo shares a cluster with.

    Two faces of one photo are two people, so it needs no truth: clusters that hold two are what the project
    facerecognition (doc/clustering.md) calls impure. It says nothing of people who are never seen together.

    Parameters
    ----------
    photos
        (N,) int photo of each face, negative = unknown.
    found
        (N,) int cluster of each face, 0 or more.

    Returns
    -------
    share
        In [0, 1]; NaN where no photo shows several.
    """
    cell, photo, _, row, _ = _contingency(photos, found)
    several = photo[row] > 1
    alone = several & (cell == 1)
    return float(alone.sum() / cell[several].sum()) if several.any() else np.nan


def churn(before: NDArray, after: NDArray) -> float:
    """The share of faces whose mates changed from one clustering of them to another, of another day.

    The mates of a face are the others in its cluster. Only faces that both know are compared: one that others have
    joined since is as before. (facerecognition, doc/clustering.md: a photo more changed those of 64 % of faces.)

    Parameters
    ----------
    before, after
        (N,) int clusters of the same faces, 0 or more.

    Returns
    -------
    share
        In [0, 1]; NaN of no face.
    """
    if not len(before):
        return np.nan
    cell, first, second, row, column = _contingency(before, after)
    return float(cell[(cell != first[row]) | (cell != second[column])].sum() / cell.sum())


def clicks_to_cover(truth: NDArray, found: NDArray, shares: Sequence[float]) -> list[int | None]:
    """The fewest clicks after which at least each of some shares of the faces are with the right person.

    To name a cluster is one click, which places those of its faces that are of its most frequent person; to move a
    face that is not is another. The greatest gain is taken first.

    Parameters
    ----------
    truth, found
        As in `bcubed`.
    shares
        Of the labelled faces, in [0, 1].

    Returns
    -------
    clicks
        For each share; None where no face is labelled.
    """
    cell, _, cluster, _, column = _contingency(truth, found)
    if not len(cell):
        return [None] * len(shares)
    right = np.zeros(len(cluster), np.int64)
    np.maximum.at(right, column, cell)
    covered = np.cumsum(np.concatenate([np.sort(right)[::-1], np.ones(int((cluster - right).sum()), np.int64)]))
    wanted = [int(np.ceil(share * covered[-1] - 1e-9)) for share in shares]
    return [int(np.searchsorted(covered, least)) + 1 if least > 0 else 0 for least in wanted]


def _pairs(sizes: Ints) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _scores(precision: float, recall: float) -> Agreement:
    total = precision + recall
    return Agreement(precision, recall, 0.0 if total == 0 else 2 * precision * recall / total)


def _cells_of(truth: NDArray, found: NDArray, of: Bools) -> Ints:
    """How many of some faces each non-zero cell of the contingency table of all holds, in its order."""
    labelled = np.asarray(truth) >= 0
    pairs = np.stack([np.asarray(truth)[labelled], np.asarray(found)[labelled]], axis=1)
    _, cell = np.unique(pairs, axis=0, return_inverse=True)
    return np.bincount(cell, weights=of[labelled], minlength=int(cell.max(initial=-1)) + 1).astype(np.int64)


def _contingency(truth: NDArray, found: NDArray) -> tuple[Ints, ...]:
    """Non-zero cells of the contingency table, its margins (person, cluster), and the row and column of each cell."""
    true, got = np.asarray(truth), np.asarray(found)
    if not true.shape == got.shape == (true.size,):
        raise BadInput("metrics.both_shape", names="truth and found", shape="(N,)", first=true.shape, second=got.shape)
    if true.size == 0:
        return (np.zeros(0, np.int64),) * 5
    if not (np.issubdtype(true.dtype, np.integer) and np.issubdtype(got.dtype, np.integer)):
        raise BadInput("metrics.both_integers", first=true.dtype, second=got.dtype)
    if (got < 0).any():
        raise BadInput("metrics.found_negative", found=got.min())
    labelled = true >= 0
    _, row, person = np.unique(true[labelled], return_inverse=True, return_counts=True)
    _, column, cluster = np.unique(got[labelled], return_inverse=True, return_counts=True)
    width = max(len(cluster), 1)
    key, cell = np.unique(row.astype(np.int64) * width + column, return_counts=True)
    return cell.astype(np.int64), person.astype(np.int64), cluster.astype(np.int64), key // width, key % width
