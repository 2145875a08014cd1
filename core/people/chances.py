"""How likely two people are one by how alike their faces are, learned from those whom humans have confirmed."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.clustering.sums import summed
from core.foundation.arrays import Floats, Ints
from core.metrics.calibration import LogisticCalibration, chances_of
from core.metrics.logistic_calibration import logistic_calibration
from core.metrics.ranked_scores import RankedScores
from core.metrics.verification import FEWEST_PEOPLE

PEOPLE_NEEDED: Final = FEWEST_PEOPLE
_MOST_PEOPLE: Final = 120
_MOST_FACES: Final = 4  # of each


def learned_line(vectors: NDArray[np.float32], people: Ints, rows: Ints) -> LogisticCalibration | None:
    """The log-likelihood ratio, by likeness, that a face and other faces are of one person; None of too few people.

    What is compared is what a question compares, averages over faces: each face with the others of its person, and
    with those of everybody else; every person counts the same. `PEOPLE_NEEDED` with two faces each are needed. Of
    many, 120 people and 4 faces of each are drawn by a seed, for it is learned anew after
    every answer. None too where those of one person are no more alike than others.

    Parameters
    ----------
    vectors, people
        (N, D) of unit length, and (N,) whose they are.
    rows
        (M,) of them that humans have confirmed.
    """
    rows = _drawn(people, rows)
    names, which, sizes = np.unique(people[rows], return_inverse=True, return_counts=True)
    if len(names) < PEOPLE_NEEDED:
        return None
    faces = vectors[rows]
    sums = faces @ summed(faces, which, len(names)).T
    own = np.arange(len(names)) == which[:, None]
    share = np.broadcast_to(1 / sizes[which][:, None], own.shape)
    alike, unlike = (sums[own] - 1) / (sizes[which] - 1), (sums / sizes)[~own]
    line = logistic_calibration(RankedScores.of_kinds(alike, unlike, share[own], share[~own]))
    return line if line.slope > 0 else None


def _drawn(people: Ints, rows: Ints) -> Ints:
    """Some rows of some of the people with two or more of them."""
    rng = np.random.default_rng(0)
    names, sizes = np.unique(people[rows], return_counts=True)
    chosen = rng.permutation(names[sizes > 1])[:_MOST_PEOPLE]
    found = rng.permutation(rows[np.isin(people[rows], chosen)])
    found = found[np.argsort(people[found], kind="stable")]
    _, starts, counts = np.unique(people[found], return_index=True, return_counts=True)
    place = np.arange(len(found)) - np.repeat(starts, counts)
    return found[place < _MOST_FACES]


def learned_chance(line: LogisticCalibration, score: NDArray | float, threshold: float) -> Floats:
    """(...) float64 chance that groups so alike are one person, a half at the threshold in force.

    How quickly it rises is learned; where it is a half no confirmed face can say, for it depends on how many of those
    who are asked about are one: whoever has chosen the threshold has said it, taking a wrong join to be as bad as a
    missing one there.
    """
    return chances_of(line.slope * (np.asarray(score, np.float64) - threshold), 0.5)
