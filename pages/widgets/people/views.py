"""The parts of the People page: the list, and one person."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import streamlit as st

from core.people.deciding import confirm_faces
from db.queries.people.listing import ShownFace, faces_page, person_summary
from db.queries.people.ownership import unconfirmed
from pages.widgets.people.actions import decide_on_click, face_actions, turn
from pages.widgets.people.appearances import timeline_of_person
from pages.widgets.people.face_tiles import called, face_tile, how_many
from pages.widgets.people.naming import after_name_fields, name_field
from pages.widgets.shared.address import choose
from pages.widgets.shared.controls import paged, show_in_editor
from pages.widgets.shared.picture_grid import picture_grid, selected_now
from pages.widgets.shared.resources import read

PERSON: Final = "person"  # in the address
_FACES: Final = 60


def open_person(person_id: int, _face: int = 0) -> None:
    """Show one person."""
    choose(PERSON, person_id)
    st.rerun()


def one_person(dataset_id: int, person_id: int) -> None:
    """All faces of a person, and what can be decided about them."""
    if st.button("All people", icon=":material/arrow_back:"):
        choose(PERSON, None)
        st.rerun()
    person = read(lambda session: person_summary(person_id, dataset_id=dataset_id, session=session))
    if person is None or not person.faces:
        st.info("This person has no faces any more: they were merged or moved. Undo brings them back.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        name_field(dataset_id, person)
        st.caption(how_many(person), width="stretch")
    timeline_of_person(person_id)
    actions = st.container(horizontal=True)
    grid, offset = paged(person.faces, _FACES, key=f"faces-page-{person_id}")
    faces = read(lambda session: faces_page(person_id, offset=offset, limit=_FACES, session=session))
    with grid:
        chosen = _grid_of(faces, f"faces-{person_id}-{offset}", called(person), person=person_id)
    waiting = read(lambda session: unconfirmed(dataset_id, [person_id], session=session))
    with actions:
        face_actions(dataset_id, chosen, _whose(faces), owned=True)
        st.button(
            f"Confirm all {person.faces:,}",
            icon=":material/done_all:",
            disabled=not waiting,
            on_click=decide_on_click,
            args=(dataset_id, confirm_faces, list(waiting)),
            kwargs={"shown": waiting},
        )
    after_name_fields(dataset_id)


def _whose(faces: Sequence[ShownFace]) -> dict[int, int | None]:
    return {face.instance_id: face.person_id for face in faces}


def _grid_of(faces: Sequence[ShownFace], name: str, label: str, **filters: int) -> Callable[[], list[int]]:
    """A grid to choose from; gives the question which faces are selected. `filters` are what the list is of."""
    by_id = {face.instance_id: face for face in faces}
    key = f"{name}-{turn()}"
    st.caption("Click to select, Shift for a range; double-click or Enter opens the picture.")
    picture_grid(
        [face_tile(face) for face in faces],
        key=key,
        select="multi",
        size=104,
        label=label,
        on_open=lambda face: show_in_editor(by_id[face].image_id, face, **filters),
    )
    return partial(selected_now, key, frozenset(by_id))
