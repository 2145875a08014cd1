"""Which encoder's embeddings a dataset is judged by, and the threshold in force for them."""

from __future__ import annotations

from core.foundation.errors import NotFound
from core.foundation.workspace import Workspace
from core.models import encoder_threshold
from db.engine import reading
from db.queries.people.vectors import encoder_versions
from db.queries.verification import newest_threshold
from db.tables import ModelVersion


def encoder_of(workspace: Workspace, dataset_id: int, encoder: str | None) -> ModelVersion:
    """The newest version of an encoder (default: of the settings, else any) that has embedded this dataset's faces.

    Raises
    ------
    NotFound
        If there is none.
    """
    with reading(workspace.engine) as session:
        versions = encoder_versions(dataset_id, session=session)
    wanted = encoder or workspace.settings.encoder
    for version in versions:
        if version.name == wanted:
            return version
    if encoder is None and versions:
        return versions[0]
    raise NotFound(f"no face here has an embedding of {wanted} yet; run “find faces” first")


def threshold_of(workspace: Workspace, dataset_id: int, version: ModelVersion) -> float:
    """The threshold in force: the one saved last, else the encoder's own."""
    with reading(workspace.engine) as session:
        saved = newest_threshold(dataset_id, version.id, session=session)
    return saved.value if saved else encoder_threshold(version.name, workspace.weights)
