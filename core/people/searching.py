"""The faces of a photo to search with, and which of them is meant."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Box
from core.foundation.errors import BadInput, NotEnoughData, NotFound
from core.foundation.geometry import most_central
from core.foundation.messages import Message, message
from core.foundation.workspace import Workspace
from core.media.images import decode, face_crop, jpeg
from core.people.encoders import encoder_of, threshold_of
from core.people.face_models import FaceModels
from db.engine import reading
from db.queries.people.vectors import has_vectors
from db.queries.verification import newest_threshold
from db.writing import writing


@dataclass(frozen=True, eq=False)
class PhotoQuery:
    """The N faces of a photo to search with.

    Attributes
    ----------
    vectors
        (N, D) float32 of unit length.
    crops
        N square JPEG files.
    chosen
        The face that is meant: the one in the middle.
    encoder_id, encoder
        The encoder's version and name.
    own_threshold
        The encoder's own, in cosine similarity.
    corners
        Left, top, right and bottom of each face in pixels of the photo.
    """

    vectors: NDArray[np.float32]
    crops: tuple[bytes, ...]
    chosen: int
    encoder_id: int
    encoder: str
    own_threshold: float
    corners: tuple[Box, ...]


def photo_query(workspace: Workspace, content: bytes, name: str, encoder: str | None = None) -> PhotoQuery:
    """Find the faces of a photo. The photo is not kept.

    Raises
    ------
    UnreadableImage
        If it is no picture.
    MissingWeights, BadWeights
        If a model's file is absent or damaged.
    NotEnoughData
        If no face is found in it.
    """
    picture = decode(content, name, workspace.settings.max_pixels)
    models = _models(workspace, encoder)
    faces = models.analyse([picture.pixels])[0]
    corners = faces.boxes.corners
    if not len(corners):
        raise NotEnoughData("people.no_face_in_photo", of=name)
    with writing(workspace.engine) as session:
        _, _, encoder_id = models.versions(session=session)
    return PhotoQuery(
        vectors=faces.vectors,
        crops=tuple(jpeg(face_crop(picture.pixels, tuple(box))) for box in corners.tolist()),
        chosen=most_central(corners, picture.width, picture.height),
        encoder_id=encoder_id,
        encoder=models.encoder.name,
        own_threshold=models.encoder.threshold,
        corners=tuple((left, top, right, bottom) for left, top, right, bottom in corners.tolist()),
    )


@lru_cache(maxsize=1)
def _models(workspace: Workspace, encoder: str | None) -> FaceModels:
    """Kept for the next photo: loading takes longer than detecting."""
    return FaceModels.load(workspace, encoder)


def measured_by(
    workspace: Workspace, dataset_id: int, encoder: str | None, photos: Sequence[PhotoQuery]
) -> tuple[int | None, float]:
    """The version of the encoder that a search compares faces by, and its threshold in force in the dataset.

    That of the photos, where there are any; else the one that `encoder_of` names, or none: whose a face is is known
    without, and the threshold says nothing.

    Raises
    ------
    NotFound
        If no face of the dataset has an embedding by the encoder that was asked for, or of the photos.
    """
    if not photos:
        try:
            version = encoder_of(workspace, dataset_id, encoder)
        except NotFound:
            if encoder is not None:
                raise
            return None, 1.0
        return version.id, threshold_of(workspace, dataset_id, version)
    photo = photos[0]
    with reading(workspace.engine) as session:
        if not has_vectors(dataset_id, photo.encoder_id, session=session):
            raise NotFound("people.no_embedding_of_version", encoder=photo.encoder)
        saved = newest_threshold(dataset_id, photo.encoder_id, session=session)
    return photo.encoder_id, saved.value if saved else photo.own_threshold


def place(box: Box) -> Message:
    """Which face of a picture is meant, for people: its size and where its box begins."""
    left, top, right, bottom = box
    return message("people.face_at", width=right - left, height=bottom - top, left=left, top=top)


def meant(query: PhotoQuery, number: int | None, of: str) -> int:
    """The row of the face of that number (from 1), or of the only one.

    Raises
    ------
    BadInput
        If there is no such face, or several and none is chosen: it lists them.
    """
    count = len(query.vectors)
    if number is None and count > 1:
        faces = [
            message("people.face_in_photo", number=at, place=place(box))
            for at, box in enumerate(query.corners, start=1)
        ]
        raise BadInput("people.several_faces", of=of, count=count, faces=faces)
    if number is not None and not 1 <= number <= count:
        raise BadInput("people.no_such_face", of=of, count=count, number=number)
    return (number or 1) - 1
