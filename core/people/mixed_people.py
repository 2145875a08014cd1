"""Which people of a dataset look like two: a cut of each, to be judged by a human."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from core.clustering.constraints import Constraints
from core.clustering.linkage import merge_tree
from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.workspace import Workspace
from core.people.encoders import own_threshold, threshold_of
from core.people.known_faces import KnownFaces, known_faces
from core.people.likely_pairs import chance_of_one, floor_below
from db.engine import reading
from db.tables import ModelVersion, Person

MOST_LOOKED_AT: Final = 300  # people, those whose faces are least alike
MOST_FACES: Final = 1000  # of a person: the joins of more would keep the page waiting
_MOST_KEPT: Final = 2000  # cuts
_kept: Final[dict[bytes, tuple[Bools, float]]] = {}


@dataclass(frozen=True)
class ProposedCut:
    """A person whose faces fall into two sides: who stays, who would leave, and how alike the sides are.

    Attributes
    ----------
    person
        Whose faces they are.
    staying, leaving
        Instances of the two sides. Faces that a human has confirmed stay; else the larger side does.
    score
        Average cosine similarity of a face of one side and one of the other.
    gain
        Faces that an answer is expected to put right: those that leave, times the chance that they are somebody else.
    """

    person: int
    staying: list[int]
    leaving: list[int]
    score: float
    gain: float


def mixed_people(workspace: Workspace, dataset_id: int, version: ModelVersion) -> list[ProposedCut]:
    """The people who look like two, most expected gain first.

    The cut is where the last two groups of average linkage within the person meet. Asked about are those whose two
    sides are no more alike than pairs of people that are worth asking about (`likely_same`). Left out are people
    all of whose faces a human has confirmed, and those who are hidden or about whom somebody was not sure. The 300
    whose faces are least alike on average are looked at, nobody with more than 1,000 faces.
    """
    threshold = threshold_of(workspace, dataset_id, version)
    floor = floor_below(threshold, own_threshold(workspace, version))
    known = known_faces(workspace, dataset_id, version.id)
    left_out = known.unsure | {(person,) for person in known.hidden}
    found = []
    for person, rows in _least_alike(known):
        if (person,) not in left_out:
            side, score = _kept_cut(known.faces.vectors[rows], known.confirmed[rows])
            gain = int(side.sum()) * (1 - float(chance_of_one(score, threshold, floor, known.line)))
            if chance_of_one(score, threshold, floor) < 1:
                stay, leave = (known.faces.instances[rows[part]].tolist() for part in (~side, side))
                found.append(ProposedCut(person, stay, leave, score, gain))
    return sorted(found, key=lambda cut: (-cut.gain, cut.score, cut.person))


def cut_of_person(workspace: Workspace, version: ModelVersion, person_id: int) -> ProposedCut | None:
    """Where a person would be cut in two, however alike the sides are; `gain` is how many faces would leave.

    None where there is nothing to cut: one face, all of them confirmed, more than can be joined at once, or not seen
    by the encoder.
    """
    with reading(workspace.engine) as session:
        dataset_id = session.get_one(Person, person_id).dataset_id
    known = known_faces(workspace, dataset_id, version.id)
    rows = np.flatnonzero(known.of == person_id)
    fixed = known.confirmed[rows]
    if not 2 <= len(rows) <= MOST_FACES or fixed.all():
        return None
    side, score = _kept_cut(known.faces.vectors[rows], fixed)
    stay, leave = (known.faces.instances[rows[part]].tolist() for part in (~side, side))
    return ProposedCut(person_id, stay, leave, score, len(leave))


def proposed_cut(vectors: NDArray[np.float32], fixed: Bools) -> tuple[Bools, float]:
    """Where the last two groups of average linkage within a person meet.

    Parameters
    ----------
    vectors
        (N, D) float32 of unit length, two at least.
    fixed
        (N,) bool faces that are known to be one person: they are never cut apart, and stay. Not all of them.

    Returns
    -------
    leaving, score
        (N,) bool the side that would leave: the one without a fixed face, else the smaller one; and the average
        similarity of a face of one side and one of the other.
    """
    limits = Constraints.none(len(vectors))
    limits = Constraints(np.where(fixed, 0, -1).astype(np.int64), (), limits.photos, limits.apart)
    tree = merge_tree(vectors, -1.0, limits)
    count = len(tree.sizes)
    left, right = tree.joins[: count - 2].T
    edges = scipy.sparse.coo_array((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    group = scipy.sparse.csgraph.connected_components(edges, directed=False)[1][tree.units]
    sizes = np.bincount(group)
    leaving = group != (group[fixed][0] if fixed.any() else np.argmax(sizes))
    return leaving, float(_mean(vectors[leaving]) @ _mean(vectors[~leaving]))


def _mean(vectors: NDArray[np.float32]) -> Floats:
    return np.asarray(vectors.mean(axis=0, dtype=np.float64))


def _kept_cut(vectors: NDArray[np.float32], fixed: Bools) -> tuple[Bools, float]:
    """`proposed_cut`, kept for the next time: a decision changes one person or two, and all are asked for again."""
    content = sha256(vectors.tobytes()).digest() + np.packbits(fixed).tobytes()
    found = _kept.get(content)
    if found is None:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        found = _kept[content] = proposed_cut(vectors, fixed)
    return found


def _least_alike(known: KnownFaces) -> Iterator[tuple[int, Ints]]:
    """Person and rows of those who can be cut, the ones whose faces are least alike on average first."""
    order = np.argsort(known.of, kind="stable")
    people, starts, counts = np.unique(known.of[order], return_index=True, return_counts=True)
    waiting = np.add.reduceat(~known.confirmed[order], starts) if len(people) else np.zeros(0)
    able = np.flatnonzero((people >= 0) & (counts >= 2) & (counts <= MOST_FACES) & (waiting > 0))
    totals = counts[able].astype(np.float64)[:, None] * known.means[np.searchsorted(known.people, people[able])]
    alike = (np.einsum("pd,pd->p", totals, totals) - counts[able]) / (counts[able] * (counts[able] - 1))
    for at in able[np.argsort(alike, kind="stable")[:MOST_LOOKED_AT]].tolist():
        yield int(people[at]), np.sort(order[starts[at] : starts[at] + counts[at]])
