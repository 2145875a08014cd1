"""Asking with a photo: the face that is meant, and the pictures that show the same person."""

import base64
from dataclasses import replace
from typing import Final

import streamlit as st

from core.jobs.inference import query_beside
from core.people.encoders import threshold_of
from core.people.searching import PhotoQuery, RankedFaces, place, ranked_faces
from db.engine import reading
from db.queries.people.listing import faces_by_id, summaries
from db.tables import ModelVersion
from pages.widgets.people.face_tiles import called, face_tile
from pages.widgets.shared.address import between, in_address
from pages.widgets.shared.controls import paged, show_in_editor
from pages.widgets.shared.picture_grid import Tile, picture_grid, selected_now
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import counted, plain
from pages.widgets.shared.words import words

_PAGE: Final = 60
_LEAST: Final = 0.0  # cosine similarity: below it nobody looks for a match
_WORDS: Final = words("searching")


@st.cache_data(max_entries=4, ttl="10m", show_spinner="Looking for faces in the photo; the first time loads the models")
def read_photo(content: bytes, name: str, encoder: str) -> PhotoQuery:
    """The faces of a photo. Only their vectors and crops are kept, in memory, for ten minutes at most."""
    return query_beside(workspace(), content, name, encoder)


def ranked(query: PhotoQuery, dataset_id: int, face: int) -> RankedFaces:
    """Of every picture the face that is most alike, if at all, best first: worked out anew each time, which is quicker
    (60 ms for 100,000 faces) than to keep it."""
    return ranked_faces(workspace(), dataset_id, query, threshold=_LEAST, face=face)


def choose_face(query: PhotoQuery, key: str) -> int:
    """The face that is meant: the one in the middle of the photo, or another one that is clicked."""
    grid = f"asked-{key}"
    clicked = selected_now(grid, range(len(query.crops)), "single")
    meant = clicked[0] if clicked else query.chosen
    several = len(query.crops) > 1
    tiles = [
        Tile(
            number,
            f"data:image/jpeg;base64,{base64.b64encode(crop).decode()}",
            f"Face {number + 1}: {place(box).text()}",
            f"{number + 1}: {place(box).text()}" if several else "",
            _WORDS["meant"] if several and number == meant else "",
        )
        for number, (crop, box) in enumerate(zip(query.crops, query.corners, strict=True))
    ]
    if not several:
        picture_grid(tiles, key=grid, size=128, label="The face in the photo")
        return meant
    st.caption(_WORDS["several"].format(count=len(tiles)))
    picture_grid(tiles, key=grid, select="single", size=160, label="Faces in the photo")
    st.caption(_WORDS["searching_with"].format(number=meant + 1, place=plain(place(query.corners[meant]).text())))
    return meant


def choose_least(dataset_id: int, encoder: ModelVersion) -> float:
    """The least similarity of a match; the threshold in force at first."""
    in_force = threshold_of(workspace(), dataset_id, encoder)
    key = f"least-{dataset_id}-{in_force}"
    return st.slider(
        "Least similarity",
        _LEAST,
        1.0,
        step=0.001,
        format="%.3f",
        width=420,
        **in_address("least", between(_LEAST, 1.0), max(_LEAST, in_force), key=key),
        help=f"Cosine similarity. {in_force:.3f} is in force for this dataset and {plain(encoder.name)}.",
    )


def show_matches(matched: RankedFaces, least: float, key: str) -> None:
    """The pictures at or above the least similarity, best first; a click opens one."""
    count = int((matched.scores >= least).sum())
    if not count:
        best = f" The most similar one has {matched.scores[0]:.3f}." if len(matched.scores) else ""
        st.info(f"No picture shows this person at a similarity of {least:.3f}.{best} Lower the slider to see more.")
        return
    st.subheader(counted(count, "picture"), anchor=False)
    grid, offset = paged(count, _PAGE, key=f"matches-{key}")
    part = slice(offset, min(offset + _PAGE, count))
    instances, scores = matched.instances[part].tolist(), matched.scores[part].tolist()
    with reading(workspace().engine) as session:
        faces = faces_by_id(instances, session=session)
        owners = summaries([face.person_id for face in faces.values() if face.person_id is not None], session=session)
    tiles = []
    for instance, score in zip(instances, scores, strict=True):
        if (face := faces.get(instance)) is None:  # gone since it was ranked
            continue
        owner = owners.get(face.person_id) if face.person_id is not None else None
        who = f" · {called(owner)}" if owner and owner.name else ""
        tile = face_tile(face, caption=f"{score:.3f}{who}", marked=False)
        tiles.append(replace(tile, title=f"{tile.title} · {place(face.box).text()}"))
    with grid:
        st.caption(_WORDS["matches"])
        picture_grid(
            tiles,
            key=f"found-{key}",
            size=120,
            label="Matches",
            on_open=lambda face: show_in_editor(faces[face].image_id, face),
        )
