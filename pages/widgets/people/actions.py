"""What a human can decide about people, each with a way back."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import streamlit as st

from core.foundation.errors import FacetError
from core.foundation.names import clean_name
from core.people.deciding import confirm_faces, merge_people, move_faces, name_person, release_faces, remove_faces, undo
from db.engine import reading
from db.queries.people.decisions import last_decision, revocable
from db.queries.people.listing import PersonSummary, person_names, strips, summaries
from db.tables import PeopleEvent
from pages.widgets.people.face_tiles import called, face_tile
from pages.widgets.shared.picture_grid import picture_grid
from pages.widgets.shared.resources import author_id, read, workspace
from pages.widgets.shared.text import counted, plain, sentence, stored

_DONE: Final = "people.done"
_PROBLEM: Final = "people.problem"
_TAKEN: Final = "people.taken"
_PICKED: Final = "people.picked"
_TURN: Final = "people.turn"


def decide(dataset_id: int, action: Callable[..., object], *arguments: Any, **options: Any) -> bool:
    """Take a decision; the page then shows it with a way back, or why it could not be taken."""
    try:
        action(workspace(), *arguments, author_id=author_id(), **options)
    except FacetError as error:
        st.session_state[_PROBLEM] = str(error)
        return False
    st.session_state[_DONE] = read(lambda session: last_decision(dataset_id, session=session))
    st.session_state[_TURN] = turn() + 1
    st.session_state.pop(_PROBLEM, None)
    return True


def decide_on_click(dataset_id: int, action: Callable[..., object], *arguments: Any) -> None:
    """`decide` as the callback of a button."""
    decide(dataset_id, action, *arguments)


def undo_button(dataset_id: int, event: PeopleEvent, **options: Any) -> None:
    """The way back from a decision, or from having taken one back."""
    label = "Do it again" if event.undoes_id else "Undo"
    st.button(label, on_click=decide_on_click, args=(dataset_id, undo, event.id), **options)


def turn() -> int:
    """How many decisions this session has taken: a grid with it in its key forgets its selection after each."""
    return int(st.session_state.get(_TURN, 0))


def decision_bar(dataset_id: int) -> None:
    """What was decided last in this session, with a way back; or what went wrong."""
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error(sentence(problem), icon=":material/error:")
    shown = read(lambda session: revocable(st.session_state.get(_DONE, 0), session=session))
    if shown is None or shown.dataset_id != dataset_id:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="decision-bar"):
        st.markdown(f":material/check: {stored(shown.summary)}", width="stretch")
        undo_button(dataset_id, shown, key="undo-last", icon=":material/undo:")


def name_field(dataset_id: int, person: PersonSummary) -> None:
    """A person's name to change in place; a name that is taken opens the question whether the two are one."""
    key = f"name-{person.id}"
    st.session_state[key] = person.name or ""
    st.text_input(
        f"Name of person {person.id}",
        key=key,
        placeholder="Type a name",
        max_chars=120,
        width=230,
        label_visibility="collapsed",
        on_change=_rename,
        args=(dataset_id, person.id, person.name, key),
    )


def _rename(dataset_id: int, person_id: int, before: str | None, key: str) -> None:
    wanted = clean_name(st.session_state[key])
    if wanted == before:
        return
    names = read(lambda session: {name: number for number, name in person_names(dataset_id, session=session)})
    if wanted in names and names[wanted] == person_id:
        return  # a browser that was slow has sent it twice
    if wanted in names:
        st.session_state[_TAKEN] = [names[wanted], person_id]
    else:
        decide(dataset_id, name_person, person_id, wanted or "")


def offer_merge_for_taken_name(dataset_id: int) -> None:
    """Somebody typed a name that another person has: ask whether they are one.

    A page calls it after its name fields. A browser that has drawn the question has then also put the old name back
    into the field; one that still held the typed name would send it again with the answer, and be asked again.
    """
    taken = st.session_state.pop(_TAKEN, None)
    if taken:
        merge_dialog(dataset_id, taken, taken_name=True)


def picked() -> list[int]:
    """The people that are ticked, also those on other pages of the list."""
    chosen: list[int] = st.session_state.setdefault(_PICKED, [])
    return chosen


def pick_box(person: PersonSummary) -> None:
    """A tick for merging."""
    key = f"pick-{person.id}"
    st.session_state[key] = person.id in picked()
    st.checkbox(
        f"Select {plain(called(person))}", key=key, label_visibility="collapsed", on_change=_pick, args=(person.id, key)
    )


def _pick(person_id: int, key: str) -> None:
    others = [number for number in picked() if number != person_id]
    st.session_state[_PICKED] = [*others, person_id] if st.session_state[key] else others


