"""What the store refuses of pictures and clips, and what goes with them."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from db.engine import reading
from db.tables import Embedding, Image, Instance
from db.writes.library import recount_faces
from db.writes.models import ensure_model_version
from db.writing import writing


def test_the_same_content_twice_in_a_dataset_is_refused(workspace, dataset):
    same = {"sha256": "0", "size_bytes": 1, "width": 1, "height": 1, "format": "PNG", "original": "a"}
    with pytest.raises(IntegrityError, match="UNIQUE"), writing(workspace.engine) as session:
        session.add_all([Image(dataset_id=dataset, path=path, **same) for path in ("a", "b")])


def test_deleting_a_picture_takes_its_faces_and_vectors_along(workspace, dataset):
    with writing(workspace.engine) as session:
        image = Image(
            dataset_id=dataset, path="a", sha256="0", size_bytes=1, width=1, height=1, format="PNG", original="a"
        )
        session.add(image)
        session.flush()
        face = Instance(dataset_id=dataset, image_id=image.id, kind="face", left=0, top=0, right=1, bottom=1)
        session.add(face)
        session.flush()
        encoder = ensure_model_version("e", "encoder", "0", {}, session=session)
        session.add(Embedding(instance_id=face.id, model_version_id=encoder, vector=bytes(8)))
        recount_faces(image.id, session=session)
        session.refresh(image)
        assert image.faces == 1
        session.delete(image)
    with reading(workspace.engine) as session:
        assert session.exec(select(Instance)).all() == []
        assert session.exec(select(Embedding)).all() == []
