"""Labels of the store as samples that a training takes, and which of them a model has seen.

What a model has learned from is kept with it: whatever becomes of groups and names, it is never measured on that.
Groups alone do not settle it: a person who is named later, or another way to split, makes other groups of the same
pictures.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from core.foundation.arrays import Bools, Keypoints
from core.foundation.skeletons import Skeleton
from core.foundation.workspace import Workspace
from core.library.pixels import picture_place
from core.training.samples import Sample
from core.training.taught import taught_points
from db.queries.learning.labels import HumanLabel, UnlabelledInstance
from db.tables import TrainedModel

LEARNED: Final = "learned"  # in `db.tables.TrainedModel.data`
TAUGHT: Final = "taught"  # there too: the points, by their rows, that a label has taught it or its parents


def taught_by(labels: Sequence[tuple[HumanLabel, str]], skeleton: Skeleton, *, mirrored: bool) -> Bools:
    """(K,) bool: the points that labels teach (`core.training.taught`)."""
    _, visibility, _ = Keypoints.unpack_all([label.revision.points for label, _ in labels], len(skeleton))
    return taught_points(visibility, skeleton, mirrored=mirrored)


def samples(workspace: Workspace, labels: Sequence[tuple[HumanLabel, str]]) -> list[Sample]:
    """Labels with their groups as samples to learn from; `group` is what must not be split."""
    return [_sample(workspace, label, group, Keypoints.from_bytes(label.revision.points)) for label, group in labels]


def unlabelled_samples(
    workspace: Workspace, rows: Sequence[tuple[UnlabelledInstance, str]], count: int
) -> list[Sample]:
    """Instances without a human's points, each with `count` absent ones."""
    nothing = Keypoints.of(np.full((count, 2), np.nan))
    return [_sample(workspace, row, group, nothing) for row, group in rows]


def _sample(workspace: Workspace, label: HumanLabel | UnlabelledInstance, group: str, points: Keypoints) -> Sample:
    instance, image = label.instance, label.image
    scene = f"{label.video_id}, scene {label.scene}"  # a window of consecutive frames never goes over a cut
    frame = (scene, label.frame) if label.video_id is not None and label.frame is not None else None
    return Sample(
        picture=picture_place(workspace, image),
        box=instance.box,
        keypoints=points,
        key=instance.id,
        name=image.path,
        group=group,
        frame=frame,
    )


def as_ranges(instances: Iterable[int]) -> list[list[int]]:
    """Ids as first and last of each run of whole numbers without a gap, in rising order: short for whole clips.

    >>> as_ranges([7, 1, 2, 3])
    [[1, 3], [7, 7]]
    """
    ids = np.unique(np.fromiter(instances, np.int64))
    if not len(ids):
        return []
    ends = np.flatnonzero(np.diff(ids) > 1)
    first, last = np.r_[ids[0], ids[ends + 1]], np.r_[ids[ends], ids[-1]]
    return [[int(low), int(high)] for low, high in zip(first, last, strict=True)]


def learned_from(model: TrainedModel | None) -> set[int]:
    """Ids of the instances that a model, its parents and its choice of an epoch have seen; none of a built-in one, or
    where that is not known."""
    ranges = (model.data.get(LEARNED) if model else None) or []
    return {number for low, high in ranges for number in range(low, high + 1)}
