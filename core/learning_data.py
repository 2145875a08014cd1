"""What there is to learn from and to be measured on: human labels, in parts that never share a video or a person."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session

from core.errors import BadInput, NotEnoughData
from core.keypoints import Keypoints
from core.skeletons import skeleton
from core.training.splits import assign
from db.queries.models import (
    Label,
    Unlabelled,
    excluded_names,
    group_parts,
    human_labels,
    unlabelled_instances,
)
from db.tables import GroupPart, Part

SPLIT_BY: Final = {
    "auto": "the clip or action where there is one, else the person, else the folder",
    "person": "the person, else the folder",
    "folder": "the folder",
    "picture": "the picture (only where no two pictures show the same person or scene)",
}


FRACTIONS: Final = (0.6, 0.15, 0.25)  # enough held out for two groups of eight: an interval needs two


@dataclass(frozen=True)
class Labels:
    """The human labels of a dataset for one skeleton, each with its group and its part of the split.

    `excluded` are the names of pictures that were left out, `empty` counts labels without a single present point.
    """

    skeleton: str
    labels: Sequence[Label]
    groups: Sequence[str]
    parts: Sequence[str]
    excluded: Sequence[str]
    empty: int

    def of(self, part: str) -> list[tuple[Label, str]]:
        """The labels of one part, with their groups."""
        rows = zip(self.labels, self.groups, self.parts, strict=True)
        return [(label, group) for label, group, where in rows if where == part]

    def only(self, part: str) -> Labels:
        """The labels of one part alone."""
        kept = [i for i, where in enumerate(self.parts) if where == part]
        labels, groups = [self.labels[i] for i in kept], [self.groups[i] for i in kept]
        return Labels(self.skeleton, labels, groups, [part] * len(kept), self.excluded, self.empty)

    def counts(self) -> dict[str, int]:
        """How many labels each part has, and of how many groups."""
        found = {part: 0 for part in Part} | {f"{part}_groups": 0 for part in Part}
        for part in Part:
            rows = self.of(part)
            found[part], found[f"{part}_groups"] = len(rows), len({group for _, group in rows})
        return {str(key): value for key, value in found.items()}

    def fingerprint(self) -> str:
        """Hexadecimal SHA-256 of which revision of which instance is in which part."""
        rows = sorted(
            (label.instance.id, label.revision.id, part) for label, part in zip(self.labels, self.parts, strict=True)
        )
        return hashlib.sha256(repr(rows).encode()).hexdigest()


def read_labels(dataset_id: int, skeleton: str, *, split_by: str = "auto", session: Session) -> Labels:
    """The human labels of a dataset as they stand, with the parts that `keep_parts` has given (or would give).

    Raises
    ------
    BadInput
        If `split_by` is not one of `SPLIT_BY`.
    """
    if split_by not in SPLIT_BY:
        raise BadInput(f"split_by is one of {', '.join(SPLIT_BY)}, not {split_by!r}")
    excluded = excluded_names(dataset_id, session=session)
    found = human_labels(dataset_id, skeleton, session=session)
    left_out = [label for label in found if _named(label.image.path, excluded)]
    rest = [label for label in found if not _named(label.image.path, excluded)]
    kept = [label for label in rest if Keypoints.from_bytes(label.revision.points).visibility.any()]
    groups = [group_of(label, split_by) for label in kept]
    parts = _parts(groups, group_parts(dataset_id, session=session))
    names = sorted({label.image.path for label in left_out})
    return Labels(skeleton, kept, groups, [parts[group] for group in groups], names, len(rest) - len(kept))


def read_unlabelled(
    dataset_id: int, labels: Labels, *, split_by: str = "auto", session: Session
) -> list[tuple[Unlabelled, str]]:
    """Instances without a human's points, with their groups: none of a group that is held out, no excluded picture."""
    excluded = excluded_names(dataset_id, session=session)
    held_out = {group for group, part in zip(labels.groups, labels.parts, strict=True) if part != Part.TRAIN}
    held_out |= {group for group, part in group_parts(dataset_id, session=session).items() if part != Part.TRAIN}
    found = [
        (one, group_of(one, split_by))
        for one in unlabelled_instances(dataset_id, skeleton(labels.skeleton).kind, session=session)
        if not _named(one.image.path, excluded)
    ]
    return [(one, group) for one, group in found if group not in held_out]


def keep_parts(dataset_id: int, labels: Labels, *, session: Session) -> None:
    """Write down which part each group belongs to, so that what is held out now stays so."""
    for group, part in dict(zip(labels.groups, labels.parts, strict=True)).items():
        session.merge(GroupPart(dataset_id=dataset_id, group=group, part=part))


def group_of(label: Label | Unlabelled, split_by: str = "auto") -> str:
    """What a label must not be separated from: its clip or action, its person, its folder.

    Frames of a clip stay together whatever is asked for.
    """
    image = label.image
    if label.video_id is not None:
        return f"clip {label.video_id}"
    if split_by == "picture":
        return f"picture {image.path}"
    if split_by == "auto" and image.sequence:
        return f"sequence {image.sequence}"
    if split_by in ("auto", "person") and label.person_id is not None:
        return f"person {label.person or label.person_id}"
    if split_by in ("auto", "person") and image.identity:
        return f"person {image.identity}"
    return f"folder {image.path.rpartition('/')[0]}"


def _parts(groups: Iterable[str], known: dict[str, str]) -> dict[str, str]:
    counts = Counter(groups)
    if not counts:
        return {}
    try:
        return assign(counts, {group: part for group, part in known.items() if group in counts}, FRACTIONS)
    except NotEnoughData:  # one group: everything to learn from, nothing to be measured on
        return dict.fromkeys(counts, str(Part.TRAIN))


def _named(path: str, names: set[str]) -> bool:
    return path in names or path.rpartition("/")[2] in names
