"""What a human can decide about people, each with a way back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from core.foundation.errors import FacetError
from core.foundation.names import alike, clean_name
from core.people.deciding import confirm_faces, merge_people, move_faces, name_person, release_faces, remove_faces, undo
from db.engine import reading
from db.queries.people.decisions import last_decision, revocable
from db.queries.people.listing import person_names, strips, summaries
from db.tables import PeopleEvent
from pages.widgets.people.face_tiles import called, face_tile
from pages.widgets.people.merge_outlook import merge_outlook
from pages.widgets.shared.picture_grid import picture_grid
from pages.widgets.shared.resources import author_id, read, workspace
from pages.widgets.shared.text import counted, plain, sentence, stored
from pages.widgets.shared.words import words

_DONE: Final = "people.done"
_PROBLEM: Final = "people.problem"
_TURN: Final = "people.turn"
_WORDS: Final = words("deciding_about_people")


def decide(dataset_id: int, action: Callable[..., object], *arguments: Any, **options: Any) -> bool:
    """Take a decision; the page then shows it with a way back, or why it could not be taken."""
    author = author_id()
    try:
        action(workspace(), *arguments, author_id=author, **options)
    except FacetError as error:
        tell_problem(error)
        return False
    tell_decided(newest_of(dataset_id, author))
    return True


def tell_problem(error: FacetError) -> None:
    """Let the page say why something could not be done."""
    st.session_state[_PROBLEM] = str(error)


def newest_of(dataset_id: int, author: int) -> int:
    """The decision that somebody has taken last, by id: what others decide in the same moment is not theirs."""
    return read(lambda session: last_decision(dataset_id, author_id=author, session=session))


def tell_decided(event_id: int, problems: Sequence[str] = ()) -> None:
    """Let the page show a decision with its way back, and what went wrong beside it."""
    st.session_state[_DONE] = event_id
    st.session_state[_TURN] = turn() + 1
    st.session_state.pop(_PROBLEM, None)
    if problems:
        st.session_state[_PROBLEM] = " ".join(dict.fromkeys(problems))


def decide_on_click(dataset_id: int, action: Callable[..., object], *arguments: Any, **options: Any) -> None:
    """`decide` as the callback of a button."""
    decide(dataset_id, action, *arguments, **options)


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


@st.dialog("Merge people", width="medium")
def merge_dialog(
    dataset_id: int,
    people: Sequence[int],
    *,
    typed: tuple[int, str, str | None] | None = None,
    into: int | None = None,
    on_answer: Callable[[], object] = lambda: None,
) -> None:
    """Say what a merge does, and do it. `into` stays unless another is chosen; else who is named, or has most faces.

    `typed`: a person, the name that somebody has typed for them, which somebody else has, and the name before.
    """
    with reading(workspace().engine) as session:
        people_by_id = summaries(people, session=session)
        faces = strips(list(people_by_id), each=6, session=session)
    ordered = sorted(people_by_id.values(), key=lambda person: (person.id != into, person.name is None, -person.faces))
    taken = typed is not None and any(person.name == typed[1] and person.id != typed[0] for person in ordered)
    if len(ordered) < len(set(people)):
        st.warning(_WORDS["gone_meanwhile"])
    if typed:
        st.info(_WORDS["name_taken" if taken else "name_alike"])
    for person in ordered:
        st.markdown(f"**{plain(called(person))}** · {counted(person.faces, 'face')}")
        tiles = [face_tile(face, marked=False) for face in faces[person.id]]
        picture_grid(tiles, key=f"merge-{person.id}", size=56, label=called(person))
    by_id = {person.id: person for person in ordered}
    target = st.radio("Who stays", list(by_id), format_func=lambda number: plain(called(by_id[number])))
    total = sum(person.faces for person in ordered)
    lost = [plain(person.name) for person in ordered if person.name and person.id != target and by_id[target].name]
    given_up = _WORDS["names_given_up"].format(names=", ".join(lost)) if lost else ""
    st.markdown(_WORDS["what_merging_does"].format(faces=counted(total, "face"), given_up=given_up))
    together = merge_outlook(dataset_id, list(by_id))
    _answer_merge(dataset_id, target, list(by_id), None if taken else typed, together, on_answer)


def _answer_merge(
    dataset_id: int,
    target: int | None,
    people: Sequence[int],
    typed: tuple[int, str, str | None] | None,
    together: bool | None,
    on_answer: Callable[[], object],
) -> None:
    """The answers: one person; two, of whom one is called as typed; or nothing.

    `together`: whether they are said to be one though a photo shows two of them; None where none does.
    """
    keep = False
    with st.container(horizontal=True):
        merge = st.button("Merge into one person", type="primary", disabled=len(people) < 2 or together is False)
        if typed:
            keep = st.button(f"Two people: name this one {plain(typed[1])}")
        cancel = st.button("Cancel")
    if cancel or merge or keep:
        on_answer()
    done = cancel
    if merge and target is not None:
        done = decide(dataset_id, merge_people, target, people, together=bool(together))
    if keep and typed:
        person, name, before = typed
        done = decide(dataset_id, name_person, person, name, shown={person: before})
    if done:
        st.rerun()
    if merge or keep:
        st.error(sentence(st.session_state.pop(_PROBLEM)))


def face_actions(
    dataset_id: int, chosen: Callable[[], list[int]], shown: Mapping[int, int | None], *, owned: bool
) -> None:
    """Buttons for the selected faces; `chosen` is asked when one is pressed.

    `shown` says whose each face is on this screen, `owned` that they belong to somebody.
    """
    selected = chosen()

    def button(label: str, icon: str, action: Callable[..., object], explanation: str, **options: Any) -> None:
        def press() -> None:
            decide(dataset_id, action, chosen(), **options)

        st.button(label, disabled=not selected, icon=icon, on_click=press, help=explanation)

    if owned:
        confirm = "They are this person. Confirmed faces are never regrouped, and are evidence for verification."
        button("Confirm selected", ":material/check:", confirm_faces, confirm, shown=shown)
    if st.button("Move to…", disabled=not selected, icon=":material/drive_file_move:"):
        move_dialog(dataset_id, selected, shown)
    if owned:
        release = "They leave this person for good; the next grouping looks for others."
        button("Not this person", ":material/person_remove:", release_faces, release, shown=shown)
    remove = "They leave the dataset, and no later run brings them back."
    button("Not a face", ":material/block:", remove_faces, remove)


@st.dialog("Whose faces are these?")
def move_dialog(dataset_id: int, faces: Sequence[int], shown: Mapping[int, int | None]) -> None:
    """Give faces to somebody who is known, or to somebody new."""
    names = read(lambda session: {name: number for number, name in person_names(dataset_id, session=session)})
    name = st.selectbox(
        "Person", list(names), index=None, accept_new_options=True, placeholder="Choose, or type a new name"
    )
    wanted = _cleaned(name)
    known = alike(wanted, names) if wanted else None
    st.markdown(_WORDS["what_moving_does"].format(faces=counted(len(faces), "face")))
    if known and known != wanted:
        st.info(_WORDS["move_alike"].format(name=plain(known)))
    to = _answer_move(wanted, known)
    if to is None:
        return
    if decide(dataset_id, move_faces, faces, person_id=names.get(to), name=to, shown=shown):
        st.rerun()
    st.error(sentence(st.session_state.pop(_PROBLEM)))


def _answer_move(wanted: str | None, known: str | None) -> str | None:
    """Who is meant, by name: who is known, or somebody new, without a name only if that is said; None until then."""
    with st.container(horizontal=True):
        if not wanted:
            st.button("Move", type="primary", disabled=True, help=_WORDS["choose_first"])
            return "" if st.button("They are somebody new, without a name") else None
        if known and st.button(f"Move to {plain(known)}", type="primary"):
            return known
        new = f"Move to the new person {plain(wanted)}"
        if known != wanted and st.button(new, type="secondary" if known else "primary"):
            return wanted
    return None


def _cleaned(name: str | None) -> str | None:
    try:
        return clean_name(name or "")
    except FacetError as error:
        st.error(sentence(error))
        st.stop()
