"""Open-set identification: a face is sought among many people, of whom it may be none.

Legend
------
- N: number of probes, the faces that are sought; G: number of faces in the gallery; P: number of people in it
- a probe is mated where its person is in the gallery; else it is a stranger
- a person's score is that of the most similar of their faces; it is accepted at or above the threshold
- CMC: cumulative match characteristic, the share of mated probes whose person is among the first k
- DIR: detection and identification rate, the share of mated probes whose person is first (or among the first k) and
  accepted
- FPIR: false positive identification rate, the share of strangers for whom anybody is accepted; called FAR beside DIR

Phillips, Grother & Micheals, "Evaluation methods in face recognition", Handbook of Face Recognition (2005); names
follow ISO/IEC 19795-1:2021, where 1 - DIR is the FNIR. Somebody else who scores as high as a probe's own person stands
before them, as there.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.errors import BadInput, NotEnoughData

_AT_ONCE: Final = 1 << 22  # scores: 16 MiB of float32


@dataclass(frozen=True, eq=False)
class Searches:
    """What the search for each probe gave.

    Attributes
    ----------
    own
        (N,) float64 score of the probe's own person; -inf for strangers.
    other
        (N,) float64 score of the most similar other person; -inf where the gallery holds nobody else.
    rank
        (N,) int64 place of the own person, from 1; 0 for strangers.
    accepted
        (N,) int64 how many other people are accepted at `threshold`.
    people
        (N,) int64 how many other people the gallery holds.
    threshold
        The one of `accepted`.
    """

    own: Floats
    other: Floats
    rank: Ints
    accepted: Ints
    people: Ints
    threshold: float

    @classmethod
    def of(cls, scores: NDArray, probe_person: NDArray, gallery_person: NDArray, threshold: float) -> Self:
        """Of a matrix of scores.

        Parameters
        ----------
        scores
            (N, G) float; NaN where a face must not be compared, as one with itself.
        probe_person, gallery_person
            (N,) and (G,) int person of each face.

        Raises
        ------
        BadInput
            If shapes disagree or a score is infinite.
        """
        matrix, probes, gallery = np.asarray(scores), np.asarray(probe_person), np.asarray(gallery_person)
        if matrix.shape != (probes.size, gallery.size) or probes.ndim != 1 or gallery.ndim != 1:
            raise BadInput("metrics.probes_and_gallery", probes=probes.shape, gallery=gallery.shape, found=matrix.shape)
        if np.isinf(matrix).any():
            raise BadInput("metrics.scores_not_finite", wrong=np.count_nonzero(np.isinf(matrix)), count=matrix.size)
        best, names = _best_of_people(matrix, gallery)
        column = np.where(np.isin(probes, names), np.searchsorted(names, probes), -1)
        is_own = np.arange(len(names)) == column[:, None]
        own = np.where(is_own, best, -np.inf).max(axis=1, initial=-np.inf)
        others = np.where(is_own, -np.inf, best)
        return cls(
            own,
            others.max(axis=1, initial=-np.inf),
            np.where(own > -np.inf, 1 + (others >= own[:, None]).sum(axis=1), 0),
            (others >= threshold).sum(axis=1),
            (others > -np.inf).sum(axis=1),
            float(threshold),
        )

    @classmethod
    def of_vectors(
        cls,
        probes: NDArray[np.float32],
        gallery: NDArray[np.float32],
        probe_person: NDArray,
        gallery_person: NDArray,
        threshold: float,
        itself: NDArray | None = None,
    ) -> Self:
        """Of (N, D) and (G, D) vectors of length 1, by cosine similarity, in blocks of probes.

        `itself` is (N,) int the row of the gallery that is the probe itself, below 0 for none: it is left out, so that
        an album can be its own gallery. Raises as `of`.
        """
        parts = []
        for rows in _blocks(len(probes), len(gallery)):
            scores = np.asarray(probes[rows] @ gallery.T)
            if itself is not None:
                place = np.flatnonzero(np.asarray(itself)[rows] >= 0)
                scores[place, np.asarray(itself)[rows][place]] = np.nan
            parts.append(cls.of(scores, np.asarray(probe_person)[rows], gallery_person, threshold))
        if not parts:
            return cls.of(np.zeros((0, len(gallery))), np.zeros(0, np.int64), gallery_person, threshold)
        return cls(
            np.concatenate([part.own for part in parts]),
            np.concatenate([part.other for part in parts]),
            np.concatenate([part.rank for part in parts]),
            np.concatenate([part.accepted for part in parts]),
            np.concatenate([part.people for part in parts]),
            float(threshold),
        )

    @cached_property
    def mated(self) -> Bools:
        """(N,) bool: the probe's person is in the gallery."""
        return self.rank > 0

    @property
    def rank_1(self) -> float:
        """The share of mated probes whose person is first; NaN without any."""
        return _mean(self.rank[self.mated] == 1)

    def cmc(self, upto: int) -> Floats:
        """(upto,) the share of mated probes whose person is among the first k, for each k from 1; NaN without any."""
        places = np.bincount(self.rank[self.mated].clip(max=upto + 1), minlength=upto + 2)[1 : upto + 1]
        return np.cumsum(places) / (self.mated.sum() or np.nan)

    def strangers(self, *, taken_out: bool = False) -> Floats:
        """(.,) the highest score that each stranger has with anybody.

        With `taken_out` every probe is one, its own person taken out of the gallery: where all are in it.
        """
        return self.other if taken_out else self.other[~self.mated]

    def fpir(self, threshold: float, *, taken_out: bool = False) -> float:
        """The share of `strangers` for whom somebody is accepted; NaN without any."""
        return _mean(self.strangers(taken_out=taken_out) >= threshold)

    def dir(self, threshold: float, rank: int = 1) -> float:
        """The share of mated probes whose person is accepted and among the first `rank`; NaN without any."""
        mated = self.mated
        return _mean((self.own[mated] >= threshold) & (self.rank[mated] <= rank))

    def dir_at_fpir(self, fpir: float, rank: int = 1, *, taken_out: bool = False) -> "IdentificationPoint":
        """DIR at the lowest threshold whose FPIR is at most `fpir` (Phillips' DIR at FAR).

        Raises
        ------
        BadInput
            If `fpir` is not in [0, 1].
        NotEnoughData
            Without mated probes or without strangers.
        """
        if not 0 <= fpir <= 1:
            raise BadInput("metrics.fmr", fmr=fpir)
        alarms = np.sort(self.strangers(taken_out=taken_out))[::-1]
        if not len(alarms) or not self.mated.any():
            raise NotEnoughData("metrics.mated_and_strangers", mated=int(self.mated.sum()), strangers=len(alarms))
        allowed = int(fpir * len(alarms) * (1 + 1e-12))
        threshold = float(np.nextafter(alarms[allowed], np.inf)) if allowed < len(alarms) else float(alarms[-1])
        attained = self.fpir(threshold, taken_out=taken_out)
        return IdentificationPoint(threshold, self.dir(threshold, rank), attained, fpir, allowed, len(alarms))

    def fpir_by_size(self, sizes: NDArray, *, taken_out: bool = False) -> "Growth":
        """How the FPIR at `threshold` grows with the number of people in the gallery.

        Of every subset of n people: a probe for which a of P others are accepted meets none of them in
        C(P - a, n) / C(P, n) of them, so nothing is drawn. NaN where the gallery holds fewer than n.

        Parameters
        ----------
        sizes
            (S,) int numbers of people, 0 or more.
        """
        counts = np.asarray(sizes)
        if counts.ndim != 1 or (counts < 0).any():
            raise BadInput("metrics.gallery_sizes", found=counts.tolist())
        rows = slice(None) if taken_out else ~self.mated
        accepted, people = self.accepted[rows], self.people[rows]
        fmr = _mean(accepted[people > 0] / people[people > 0])
        measured = np.array([_mean(_chance_of_any(accepted, people, int(size))) for size in counts])
        return Growth(counts.astype(np.int64), measured, 1 - (1 - fmr) ** counts.astype(np.float64), fmr)


