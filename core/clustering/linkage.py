"""Average-linkage clustering of embeddings under constraints, without an N x N matrix."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from core.clustering.agglomeration import Agglomeration
from core.clustering.constraints import Constraints
from core.clustering.doubled_photos import grouped_with_photos
from core.foundation.arrays import Floats, Ints
from core.foundation.errors import BadInput

ShareReport = Callable[[float], None]

_ROWS: Final = 1024
_COLUMNS: Final = 4096
_UNIT_TOLERANCE: Final = 1e-3
_LEAST_STEP: Final = 0.001  # of the whole


def group(
    embeddings: NDArray[np.float32],
    threshold: float,
    constraints: Constraints | None = None,
    progress: ShareReport | None = None,
) -> Ints:
    """Group faces by average linkage on cosine similarity.

    Starting from single faces and must-link groups, the two clusters with the greatest average similarity between
    their faces are joined, among all pairs that the constraints allow, until that average is below the threshold
    (UPGMA: Sokal & Michener 1958). Without constraints this is exactly
    ``scipy.cluster.hierarchy.linkage(..., "average", metric="cosine")`` cut at the distance ``1 - threshold``.

    A photo shows a person once. One that shows somebody twice all the same (a collage) costs only its own two faces,
    see `grouped_with_photos`.

    Two facts make it possible without an N x N matrix. The average similarity of clusters A and B is
    ``(sum of A) . (sum of B) / (|A| |B|)``, so sums suffice. And an average of at least t needs one pair of at
    least t, also between the unions that A and B grow into; so nothing is ever joined across the connected
    components of the graph of pairs with similarity >= t, and each component is agglomerated by itself.

    The result does not depend on the order of the faces, except where two averages are equal to the last bits.

    Parameters
    ----------
    embeddings
        (N, D) float32 of length 1; never written to.
    threshold
        Cosine similarity in [-1, 1]; higher gives more and purer clusters.
    constraints
        Limits over the same N faces; None for none.
    progress
        Called with the share of the work that is done, rising from 0 to 1, every second or so on large sets.
        Whatever it raises (`core.foundation.errors.Cancelled`) ends the run.

    Returns
    -------
    labels
        (N,) int64, 0 to C - 1: the largest cluster first, equally large ones in the order of their first face.

    Raises
    ------
    BadInput
        If the shape is not (N, D), an embedding is not finite or not of length 1, the threshold lies outside
        [-1, 1], or the constraints are over another number of faces.
    """
    faces = _checked(embeddings, threshold)
    limits = Constraints.none(len(faces)) if constraints is None else constraints
    if len(limits) != len(faces):
        raise BadInput("clustering.constraints_count", count=len(faces), found=len(limits))
    report = _sparing(progress)
    if len(faces) == 0:
        return np.zeros(0, np.int64)
    units = limits.units()
    sizes = np.bincount(units)
    sums = _sums(faces, units, len(sizes))
    component = _components((sums / sizes[:, None]).astype(np.float32), threshold, report)
    clusters = _agglomerate(sums, sizes, limits, units, component, threshold, report)
    report(1.0)
    return _by_size(clusters[units])


def _sparing(progress: ShareReport | None) -> ShareReport:
    """Pass on only what is worth telling: there may be as many components as faces."""
    reported = -1.0

    def report(share: float) -> None:
        nonlocal reported
        if progress is not None and (share - reported >= _LEAST_STEP or reported < share == 1):
            reported = share
            progress(share)

    return report


def _checked(embeddings: NDArray, threshold: float) -> NDArray[np.float32]:
    faces = np.asarray(embeddings, np.float32)
    if faces.ndim != 2:
        raise BadInput("arrays.shape", name="embeddings", shape="(N, D)", found=faces.shape)
    if not -1 <= threshold <= 1:
        raise BadInput("arrays.threshold", found=threshold)
    length = np.sqrt(np.einsum("nd,nd->n", faces, faces))
    wrong = np.flatnonzero(~(np.abs(length - 1) <= _UNIT_TOLERANCE))
    if wrong.size:
        raise BadInput("clustering.not_unit_length", number=wrong[0], length=length[wrong[0]])
    return faces


def _sums(faces: NDArray[np.float32], units: Ints, count: int) -> Floats:
    if count == len(faces):
        return faces.astype(np.float64)  # units are numbered by first appearance, so each face is its own number
    ties = scipy.sparse.coo_array((np.ones(len(faces)), (units, np.arange(len(faces)))), shape=(count, len(faces)))
    return np.asarray(ties.tocsr() @ faces.astype(np.float64))


def _components(means: NDArray[np.float32], threshold: float, report: ShareReport) -> Ints:
    """(U,) int64 component of each unit in the graph of pairs with an average similarity >= threshold.

    Rounding of the float32 products is covered by a slack; a spare edge only makes a component larger than needed.
    """
    count = len(means)
    least = threshold - means.shape[1] * float(np.finfo(np.float32).eps)
    labels = np.arange(count)
    for start in range(0, count, _ROWS):
        report(0.5 * (1 - (1 - start / count) ** 2))
        rows = means[start : start + _ROWS]
        for left in range(start, count, _COLUMNS):
            near = rows @ means[left : left + _COLUMNS].T >= least
            row, column = np.divmod(np.flatnonzero(near), near.shape[1])
            left_label, right_label = labels[row + start], labels[column + left]
            labels = _joined(labels, left_label, right_label)
        if not labels.any():
            break
    return labels


def _joined(labels: Ints, left: Ints, right: Ints) -> Ints:
    new = left != right
    if not new.any():
        return labels
    count = int(labels.max()) + 1
    edges = scipy.sparse.coo_array((np.ones(int(new.sum()), np.int8), (left[new], right[new])), shape=(count, count))
    return np.asarray(scipy.sparse.csgraph.connected_components(edges, directed=False)[1], np.int64)[labels]


def _agglomerate(
    sums: Floats, sizes: Ints, limits: Constraints, units: Ints, component: Ints, threshold: float, report: ShareReport
) -> Ints:
    """(U,) int64 cluster of each unit, numbered by one of its units."""
    clusters = np.arange(len(sums))
    order = np.argsort(component, kind="stable")
    starts = np.searchsorted(component[order], np.arange(component.max() + 2))
    nowhere, nobody = np.full(len(limits), -1, np.int64), np.zeros((0, 2), np.int64)
    firm = _held(replace(limits, photos=nowhere).tags(units), len(sums))
    photos = _held(replace(limits, decided=(), apart=nobody).tags(units), len(sums))
    decided = np.zeros(len(sums), bool)
    decided[units[np.isin(limits.together, list(limits.decided))]] = True
    done = 0
    for first, end in pairwise(starts):
        members = order[first:end]

        def join(more: Sequence[Ints], members: Ints = members, done: int = done) -> Ints:
            apart = int(max((tags.max(initial=-1) for tags in more), default=-1)) + 1  # numbers of their own
            mine = [np.concatenate([tags, firm[unit] + apart]) for tags, unit in zip(more, members, strict=True)]
            work = Agglomeration(sums[members], sizes[members], mine, threshold)
            for part in work.steps():
                report(0.5 + 0.5 * (done + part * len(members)) / len(sums))
            return work.clusters()

        if len(members) > 1:
            shown = [photos[unit] for unit in members]
            found = grouped_with_photos(join, sums[members], sizes[members], shown, decided[members])
            clusters[members] = members[np.unique(found, return_index=True)[1][found]]
        done += len(members)
        report(0.5 + 0.5 * done / len(sums))
    return clusters


def _held(tags: tuple[Ints, Ints], count: int) -> list[Ints]:
    """The tags that each unit holds."""
    holders, held = tags
    return np.split(held, np.searchsorted(holders, np.arange(1, count)))


def _by_size(clusters: Ints) -> Ints:
    _, first, inverse, size = np.unique(clusters, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(first), np.int64)
    rank[np.lexsort((first, -size))] = np.arange(len(first))
    return rank[inverse]
