"""The parts of the People page: the list, and one person."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import streamlit as st

from core.foundation.errors import NotFound
from core.people.clothes import KIND as CLOTHES
from core.people.deciding import confirm_faces, move_faces
from core.people.doubts import better_people, by_certainty
from core.people.encoders import encoder_of
from core.people.known_faces import KnownFaces, known_faces
from db.queries.people.decisions import heir_of
from db.queries.people.listing import PersonSummary, ShownFace, faces_by_id, faces_page, person_summary, summaries
from db.queries.people.ownership import placed_by, unconfirmed
from pages.widgets.people.actions import decide_on_click, face_actions, turn
from pages.widgets.people.appearances import timeline_of_person
from pages.widgets.people.face_tiles import called, face_tile, how_many
from pages.widgets.people.naming import after_name_fields, name_field, naming_option
from pages.widgets.people.whole_person import whole_person_actions
from pages.widgets.shared.address import among, choose, in_address, open_page
from pages.widgets.shared.controls import paged, show_in_editor
from pages.widgets.shared.picture_grid import picture_grid, selected_now
from pages.widgets.shared.resources import read, workspace
from pages.widgets.shared.text import plain
from pages.widgets.shared.words import words

PERSON: Final = "person"  # in the address
_FACES: Final = 60
_WORDS: Final = words("one_person")


def open_person(person_id: int, _face: int = 0) -> None:
    """Show one person."""
    choose(PERSON, person_id)
    st.rerun()


def one_person(dataset_id: int, person_id: int) -> None:
    """All faces of a person, and what can be decided about them."""
    st.button("All people", icon=":material/arrow_back:", on_click=choose, args=(PERSON, None))
    person = read(lambda session: person_summary(person_id, dataset_id=dataset_id, session=session))
    if person is None or not person.faces:
        _nobody_there(dataset_id, person_id)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        name_field(dataset_id, person)
        st.caption(how_many(person), width="stretch")
        naming_option()
    timeline_of_person(person_id)
    actions, whole = st.container(horizontal=True), st.container(horizontal=True)
    known = _known(dataset_id)
    ranked = _ranked(known, person_id)
    grid, offset = paged(person.faces, _FACES, key=f"faces-page-{person_id}")
    faces, captions, better = _page(known, person_id, ranked, offset)
    with grid:
        chosen = _grid_of(faces, f"faces-{person_id}-{offset}", called(person), captions, person=person_id)
    waiting = read(lambda session: unconfirmed(dataset_id, [person_id], session=session))
    with actions:
        face_actions(dataset_id, chosen, _whose(faces), owned=True)
        _move_to_better(dataset_id, chosen, better, _whose(faces))
        st.button(
            f"Confirm all {person.faces:,}",
            icon=":material/done_all:",
            disabled=not waiting,
            on_click=decide_on_click,
            args=(dataset_id, confirm_faces, list(waiting)),
            kwargs={"shown": waiting},
        )
    with whole:
        whole_person_actions(dataset_id, person, chosen)
        if st.button(_WORDS["search"], icon=":material/image_search:"):
            open_page("search.py", all=[person_id])
    after_name_fields(dataset_id)


def _nobody_there(dataset_id: int, person_id: int) -> None:
    """Say where the faces of somebody went who has none, with a way there."""
    heir = read(lambda session: heir_of(dataset_id, person_id, session=session))
    other = None if heir is None else read(lambda session: person_summary(heir, session=session))
    if other is None:
        st.info(_WORDS["nobody_there"].format(number=person_id))
        return
    st.info(_WORDS["went_to"].format(number=person_id, name=plain(called(other))))
    if st.button(_WORDS["show"].format(name=plain(called(other))), icon=":material/arrow_forward:"):
        open_person(other.id)


Ranked = list[tuple[int, float | None]]


def _known(dataset_id: int) -> KnownFaces | None:
    try:
        version = encoder_of(workspace(), dataset_id)
    except NotFound:
        return None
    return known_faces(workspace(), dataset_id, version.id)


def _ranked(known: KnownFaces | None, person_id: int) -> Ranked | None:
    """All faces by certainty, the least first, where that is chosen and an encoder has seen them; else None."""
    order = st.segmented_control(
        "Order of faces",
        list(_WORDS["orders"]),
        format_func=_WORDS["orders"].__getitem__,
        required=True,
        label_visibility="collapsed",
        **in_address("faces", among(list(_WORDS["orders"])), "certain"),
    )
    if known is None or order == "waiting":
        return None
    ranked = by_certainty(known, person_id)
    return ranked if order == "certain" else ranked[::-1]


def _page(
    known: KnownFaces | None, person_id: int, ranked: Ranked | None, offset: int
) -> tuple[Sequence[ShownFace], dict[int, str], dict[int, PersonSummary]]:
    """The faces of a page, what is said below each, and whom each is more like, if it is somebody else."""
    if known is None or ranked is None:
        faces = read(lambda session: faces_page(person_id, offset=offset, limit=_FACES, session=session))
        return faces, {}, {}
    part = ranked[offset : offset + _FACES]
    found = read(lambda session: faces_by_id([face for face, _ in part], session=session))
    people = _better(known, person_id, list(found))
    captions = {face: "" if likeness is None else f"{likeness:.3f}" for face, likeness in part}
    captions |= {face: _WORDS["more_like"].format(name=called(people[face])) for face in people if face in captions}
    return [found[face] for face, _ in part if face in found], captions, people


def _better(known: KnownFaces, person_id: int, shown: Sequence[int]) -> dict[int, PersonSummary]:
    found = better_people(known, person_id, shown)
    people = read(lambda session: summaries([each.person for each in found.values()], session=session))
    return {face: people[each.person] for face, each in found.items() if each.person in people}


def _move_to_better(
    dataset_id: int,
    chosen: Callable[[], list[int]],
    better: Mapping[int, PersonSummary],
    shown: Mapping[int, int | None],
) -> None:
    """A button where all selected faces are more like one other person."""
    selected = chosen()
    people = {better[face].id: better[face] for face in selected if face in better}
    if len(people) == 1 and all(face in better for face in selected):
        (person,) = people.values()
        st.button(
            _WORDS["move"].format(name=plain(called(person))),
            icon=":material/move_up:",
            on_click=decide_on_click,
            args=(dataset_id, move_faces, selected),
            kwargs={"person_id": person.id, "shown": shown},
        )


def _whose(faces: Sequence[ShownFace]) -> dict[int, int | None]:
    return {face.instance_id: face.person_id for face in faces}


def _grid_of(
    faces: Sequence[ShownFace], name: str, label: str, captions: Mapping[int, str], **filters: int
) -> Callable[[], list[int]]:
    """A grid to choose from; gives the question which faces are selected. `filters` are what the list is of."""
    by_id = {face.instance_id: face for face in faces}
    key = f"{name}-{turn()}"
    st.caption("Click to select, Shift for a range; double-click or Enter opens the picture.")
    worn = read(lambda session: placed_by(CLOTHES, list(by_id), session=session))
    badges = dict.fromkeys(worn, _WORDS["by_clothes"])
    picture_grid(
        [
            face_tile(face, caption=captions.get(number, ""), badge=badges.get(number, ""))
            for number, face in by_id.items()
        ],
        key=key,
        select="multi",
        size=104,
        label=label,
        on_open=lambda face: show_in_editor(by_id[face].image_id, face, **filters),
    )
    return partial(selected_now, key, frozenset(by_id))
