"""Labels of the store as samples that a training takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.foundation.arrays import Keypoints
from core.foundation.workspace import Workspace
from core.training.samples import Sample
from db.queries.learning.labels import HumanLabel, UnlabelledInstance


def samples(workspace: Workspace, labels: Sequence[tuple[HumanLabel, str]]) -> list[Sample]:
    """Labels with their groups as samples to learn from; `group` is what must not be split."""
    return [_sample(workspace, label, group, Keypoints.from_bytes(label.revision.points)) for label, group in labels]


def unlabelled_samples(
    workspace: Workspace, rows: Sequence[tuple[UnlabelledInstance, str]], count: int
) -> list[Sample]:
    """Instances without a human's points, each with `count` absent ones."""
    nothing = Keypoints.of(np.full((count, 2), np.nan))
    return [_sample(workspace, one, group, nothing) for one, group in rows]


def _sample(workspace: Workspace, label: HumanLabel | UnlabelledInstance, group: str, points: Keypoints) -> Sample:
    one, image = label.instance, label.image
    scene = f"{label.video_id}, scene {label.scene}"  # a window of consecutive frames never goes over a cut
    frame = (scene, label.frame) if label.video_id is not None and label.frame is not None else None
    return Sample(
        picture=workspace.original(image.original),
        box=one.box,
        keypoints=points,
        key=one.id,
        name=image.path,
        group=group,
        frame=frame,
    )
