"""The parts of the People page: the list, and one person."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import streamlit as st
from sqlmodel import Session

from core.people.deciding import confirm_faces
from db.engine import reading
from db.queries.people.listing import (
    PeopleView,
    PersonSummary,
    ShownFace,
    count_people_page,
    faces_page,
    people_page,
    person_summary,
    strips,
    summaries,
)
from db.queries.people.ownership import unconfirmed
from pages.widgets.people.actions import decide_on_click, face_actions, pick_box, ticked_bar, turn
from pages.widgets.people.appearances import timeline_of_person
from pages.widgets.people.face_tiles import called, face_tile, how_many
from pages.widgets.people.naming import after_name_fields, name_field
from pages.widgets.shared.address import choose, in_address, text
from pages.widgets.shared.controls import paged, show_in_editor
from pages.widgets.shared.picture_grid import picture_grid, selected_now
from pages.widgets.shared.resources import read, workspace

PERSON: Final = "person"  # in the address
_ROWS: Final = 12
_FACES: Final = 60
_STRIP: Final = 8
_PLACES: Final = "people.places"  # a page of the list, and who stands where on it


def open_person(person_id: int, _face: int = 0) -> None:
    """Show one person."""
    choose(PERSON, person_id)
    st.rerun()


def list_of_people(dataset_id: int, known: int, newest_run: int) -> None:
    """Named people first, then by size, as they were when the page of the list was opened, or `newest_run` ended.

    `known` is how many there are.
    """
    wanted = st.text_input(
        "Find a name", placeholder="Part of a name", width=260, icon=":material/search:", **in_address("find", text, "")
    ).strip()
    ticked_bar(dataset_id)
    with reading(workspace().engine) as session:
        count = known
        if wanted:
            count = count_people_page(dataset_id, view=PeopleView.KNOWN, name_contains=wanted, session=session)
        rows, offset = paged(count, _ROWS, key=f"people-{dataset_id}-{wanted}")
        fresh = people_page(
            dataset_id, view=PeopleView.KNOWN, name_contains=wanted, offset=offset, limit=_ROWS, session=session
        )
        people = _in_place((dataset_id, wanted, offset, newest_run), fresh, session=session)
        faces = strips([person.id for person in people], each=_STRIP, session=session)
    with rows:
        if not people:
            st.info("Nobody here has such a name." if wanted else "Nobody is seen more than once yet.")
        for person in people:
            _row(dataset_id, person, faces[person.id])
    after_name_fields(dataset_id)


def _in_place(page: tuple[object, ...], fresh: Sequence[PersonSummary], *, session: Session) -> Sequence[PersonSummary]:
    """The people of a page in the places that they had when it was opened: a row that is named does not jump away.

    Somebody who went, by a merge, and comes back stands where they stood; who is new on the page stands at its end
    where there is room.
    """
    shown, places = st.session_state.get(_PLACES, (None, []))
    if shown != page:
        places = []
    there = summaries(places, session=session)
    there = {number: person for number, person in there.items() if person.faces}
    room = max(0, _ROWS - len(there))
    places = [*places, *[person.id for person in fresh if person.id not in places][:room]]
    st.session_state[_PLACES] = (page, places)
    there |= {person.id: person for person in fresh}
    return [there[number] for number in places if number in there]


def _row(dataset_id: int, person: PersonSummary, faces: Sequence[ShownFace]) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            pick_box(person)
            name_field(dataset_id, person)
            st.caption(how_many(person), width="stretch")
            if st.button("Open", key=f"open-{person.id}", icon=":material/chevron_right:"):
                open_person(person.id)
        picture_grid(
            [face_tile(face, marked=False) for face in faces],
            key=f"strip-{person.id}",
            size=76,
            label=f"Faces of {called(person)}",
            on_open=partial(open_person, person.id),
        )


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
