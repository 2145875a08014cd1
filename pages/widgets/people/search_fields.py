"""What a search asks of pictures: who is in them, when, and among how many people."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import streamlit as st

from db.engine import LARGEST_ID
from db.queries.people.listing import person_summary
from pages.widgets.people.kept_people import known_names
from pages.widgets.shared.address import between, in_address, yes_or_no
from pages.widgets.shared.resources import read
from pages.widgets.shared.words import words

_WORDS: Final = words("searching")
_MOST_PEOPLE: Final = 50  # of one field
_MOST_FACES: Final = 999
_FIRST_DAY, _LAST_DAY = date(1826, 1, 1), date(2199, 12, 31)  # the first photograph


@dataclass(frozen=True)
class ChosenPeople:
    """Ids of people: who must be in a picture, of whom any must be, who must not be; and who is not meant."""

    all_of: tuple[int, ...]
    any_of: tuple[int, ...]
    none_of: tuple[int, ...]

    @property
    def anybody(self) -> bool:
        """Whether somebody is chosen."""
        return bool(self.all_of or self.any_of or self.none_of)


def choose_people(dataset_id: int, revision: int) -> ChosenPeople:
    """Chips of people, with completion while a name is typed."""
    known = dict(known_names(dataset_id, revision))
    columns = st.columns(3)
    chosen = []
    for column, word in zip(columns, ("all", "any", "none"), strict=True):
        with column:
            chosen.append(_chips(dataset_id, known, word))
    return ChosenPeople(*chosen)


def choose_unwanted_people(dataset_id: int, revision: int) -> tuple[int, ...]:
    """Chips of people who are not meant, but may be in a picture."""
    return _chips(dataset_id, dict(known_names(dataset_id, revision)), "not-people")


def _chips(dataset_id: int, known: dict[int, str], word: str) -> tuple[int, ...]:
    held = in_address(word, lambda raw: _someone(dataset_id, known, raw), [], most=_MOST_PEOPLE)
    text = _WORDS[word.replace("-", "_")]
    return tuple(
        st.multiselect(
            text["name"],
            list(known),
            format_func=known.__getitem__,
            placeholder=text["placeholder"],
            help=text["about"],
            max_selections=_MOST_PEOPLE,
            **held,
        )
    )


def _someone(dataset_id: int, known: dict[int, str], written: str) -> int:
    """The person of a number; one without a name is offered from now on.

    Raises
    ------
    ValueError
        If there is nobody of that number.
    """
    number = between(1, LARGEST_ID)(written)
    if number not in known:
        person = read(lambda session: person_summary(number, dataset_id=dataset_id, session=session))
        if person is None or not person.faces:
            raise ValueError
        known[number] = f"Unnamed {number}"
    return number


def choose_conditions() -> dict[str, Any]:
    """When pictures were taken, how many people are in them, what "together" means: as `PictureQuestion` takes them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        since = _day("from", "From")
        until = _day("to", "To")
        least = _count("least-people", _WORDS["least_people"])
        most = _count("most-people", _WORDS["most_people"])
        by_event = st.toggle(
            _WORDS["by_event"]["name"], help=_WORDS["by_event"]["about"], **in_address("by-event", yes_or_no, False)
        )
    return {
        "since": None if since is None else np.datetime64(since, "s"),
        "until": None if until is None else np.datetime64(until, "D") + 1 - np.timedelta64(1, "s"),
        "least_people": least,
        "most_people": most,
        "by_event": by_event,
    }


def _day(word: str, label: str) -> date | None:
    held = in_address(word, date.fromisoformat, write=date.isoformat)
    day: date | None = st.date_input(
        label, value=None, min_value=_FIRST_DAY, max_value=_LAST_DAY, format="YYYY-MM-DD", width=190, **held
    )
    return day


def _count(word: str, label: str) -> int | None:
    held = in_address(word, between(0, _MOST_FACES))
    return st.number_input(label, 0, _MOST_FACES, value=None, step=1, width=150, placeholder="any", **held)
