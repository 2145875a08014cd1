"""What a merge would put together, said before it is done: the least alike faces, and photos that speak against it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import streamlit as st

from core.foundation.errors import NotFound
from core.people.before_merge import before_merge
from core.people.encoders import encoder_of
from db.engine import reading
from db.queries.people.listing import ShownFace, faces_by_id
from db.tables import ModelVersion
from pages.widgets.people.face_tiles import face_tile
from pages.widgets.people.false_matches import pairs_to_judge_by, said_of_likeness
from pages.widgets.shared.picture_grid import Tile, picture_grid
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import counted
from pages.widgets.shared.words import words

_PHOTOS: Final = 8
_WORDS: Final = words("before_a_merge")


def merge_outlook(dataset_id: int, people: Sequence[int]) -> bool | None:
    """Say what speaks for and against; whether somebody says they are one though a photo shows two of them.

    None where no photo does.
    """
    version: ModelVersion | None = None
    with suppress(NotFound):
        version = encoder_of(workspace(), dataset_id)
    found = before_merge(workspace(), dataset_id, version, people)
    photos = dict(list(found.photos.items())[:_PHOTOS])
    wanted = [*(found.least_alike or ())[:2], *(face for faces in photos.values() for face in faces)]
    with reading(workspace().engine) as session:
        faces = faces_by_id([int(face) for face in wanted], session=session)
    if version is not None and found.least_alike is not None:
        _least_alike(dataset_id, version, found.least_alike, faces)
    if not found.photos:
        return None
    st.warning(_WORDS["in_one_photo"].format(photos=counted(len(found.photos), "photo shows", "photos show")))
    picture_grid([_photo(image, each, faces) for image, each in photos.items()], key="merge-photos", size=128)
    return st.checkbox(_WORDS["they_are_one"], key=f"they-are-one-{'-'.join(map(str, sorted(people)))}")


def _least_alike(
    dataset_id: int, version: ModelVersion, pair: tuple[int, int, float], faces: Mapping[int, ShownFace]
) -> None:
    left, right, score = pair
    st.caption(_WORDS["least_alike"].format(score=score))
    tiles = [face_tile(faces[face], marked=False) for face in (left, right) if face in faces]
    picture_grid(tiles, key="merge-least", size=56, label=_WORDS["two_faces"])
    st.caption(said_of_likeness(pairs_to_judge_by(dataset_id, version), score, bounds=True))


def _photo(image: int, instances: Sequence[int], faces: Mapping[int, ShownFace]) -> Tile:
    face = faces[instances[0]]
    return Tile(image, f"/api/thumbnail/{image}?v={face.sha256[:8]}", face.path, counted(len(instances), "face"))
