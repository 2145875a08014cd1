"""Faces of people seen once and faces of nobody: why they are unknown, counted; sorted and filtered by quality."""

from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import Any, Final

import streamlit as st

from core.people.quality import Reason
from core.people.unknown import UnknownFace, counted_reasons, unknown_faces
from db.engine import reading
from db.queries.people.listing import ShownFace, faces_by_id
from pages.widgets.people.actions import face_actions, turn
from pages.widgets.people.face_tiles import face_tile
from pages.widgets.shared.address import among, in_address
from pages.widgets.shared.controls import paged, show_in_editor
from pages.widgets.shared.picture_grid import picture_grid, selected_now
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.words import words

_WORDS: Final = words("unknown_faces")
_REASONS: Final = words("unknown_reasons")
_ORDERS: Final[dict[str, Callable[[UnknownFace], float]]] = {
    "found": lambda face: face.instance_id,
    "blurred": lambda face: _known(face.sharpness),
    "sharp": lambda face: -_known(face.sharpness, 0),
    "small": lambda face: _known(face.size),
    "large": lambda face: -_known(face.size, 0),
    "turned": lambda face: -_known(face.turned, 0),
    "straight": lambda face: _known(face.turned),
    "sure": lambda face: -_known(face.score, 0),
    "unsure": lambda face: _known(face.score),
}
_ALL: Final = "all"
_FACES: Final = 60


def seen_once(dataset_id: int, cache_key: int) -> None:
    """People without a name who are seen once: often strangers, sometimes a face that belongs to somebody."""
    _faces("once", dataset_id, cache_key)


def faces_of_nobody(dataset_id: int, cache_key: int) -> None:
    """Faces that no grouping has looked at yet, or that were taken out of a person."""
    _faces("nobody", dataset_id, cache_key)


@st.cache_data(max_entries=20, show_spinner=False)
def _unknown(dataset_id: int, view: str, cache_key: int) -> list[UnknownFace]:  # noqa: ARG001
    """The faces of a view, for each state of the dataset."""
    found = unknown_faces(workspace(), dataset_id)
    return [face for face in found if (face.person_id is None) == (view == "nobody")]


def _faces(view: str, dataset_id: int, cache_key: int) -> None:
    known = _unknown(dataset_id, view, cache_key)
    st.caption(_WORDS[view])
    wanted = _chosen(known)
    actions = st.container(horizontal=True)
    grid, offset = paged(len(wanted), _FACES, key=f"{view}-page-{dataset_id}")
    part = wanted[offset : offset + _FACES]
    with reading(workspace().engine) as session:
        there = faces_by_id([face.instance_id for face in part], session=session)
    shown = [(there[face.instance_id], face) for face in part if face.instance_id in there]
    with grid:
        chosen = _grid(shown, f"{view}-{offset}", _WORDS[f"{view}_label"])
    with actions:
        face_actions(dataset_id, chosen, {face.instance_id: face.person_id for face, _ in shown}, owned=False)


def _chosen(known: Sequence[UnknownFace]) -> list[UnknownFace]:
    """The faces of the reason that is chosen, in the order that is."""
    counts: dict[str, int] = {str(reason): count for reason, count in counted_reasons(known).items() if count}
    counts = {_ALL: len(known), **counts}
    why = st.segmented_control(
        _WORDS["why"],
        list(counts),
        format_func=lambda reason: f"{_REASONS[reason]} ({counts[reason]:,})",
        required=True,
        **in_address("why", among(list(counts)), _ALL),
    )
    order = st.selectbox(
        _WORDS["order"],
        list(_ORDERS),
        format_func=_WORDS["orders"].__getitem__,
        width=220,
        **in_address("by", among(list(_ORDERS)), "found"),
    )
    wanted = [face for face in known if why == _ALL or face.reason == why]
    return sorted(wanted, key=lambda face: (_ORDERS[order](face), face.instance_id))


def _grid(shown: Sequence[tuple[ShownFace, UnknownFace]], name: str, label: str) -> Callable[[], list[int]]:
    by_id = {face.instance_id: face for face, _ in shown}
    key = f"{name}-{turn()}"
    st.caption(_WORDS["how"])
    picture_grid(
        [face_tile(face, caption=_caption(known)) for face, known in shown],
        key=key,
        select="multi",
        size=104,
        label=label,
        on_open=lambda face: show_in_editor(by_id[face].image_id, face),
    )
    return partial(selected_now, key, frozenset(by_id))


def _caption(face: UnknownFace) -> str:
    return "" if face.reason == Reason.ALONE else str(_REASONS[face.reason])


def _known(figure: float | None, otherwise: Any = inf) -> float:
    """A figure, or what puts a face without it last."""
    return otherwise if figure is None else figure
