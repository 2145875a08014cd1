"""What a search has found: pictures with the faces that are meant, event by event."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import floor
from pathlib import PurePosixPath
from typing import Any, Final

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.foundation.arrays import Ints
from core.people.search.album import Album
from core.people.search.asking import PictureQuestion, SearchResult, ask
from core.people.search.templates import JUST_BELOW
from core.people.searching import place
from db.engine import LARGEST_ID, reading
from db.queries.people.album import shown_pictures
from db.queries.people.listing import faces_by_id, summaries
from pages.widgets.people.face_tiles import called, face_tile
from pages.widgets.shared.address import between, choose, chosen, kept
from pages.widgets.shared.controls import paged, show_in_editor
from pages.widgets.shared.picture_grid import Tile, picture_grid, selected_now
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import counted, plain
from pages.widgets.shared.words import words

_EVENTS: Final = 6  # of one page
_PICTURES: Final = 60  # of one page of an event
_MOST_MARKED: Final = 100
_LOWEST: Final = 0.0  # cosine similarity: below it nobody looks for a match
_NOT_THIS: Final = "not"  # the word of faces that are marked so
_WORDS: Final = words("searching")


def marked_faces() -> list[int]:
    """The faces of results that are marked "not this", by instance."""
    marked: list[int] = kept(_NOT_THIS, between(1, LARGEST_ID), [], most=_MOST_MARKED)
    return marked


def show_found(
    album: Album, found: SearchResult, question: PictureQuestion, key: str, lower: Callable[[float], None]
) -> None:
    """How much was found and what is just below; the pictures of each event, the best first.

    `lower` lets the least similarity be another one, for who wants to see what is below.
    """
    _marks()
    if not len(found.pictures):
        _nothing(album, found, question, lower)
        return
    events = _by_event(album, found)
    st.subheader(
        f"{counted(len(found.pictures), 'picture')} of {counted(len(events), 'event')}", anchor=False, divider=False
    )
    st.caption(" ".join(_about(found, question)))
    _offer_more(found, question, question.threshold - JUST_BELOW, lower)
    place_of_events, offset = paged(len(events), _EVENTS, key=f"events-{key}")
    with place_of_events:
        shown = [_event(album, found.pictures[rows], key) for rows in events[offset : offset + _EVENTS]]
    tiles = _tiles(album, found, question, np.concatenate([event.pictures for event in shown]))
    for event in shown:
        _fill(event, {tile: image for row in event.pictures.tolist() for tile, image in tiles[row].items()})


def _about(found: SearchResult, question: PictureQuestion) -> list[str]:
    told = [_WORDS["matches"]] if len(found.faces) else []
    if question.wanted and found.just_below:
        told.append(_WORDS["just_below"].format(count=found.just_below, below=JUST_BELOW, least=question.threshold))
    if found.undated:
        told.append(_WORDS["undated"].format(pictures=counted(found.undated, "picture")))
    return told


def _nothing(album: Album, found: SearchResult, question: PictureQuestion, lower: Callable[[float], None]) -> None:
    """That nothing was found, and what could be done about it."""
    told = [_WORDS["nothing"].format(least=question.threshold) if question.wanted else _WORDS["no_picture"]]
    nearest = _nearest(album, question)
    if nearest is not None:
        told.append(_WORDS["nearest"].format(score=nearest))
    most = int(np.bincount(album.rows).max(initial=0))
    if question.least_people is not None and question.least_people > most:
        told.append(_WORDS["most_faces"].format(faces=most))
    st.info(" ".join([*told, *_about(found, question)]))
    if nearest is not None and nearest > _LOWEST:
        _offer_more(found, question, min(nearest, question.threshold - JUST_BELOW), lower)


def _nearest(album: Album, question: PictureQuestion) -> float | None:
    """How similar the most similar picture is that is as asked for, whatever the threshold."""
    if not question.wanted:
        return None
    scores = ask(album, replace(question, threshold=-1.0)).scores
    return float(scores[0]) if len(scores) and not np.isnan(scores[0]) else None


def _offer_more(found: SearchResult, question: PictureQuestion, least: float, lower: Callable[[float], None]) -> None:
    """A button that lets the least similarity be lower, where that may show more."""
    least = max(_LOWEST, floor(round(least * 1000, 6)) / 1000)  # a step of the slider
    if question.wanted and (found.just_below or not len(found.pictures)) and least < question.threshold:
        label = _WORDS["lower"].format(least=least)
        st.button(label, icon=":material/expand_more:", on_click=lower, args=(least,), key="lower-least")


def _by_event(album: Album, found: SearchResult) -> list[Ints]:
    """For each event the places (in `found.pictures`) of its pictures, the best first; events in their order."""
    events = album.events[found.pictures]
    order = np.argsort(events, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(events[order])) + 1)


@dataclass(frozen=True, eq=False)
class _Event:
    """Where the grid of an event goes, and what is below it; the grid's name, and the pictures that it shows."""

    grid: DeltaGenerator
    below: DeltaGenerator
    name: str
    pictures: Ints


