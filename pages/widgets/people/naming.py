"""Naming a person in place: what is typed, the names that exist already, and the question whether two are one."""

from typing import Final

import streamlit as st

from core.foundation.names import alike, clean_name
from core.people.deciding import name_person
from db.queries.people.listing import PersonSummary, person_names
from pages.widgets.people.actions import decide, merge_dialog
from pages.widgets.people.name_offers import offer_names
from pages.widgets.shared.resources import read

_LABEL: Final = "Name of person"
_TAKEN: Final = "people.taken"


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
        args=(dataset_id, person.id, person.name, key),
    )


def _rename(dataset_id: int, person_id: int, before: str | None, key: str) -> None:
    wanted = clean_name(st.session_state[key])
    if wanted == before:
        return
    people = read(lambda session: person_names(dataset_id, session=session))
    if (person_id, wanted) in people:
        return  # a browser that was slow has sent it twice
    others = {name: number for number, name in people if number != person_id}
    known = alike(wanted, others) if wanted else None
    if wanted and known:
        st.session_state[_TAKEN] = {"people": [others[known], person_id], "typed": (person_id, wanted, before)}
    else:
        decide(dataset_id, name_person, person_id, wanted or "", shown={person_id: before})


def after_name_fields(dataset_id: int) -> None:
    """Offer the names that exist while one is typed; where somebody else has it, ask whether the two are one.

    A page calls it after its name fields. A browser that has drawn the question has then also put the old name back
    into the field; one that still held the typed name would send it again with the answer, and be asked again.
    """
    offer_names(_LABEL, [name for _, name in read(lambda session: person_names(dataset_id, session=session))])
    taken = st.session_state.pop(_TAKEN, None)
    if taken:
        merge_dialog(dataset_id, **taken, on_answer=lambda: st.session_state.pop(_TAKEN, None))
