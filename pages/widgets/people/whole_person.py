"""What is done with a person as a whole: cut in two, broken up, hidden; and which face stands for them."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from core.foundation.errors import NotFound
from core.people.deciding import break_up, move_faces
from core.people.encoders import encoder_of
from core.people.mixed_people import ProposedCut, cut_of_person
from core.people.showing import choose_cover, hide_people
from db.queries.people.listing import PersonSummary, faces_by_id
from pages.widgets.people.actions import decide, decide_on_click
from pages.widgets.people.face_tiles import face_tile
from pages.widgets.shared.picture_grid import picture_grid
from pages.widgets.shared.resources import read, workspace
from pages.widgets.shared.text import counted
from pages.widgets.shared.words import words

_SIDE: Final = 24
_WORDS: Final = words("whole_person")


def whole_person_actions(dataset_id: int, person: PersonSummary, chosen: Callable[[], list[int]]) -> None:
    """Buttons for all of a person; `chosen` is asked which faces are selected."""

    def stand_for() -> None:
        for face in chosen()[:1]:
            decide(dataset_id, choose_cover, face)

    cover, cut, apart = _WORDS["cover"], _WORDS["cut"], _WORDS["break_up"]
    one = len(chosen()) == 1
    st.button(
        cover["label"], disabled=not one, icon=":material/account_circle:", on_click=stand_for, help=cover["does"]
    )
    if st.button(cut["label"], disabled=person.faces < 2, icon=":material/content_cut:", help=cut["does"]):
        cut_dialog(dataset_id, person)
    st.button(
        apart["label"],
        icon=":material/scatter_plot:",
        help=apart["does"],
        on_click=decide_on_click,
        args=(dataset_id, break_up, person.id),
        kwargs={"shown": person.faces},
    )
    hide = _WORDS["bring_back" if person.hidden else "hide"]
    st.button(
        hide["label"],
        icon=":material/visibility:" if person.hidden else ":material/visibility_off:",
        help=hide["does"],
        on_click=decide_on_click,
        args=(dataset_id, hide_people, [person.id]),
        kwargs={"hidden": not person.hidden},
    )


@st.dialog("Two people?", width="large")
def cut_dialog(dataset_id: int, person: PersonSummary) -> None:
    """Show both sides of the proposed cut, and make it."""
    cut = _cut(dataset_id, person)
    if cut is None:
        st.info(_WORDS["no_cut"])
        return
    st.markdown(_WORDS["alike"].format(score=cut.score))
    faces = read(lambda session: faces_by_id([*cut.staying[:_SIDE], *cut.leaving[:_SIDE]], session=session))
    for key, side in (("stays", cut.staying), ("leaves", cut.leaving)):
        st.markdown(f"**{_WORDS[key]}** · {counted(len(side), 'face')}")
        tiles = [face_tile(faces[face]) for face in side[:_SIDE] if face in faces]
        picture_grid(tiles, key=f"cut-{key}", size=72, label=_WORDS[key])
    with st.container(horizontal=True):
        # named by its faces: where the sides are others by now than were shown, a click on them does nothing
        key = f"split-{hash((*cut.staying, -1, *cut.leaving))}"
        split = st.button(_WORDS["split"].format(faces=counted(len(cut.leaving), "face")), type="primary", key=key)
        cancel = st.button("Cancel")
    shown = dict.fromkeys(cut.leaving, person.id)
    if cancel or (split and decide(dataset_id, move_faces, cut.leaving, shown=shown)):
        st.rerun()


def _cut(dataset_id: int, person: PersonSummary) -> ProposedCut | None:
    try:
        version = encoder_of(workspace(), dataset_id)
    except NotFound:
        return None
    return cut_of_person(workspace(), version, person.id)
