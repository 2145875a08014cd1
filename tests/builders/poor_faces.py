"""Faces whose quality is given by hand."""

from __future__ import annotations

from collections.abc import Collection

from core.foundation.workspace import Workspace
from db.tables import FaceQuality
from db.writes.quality import set_quality
from db.writing import writing

GOOD = {"sharpness": 500.0, "size": 90.0, "yaw": 0.0, "pitch": 0.0, "disagreement": 0.05}


def quality(instance: int = 0, **figures: float | None) -> FaceQuality:
    """A good face but for the figures that are given."""
    return FaceQuality(instance_id=instance, **{**GOOD, **figures})


def judge(workspace: Workspace, faces: Collection[int], poor: Collection[int] = ()) -> None:
    """Write down that these faces are good ones, but for the poor ones among them, which are blurred."""
    with writing(workspace.engine) as session:
        for face in faces:
            set_quality(quality(face, sharpness=1.0 if face in poor else 500.0), session=session)
