"""Faces that lack something: an embedding of this encoder, or points at all.

They were drawn by a human, came in with an import, or were embedded by another encoder before.
"""

from __future__ import annotations

from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from core.errors import UnreadableImage
from core.face_models import FaceModels, five_points
from core.images import decode
from core.keypoints import Keypoints
from core.progress import Progress
from core.workspace import Workspace
from db.engine import writing
from db.queries.library import incomplete_faces
from db.tables import Embedding, Image, Instance, KeypointRevision, Source


def complete_faces(
    workspace: Workspace, *, dataset_id: int, encoder: str | None = None, progress: Progress | None = None
) -> int:
    """Give every face of a dataset points and an embedding; returns how many got something.

    A face whose picture cannot be read is left as it is; “find faces” has noted the reason with the picture.
    """
    progress = progress or Progress()
    models = FaceModels.load(workspace, encoder)
    with writing(workspace.engine) as session:
        _, landmarker_id, encoder_id = models.versions(session)
        waiting = incomplete_faces(dataset_id, encoder_id, session=session)
    progress.begin(len(waiting), message="Completing faces")
    done = completed = 0
    for _, rows in groupby(waiting, key=lambda row: row[1].id):
        group = list(rows)
        image = group[0][1]
        found = _describe(workspace, models, image, [face for face, _ in group])
        with writing(workspace.engine) as session:
            for instance_id, points, vector in found:
                _store(instance_id, points, vector, landmarker_id, encoder_id, session)
        done, completed = done + len(group), completed + len(found)
        progress.advance(done)
    return completed


def _describe(
    workspace: Workspace, models: FaceModels, image: Image, faces: list[Instance]
) -> list[tuple[int, Keypoints, NDArray[np.float32]]]:
    """Id, 68 points and embedding of each face of one picture."""
    try:
        pixels = decode(workspace.original(image.original), image.path, workspace.settings.max_pixels).pixels
    except (UnreadableImage, OSError):
        return []
    corners = np.array([(face.left, face.top, face.right, face.bottom) for face in faces], dtype=np.float32)
    located = models.landmarker.locate(pixels, corners)
    crops = [
        models.encoder.crop(pixels, box, _five(face, points), points)
        for face, box, points in zip(faces, corners, located, strict=True)
    ]
    vectors = models.embed(crops)
    return [(face.id, points, vector) for face, points, vector in zip(faces, located, vectors, strict=True)]


def _five(face: Instance, points: Keypoints) -> NDArray[np.float32]:
    if face.five_points is not None:
        stored = np.frombuffer(face.five_points, dtype="<f4").reshape(5, 2)
        if np.isfinite(stored).all():
            return stored
    return five_points(points)


def _store(
    instance_id: int,
    points: Keypoints,
    vector: NDArray[np.float32],
    landmarker_id: int,
    encoder_id: int,
    session: Session,
) -> None:
    instance = session.get(Instance, instance_id)
    if instance is None:
        return
    if instance.revision_id is None:
        revision = KeypointRevision(
            instance_id=instance_id, skeleton="face68", points=points.to_bytes(), source=Source.MODEL,
            model_version_id=landmarker_id,
        )  # fmt: skip
        session.add(revision)
        session.flush()
        instance.revision_id = revision.id
    vector_row = Embedding(instance_id=instance_id, model_version_id=encoder_id, vector=vector.astype("<f4").tobytes())
    session.merge(vector_row)
