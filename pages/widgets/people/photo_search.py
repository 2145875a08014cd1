"""Asking with photos: the face of each that is meant, and how similar a face has to be to it."""

import base64
import hashlib
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.foundation.errors import FacetError, NotFound
from core.jobs.inference import query_beside
from core.people.encoders import threshold_of
from core.people.searching import PhotoQuery, place
from db.tables import ModelVersion
from pages.widgets.shared.address import between, in_address
from pages.widgets.shared.picture_grid import Tile, picture_grid, selected_now
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import plain, sentence
from pages.widgets.shared.words import words

_LEAST: Final = 0.0  # cosine similarity: below it nobody looks for a match
_KINDS: Final = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff"]
_WORDS: Final = words("searching")


@st.cache_data(max_entries=16, ttl="10m", show_spinner=_WORDS["reading"])
def read_photo(content: bytes, name: str, encoder: str) -> PhotoQuery:
    """The faces of a photo. Only their vectors and crops are kept, in memory, for ten minutes at most."""
    return query_beside(workspace(), content, name, encoder)


def faces_of_photos(encoder: ModelVersion, word: str) -> list[NDArray[np.float32]]:
    """Photos to upload, and of each the vector (D,) of the face that is meant; one that cannot be used is named, and
    the others count. `word` is whose photos these are: "photos" or "not_photos"."""
    photos = st.file_uploader(
        _WORDS[word]["name"],
        type=_KINDS,
        accept_multiple_files=True,
        max_upload_size=max(1, workspace().settings.max_file_bytes >> 20),
        help=_WORDS[word]["about"],
        key=word,
    )
    vectors = []
    for photo in photos:
        content = photo.getvalue()
        try:
            query = read_photo(content, photo.name, encoder.name)
            if query.encoder_id != encoder.id:
                raise NotFound("people.no_embedding_of_version", encoder=query.encoder)
            if len(photos) > 1:
                st.caption(plain(photo.name))
            key = f"{word}-{hashlib.sha256(content).hexdigest()[:12]}-{photo.file_id}"
            vectors.append(query.vectors[choose_face(query, key)])
        except FacetError as error:
            st.error(sentence(error))
    return vectors


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
    return st.slider(
        "Least similarity",
        _LEAST,
        1.0,
        step=0.001,
        format="%.3f",
        width=420,
        **in_address("least", between(_LEAST, 1.0), max(_LEAST, in_force), key=_key_of_least(dataset_id, in_force)),
        help=f"Cosine similarity. {in_force:.3f} is in force for this dataset and {plain(encoder.name)}.",
    )


def lower_least(dataset_id: int, encoder: ModelVersion, least: float) -> None:
    """Let the slider stand at a similarity."""
    st.session_state[_key_of_least(dataset_id, threshold_of(workspace(), dataset_id, encoder))] = least


def _key_of_least(dataset_id: int, in_force: float) -> str:
    return f"least-{dataset_id}-{in_force}"
