"""Naming a person in place: what is typed, the names that exist already, and the question whether two are one."""

from typing import Any, Final

import streamlit as st

from core.foundation.errors import FacetError
from core.foundation.names import alike, clean_name
from core.people.deciding import name_person
from db.queries.people.listing import PersonSummary, person_names
from pages.widgets.people.actions import merge_dialog, newest_of, tell_decided, tell_problem
from pages.widgets.people.kept_people import known_names, present_state
from pages.widgets.people.name_offers import offer_names
from pages.widgets.shared.resources import author_id, read, workspace
from pages.widgets.shared.words import words

_LABEL: Final = "Name of person"
_TAKEN: Final = "people.taken"
_CONFIRMS: Final = "people.naming_confirms"
_WORDS: Final = words("naming_people")


def naming_confirms() -> bool:
    """Whether a name says that all faces are that person's too; it does until somebody turns it off."""
    return bool(st.session_state.get(_CONFIRMS, True))


def naming_option() -> None:
    """Turns it off and on, and says what it does."""
    st.session_state[_CONFIRMS] = naming_confirms()
    st.toggle(_WORDS["confirms"], key=_CONFIRMS, help=_WORDS["what_it_confirms"], persist_state="session")


def name_field(dataset_id: int, person: PersonSummary) -> None:
    """A person's name to change in place; a name that is taken opens the question whether the two are one."""
    key = f"name-{person.id}"
    st.session_state[key] = person.name or ""
    st.text_input(
        f"{_LABEL} {person.id}",
        key=key,
        placeholder="Type a name",
        max_chars=120,
        width=300,
        label_visibility="collapsed",
        autocomplete="off",  # the browser's own guesses would lie over the names that exist here
        on_change=_rename,
        args=(dataset_id, person, key),
    )


def _rename(dataset_id: int, person: PersonSummary, key: str) -> None:
    typed, author, confirms = st.session_state[key], author_id(), naming_confirms()
    try:
        question = give_name(dataset_id, person, typed, author=author, confirms=confirms)
    except FacetError as error:
        tell_problem(error)
        return
    if question:
        ask_about(dataset_id, question)
    else:
        tell_decided(newest_of(dataset_id, author))


def give_name(
    dataset_id: int, person: PersonSummary, typed: str, *, author: int, confirms: bool
) -> dict[str, Any] | None:
    """Name somebody as was typed, and with `confirms` say that the faces that were shown are theirs.

    Where somebody else has that name nothing is done: gives what `ask_about` asks then.

    Raises
    ------
    FacetError
        As `name_person`.
    """
    wanted = clean_name(typed)
    people = read(lambda session: person_names(dataset_id, session=session))
    if wanted == person.name or (person.id, wanted) in people:
        return None  # a browser that was slow has sent it twice
    others = {name: number for number, name in people if number != person.id}
    known = alike(wanted, others) if wanted else None
    if wanted and known:
        return {"people": [others[known], person.id], "typed": (person.id, wanted, person.name)}
    confirmed = person.faces if confirms else None
    shown = {person.id: person.name}
    name_person(workspace(), person.id, wanted or "", author_id=author, shown=shown, confirmed=confirmed)
    return None


def ask_about(dataset_id: int, question: dict[str, Any] | None = None) -> None:
    """Keep a question for the page's next run, or (without one) ask the one that is kept.

    A browser that has drawn the question has then also put the old name back into the field; one that still held the
    typed name would send it again with the answer, and be asked again.
    """
    if question is not None:
        st.session_state[_TAKEN] = question
        return
    taken = st.session_state.pop(_TAKEN, None)
    if taken:
        merge_dialog(dataset_id, **taken, on_answer=lambda: st.session_state.pop(_TAKEN, None))


def after_name_fields(dataset_id: int) -> None:
    """Offer the names that exist while one is typed; where somebody else has it, ask whether the two are one.

    A page calls it after its name fields.
    """
    offer_names(_LABEL, [name for _, name in known_names(dataset_id, present_state(dataset_id))])
    ask_about(dataset_id)