@dataclass(frozen=True)
class IdentificationPoint:
    """An operating point of open-set identification.

    Attributes
    ----------
    threshold, dir, fpir
        The threshold and the rates there.
    requested
        The FPIR that was asked for, at least `fpir`.
    allowed, strangers
        How many of so many strangers may be taken for somebody.
    """

    threshold: float
    dir: float
    fpir: float
    requested: float
    allowed: int
    strangers: int


@dataclass(frozen=True, eq=False)
class Growth:
    """FPIR by the size of the gallery.

    Attributes
    ----------
    sizes
        (S,) int64 people in it.
    measured
        (S,) float64 mean over all subsets of so many people.
    independent
        (S,) float64 ``1 - (1 - fmr) ** size``: what it were if every stranger were taken for each person with the same
        chance, whatever happens with the others. Where false matches gather on few probes, as they do, it is too high.
    fmr
        The share of people who are accepted for a stranger, in the mean over strangers.
    """

    sizes: Ints
    measured: Floats
    independent: Floats
    fmr: float


def _best_of_people(scores: NDArray, person: NDArray) -> tuple[Floats, NDArray]:
    """(N, P) the highest score with each person, -inf where none counts, and (P,) whose column is which."""
    names, first = np.unique(person[order := np.argsort(person, kind="stable")], return_index=True)
    if not len(names):
        return np.zeros((len(scores), 0)), names
    sorted_scores = np.where(np.isnan(scores), -np.inf, scores)[:, order]
    return np.maximum.reduceat(sorted_scores, first, axis=1).astype(np.float64), names


def _blocks(probes: int, gallery: int) -> Iterator[slice]:
    step = max(1, _AT_ONCE // max(gallery, 1))
    return (slice(start, start + step) for start in range(0, probes, step))


def _mean(values: NDArray) -> float:
    return float(values.mean()) if len(values) else math.nan


def _chance_of_any(accepted: Ints, people: Ints, size: int) -> Floats:
    """(N,) chances that at least one of `accepted` is among `size` drawn of `people`; NaN where these are fewer."""
    with np.errstate(invalid="ignore"):
        left = people - accepted - size
        none = gammaln(people - accepted + 1) + gammaln(people - size + 1) - gammaln(left + 1) - gammaln(people + 1)
        return np.where(people < size, np.nan, np.where(left < 0, 1.0, -np.expm1(np.minimum(none, 0))))
