"""The models that were trained here: versions with parents, data, recipe and figures."""

from collections.abc import Sequence
from typing import Any

from core.foundation.messages import Message
from core.foundation.workspace import Workspace
from core.learning.pose_models import built_in_here, find_model
from db.engine import reading
from db.queries.learning.models import TrainedRow, promotion, trained_by_name, trained_in_run, trained_models
from db.queries.library import datasets
from db.tables import ModelVersion


def listed(workspace: Workspace, dataset_id: int | None = None) -> list[dict[str, Any]]:
    """Every trained model (of a dataset), the newest first, as plain values.

    Returns
    -------
    list of dict
        ``name``, ``version`` (id), ``dataset``, ``skeleton``, ``recipe``, ``settings``, ``parent``, ``labels`` (by
        part), ``in_progress`` (of how many of those nobody had accepted the points), ``epochs``, ``stopped``,
        ``seconds``, ``figures`` (each with value, low, high), ``author``, ``created_at``, ``pre_labels`` (whether it is
        in force for its dataset), ``weights_sha256``, ``run`` (id), ``rounds`` (of a self-training, else empty),
        ``labels_sha256``, ``split_by`` (what was kept together), ``warnings`` (messages that speak against the model,
        `core.learning.training_verdict`).
    """
    with reading(workspace.engine) as session:
        names = {row.id: row.name for row in datasets(session=session)}
        rows = trained_models(dataset_id, session=session)
        in_force = {
            key: newest.model_version_id if (newest := promotion(*key, session=session)) else None
            for key in {(row.model.dataset_id, row.model.skeleton) for row in rows}
        }
    return [_plain(row, names, in_force[row.model.dataset_id, row.model.skeleton]) for row in rows]


def _plain(row: TrainedRow, names: dict[int, str], in_force: int | None) -> dict[str, Any]:
    model = row.model
    return {
        "name": row.version.name,
        "version": row.version.id,
        "dataset": names.get(model.dataset_id, ""),
        "skeleton": model.skeleton,
        "recipe": model.recipe,
        "settings": model.recipe_settings,
        "parent": row.parent,
        "labels": {part: model.data.get(part, 0) for part in ("train", "validation", "test")},
        "in_progress": model.data.get("in_progress", 0),
        "epochs": model.data.get("epochs"),
        "stopped": model.data.get("stopped"),
        "seconds": model.seconds,
        "figures": model.figures,
        "author": row.author,
        "created_at": model.created_at.isoformat(),
        "pre_labels": in_force == row.version.id,
        "weights_sha256": row.version.weights_sha256,
        "run": model.run_id,
        "rounds": model.data.get("rounds") or [],
        "labels_sha256": model.data.get("labels_sha256"),
        "split_by": model.data.get("split_by") or "auto",
        "warnings": model.data.get("warnings") or [],
    }


def warnings_of(workspace: Workspace, model: str) -> list[Message]:
    """What speaks against promoting a model (`training_verdict`), nothing of a built-in one."""
    with reading(workspace.engine) as session:
        trained = trained_by_name(model, session=session)
    return list(map(Message.from_json, trained.data.get("warnings") or [])) if trained else []


def model_of_run(workspace: Workspace, run_id: int) -> str | None:
    """The name of the model that a training has kept, also one that was cancelled; None where there is none."""
    with reading(workspace.engine) as session:
        trained = trained_in_run(run_id, session=session)
        version = session.get(ModelVersion, trained.model_version_id) if trained else None
        return version.name if version else None


def comparable(workspace: Workspace, dataset_id: int, skeleton_name: str, *, built_in: bool = True) -> Sequence[str]:
    """Names of the models that locate these points: those of this dataset first, built-in ones last."""
    with reading(workspace.engine) as session:
        rows = trained_models(session=session)
    mine = [row for row in rows if row.model.skeleton == skeleton_name]
    mine.sort(key=lambda row: row.model.dataset_id != dataset_id)  # those of this dataset come first
    others = [name for name, skeleton in built_in_here(workspace).items() if built_in and skeleton == skeleton_name]
    return [row.version.name for row in mine] + others


def skeleton_of(workspace: Workspace, model: str) -> str:
    """Which points a model locates; NotFound where there is no such model."""
    with reading(workspace.engine) as session:
        return find_model(workspace, model, session=session).skeleton
