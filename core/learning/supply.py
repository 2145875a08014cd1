"""What there is to learn from, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.foundation.workspace import Workspace
from core.learning.labels import read_labels, read_unlabelled
from db.engine import reading


@dataclass(frozen=True)
class Supply:
    """What a training would have, in numbers.

    Attributes
    ----------
    labels
        By part and by ``PART_groups``, as `core.learning.labels.Labels.counts`.
    groups
        Names of the groups, each once.
    excluded
        Names of pictures on the list of bad ones.
    empty
        Labels without a single point.
    unlabelled
        Instances without a human's points, outside the groups that are held out.
    """

    labels: Mapping[str, int]
    groups: Sequence[str]
    excluded: Sequence[str]
    empty: int
    unlabelled: int


def supply(workspace: Workspace, dataset_id: int, skeleton_name: str, split_by: str = "auto") -> Supply:
    """Count the labels that a training would use now, and what it could label itself."""
    with reading(workspace.engine) as session:
        found = read_labels(dataset_id, skeleton_name, split_by=split_by, session=session)
        others = read_unlabelled(dataset_id, found, split_by=split_by, session=session)
    return Supply(found.counts(), sorted(set(found.groups)), found.excluded, found.empty, len(others))
