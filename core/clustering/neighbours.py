"""Whom each unit could be joined with: all that is alike enough in blocks, or through an index of lists beyond that."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Ints

ShareReport = Callable[[float], None]
AlikePairs = Callable[[slice, slice, float], tuple[Ints, Ints, NDArray[np.float32]]]
"""Of two runs of rows of a matrix: the rows of each pair that is at least so alike, by the first, and how alike."""
PairFinder = Callable[[NDArray[np.float32]], AlikePairs]
"""Makes one for a (U, D) float32 matrix. Products are in single precision throughout, wherever they are computed."""

INDEXED_FROM: Final = 300_000  # units from which on an index says who is near whom
_MOST: Final = 256  # neighbours of a unit: fewer mean more searches, more mean longer choices
_PRODUCTS: Final = 4_000_000  # similarities computed at a time
_LEAST_ROWS: Final = 128  # that are multiplied with all at a time: fewer wait for the memory
_ROWS: Final = 1024
_COLUMNS: Final = 4096
_LISTS_A_ROOT: Final = 4  # lists of the index for each of the square root of the units
_PROBED: Final = 32  # lists that are looked through for those in one
_LONGEST: Final = 2048  # list: longer ones, as of copies of one face, are taken in parts
_TRAINED_ON: Final = 16  # units a list, drawn at random
_TRAININGS: Final = 5
_SEED: Final = 17
_ASSIGNED: Final = 16_384  # units put into their lists at a time


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest of each of U units, of those that are at least as alike as a threshold.

    Attributes
    ----------
    starts, units
        (U + 1,) int64 and (L,) int: the neighbours of unit u are ``units[starts[u]:starts[u + 1]]``. Of an index the
        nearest one is the first.
    best
        (U,) float64 similarity that none of them exceeds, -inf where there is none.
    bounds
        (U,) float64 similarity that nobody else exceeds, the threshold where that is lower.
    most
        How many of a unit there are at most.
    complete
        Whether the bounds hold. Of an index they do not, and nobody is known but who is here.
    """

    starts: Ints
    units: Ints
    best: Floats
    bounds: Floats
    most: int
    complete: bool

    def of(self, unit: int) -> Ints:
        """The neighbours of a unit."""
        return self.units[self.starts[unit] : self.starts[unit + 1]]

    def of_all(self, units: Ints) -> Ints:
        """The neighbours of several units, one after another."""
        first, lengths = self.starts[units], self.starts[units + 1] - self.starts[units]
        skipped = np.repeat(first - np.cumsum(lengths) + lengths, lengths)
        return self.units[skipped + np.arange(len(skipped))]


class _Rows:
    """Neighbours that are collected, row by row."""

    def __init__(self, count: int, threshold: float, dtype: type) -> None:
        self.dtype = dtype
        self.found: list[Ints] = [np.zeros(0, dtype)] * count
        self.best = np.full(count, -np.inf)
        self.bounds = np.full(count, threshold)

    def take(self, unit: int, near: Ints, similarity: NDArray[np.float32], slack: float) -> None:
        """Set the nearest of a unit; `slack` covers what rounding may have taken from a similarity."""
        if len(near):
            kept, bound = nearest(near, similarity, _MOST)
            self.found[unit] = kept.astype(self.dtype, copy=False)
            self.best[unit] = float(similarity.max()) + slack
            self.bounds[unit] = max(self.bounds[unit], bound + slack)

    def put_first(self, unit: int, near: Ints, similarity: NDArray[np.float32]) -> None:
        """Let the nearest one be the first."""
        if len(near):
            kept = self.found[unit]
            at = int((kept == near[similarity.argmax()]).argmax())
            kept[[0, at]] = kept[[at, 0]]

    def neighbours(self, complete: bool) -> Neighbours:
        starts = np.cumsum([0, *map(len, self.found)])
        units = np.concatenate(self.found) if self.found else np.zeros(0, self.dtype)
        return Neighbours(starts, units, self.best, self.bounds, _MOST, complete)


def nearest(near: Ints, similarity: NDArray, most: int) -> tuple[Ints, float]:
    """The `most` nearest, and the similarity that none of the dropped exceeds (-inf if none is dropped)."""
    if len(near) <= most:
        return near, -np.inf
    order = np.argpartition(-similarity, most)
    return near[order[:most]], float(similarity[order[most]])


def pairs_by_numpy(means: NDArray[np.float32]) -> AlikePairs:
    """The pairs of a matrix, by the processor."""

    def alike(rows: slice, columns: slice, least: float) -> tuple[Ints, Ints, NDArray[np.float32]]:
        near = means[rows] @ means[columns].T
        found = np.flatnonzero(near >= least)
        row, column = np.divmod(found, near.shape[1])
        return row + rows.start, column + columns.start, near.ravel()[found]

    return alike


