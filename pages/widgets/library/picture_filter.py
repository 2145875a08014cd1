"""Which pictures of a dataset to look at: the same fields on two pages, each with choices of its own."""

from dataclasses import replace
from typing import Any

import streamlit as st

from db.engine import LARGEST_ID
from db.queries.learning.models import model_cache_key
from db.queries.library import ImageFilter, count_images
from db.queries.people.listing import person_names, person_summary
from pages.widgets.library.picture_tiles import STATES
from pages.widgets.shared.address import among, between, choose, chosen, in_address, text
from pages.widgets.shared.resources import read
from pages.widgets.shared.text import counted

_WORDS = ("state", "part", "person")


def choose_filter(dataset_id: int, *, widths: tuple[int, int, int] = (200, 220, 220)) -> ImageFilter:
    """Fields for a state, a part of the path and a person, beside one another."""
    of_state, of_part, of_person = widths
    st.selectbox(
        "State",
        list(STATES),
        index=None,
        format_func=STATES.__getitem__,
        placeholder="Any",
        width=of_state,
        **in_address("state", among(STATES)),
    )
    st.text_input("Part of the path", placeholder="holiday/", width=of_part, **in_address("part", text, ""))
    people = _people(dataset_id)
    held = in_address("person", lambda raw: _person(dataset_id, people, raw))
    st.selectbox(
        "Person",
        list(people),
        index=None,
        format_func=people.__getitem__,
        placeholder="Anybody",
        width=of_person,
        **held,
    )
    return chosen_filter()


def chosen_filter() -> ImageFilter:
    """What is chosen on the open page, also in a callback."""
    return ImageFilter(chosen("state"), (chosen("part") or "").strip(), chosen("person"))


def drop_filter() -> None:
    """Choose all pictures again."""
    for word, nothing in zip(_WORDS, (None, "", None), strict=True):
        choose(word, nothing)


def all_pictures_button(dataset_id: int) -> None:
    """The way back to all pictures, where a filter leaves some out."""
    if chosen_filter() != ImageFilter():
        count = read(lambda session: count_images(dataset_id, session=session))
        label = f"All {counted(count, 'picture')}"
        st.button(label, icon=":material/filter_alt_off:", on_click=drop_filter, help="Drops the filter")


def as_choices(asked: ImageFilter) -> dict[str, Any]:
    """A filter as the choices that another page is opened with."""
    return dict(zip(_WORDS, (asked.state, asked.path_contains, asked.person_id), strict=True))


def within_clip(asked: ImageFilter, path: str) -> ImageFilter:
    """The filter, of the frames of one clip alone."""
    part = asked.path_contains
    return replace(asked, path_contains=part if part.startswith(f"{path}/") else f"{path}/")


def _people(dataset_id: int) -> dict[int, str]:
    return _named(dataset_id, read(lambda session: model_cache_key(dataset_id, session=session)))


@st.cache_data(max_entries=20, show_spinner=False)
def _named(dataset_id: int, cache_key: int) -> dict[int, str]:  # noqa: ARG001
    return dict(read(lambda session: person_names(dataset_id, session=session)))


def _person(dataset_id: int, people: dict[int, str], written: str) -> int:
    """Somebody with faces; one without a name is offered from now on.

    Raises
    ------
    ValueError
        If there is nobody of that number.
    """
    number = between(1, LARGEST_ID)(written)
    if number not in people:
        person = read(lambda session: person_summary(number, dataset_id=dataset_id, session=session))
        if person is None or not person.faces:
            raise ValueError
        people[number] = f"Unnamed {number}"
    return number
