"""The models that were trained here: versions with parents, data, recipe and figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from core.pose_models import BUILT_IN, find_model
from core.workspace import Workspace
from db.engine import reading
from db.queries.library import datasets
from db.queries.models import TrainedRow, promotion, trained_models


def listed(workspace: Workspace, dataset_id: int | None = None) -> list[dict[str, Any]]:
    """Every trained model (of a dataset), the newest first, as plain values.

    Returns
    -------
    list of dict
        ``name``, ``version`` (id), ``dataset``, ``skeleton``, ``recipe``, ``settings``, ``parent``, ``labels`` (by
        part), ``epochs``, ``stopped``, ``seconds``, ``figures`` (each with value, low, high), ``author``,
        ``created_at``, ``pre_labels`` (whether it is in force for its dataset), ``weights_sha256``.
    """
    with reading(workspace.engine) as session:
        names = {row.id: row.name for row in datasets(session=session)}
        rows = trained_models(dataset_id, session=session)
        forced = {
            key: found.model_version_id if (found := promotion(*key, session=session)) else None
            for key in {(row.model.dataset_id, row.model.skeleton) for row in rows}
        }
    return [_plain(row, names, forced[row.model.dataset_id, row.model.skeleton]) for row in rows]


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
        "epochs": model.data.get("epochs"),
        "stopped": model.data.get("stopped"),
        "seconds": model.seconds,
        "figures": model.figures,
        "author": row.author,
        "created_at": model.created_at.isoformat(),
        "pre_labels": in_force == row.version.id,
        "weights_sha256": row.version.weights_sha256,
    }


def comparable(workspace: Workspace, dataset_id: int, skeleton_name: str) -> Sequence[str]:
    """Names of the models that locate these points: those of this dataset first, built-in ones last."""
    with reading(workspace.engine) as session:
        rows = trained_models(session=session)
    mine = [row for row in rows if row.model.skeleton == skeleton_name]
    mine.sort(key=lambda row: row.model.dataset_id != dataset_id)  # those of this dataset come first
    return [row.version.name for row in mine] + [name for name, known in BUILT_IN.items() if known == skeleton_name]


def skeleton_of(workspace: Workspace, model: str) -> str:
    """Which points a model locates; NotFound where there is no such model."""
    with reading(workspace.engine) as session:
        return find_model(workspace, model, session=session).skeleton


def recipe_text(settings: dict[str, Any]) -> str:
    """A recipe as it ran, as readable JSON."""
    return json.dumps(settings, indent=1, sort_keys=True, ensure_ascii=False)
