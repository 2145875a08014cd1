"""What a threshold would do to the people of a dataset, before it is done: cuts of one tree of joins.

The tree is a cache in the home folder: one file for each dataset, encoder and way of grouping, of the state of the
people that it was made of. Made once, every stricter threshold is a cut of it.
"""

import os
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from core.clustering.linkage import MergeTree, merge_tree
from core.foundation.arrays import Bools, Ints
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.media.files import open_partial
from core.people.encoders import own_threshold
from core.people.evidence import NOBODY, Evidence
from core.people.vectors import face_vectors
from db.engine import reading
from db.queries.people.vectors import people_state
from db.tables import ModelVersion

_LOOSER: Final = 0.1  # than the encoder's own threshold: where joins end, if nobody asks for looser ones


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

    @classmethod
    def of(
        cls,
        workspace: Workspace,
        dataset_id: int,
        encoder: ModelVersion,
        *,
        least: float,
        regroup: bool,
        progress: Progress = DEAF,
    ) -> Self:
        """The tree down to a threshold or below: the one that is kept where it is of the present state, else made."""
        file = workspace.home / "trees" / f"{dataset_id}-{encoder.id}-{'afresh' if regroup else 'onto'}.npz"
        return cls._kept(workspace, dataset_id, encoder.id, file, least) or cls._made(
            workspace,
            dataset_id,
            encoder,
            file,
            min(least, own_threshold(workspace, encoder) - _LOOSER),
            regroup,
            progress,
        )

    @classmethod
    def _kept(cls, workspace: Workspace, dataset_id: int, encoder_id: int, file: Path, least: float) -> Self | None:
        try:
            with file.open("rb") as source, np.load(source, allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
        except (FileNotFoundError, zipfile.BadZipFile, ValueError, EOFError):
            return None
        with reading(workspace.engine) as session:
            if arrays.pop("state").tolist() != list(people_state(dataset_id, encoder_id, session=session)):
                return None
            faces = face_vectors(workspace, dataset_id, encoder_id, session=session)
        floor = float(arrays.pop("floor"))
        if floor > least:
            return None
        whose = {name: arrays.pop(name) for name in ("people", "known")}
        photos = arrays.pop("holders"), arrays.pop("photos")
        return cls(MergeTree(floor=floor, faces=faces.vectors, photos=photos, **arrays), faces.instances, **whose)

    @classmethod
    def _made(
        cls,
        workspace: Workspace,
        dataset_id: int,
        encoder: ModelVersion,
        file: Path,
        floor: float,
        regroup: bool,
        progress: Progress,
    ) -> Self:
        evidence = Evidence.of(workspace, dataset_id, encoder.id)
        count = len(evidence.faces.instances)
        progress.begin(count, message=message("progress.looking_at_grouping"))
        limits = evidence.limits(regroup=regroup)
        tree = merge_tree(
            evidence.faces.vectors, max(floor, -1.0), limits, lambda share: progress.advance(round(share * count))
        )
        made = cls(
            tree, evidence.faces.instances, evidence.people(), np.array(sorted(evidence.known_people()), np.int64)
        )
        made._keep(file, evidence.state)
        return made

    def _keep(self, file: Path, state: tuple[int, ...]) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        tree = self.tree
        descriptor, partial = open_partial(file.parent)
        try:
            with os.fdopen(descriptor, "wb") as target:
                np.savez(
                    target,
                    state=np.array(state, np.int64),
                    floor=tree.floor,
                    units=tree.units,
                    joins=tree.joins,
                    similarity=tree.similarity,
                    sizes=tree.sizes,
                    decided=tree.decided,
                    holders=tree.photos[0],
                    photos=tree.photos[1],
                    people=self.people,
                    known=self.known,
                )
            os.replace(partial, file)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise

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