def all_neighbours(
    means: NDArray[np.float32], threshold: float, report: ShareReport, finder: PairFinder = pairs_by_numpy
) -> Neighbours:
    """The neighbours among U units with (U, D) float32 means, each looked at beside each, in blocks.

    Rounding of the float32 products is covered by a slack, in `best` and `bounds` as in who is taken.
    """
    count = len(means)
    slack = _slack(means)
    at_once = max(_LEAST_ROWS, _PRODUCTS // max(1, count))
    alike = finder(means)
    taken = _Rows(count, threshold, np.int64)
    for start in range(0, count, at_once):
        end = min(count, start + at_once)
        row, column, similarity = alike(slice(start, end), slice(0, count), threshold - slack)
        others = row != column
        column, similarity = column[others], similarity[others]
        starts = np.searchsorted(row[others], np.arange(start, end + 1))
        for unit, (first, last) in enumerate(pairwise(starts.tolist()), start):
            taken.take(unit, column[first:last], similarity[first:last], slack)
        report(end / count)
    return taken.neighbours(complete=True)


def connected_units(
    means: NDArray[np.float32], threshold: float, report: ShareReport, finder: PairFinder = pairs_by_numpy
) -> Ints:
    """(U,) int64 component of each unit in the graph of pairs with an average similarity >= threshold.

    Rounding of the float32 products is covered by a slack; a spare edge only makes a component larger than needed.
    """
    count = len(means)
    least = threshold - _slack(means)
    alike = finder(means)
    labels = np.arange(count)
    for start in range(0, count, _ROWS):
        report(1 - (1 - start / count) ** 2)
        for left in range(start, count, _COLUMNS):
            row, column, _ = alike(slice(start, min(count, start + _ROWS)), slice(left, left + _COLUMNS), least)
            labels = _joined(labels, labels[row], labels[column])
        if not labels.any():
            break
    return labels


def _slack(means: NDArray[np.float32]) -> float:
    return means.shape[1] * float(np.finfo(np.float32).eps)


def _joined(labels: Ints, left: Ints, right: Ints) -> Ints:
    new = left != right
    if not new.any():
        return labels
    count = int(labels.max()) + 1
    edges = scipy.sparse.coo_array((np.ones(int(new.sum()), np.int8), (left[new], right[new])), shape=(count, count))
    return np.asarray(scipy.sparse.csgraph.connected_components(edges, directed=False)[1], np.int64)[labels]


def indexed_neighbours(means: NDArray[np.float32], threshold: float, report: ShareReport) -> Neighbours:
    """The neighbours among U units with (U, D) float32 means, as far as an inverted file finds them.

    FAISS trains the centres of the lists (spherical k-means of a drawn sample) and puts each unit into the list of its
    nearest centre (Sivic & Zisserman, "Video Google", ICCV 2003; Douze et al., "The Faiss library", arXiv:2401.08281).
    Those of a list are then compared with all that is in the lists of the nearest centres, in one float32 product:
    so each similarity is exact, who lies in a list further off is missed, and memory is that of one such product and of
    what is found. The same units give the same neighbours: the sample and all else that is drawn is seeded.
    """
    lists, centres = _lists(means, lambda share: report(0.5 * share))
    rng = np.random.default_rng(_SEED)
    taken = _Rows(len(means), threshold, np.int32)
    done = 0
    for number, members in enumerate(lists):
        similarity = centres @ centres[number]
        similarity[number] = np.inf
        probed = np.argpartition(-similarity, _PROBED)[:_PROBED] if len(lists) > _PROBED else range(len(lists))
        # Mixed, so that of more copies of one face than are kept each has others.
        others = rng.permutation(np.concatenate([lists[each] for each in probed]))
        _take_list(taken, means, members, others, threshold)
        done += len(members)
        report(0.5 + 0.5 * done / len(means))
    taken.bounds[:] = threshold
    return taken.neighbours(complete=False)


def _take_list(taken: _Rows, means: NDArray[np.float32], members: Ints, others: Ints, threshold: float) -> None:
    columns = means[others]
    order = np.argsort(others)
    own = order[np.searchsorted(others[order], members)]
    rows = max(1, _PRODUCTS // len(others))
    for start in range(0, len(members), rows):
        asked = members[start : start + rows]
        near = means[asked] @ columns.T
        near[np.arange(len(asked)), own[start : start + rows]] = -np.inf
        for unit, similarities in zip(asked.tolist(), near, strict=True):
            there = np.flatnonzero(similarities >= threshold)
            taken.take(unit, others[there], similarities[there], 0.0)
            taken.put_first(unit, others[there], similarities[there])


def _lists(means: NDArray[np.float32], report: ShareReport) -> tuple[list[Ints], NDArray[np.float32]]:
    """The units of each list, none of them empty, and the (lists, D) float32 centre of each."""
    import faiss  # only here: who shows people loads none of it

    count, width = means.shape
    wanted = max(1, min(count, round(_LISTS_A_ROOT * count**0.5)))
    rng = np.random.default_rng(_SEED)
    drawn = np.sort(rng.choice(count, min(count, wanted * _TRAINED_ON), replace=False))
    training = faiss.Clustering(width, wanted)
    training.seed, training.niter, training.spherical = _SEED, 1, True
    training.min_points_per_centroid, training.max_points_per_centroid = 1, _TRAINED_ON
    index = faiss.IndexFlatIP(width)
    sample = means[drawn]
    for turn in range(_TRAININGS):  # each begins with the centres of the last
        training.train(sample, index)
        report(0.5 * (turn + 1) / _TRAININGS)
    place = np.empty(count, np.int64)
    for start in range(0, count, _ASSIGNED):
        place[start : start + _ASSIGNED] = index.search(means[start : start + _ASSIGNED], 1)[1][:, 0]
        report(0.5 + 0.5 * min(1.0, (start + _ASSIGNED) / count))
    centres = faiss.vector_to_array(training.centroids).reshape(wanted, width)
    order = np.argsort(place, kind="stable")
    sizes = np.bincount(place, minlength=wanted)
    lists, of_list = [], []
    for number, end in enumerate(np.cumsum(sizes).tolist()):
        for start in range(end - int(sizes[number]), end, _LONGEST):
            lists.append(order[start : min(end, start + _LONGEST)])
            of_list.append(number)
    return lists, centres[of_list]