def merge_bar(dataset_id: int) -> None:
    """What can be done with the ticked people."""
    by_id = read(lambda session: summaries(picked(), session=session))
    people = [number for number in picked() if number in by_id]
    if not people:
        return
    names = ", ".join(plain(called(by_id[number])) for number in people)
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="merge-bar"):
        st.markdown(f"Selected: {names}", width="stretch")
        if st.button("Merge…", type="primary", disabled=len(people) < 2, icon=":material/merge:"):
            merge_dialog(dataset_id, people)
        st.button("Clear", on_click=lambda: st.session_state.update({_PICKED: []}))


@st.dialog("Merge people", width="medium")
def merge_dialog(dataset_id: int, people: Sequence[int], *, taken_name: bool = False) -> None:
    """Say what a merge does, and do it."""
    with reading(workspace().engine) as session:
        people_by_id = summaries(people, session=session)
        faces = strips(list(people_by_id), each=6, session=session)
    ordered = sorted(people_by_id.values(), key=lambda person: (person.name is None, -person.faces, person.id))
    if taken_name:
        st.info("Somebody here has that name already. Merge the two if they are one person, or choose another name.")
    for person in ordered:
        st.markdown(f"**{plain(called(person))}** · {counted(person.faces, 'face')}")
        tiles = [face_tile(face, marked=False) for face in faces[person.id]]
        picture_grid(tiles, key=f"merge-{person.id}", size=56, label=called(person))
    by_id = {person.id: person for person in ordered}
    target = st.radio("Who stays", list(by_id), format_func=lambda number: plain(called(by_id[number])))
    total = sum(person.faces for person in ordered)
    lost = [plain(person.name) for person in ordered if person.name and person.id != target and by_id[target].name]
    st.markdown(
        f"All {counted(total, 'face')} become one person, and are confirmed as that person: they count as evidence "
        "for verification, and no later grouping takes them apart."
        + (f" The name {', '.join(lost)} is given up." if lost else "")
        + " You can undo this."
    )
    _confirm_merge(dataset_id, target, list(by_id))


def _confirm_merge(dataset_id: int, target: int | None, people: Sequence[int]) -> None:
    with st.container(horizontal=True):
        merge = st.button("Merge into one person", type="primary", disabled=len(people) < 2)
        cancel = st.button("Cancel")
    if cancel or merge:
        st.session_state.pop(_TAKEN, None)  # answered, also where a name field has asked once more with this click
    if cancel:
        st.rerun()
    if merge and target is not None:
        if decide(dataset_id, merge_people, target, people):
            st.session_state[_PICKED] = []
            st.rerun()
        st.error(sentence(st.session_state.pop(_PROBLEM)))


def face_actions(dataset_id: int, chosen: Callable[[], list[int]], *, owned: bool) -> None:
    """Buttons for the selected faces; `chosen` is asked when one is pressed. `owned`: they belong to somebody."""
    selected = chosen()

    def button(label: str, icon: str, action: Callable[..., object], explanation: str) -> None:
        arguments = (chosen, dataset_id, action)
        st.button(label, disabled=not selected, icon=icon, on_click=_with, args=arguments, help=explanation)

    if owned:
        confirm = "They are this person. Confirmed faces are never regrouped, and are evidence for verification."
        button("Confirm selected", ":material/check:", confirm_faces, confirm)
    if st.button("Move to…", disabled=not selected, icon=":material/drive_file_move:"):
        move_dialog(dataset_id, selected)
    if owned:
        release = "They leave this person for good; the next grouping looks for others."
        button("Not this person", ":material/person_remove:", release_faces, release)
    remove = "They leave the dataset, and no later run brings them back."
    button("Not a face", ":material/block:", remove_faces, remove)


def _with(chosen: Callable[[], list[int]], dataset_id: int, action: Callable[..., object]) -> None:
    decide(dataset_id, action, chosen())


@st.dialog("Whose faces are these?")
def move_dialog(dataset_id: int, faces: Sequence[int]) -> None:
    """Give faces to somebody who is known, or to somebody new."""
    names = read(lambda session: {name: number for number, name in person_names(dataset_id, session=session)})
    name = st.selectbox(
        "Person", list(names), index=None, accept_new_options=True, placeholder="Choose, or type a new name"
    )
    wanted = _cleaned(name)
    to = plain(wanted) if wanted else "a new person without a name"
    st.markdown(
        f"{counted(len(faces), 'face')} will be confirmed as {to}, and never again be grouped with whoever they came "
        "from. You can undo this."
    )
    new = wanted is not None and wanted not in names
    if st.button(f"Move to the new person {to}" if new else f"Move to {to}", type="primary"):
        if decide(dataset_id, move_faces, faces, person_id=names.get(wanted or ""), name=wanted or ""):
            st.rerun()
        st.error(sentence(st.session_state.pop(_PROBLEM)))


def _cleaned(name: str | None) -> str | None:
    try:
        return clean_name(name or "")
    except FacetError as error:
        st.error(sentence(error))
        st.stop()
