"""Finding the pictures of a dataset that show the person of a given photo."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Ints
from core.foundation.errors import BadInput, NotEnoughData, NotFound
from core.foundation.geometry import most_central
from core.foundation.messages import Message, message
from core.foundation.workspace import Workspace
from core.media.images import decode, face_crop, jpeg
from core.people.face_models import FaceModels
from core.people.vectors import face_vectors
from db.engine import reading
from db.queries.people.listing import boxes_in_pictures
from db.queries.verification import newest_threshold
from db.writing import writing

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class SearchMatch:
    """A picture, its most similar face, how similar that is (cosine), and where the face is.

    `box` is left, top, right and bottom in pixels of the upright picture.
    """

    image_id: int
    image: str
    instance_id: int
    score: float
    box: Box


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


def threshold_in_force(workspace: Workspace, dataset_id: int, query: PhotoQuery) -> float:
    """The threshold that was saved last for the dataset and this encoder, else the encoder's own."""
    with reading(workspace.engine) as session:
        saved = newest_threshold(dataset_id, query.encoder_id, session=session)
    return saved.value if saved else query.own_threshold


@dataclass(frozen=True, eq=False)
class RankedFaces:
    """The most similar face of each of N pictures, the best first: `images` and `instances` (N,) int64 ids, `scores`
    (N,) float64 cosine similarities."""

    images: Ints
    instances: Ints
    scores: Floats


def ranked_faces(
    workspace: Workspace, dataset_id: int, query: PhotoQuery, *, threshold: float, face: int | None = None
) -> RankedFaces:
    """The faces at least as similar as the threshold, one of each picture. Of the store only what is new is read.

    Raises
    ------
    BadInput
        If the photo has no such face.
    NotFound
        If no face of the dataset has an embedding of this encoder.
    """
    meant = query.chosen if face is None else face
    if not 0 <= meant < len(query.vectors):
        raise BadInput("people.no_such_face", count=len(query.vectors), number=meant)
    with reading(workspace.engine) as session:
        faces = face_vectors(workspace, dataset_id, query.encoder_id, session=session)
    if not len(faces.instances):
        raise NotFound("people.no_embedding_of_version", encoder=query.encoder)
    scores = (faces.vectors @ query.vectors[meant]).astype(np.float64)
    rows = _best_of_each(faces.images, scores, threshold)
    return RankedFaces(faces.images[rows], faces.instances[rows], scores[rows])


def matches(
    workspace: Workspace, dataset_id: int, query: PhotoQuery, *, threshold: float, face: int | None = None
) -> list[SearchMatch]:
    """Every picture with a face at least as similar as the threshold, best first; raises as `ranked_faces`."""
    ranked = ranked_faces(workspace, dataset_id, query, threshold=threshold, face=face)
    instances = ranked.instances.tolist()
    with reading(workspace.engine) as session:
        places = boxes_in_pictures(instances, session=session)
    best = zip(ranked.images.tolist(), instances, ranked.scores.tolist(), strict=True)
    return [
        SearchMatch(image, places[instance].path, instance, score, places[instance].box)
        for image, instance, score in best
        if instance in places  # it is removed meanwhile otherwise
    ]


def search(
    workspace: Workspace,
    dataset_id: int,
    content: bytes,
    name: str,
    *,
    encoder: str | None = None,
    threshold: float | None = None,
    face: int | None = None,
) -> list[SearchMatch]:
    """Every picture of the dataset that shows the person of a photo, best first.

    The face is the one of that number (from 1, as the photo's faces are listed), else the only one. The threshold is
    the one given, else the one in force. Raises as `photo_query` and `matches`.

    Raises
    ------
    BadInput
        If `threshold` is not a cosine similarity, the photo has no face of that number, or several and none is chosen.
    """
    if threshold is not None and not -1 <= threshold <= 1:
        raise BadInput("arrays.threshold", found=threshold)
    query = photo_query(workspace, content, name, encoder)
    value = threshold if threshold is not None else threshold_in_force(workspace, dataset_id, query)
    return matches(workspace, dataset_id, query, threshold=value, face=meant(query, face, name))


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


def _best_of_each(images: Ints, scores: Floats, threshold: float) -> Ints:
    """(M,) rows of the most similar face of each picture, best first; equal scores by picture."""
    rows = np.flatnonzero(scores >= threshold)
    rows = rows[np.lexsort((rows, images[rows], -scores[rows]))]
    return rows[np.sort(np.unique(images[rows], return_index=True)[1])]