def _event(album: Album, pictures: Ints, key: str) -> _Event:
    """The heading and the pager of an event with these pictures."""
    number = int(album.events[pictures[0]])
    st.markdown(f"**{_when(album, pictures)}** · {counted(len(pictures), 'picture')}")
    grid, offset = paged(len(pictures), _PICTURES, key=f"event-{number}-{key}", word=f"event-{number}")
    name = f"found-{number}-{offset}-{key}"
    return _Event(grid, st.container(), name, pictures[offset : offset + _PICTURES])


def _fill(event: _Event, shown: dict[Tile, int]) -> None:
    """Show the tiles of an event, and what is done with those that are chosen."""
    with event.grid:
        marked = picture_grid(
            list(shown),
            key=event.name,
            select="multi",
            size=120,
            label="Matches",
            on_open=lambda tile: show_in_editor(*_opened(shown, tile)),
        )
    faces = [tile for tile in marked if tile > 0]
    if faces:
        label = _WORDS["mark"].format(faces=counted(len(faces), "face"))
        options: dict[str, Any] = {"on_click": _mark, "args": (event.name, faces), "key": f"mark-{event.name}"}
        event.below.button(label, icon=":material/person_off:", **options)


def _opened(shown: dict[Tile, int], number: int) -> tuple[int, int | None]:
    """The picture of a tile, and the face in it that is shown."""
    image = next(image for tile, image in shown.items() if tile.id == number)
    return image, number if number > 0 else None


def _when(album: Album, pictures: Ints) -> str:
    """When an event was; of pictures without a time, where they are."""
    taken = album.taken[pictures]
    known = taken[~np.isnat(taken)]
    if not len(known):
        folder = PurePosixPath(album.paths[int(pictures[0])]).parent.as_posix()
        return _WORDS["no_time"] if folder == "." else plain(folder)
    first, last = (str(moment.astype("datetime64[m]")).replace("T", " ") for moment in (known.min(), known.max()))
    if first == last:
        return first
    return f"{first} – {last[11:] if first[:10] == last[:10] else last}"


def _tiles(album: Album, found: SearchResult, question: PictureQuestion, pictures: Ints) -> dict[int, dict[Tile, int]]:
    """For each picture, by its row, a tile of each face that is meant, or of itself without any; with its id."""
    by_picture: dict[int, list[int]] = defaultdict(list)
    for at in np.flatnonzero(np.isin(album.rows[found.faces], pictures)).tolist():
        by_picture[int(album.rows[found.faces[at]])].append(at)
    instances = [int(album.faces[found.faces[at]]) for places in by_picture.values() for at in places]
    with reading(workspace().engine) as session:
        faces = faces_by_id(instances, session=session)
        people = {face.person_id for face in faces.values() if face.person_id is not None}
        owners = summaries(sorted(people), session=session)
        plain_ones = shown_pictures([album.images[row] for row in pictures if row not in by_picture], session=session)
    of_people = any(one.people for one in question.wanted)
    tiles: dict[int, dict[Tile, int]] = defaultdict(dict)
    for row, image in zip(pictures.tolist(), album.images[pictures].tolist(), strict=True):
        for at in sorted(by_picture[row], key=lambda at: -np.nan_to_num(found.similarities[at], nan=-1)):
            face = faces.get(int(album.faces[found.faces[at]]))
            if face is None:  # gone since it was found
                continue
            owner = owners.get(face.person_id) if face.person_id is not None else None
            told = [] if np.isnan(found.similarities[at]) else [f"{found.similarities[at]:.3f}"]
            tile = face_tile(face, caption=" · ".join([*told, *([called(owner)] if owner and owner.name else [])]))
            badge = _WORDS["alike"] if of_people and not found.known[at] else ""
            tiles[row][replace(tile, title=f"{tile.title} · {place(face.box).text()}", badge=badge)] = image
        if image in plain_ones:
            path, sha256 = plain_ones[image]
            tile = Tile(-image, f"/api/thumbnail/{image}?v={sha256[:8]}", path, PurePosixPath(path).name)
            tiles[row][tile] = image
    return tiles


def _mark(grid: str, faces: list[int]) -> None:
    """Mark faces as "not this", for this search."""
    now = [face for face in selected_now(grid, faces) if face > 0] or faces
    choose(_NOT_THIS, list(dict.fromkeys([*(chosen(_NOT_THIS) or []), *now]))[:_MOST_MARKED])


def _marks() -> None:
    """How many faces are marked "not this", and the way to forget them."""
    marked = marked_faces()
    if marked:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_WORDS["marked"].format(faces=counted(len(marked), "face")), width="content")
            st.button("Forget these", on_click=choose, args=(_NOT_THIS, []), icon=":material/undo:")
