"""A dataset that two encoders have seen, one of which tells nobody from anybody."""

from __future__ import annotations

import numpy as np
from sqlmodel import select

from db.tables import Embedding
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.staged_people import noisy_faces


def two_encoders(workspace, dataset, author):
    """Twelve people of four faces; ``facenet-casia`` sees noise, in another order, in all faces but the first."""
    noisy_faces(workspace, dataset, author, counts=(4,) * 12)
    rng = np.random.default_rng(1)
    with writing(workspace.engine) as session:
        other = ensure_model_version("facenet-casia", "encoder", "2" * 64, {}, session=session)
        rows = session.exec(select(Embedding)).all()
        for row in reversed(rows[1:]):
            vector = rng.normal(size=len(row.vector) // 4)
            made = (vector / np.linalg.norm(vector)).astype("<f4").tobytes()
            session.add(Embedding(instance_id=row.instance_id, model_version_id=other, vector=made))
