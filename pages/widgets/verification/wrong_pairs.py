"""The pairs that a threshold gets wrong and those that crossed it when it moved; labels are put right here."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import streamlit as st

from core import verification
from core.people.deciding import move_faces
from core.verification import PairSet
from db.engine import reading
from db.queries.people.listing import PersonSummary, ShownFace, faces_by_id, summaries
from pages.widgets.people.actions import decide_on_click
from pages.widgets.people.face_tiles import called, face_tile
from pages.widgets.shared.address import among, in_address, open_page
from pages.widgets.shared.controls import paged
from pages.widgets.shared.picture_grid import picture_grid
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import plain
from pages.widgets.shared.words import words

_PAGE: Final = 6  # pairs
_TEXT: Final = words("wrong_pairs")
_KINDS: Final = ("false_matches", "false_non_matches", "crossed")


def wrong_pairs(pairs: PairSet, value: float, before: float) -> None:
    """The pairs with both faces; `before` is where the threshold stood."""
    st.subheader(_TEXT["title"], anchor=False)
    kind: str = st.segmented_control(
        "Kind",
        _KINDS,
        format_func=_TEXT.__getitem__,
        required=True,
        label_visibility="collapsed",
        **in_address("kind", among(_KINDS), "false_matches"),
    )
    found = verification.pairs_of_note(pairs, value, before)[kind]
    if not found:
        st.caption(_TEXT["none_crossed" if kind == "crossed" else "none"])
        return
    st.caption(_TEXT["about_crossed" if kind == "crossed" else "about"])
    grid, offset = paged(len(found), _PAGE, key=f"wrong-page-{kind}")
    shown = found.first(offset + _PAGE)[offset:]
    with reading(workspace().engine) as session:
        faces = faces_by_id([number for left, right, _ in shown for number in (left, right)], session=session)
        people = summaries([face.person_id for face in faces.values() if face.person_id], session=session)
    with grid, st.grid(min_column_width=230):
        for left, right, score in shown:
            both = [faces[number] for number in (left, right) if number in faces and faces[number].person_id in people]
            _pair(pairs.dataset_id, kind, both, people, score)


def _pair(dataset_id: int, kind: str, both: list[ShownFace], people: Mapping[int, PersonSummary], score: float) -> None:
    owners = {face.instance_id: face.person_id for face in both}
    key = "-".join(["wrong", kind, *map(str, owners)])
    tiles = [face_tile(face, caption=called(people[owner]), marked=False) for face in both if (owner := face.person_id)]
    with st.container(border=True):
        title = f"Similarity {score:.3f}"
        picture_grid(tiles, key=key, size=92, label=title, on_open=partial(_open_owner, owners))
        st.caption(f"similarity {score:.4f}")
        if len(both) < 2:
            return
        with st.popover(_TEXT["fix"], icon=":material/edit:", help=_TEXT["fix_about"]):
            for place, (label, face, options) in enumerate(_ways(both, people)):
                st.button(
                    label,
                    key=f"{key}-{place}",
                    on_click=decide_on_click,
                    args=(dataset_id, move_faces, [face]),
                    kwargs={"shown": {face: owners[face]}, **options},
                )


def _ways(both: list[ShownFace], people: Mapping[int, PersonSummary]) -> list[tuple[str, int, dict[str, Any]]]:
    """What a wrong label can be: in words, the face that is moved, and where to."""
    left, right = both
    if left.person_id == right.person_id:
        return [(_TEXT[side], face.instance_id, {}) for side, face in (("left_out", left), ("right_out", right))]
    return [
        (_TEXT["both_are"].format(name=plain(called(people[owner]))), face.instance_id, {"person_id": owner})
        for face, owner in ((right, left.person_id), (left, right.person_id))
        if owner is not None
    ]


def _open_owner(owners: dict[int, int | None], face: int) -> None:
    open_page("people.py", person=owners[face])
