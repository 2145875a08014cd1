"""The online running mean of the video project: each face goes to the nearest person so far, or begins another."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.clustering.constraints import Constraints
from core.clustering.linkage import unit_faces
from core.foundation.arrays import Bools, Ints

_BLOCK: Final = 128  # faces compared at once


def running_mean(
    embeddings: NDArray[np.float32],
    threshold: float,
    constraints: Constraints | None = None,
    *,
    directions: bool = False,
) -> Ints:
    """Group faces in the order in which they come: the leader algorithm with means (Hartigan 1975, chapter 3).

    A face joins the group whose mean is nearest, if that is near enough, and moves the mean; else it begins a group.
    The video project measured the L2 distance to the mean of unit vectors, as it stands: a mean of several is shorter
    than 1. The threshold is told as the cosine similarity of two unit vectors at that distance, 1 - d² / 2.

    Under constraints a face joins the group that a face of its must-link group is in, and no group that it must not
    be in; a must-link group is met as a whole when its first face comes.

    Parameters
    ----------
    embeddings
        (N, D) float32 of length 1, in their order.
    threshold
        Cosine similarity, see above.
    constraints
        Limits over the same faces; None for none.
    directions
        Measure the cosine similarity to the mean instead, whatever its length.

    Returns
    -------
    labels
        (N,) int64 from 0 on, in the order in which groups began.

    Raises
    ------
    BadInput
        As `merge_tree` of the embeddings and the threshold.
    """
    faces = unit_faces(embeddings, threshold)
    limits = Constraints.over(len(faces), constraints)
    people = _People(faces.shape[1], limits)
    least = threshold - 1e-6  # the rounding of float32
    labels = np.zeros(len(faces), np.int64)
    for number, face in enumerate(faces):
        if number % _BLOCK == 0:
            people.meet(faces[number : number + _BLOCK])
        unit = int(people.units[number])
        chosen = people.of_unit.get(unit)
        if chosen is None:
            alike = people.alike(number % _BLOCK, face, directions)
            alike[people.barred(unit)] = -np.inf
            best = int(alike.argmax()) if len(alike) else -1
            chosen = people.take(unit, best if best >= 0 and alike[best] >= least else None)
        people.add(chosen, face)
        labels[number] = chosen
    return labels


class _People:
    """The groups so far: their means, and who is in them."""

    def __init__(self, width: int, limits: Constraints) -> None:
        self.units = limits.units()
        count = int(self.units.max(initial=-1)) + 1
        holders, held = limits.tags(self.units)
        self.tags = np.split(held, np.searchsorted(holders, np.arange(1, count))) if count else []
        self.of_unit: dict[int, int] = {}
        self.of_tag: dict[int, list[int]] = {}
        self.count = 0
        self.means = np.zeros((64, width), np.float32)
        self.squares = np.zeros(64, np.float32)
        self.sizes = np.zeros(64)
        self.met = np.zeros((0, 0), np.float32)
        self.moved: set[int] = set()  # groups that are new or other since

    def meet(self, block: NDArray[np.float32]) -> None:
        """Compare the next faces with all groups at once, which takes a tenth of the time of one by one."""
        self.met, self.moved = block @ self.means[: self.count].T, set()

    def alike(self, number: int, face: NDArray[np.float32], directions: bool) -> NDArray:
        """(K,) how alike each group's mean and a face are, as a cosine; `number` is the face's in its block."""
        products = np.empty(self.count, np.float32)
        products[: self.met.shape[1]] = self.met[number]
        moved = np.fromiter(self.moved, np.int64, len(self.moved))
        products[moved] = self.means[moved] @ face
        squares = self.squares[: self.count]
        return products / np.sqrt(squares) if directions else products + (1 - squares) / np.float32(2)

    def barred(self, unit: int) -> Bools:
        barred = np.zeros(self.count, bool)
        for tag in self.tags[unit].tolist():
            barred[self.of_tag.get(tag, [])] = True
        return barred

    def take(self, unit: int, chosen: int | None) -> int:
        """Put a unit into a group, or into one that begins with it."""
        if chosen is None:
            chosen, self.count = self.count, self.count + 1
            if self.count > len(self.means):
                self.means = np.concatenate([self.means, np.zeros_like(self.means)])
                self.squares = np.concatenate([self.squares, np.zeros_like(self.squares)])
                self.sizes = np.concatenate([self.sizes, np.zeros_like(self.sizes)])
        self.of_unit[unit] = chosen
        for tag in self.tags[unit].tolist():
            self.of_tag.setdefault(tag, []).append(chosen)
        return chosen

    def add(self, group: int, face: NDArray[np.float32]) -> None:
        self.moved.add(group)
        self.sizes[group] += 1
        self.means[group] += (face - self.means[group]) / self.sizes[group]
        self.squares[group] = np.maximum(self.means[group] @ self.means[group], np.finfo(np.float32).tiny)
