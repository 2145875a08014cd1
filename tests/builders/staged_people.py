"""Stored faces with made-up embeddings, so that tests about people need no model.

Person k's face in variant v is the unit vector along ``e_k + 0.2 e_(32 + v)``: two variants of one person have the
cosine similarity 1 / 1.04, different people in different variants 0.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image as Picture

from core.foundation.workspace import Workspace
from core.jobs.runs import submit
from core.people.deciding import move_faces
from core.people.grouping import group_people
from db.engine import reading
from db.queries.people.ownership import ownerships
from db.tables import Embedding, Image, Instance, Run, RunState
from db.writes.library import ensure_user, refresh_picture
from db.writes.models import ensure_model_version
from db.writing import writing

SAME = 1 / 1.04
ENCODER = "dlib-resnet"


def vector(person: int, variant: int = 0) -> np.ndarray:
    """(64,) float32 of unit length."""
    made = np.zeros(64)
    made[person], made[32 + variant] = 1, 0.2
    return (made / np.linalg.norm(made)).astype(np.float32)


def add_faces(
    workspace: Workspace, dataset_id: int, faces: Sequence[tuple[str, np.ndarray]], *, identity: str | None = None
) -> list[int]:
    """Store the photos and a face of each (photo, vector), side by side in one photo; gives the instances' ids."""
    with writing(workspace.engine) as session:
        encoder = ensure_model_version(ENCODER, "encoder", "0" * 64, {}, session=session)
        author = ensure_user("ada", session=session)
        ids, places = [], {}
        for photo, embedding in faces:
            if photo not in places:
                image = _image(workspace, dataset_id, photo, identity, author)
                session.add(image)
                session.flush()
                places[photo] = (image.id, 0)
            image_id, place = places[photo]
            places[photo] = (image_id, place + 1)
            face = Instance(
                dataset_id=dataset_id,
                image_id=image_id,
                kind="face",
                left=8 + 60 * place,
                top=8,
                right=56 + 60 * place,
                bottom=56,
                score=0.99,
            )
            session.add(face)
            session.flush()
            session.add(Embedding(instance_id=face.id, model_version_id=encoder, vector=embedding.tobytes()))
            refresh_picture(image_id, session=session)
            ids.append(face.id)
        return ids


def _image(workspace: Workspace, dataset_id: int, photo: str, identity: str | None, author: int) -> Image:
    seed = np.random.default_rng(list(f"{dataset_id}{photo}".encode()))
    pixels = np.full((64, 124, 3), seed.integers(60, 230, 3), np.uint8)
    pixels[16:48, 16:48] //= 2
    out = io.BytesIO()
    Picture.fromarray(pixels).save(out, "PNG")
    sha256 = seed.bytes(32).hex()
    file = workspace.originals / f"{sha256}.png"
    file.write_bytes(out.getvalue())
    return Image(
        dataset_id=dataset_id,
        path=photo,
        sha256=sha256,
        size_bytes=file.stat().st_size,
        width=124,
        height=64,
        format="PNG",
        original=f"originals/{file.name}",
        identity=identity,
        identity_by=author if identity else None,
        state="found",
    )


def group(workspace: Workspace, dataset_id: int, **options: object) -> dict:
    """Group the faces as a run would."""
    with writing(workspace.engine) as session:
        author = ensure_user("ada", session=session)
    run_id = submit(workspace, "people", dataset_id=dataset_id, author_id=author, parameters={})
    with writing(workspace.engine) as session:  # no worker is to do it as well
        session.get_one(Run, run_id).state = RunState.DONE
    return group_people(workspace, dataset_id=dataset_id, run_id=run_id, **{"threshold": 0.5, **options})


def owners(workspace: Workspace, dataset_id: int) -> dict[int, tuple[int, bool]]:
    """Instance to (person, whether a human said so)."""
    with reading(workspace.engine) as session:
        return {face: (item.person_id, item.human) for face, item in ownerships(dataset_id, session=session).items()}


def noisy_faces(
    workspace: Workspace,
    dataset: int,
    author: int,
    counts: Sequence[int] = (5, 4, 3, 2),
    noise: float = 0.6,
    seed: int = 0,
) -> None:
    """Faces around one direction for each person, so near that some pairs are judged wrongly; all confirmed."""
    rng = np.random.default_rng(seed)
    for person, count in enumerate(counts):
        middle = rng.normal(size=64)
        rows = middle + noise * rng.normal(size=(count, 64)) * 2.0
        rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        faces = add_faces(workspace, dataset, [(f"{seed}/{person}/{n}.jpg", row) for n, row in enumerate(rows)])
        move_faces(workspace, faces, name=f"person {seed} {person}", author_id=author)
