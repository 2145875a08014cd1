"""The motion competition's submission form: a model's 24 points, one line for each picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.formats.labels.motion_csv import write_submission
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, NotEnoughData
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.learning.pose_models import find_model, predict_command, stored_versions
from db.engine import reading
from db.queries.learning.models import box_areas, predictions


def submit_predictions(workspace: Workspace, dataset_id: int, model: str, out: Path) -> dict[str, Any]:
    """Write what a model predicted as the competition's CSV, pictures in the order of their paths.

    Returns
    -------
    dict
        ``model``, ``file``, ``pictures`` (lines), ``several`` (pictures with more than one person: the largest counts).

    Raises
    ------
    NotFound
        If there is no such model.
    BadInput
        If it does not locate the competition's 24 points, or a point is missing.
    NotEnoughData
        If it has predicted nothing in this dataset.
    """
    with reading(workspace.engine) as session:
        found = find_model(workspace, model, session=session)
        if found.skeleton != "body24":
            raise BadInput("models.not_body24", name=model, skeleton=found.skeleton)
        used = stored_versions(found, session=session)
        stored = predictions(dataset_id, used[0], session=session) if used else {}
        how = predict_command(dataset_id, model, session=session)
        boxes = box_areas(dataset_id, find_skeleton(found.skeleton).kind, session=session)
    if not stored:
        raise NotEnoughData("models.nothing_here", name=model, how=how)
    chosen: dict[str, tuple[float, int]] = {}
    several = set()
    for instance, path, area in boxes:
        if instance not in stored:
            continue
        several |= {path} if path in chosen else set()
        chosen[path] = max(chosen.get(path, (-1.0, 0)), (area, instance))
    rows = [
        (path.rpartition("/")[2], Keypoints.from_bytes(stored[instance].points))
        for path, (_, instance) in sorted(chosen.items())
    ]
    write_submission(rows, out)
    return {"model": model, "file": str(out), "pictures": len(rows), "several": len(several)}
