"""What a threshold would do to the people of a dataset, before it is done: cuts of one tree of joins."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from core.clustering.linkage import MergeTree
from core.foundation.arrays import Bools, Ints
from core.people.evidence import NOBODY


@dataclass(frozen=True)
class WhatIf:
    """What a grouping at a threshold would change, counted.

    Attributes
    ----------
    people
        How many there would be.
    merges
        Groups that faces of several people would be in.
    splits
        People whose faces would be in several groups.
    named_touched
        How many of all these have a name, or a face that a human gave them.
    """

    people: int
    merges: int
    splits: int
    named_touched: int


@dataclass(frozen=True)
class GroupingPreview:
    """What a grouping would change.

    Attributes
    ----------
    people_now, people_then
        How many people have faces.
    placed
        Faces of nobody that would be somebody's.
    split
        Person id to the faces of each part that they would fall into, the largest first.
    joined
        For each group that faces of several people would be in: person id to their faces in it.
    """

    people_now: int
    people_then: int
    placed: int
    split: dict[int, list[list[int]]]
    joined: list[dict[int, list[int]]]

    @property
    def changes(self) -> bool:
        """Whether anything would."""
        return bool(self.placed or self.split or self.joined)


@dataclass(frozen=True, eq=False)
class PeopleTree:
    """The joins of the N faces of a dataset, and whose each is now.

    Attributes
    ----------
    tree
        The joins, under all that humans have decided.
    instances, people
        (N,) int64 id of each face, and of its person, -1 for nobody.
    known
        (K,) int64 ids of those people who have a name, or a face that a human gave them.
    """

    tree: MergeTree
    instances: Ints
    people: Ints
    known: Ints

    def what_if(self, threshold: float) -> WhatIf:
        """What a grouping at a threshold would change, counted; raises as `MergeTree.cut`."""
        labels = self.tree.cut(threshold)
        groups = int(labels.max(initial=-1)) + 1
        places = _distinct_places(labels, self.people)
        merged = np.bincount(places[:, 0], minlength=groups) > 1
        people, parts = np.unique(places[:, 1], return_counts=True)
        touched = np.union1d(people[parts > 1], places[merged[places[:, 0]], 1])
        return WhatIf(groups, int(merged.sum()), int((parts > 1).sum()), int(np.isin(touched, self.known).sum()))

    def preview(self, threshold: float) -> GroupingPreview:
        """Who would be split, who joined, which faces find a place; raises as `MergeTree.cut`."""
        labels = self.tree.cut(threshold)
        parts: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        rows = zip(self.instances.tolist(), self.people.tolist(), labels.tolist(), strict=True)
        for instance, person, label in rows:
            parts[person][label].append(instance)
        placed = sum(len(faces) for faces in parts.pop(NOBODY, {}).values())
        split = {
            person: sorted(faces.values(), key=lambda part: (-len(part), part))
            for person, faces in sorted(parts.items())
            if len(faces) > 1
        }
        heirs: dict[int, dict[int, list[int]]] = defaultdict(dict)
        for person, faces in parts.items():
            for label, part in faces.items():
                heirs[label][person] = part
        joined = [people for _, people in sorted(heirs.items()) if len(people) > 1]
        return GroupingPreview(len(parts), len(set(labels.tolist())), placed, split, joined)


def _distinct_places(labels: Ints, people: Ints) -> Ints:
    """(P, 2) each group with each person who has a face in it."""
    somebody: Bools = people != NOBODY
    codes = np.unique(labels[somebody] * (int(people.max(initial=0)) + 1) + people[somebody])
    return np.stack(np.divmod(codes, int(people.max(initial=0)) + 1), axis=1)
