"""How well a clustering agrees with true identities.

No page shows this: it needs faces whose people are all known, which the bench and the tests have and a user has not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Ints
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


def bcubed(truth: NDArray, found: NDArray) -> Agreement:
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

    Returns
    -------
    scores
        All NaN when no face is labelled.

    Raises
    ------
    BadInput
        If the shapes differ, a label is not an integer, or a label of `found` is negative.
    """
    cell, person, cluster, row, column = _contingency(truth, found)
    total = int(cell.sum())
    if total == 0:
        return Agreement(np.nan, np.nan, np.nan)
    squared = cell.astype(np.float64) ** 2
    return _scores(float((squared / cluster[column]).sum()) / total, float((squared / person[row]).sum()) / total)


def pairwise(truth: NDArray, found: NDArray) -> Agreement:
    """Precision, recall and F over pairs of faces.

    A pair is true when both faces are of one person and found when both are in one cluster. Precision is the share
    of true ones among the found pairs, recall the share of found ones among the true pairs. A person with n faces
    weighs n (n - 1) / 2, so big people dominate: show it beside `bcubed`. Exact in integers up to billions of pairs.

    Parameters
    ----------
    truth, found
        As in `bcubed`.

    Returns
    -------
    scores
        Precision is NaN when no two labelled faces share a cluster, recall when no two share a person.

    Raises
    ------
    BadInput
        As in `bcubed`.
    """
    cell, person, cluster, _, _ = _contingency(truth, found)
    both, true, joined = _pairs(cell), _pairs(person), _pairs(cluster)
    return _scores(both / joined if joined else np.nan, both / true if true else np.nan)


def _pairs(sizes: Ints) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _scores(precision: float, recall: float) -> Agreement:
    total = precision + recall
    return Agreement(precision, recall, 0.0 if total == 0 else 2 * precision * recall / total)


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
