"""Which person each newly found cluster goes on being."""

import numpy as np
from numpy.typing import NDArray

from core.foundation.errors import BadInput


def carry_person_ids(labels: NDArray, previous: NDArray, decided: NDArray) -> dict[int, int | None]:
    """Carry person ids over from an earlier grouping to a new one.

    A cluster that holds faces of a person whom a human has decided about is that person. The other clusters take the
    remaining people greedily, the greatest number of shared faces first; so of a split cluster the bigger part keeps
    the id, and of joined clusters the bigger one gives it. Greedy, not the assignment of greatest total overlap
    (Kuhn 1955), because that one renames a person's biggest part when it gains a face elsewhere. Equal overlaps go
    to the lower label, then to the lower person id, so that the answer does not depend on the order of the faces.

    Parameters
    ----------
    labels
        (N,) int new cluster of each face, 0 or more.
    previous
        (N,) int person id that the face had before, -1 = none (a new face).
    decided
        (N,) int person id that a human gave the face or confirmed, -1 = none.

    Returns
    -------
    people
        For every label, in ascending order, the person id that it goes on being, or None for a new person. No id is
        used twice.

    Raises
    ------
    BadInput
        If shapes disagree, a label is negative, a cluster holds two decided people, or a decided person is spread
        over two clusters: the grouping was not made under the constraints that follow from `decided`.
    """
    new, old, human = np.asarray(labels), np.asarray(previous), np.asarray(decided)
    if not new.shape == old.shape == human.shape == (new.size,):
        raise BadInput("clustering.identity_shapes", labels=new.shape, previous=old.shape, decided=human.shape)
    if (new < 0).any():
        raise BadInput("arrays.least", name="labels", least="0", found=new.min())
    people: dict[int, int | None] = dict.fromkeys(np.unique(new).tolist())
    taken: set[int] = set()
    for label, person, _ in _overlaps(new, human):
        if people[label] is not None:
            raise BadInput("clustering.two_decided_people", label=label, first=people[label], second=person)
        if person in taken:
            raise BadInput("clustering.person_spread", person=person, label=label)
        people[label] = person
        taken.add(person)
    for label, person, _ in _overlaps(new, old):
        if people[label] is None and person not in taken:
            people[label] = person
            taken.add(person)
    return people


def _overlaps(labels: NDArray, people: NDArray) -> list[tuple[int, int, int]]:
    """(label, person, number of shared faces), greatest number first, then lowest label, then lowest person."""
    assigned = people >= 0
    pairs, count = np.unique(np.stack([labels[assigned], people[assigned]], axis=1), axis=0, return_counts=True)
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -count))
    return [(int(pairs[i, 0]), int(pairs[i, 1]), int(count[i])) for i in order]
