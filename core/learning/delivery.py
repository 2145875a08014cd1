"""What leaves the house: a trained model as ONNX, and the motion competition's form of its predictions."""

from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.formats.labels import motion_csv
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, NotEnoughData
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.learning.pose_models import PoseModel, ensure_own_weights, find_model, predict_command, stored_versions
from db.engine import reading
from db.queries.learning.models import box_areas, predictions


def onnx_file(workspace: Workspace, model: str) -> Path:
    """Where a model's ONNX file lies, or would: its name tells the weights.

    Raises
    ------
    NotFound
        If there is no such model.
    BadInput
        If it is a built-in one, which is no network.
    """
    return workspace.exports / "onnx" / f"{model}-{_trained(workspace, model)[1].stem[:12]}.onnx"


def _trained(workspace: Workspace, model: str) -> tuple[PoseModel, Path]:
    with reading(workspace.engine) as session:
        pose_model = find_model(workspace, model, session=session)
    if pose_model.file is None:
        raise BadInput("models.built_in_no_onnx", name=model)
    return pose_model, pose_model.file


def export_onnx(workspace: Workspace, model: str, out: Path) -> dict[str, Any]:
    """Write a trained model as ONNX with its decoding inside; the file is compared with the original first.

    Returns
    -------
    dict
        ``model``, ``file``, ``largest_difference`` (pixels of the input), and what the exporter tells.

    Raises
    ------
    NotFound
        If there is no such model.
    BadInput
        If it is a built-in one, which is no network.
    MissingWeights, BadWeights
        If its file is absent, damaged or of another model.
    """
    pose_model, file = _trained(workspace, model)
    ensure_own_weights(pose_model)
    from core.models.pose.checkpoint import load_checkpoint
    from core.models.pose.onnx_export import export

    out.parent.mkdir(parents=True, exist_ok=True)
    facts = export(load_checkpoint(file), out)
    return {"model": model, "file": str(out), **asdict(facts)}


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
        pose_model = find_model(workspace, model, session=session)
        if pose_model.skeleton != "body24":
            raise BadInput("models.not_body24", name=model, skeleton=pose_model.skeleton)
        versions = stored_versions(pose_model, session=session)
        stored = predictions(dataset_id, versions[0], session=session) if versions else {}
        how = predict_command(dataset_id, model, session=session)
        boxes = box_areas(dataset_id, find_skeleton(pose_model.skeleton).kind, session=session)
    if not stored:
        raise NotEnoughData("models.nothing_here", name=model, how=how)
    of_picture: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for instance, path, area in boxes:
        if instance in stored:
            of_picture[path].append((area, instance))
    largest = [(path.rpartition("/")[2], max(people)[1]) for path, people in sorted(of_picture.items())]
    motion_csv.write([(name, Keypoints.from_bytes(stored[instance].points)) for name, instance in largest], out)
    several = sum(len(people) > 1 for people in of_picture.values())
    return {"model": model, "file": str(out), "pictures": len(largest), "several": several}
