"""Writing a trained model as ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.foundation.errors import BadInput
from core.foundation.workspace import Workspace
from core.learning.pose_models import ensure_own_weights, find_model
from db.engine import reading


def onnx_file(workspace: Workspace, model: str) -> Path:
    """Where a model's ONNX file lies, or would: its name tells the weights.

    Raises
    ------
    NotFound
        If there is no such model.
    BadInput
        If it is a built-in one, which is no network.
    """
    with reading(workspace.engine) as session:
        found = find_model(workspace, model, session=session)
    if found.file is None:
        raise BadInput("models.built_in_no_onnx", name=model)
    return workspace.exports / "onnx" / f"{model}-{found.file.stem[:12]}.onnx"


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
    with reading(workspace.engine) as session:
        found = find_model(workspace, model, session=session)
    if found.file is None:
        raise BadInput("models.built_in_no_onnx", name=model)
    ensure_own_weights(found)
    from core.models.pose.checkpoint import load_checkpoint
    from core.models.pose.onnx_export import export

    out.parent.mkdir(parents=True, exist_ok=True)
    facts = export(load_checkpoint(found.file), out)
    return {"model": model, "file": str(out), **facts.as_json()}
