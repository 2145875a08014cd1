"""Average-linkage clustering of embeddings under constraints, without an N x N matrix."""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise
from typing import Final, Self

import numpy as np
import scipy
from numpy.typing import NDArray

from core.clustering.agglomeration import Agglomeration
from core.clustering.constraints import Constraints
from core.clustering.doubled_photos import without_doubles
from core.clustering.gate import Held, QualityGate, attached
from core.clustering.neighbours import (
    INDEXED_FROM,
    Neighbours,
    PairFinder,
    ShareReport,
    all_neighbours,
    connected_units,
    indexed_neighbours,
    pairs_by_numpy,
)
from core.clustering.reach import Reach
from core.clustering.sums import means_of, summed
from core.foundation.arrays import Bools, Floats, Ints, are_unit
from core.foundation.errors import BadInput

_FEWER: Final = 0.99  # clusters after a look through the index than before it, for another look to be worth it
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
    reach
        Whom those may be attached to, None: compare them with all.
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
    reach: Reach | None = None

    def cut(self, threshold: float) -> Ints:
        """The groups at a threshold: (N,) int64 labels, exactly those that `group` gives.

        Raises
        ------
        BadInput
            If the threshold lies below the floor or above 1.
        """
        if not self.floor <= threshold <= 1:
            raise BadInput("clustering.below_the_floor", floor=self.floor, found=threshold)
        heard = ~self.gate.silent
        kept = without_doubles(self._joined(threshold), self.photos, self.faces, self.units, self.decided, heard)
        holders, photos = self.photos
        tags = np.concatenate([photos, self.firm[1] + int(photos.max(initial=-1)) + 1])
        held = np.concatenate([holders, self.firm[0]]), tags
        return _by_size(attached(kept, self.faces, self.units, self.gate, held, threshold, self.reach)[self.units])

    def reaching(self, progress: ShareReport | None = None) -> Self:
        """The same with its reach, by one look at all units: from then on cuts are quick where many have no say."""
        report = _sparing(progress)
        silent, loud = np.flatnonzero(self.sizes == 0), np.flatnonzero(self.sizes)
        if not len(silent) or not len(loud):
            report(1.0)
            return self
        components = self._joined(self.floor)
        loud = loud[np.argsort(components[loud], kind="stable")]
        means = self._unit_means(silent, self.gate.silent), self._unit_means(loud, ~self.gate.silent)
        return replace(self, reach=Reach.of(*means, components[loud], components, report))

    def _joined(self, threshold: float) -> Ints:
        """(U,) int64 the cluster of each unit at a threshold, as it was joined."""
        count = len(self.sizes)
        left, right = self.joins[self.similarity >= threshold].T
        edges = scipy.sparse.coo_array((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
        return scipy.sparse.csgraph.connected_components(edges, directed=False)[1].astype(np.int64)

    def _unit_means(self, units: Ints, of: Bools) -> NDArray[np.float32]:
        """The means of units in their order, by those of the N faces that count."""
        number = np.full(len(self.sizes), -1)
        number[units] = np.arange(len(units))
        rows = np.flatnonzero(of & (number[self.units] >= 0))
        return means_of(self.faces, rows, number[self.units[rows]])


def group(
    embeddings: NDArray[np.float32],
    threshold: float,
    constraints: Constraints | None = None,
    progress: ShareReport | None = None,
    gate: QualityGate | None = None,
    finder: PairFinder = pairs_by_numpy,
) -> Ints:
    """Group faces by average linkage on cosine similarity, cut at a threshold: `merge_tree` down to it.

    Returns
    -------
    labels
        (N,) int64, 0 to C - 1: the largest cluster first, equally large ones in the order of their first face.
    """
    return merge_tree(embeddings, threshold, constraints, progress, gate, finder).cut(threshold)


def merge_tree(
    embeddings: NDArray[np.float32],
    floor: float,
    constraints: Constraints | None = None,
    progress: ShareReport | None = None,
    gate: QualityGate | None = None,
    finder: PairFinder = pairs_by_numpy,
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

    All this is exact below `INDEXED_FROM` units. From there on an index says whom each unit has for neighbours
    (`indexed_neighbours`), and two clusters are joined, the most alike first, only where some unit of one is a
    neighbour of one of the other; constraints, photos and the gate are kept just so. A pair that the index misses may
    leave a person in two groups, but joins nobody who is not alike enough. Averages are then in single precision.

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
    finder
        What compares faces with faces: a GPU gives the same joins, for what is near enough to be joined is then
        compared in double precision.

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
    sizes = np.bincount(units[heard], minlength=int(units.max(initial=-1)) + 1)
    decided = np.zeros(len(sizes), bool)
    decided[units[np.isin(limits.together, list(limits.decided))]] = True
    photos, firm = replace(limits, decided=(), apart=np.zeros((0, 2), np.int64)).tags(units), _firm(limits, units)
    loud = np.flatnonzero(sizes)
    joins: list[tuple[float, int, int]] = []
    if len(loud):
        work = _exactly if len(loud) < INDEXED_FROM else _through_an_index
        joins = work(faces, _HeardFaces(heard, units[heard], sizes, decided, (firm, photos)), floor, report, finder)
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


@dataclass(frozen=True, eq=False)
class _HeardFaces:
    """The faces that have a say, the unit of each, and of the U units how many such faces, who is decided, the tags."""

    rows: Ints
    units: Ints
    sizes: Ints
    decided: Bools
    tags: tuple[Held, Held]

    def work(
        self, members: Ints, sums: NDArray, means: NDArray[np.float32], near: Neighbours, floor: float
    ) -> Agglomeration:
        """That of some units, by their sums, means and neighbours."""
        firm, shown = ([held[unit] for unit in members] for held in self._held)
        return Agglomeration(sums, means, self.sizes[members], firm, shown, self.decided[members], floor, near)

    @cached_property
    def _held(self) -> list[list[Ints]]:
        """The firm tags, and the photos, that each unit holds."""
        units = np.arange(1, len(self.sizes))
        return [np.split(held, np.searchsorted(holders, units)) for holders, held in self.tags]


def _exactly(
    faces: NDArray[np.float32], heard: _HeardFaces, floor: float, report: ShareReport, finder: PairFinder
) -> list[tuple[float, int, int]]:
    """The joins of all components, each by itself: similarity and a unit of each of two clusters."""
    sizes = heard.sizes
    sums = summed(faces[heard.rows] if len(heard.rows) < len(faces) else faces, heard.units, len(sizes))
    loud = np.flatnonzero(sizes)
    parts = connected_units(_means(sums[loud], sizes[loud]), floor, lambda share: report(0.5 * share), finder)
    joins: list[tuple[float, int, int]] = []
    order = np.argsort(parts, kind="stable")
    starts = np.searchsorted(parts[order], np.arange(parts.max() + 2))
    for first, end in pairwise(starts):
        members = loud[order[first:end]]
        if len(members) > 1:

            def part(share: float, first: int = first, count: int = len(members)) -> None:
                report(0.5 + 0.5 * (first + share * count) / len(loud))

            mine = sums[members]
            means = _means(mine, sizes[members])
            near = all_neighbours(means, floor, lambda share, part=part: part(0.5 * share), finder)  # type: ignore[misc]
            work = heard.work(members, mine, means, near, floor)
            for share in work.steps():
                part(0.5 + 0.5 * share)
            joins += [(similarity, members[a], members[b]) for similarity, a, b in work.joins]
        report(0.5 + 0.5 * end / len(loud))
    return joins


def _through_an_index(
    faces: NDArray[np.float32], heard: _HeardFaces, floor: float, report: ShareReport, finder: PairFinder
) -> list[tuple[float, int, int]]:
    """The joins of all units at once, in single precision.

    First along the neighbours that an index finds, then, what is left being fewer, among all of it where that is few
    enough, else through an index once more.
    """
    loud = np.flatnonzero(heard.sizes)
    number = np.cumsum(heard.sizes > 0) - 1
    single = len(loud) == len(faces)
    means = faces if single else means_of(faces, heard.rows, number[heard.units])
    near = indexed_neighbours(means, floor, lambda share: report(0.4 * share))
    sums = means * heard.sizes[loud, None].astype(np.float32)
    work = heard.work(loud, sums, means, near, floor)
    for share in work.steps():
        report(0.4 + 0.4 * share)
    before, left = len(loud), 0.2  # of the work
    while not work.near.complete and work.living < _FEWER * before:
        before = work.living
        shares = 1 / work.sizes[work.slot[:before]]
        means = work.sums[:before] * shares[:, None].astype(np.float32)

        def part(share: float, left: float = left) -> None:
            report(1 - left * (1 - 0.5 * share))

        look = partial(all_neighbours, finder=finder) if before < INDEXED_FROM else indexed_neighbours
        near = look(means, floor, lambda share, part=part: part(0.5 * share))  # type: ignore[misc]
        work.look_again(near)
        for share in work.steps():
            part(0.5 + 0.5 * share)
        left *= 0.5
    return [(similarity, loud[a], loud[b]) for similarity, a, b in work.joins]


def _means(sums: Floats, sizes: Ints) -> NDArray[np.float32]:
    return (sums / sizes[:, None]).astype(np.float32)


def _by_size(clusters: Ints) -> Ints:
    _, first, inverse, size = np.unique(clusters, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(first), np.int64)
    rank[np.lexsort((first, -size))] = np.arange(len(first))
    return rank[inverse]
