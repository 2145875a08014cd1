"""Small writes about the models whose output a dataset holds. Each takes the caller's session and never commits."""

import json
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, delete, select

from db.queries.learning.models import StoredPrediction
from db.tables import Instance, ModelUse, ModelVersion, Prediction


def ensure_model_version(
    name: str, kind: str, weights_sha256: str, settings: dict[str, Any], *, session: Session
) -> int:
    """The id of a model as it runs now: the same name, weights and settings are one version."""
    key = json.dumps(settings, sort_keys=True)
    version_id = session.exec(
        select(ModelVersion.id).where(
            ModelVersion.name == name, ModelVersion.weights_sha256 == weights_sha256, ModelVersion.settings_key == key
        )
    ).first()
    if version_id is None:
        version = ModelVersion(name=name, kind=kind, weights_sha256=weights_sha256, settings=settings, settings_key=key)
        session.add(version)
        session.flush()
        return version.id
    return version_id


def note_model_use(dataset_id: int, model_version_id: int, *, session: Session) -> None:
    """Remember that a dataset holds output of a model."""
    session.merge(ModelUse(dataset_id=dataset_id, model_version_id=model_version_id))


def replace_predictions(version_id: int, rows: Mapping[int, StoredPrediction], *, session: Session) -> None:
    """Store what a version says of instances as new rows, for none is ever changed; not of instances that are gone."""
    mine = col(Prediction.model_version_id) == version_id
    session.exec(delete(Prediction).where(mine, col(Prediction.instance_id).in_(rows)))
    present = session.exec(select(Instance.id).where(col(Instance.id).in_(rows)))
    session.add_all(
        Prediction(instance_id=instance, model_version_id=version_id, **rows[instance]._asdict())
        for instance in present
    )
