"""Average-linkage clustering of embeddings under constraints, without an N x N matrix."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from core.clustering.agglomeration import Agglomeration
from core.clustering.constraints import Constraints
from core.clustering.doubled_photos import without_doubles
from core.clustering.gate import Held, QualityGate, attached
from core.clustering.sums import summed
from core.foundation.arrays import Bools, Floats, Ints, are_unit
from core.foundation.errors import BadInput

ShareReport = Callable[[float], None]

_ROWS: Final = 1024
_COLUMNS: Final = 4096
_LEAST_STEP: Final = 0.001  # of the whole


@dataclass(frozen=True, eq=False)
class MergeTree:
    """The joins of N faces down to a floor: every stricter threshold is a cut of it.

    Attributes
    ----------
    floor
        The least similarity at which clusters were joined.
    units
        (N,) int64 the unit, a free face or a must-link group, of each face, in [0, U).
    joins, similarity
        (J, 2) int64 a unit of each of two clusters that were joined, and (J,) float64 at which average similarity, the
        greatest first.
    faces
        (N, D) float32 embeddings.
    sizes, decided
        (U,) int64 faces of each unit that have a say, (U,) bool whether it is a person whom a human has decided about.
    photos, firm
        Two (L,) int64 arrays: this unit is seen in this photo, each pair once; and so the tags of all other limits.
    gate
        Which faces have no say.
    """

    floor: float
    units: Ints
    joins: Ints
    similarity: Floats
    faces: NDArray[np.float32]
    sizes: Ints
    decided: Bools
    photos: Held
    firm: Held
    gate: QualityGate

    def cut(self, threshold: float) -> Ints:
        """The groups at a threshold: (N,) int64 labels, exactly those that `group` gives.

        Raises
        ------
        BadInput
            If the threshold lies below the floor or above 1.
        """
        if not self.floor <= threshold <= 1:
            raise BadInput("clustering.below_the_floor", floor=self.floor, found=threshold)
        count = len(self.sizes)
        left, right = self.joins[self.similarity >= threshold].T
        edges = scipy.sparse.coo_array((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
        clusters = scipy.sparse.csgraph.connected_components(edges, directed=False)[1].astype(np.int64)
        heard = ~self.gate.silent
        kept = without_doubles(clusters, self.photos, self.faces, self.units, self.decided, heard)
        holders, photos = self.photos
        tags = np.concatenate([photos, self.firm[1] + int(photos.max(initial=-1)) + 1])
        held = np.concatenate([holders, self.firm[0]]), tags
        return _by_size(attached(kept, self.faces, self.units, self.gate, held, threshold)[self.units])


def group(
    embeddings: NDArray[np.float32],
    threshold: float,
    constraints: Constraints | None = None,
    progress: ShareReport | None = None,
    gate: QualityGate | None = None,
) -> Ints:
    """Group faces by average linkage on cosine similarity, cut at a threshold: `merge_tree` down to it.

    Returns
    -------
    labels
        (N,) int64, 0 to C - 1: the largest cluster first, equally large ones in the order of their first face.
    """
    return merge_tree(embeddings, threshold, constraints, progress, gate).cut(threshold)


def merge_tree(
    embeddings: NDArray[np.float32],
    floor: float,
    constraints: Constraints | None = None,
    progress: ShareReport | None = None,
    gate: QualityGate | None = None,
) -> MergeTree:
    """Join faces by average linkage on cosine similarity, down to a floor.

    Starting from single faces and must-link groups, the two clusters with the greatest average similarity between
    their faces are joined, among all pairs that the constraints allow, until that average is below the floor
    (UPGMA: Sokal & Michener 1958). Without constraints a cut at a threshold is exactly that of
    ``scipy.cluster.hierarchy.linkage(..., "average", metric="cosine")`` at the distance ``1 - threshold``.

    A photo shows a person once. One that shows somebody twice all the same (a collage) costs only its own faces, see
    `DoubledPhotos`.

    Two facts make it possible without an N x N matrix. The average similarity of clusters A and B is
    ``(sum of A) . (sum of B) / (|A| |B|)``, so sums suffice. And an average of at least t needs one pair of at
    least t, also between the unions that A and B grow into; so nothing is ever joined across the connected
    components of the graph of pairs with similarity >= t, and each component is agglomerated by itself.

    The result does not depend on the order of the faces, except where two averages are equal to the last bits.

    Parameters
    ----------
    embeddings
        (N, D) float32 of length 1; never written to.
    floor
        Cosine similarity in [-1, 1] below which nothing is joined; higher gives more and purer clusters.
    constraints
        Limits over the same N faces; None for none.
    progress
        Called with the share of the work that is done, rising from 0 to 1, every second or so on large sets.
        Whatever it raises (`core.foundation.errors.Cancelled`) ends the run.
    gate
        The faces that have no say; None for none. They are joined with nobody, and attached where the tree is cut.

    Raises
    ------
    BadInput
        If the shape is not (N, D), an embedding is not finite or not of length 1, the floor lies outside
        [-1, 1], or the constraints or the gate are over another number of faces.
    """
    faces = unit_faces(embeddings, floor)
    limits, through = Constraints.over(len(faces), constraints), QualityGate.over(len(faces), gate)
    report = _sparing(progress)
    units = limits.units()
    heard = np.flatnonzero(~through.silent)
    count = int(units.max(initial=-1)) + 1
    sizes = np.bincount(units[heard], minlength=count)
    sums = summed(faces[heard] if len(heard) < len(faces) else faces, units[heard], count)
    decided = np.zeros(len(sizes), bool)
    decided[units[np.isin(limits.together, list(limits.decided))]] = True
    photos, firm = replace(limits, decided=(), apart=np.zeros((0, 2), np.int64)).tags(units), _firm(limits, units)
    loud = np.flatnonzero(sizes)
    joins: list[tuple[float, int, int]] = []
    if len(loud):
        component = np.full(count, -1)
        component[loud] = _components((sums[loud] / sizes[loud, None]).astype(np.float32), floor, report)
        joins = _agglomerate(sums, sizes, decided, (firm, photos), component, floor, report)
        report(1.0)
    joins.sort(key=lambda join: -join[0])  # stable: in each component they are in their order
    similarity, left, right = np.array(joins).reshape(-1, 3).T
    ends = np.stack([left, right], axis=1).astype(np.int64)
    return MergeTree(floor, units, ends, similarity, faces, sizes, decided, photos, firm, through)


def _firm(limits: Constraints, units: Ints) -> tuple[Ints, Ints]:
    """The tags of all limits but the photos."""
    return replace(limits, photos=np.full(len(limits), -1, np.int64)).tags(units)


def _sparing(progress: ShareReport | None) -> ShareReport:
    """Pass on only what is worth telling: there may be as many components as faces."""
    reported = -1.0

    def report(share: float) -> None:
        nonlocal reported
        if progress is not None and (share - reported >= _LEAST_STEP or reported < share == 1):
            reported = share
            progress(share)

    return report


def unit_faces(embeddings: NDArray, threshold: float) -> NDArray[np.float32]:
    """The embeddings as (N, D) float32, looked through: raises as `merge_tree` does of them and of a threshold."""
    faces = np.asarray(embeddings, np.float32)
    if faces.ndim != 2:
        raise BadInput("arrays.shape", name="embeddings", shape="(N, D)", found=faces.shape)
    if not -1 <= threshold <= 1:
        raise BadInput("arrays.threshold", found=threshold)
    wrong = np.flatnonzero(~are_unit(faces))
    if wrong.size:
        raise BadInput("clustering.not_unit_length", number=wrong[0], length=np.linalg.norm(faces[wrong[0]]))
    return faces


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
    sums: Floats,
    sizes: Ints,
    decided: Bools,
    tags: tuple[tuple[Ints, Ints], tuple[Ints, Ints]],
    component: Ints,
    floor: float,
    report: ShareReport,
) -> list[tuple[float, int, int]]:
    """The joins of all components: similarity and a unit of each of two clusters. `tags` are the firm ones, photos.

    A unit of component -1 is joined with nobody.
    """
    joins: list[tuple[float, int, int]] = []
    order = np.argsort(component, kind="stable")
    starts = np.searchsorted(component[order], np.arange(component.max() + 2))
    firm, photos = (_held(held, len(sums)) for held in tags)
    for first, end in pairwise(starts):
        members = order[first:end]
        if len(members) > 1:
            held, shown = ([each[unit] for unit in members] for each in (firm, photos))
            work = Agglomeration(sums[members], sizes[members], held, shown, decided[members], floor)
            for part in work.steps():
                report(0.5 + 0.5 * (first + part * len(members)) / len(sums))
            joins += [(similarity, members[a], members[b]) for similarity, a, b in work.joins]
        report(0.5 + 0.5 * end / len(sums))
    return joins


def _held(tags: tuple[Ints, Ints], count: int) -> list[Ints]:
    """The tags that each unit holds."""
    holders, held = tags
    return np.split(held, np.searchsorted(holders, np.arange(1, count)))


def _by_size(clusters: Ints) -> Ints:
    _, first, inverse, size = np.unique(clusters, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(first), np.int64)
    rank[np.lexsort((first, -size))] = np.arange(len(first))
    return rank[inverse]
