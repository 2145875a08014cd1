"""Finding the pictures of a dataset that show the person of a given photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from core.errors import NotEnoughData, NotFound
from core.face_models import FaceModels, Faces
from core.geometry import most_central
from core.images import decode
from core.workspace import Workspace
from db.engine import reading, writing
from db.queries.vectors import face_vectors, newest_threshold
from db.tables import Image


@dataclass(frozen=True)
class Match:
    """A picture, its most similar face, and how similar that is (cosine)."""

    image_id: int
    image: str
    instance_id: int
    score: float


@dataclass(frozen=True, eq=False)
class Question:
    """The faces of the photo that was asked with, and the one that is meant."""

    faces: Faces
    chosen: int


def ask(workspace: Workspace, content: bytes, name: str, encoder: str | None = None) -> tuple[Question, FaceModels]:
    """Find the face to search for: the one in the middle of the photo.

    Raises
    ------
    UnreadableImage
        If it is no picture.
    NotEnoughData
        If no face is found in it.
    """
    picture = decode(content, name, workspace.settings.max_pixels)
    models = FaceModels.load(workspace, encoder)
    faces = models.look([picture.pixels])[0]
    if not len(faces.boxes):
        raise NotEnoughData(f"{name}: no face is found in this photo; take one where the face is larger or turned less")
    return Question(faces, most_central(faces.boxes.corners, picture.width, picture.height)), models


def search(
    workspace: Workspace, dataset_id: int, content: bytes, name: str, *, encoder: str | None = None,
    threshold: float | None = None,
) -> list[Match]:  # fmt: skip
    """Every picture of the dataset with a face at least as similar as the threshold, best first.

    The threshold is the one given, else the one saved last, else the encoder's own.

    Raises
    ------
    NotFound
        If no face of the dataset has an embedding of this encoder.
    """
    question, models = ask(workspace, content, name, encoder)
    with writing(workspace.engine) as session:
        _, _, encoder_id = models.versions(session)
    with reading(workspace.engine) as session:
        known = face_vectors(dataset_id, encoder_id, session=session)
        if not len(known.instances):
            raise NotFound(f"no face here has an embedding of {models.encoder.name} yet; run “find faces” first")
        saved = newest_threshold(dataset_id, encoder_id, session=session)
        value = threshold if threshold is not None else saved.value if saved else models.encoder.threshold
        scores = known.vectors @ question.faces.vectors[question.chosen]
        best = _best_of_each(known.images.tolist(), scores.tolist(), value)
        paths = _paths([image for image, _, _ in best], session)
    return [Match(image, paths[image], int(known.instances[row]), score) for image, row, score in best]


def _best_of_each(images: Sequence[int], scores: Sequence[float], threshold: float) -> list[tuple[int, int, float]]:
    """Image, row and score of the most similar face of each picture, best first; equal scores by picture."""
    best: dict[int, tuple[int, float]] = {}
    for row, (image, score) in enumerate(zip(images, scores, strict=True)):
        if score >= threshold and (image not in best or score > best[image][1]):
            best[image] = (row, score)
    found = [(image, row, score) for image, (row, score) in best.items()]
    return sorted(found, key=lambda item: (-item[2], item[0]))


def _paths(images: Sequence[int], session: Session) -> dict[int, str]:
    paths: dict[int, str] = {}
    for start in range(0, len(images), 10_000):
        part = images[start : start + 10_000]
        paths.update(session.exec(select(Image.id, Image.path).where(col(Image.id).in_(part))).all())
    return paths
