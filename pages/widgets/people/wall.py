"""The wall of a dataset's people: who is shown in which order, and what is done with them there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, Final

import streamlit as st

from core.foundation.errors import FacetError, NotFound
from core.people.deciding import confirm_people
from core.people.doubts import least_likeness
from core.people.encoders import encoder_of
from core.people.showing import hide_people
from db.queries.people.listing import PeopleOrder, PeopleView, PersonSummary, ShownFace, summaries
from db.queries.people.vectors import people_state
from db.tables import ModelVersion
from pages.widgets.people.actions import merge_dialog, newest_of, tell_decided
from pages.widgets.people.bulk_accept import accept_above_a_bar
from pages.widgets.people.face_tiles import called, crop_url
from pages.widgets.people.kept_people import (
    PeopleFilter,
    faces_of_cards,
    ids_in_view,
    known_names,
    page_of_people,
    present_state,
)
from pages.widgets.people.naming import ask_about, give_name, naming_confirms, naming_option
from pages.widgets.people.people_wall import Card, Deed, deeds_done, people_wall
from pages.widgets.people.views import PERSON, open_person
from pages.widgets.shared.address import among, choose, in_address, text, yes_or_no
from pages.widgets.shared.controls import paged
from pages.widgets.shared.resources import author_id, read, workspace
from pages.widgets.shared.words import words

WALL: Final = "people-wall"
_CARDS: Final = 60
_DOUBTS: Final = "doubts"
_PLACES: Final = "people.places"  # a page of the wall, and who stands where on it
_DEEDS: Final = "people.deeds"
_WORDS: Final = words("people_wall")


@dataclass
class _Deeds:
    """What this session has done on the wall.

    `heard` is the number of the last deed that was dealt with; `merge` is who may be one, which is to be asked about;
    `into` upon whom the others were dragged; `problems` what is to be told.
    """

    heard: int = 0
    merge: list[int] = field(default_factory=list)
    into: int | None = None
    problems: list[str] = field(default_factory=list)
    one_at_a_time: Lock = field(default_factory=Lock)


def wall_of_people(dataset_id: int, known: int, newest_run: int, view: PeopleView = PeopleView.KNOWN) -> None:
    """The people of a view, as they stood when the page of the wall was opened, or `newest_run` ended.

    `known` is how many there are.
    """
    wanted, order, unnamed = _choices(dataset_id)
    which, state = PeopleFilter(dataset_id, view, wanted, unnamed), present_state(dataset_id)
    count = len(ids_in_view(which, state)) if wanted or unnamed else known
    rows, offset = paged(count, _CARDS, key=f"people-{dataset_id}-{view}-{wanted}-{order}-{unnamed}")
    people = _in_place((*which, order, offset, newest_run), _fresh(which, state, order, offset), view)
    faces = faces_of_cards(dataset_id, state, tuple(person.id for person in people))
    names = [name for _, name in known_names(dataset_id, state)]
    hear = partial(_hear, dataset_id, {person.id: person for person in people}, view == PeopleView.HIDDEN)
    if deeds_done(WALL, _deeds().heard):
        hear()
        st.rerun()
    with rows:
        if not people:
            st.info(_WORDS["no_such_name" if wanted else "all_named" if unnamed else "nobody_yet"])
        opened = _cards(people, faces, names, hidden=view == PeopleView.HIDDEN, hear=hear)
    if opened is not None:
        open_person(opened)
    _questions(dataset_id)


def _choices(dataset_id: int) -> tuple[str, str, bool]:
    """Part of a name, the order, and whether only those without a name are shown."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.text_input(
            "Find a name",
            placeholder="Part of a name",
            width=200,
            icon=":material/search:",
            label_visibility="collapsed",
            **in_address("find", text, ""),
        ).strip()
        order = st.selectbox(
            "Order",
            list(_WORDS["orders"]),
            format_func=_WORDS["orders"].__getitem__,
            width=190,
            label_visibility="collapsed",
            **in_address("sort", among(list(_WORDS["orders"])), str(PeopleOrder.COUNT)),
        )
        unnamed = st.toggle(_WORDS["unnamed"], **in_address("unnamed", yes_or_no, False))
        naming_option()
        accept_above_a_bar(dataset_id)
    return wanted, order, unnamed


def _fresh(which: PeopleFilter, state: int, order: str, offset: int) -> Sequence[PersonSummary]:
    """A page of people as they stand now."""
    if order != _DOUBTS:
        return page_of_people(which, state, PeopleOrder(order), offset, _CARDS)
    doubts = _doubts(which.dataset_id)
    ids = sorted(ids_in_view(which, state), key=lambda person: doubts.get(person, 2.0))
    page = ids[offset : offset + _CARDS]
    found = read(lambda session: summaries(page, session=session))
    return [found[person] for person in page if person in found]


def _doubts(dataset_id: int) -> dict[int, float]:
    try:
        version = encoder_of(workspace(), dataset_id)
    except NotFound:
        return {}
    state = read(lambda session: people_state(dataset_id, version.id, session=session))
    return _least_likeness(dataset_id, version, state)


@st.cache_resource(max_entries=8, show_spinner=False)
def _least_likeness(
    dataset_id: int,
    _version: ModelVersion,
    cache_key: tuple[int, ...],  # noqa: ARG001 - changes with whatever they are made of
) -> dict[int, float]:
    return least_likeness(workspace(), dataset_id, _version)


def _in_place(page: tuple[object, ...], fresh: Sequence[PersonSummary], view: PeopleView) -> Sequence[PersonSummary]:
    """The people of a page in the places that they had when it was opened: who is named does not jump away.

    Somebody who went, by a merge, and comes back stands where they stood; who is new on the page stands at its end
    where there is room.
    """
    shown, places = st.session_state.get(_PLACES, (None, []))
    if shown != page:
        places = []
    now = {person.id: person for person in fresh}
    slipped = [number for number in places if number not in now]
    there = {number: now[number] for number in places if number in now}
    there |= read(lambda session: summaries(slipped, session=session)) if slipped else {}
    hidden = view == PeopleView.HIDDEN
    there = {number: person for number, person in there.items() if person.faces and person.hidden == hidden}
    room = max(0, _CARDS - len(there))
    places = [*places, *[person.id for person in fresh if person.id not in places][:room]]
    st.session_state[_PLACES] = (page, places)
    there |= now
    return [there[number] for number in places if number in there]


def _cards(
    people: Sequence[PersonSummary],
    faces: Mapping[int, ShownFace],
    names: Sequence[str],
    *,
    hidden: bool,
    hear: Callable[[], None],
) -> int | None:
    cards = [
        Card(person.id, person.name or "", called(person), crop_url(faces[person.id]), person.faces, person.confirmed)
        for person in people
        if person.id in faces
    ]
    show = partial(choose, PERSON)
    return people_wall(cards, key=WALL, names=names, hidden=hidden, heard=_deeds().heard, on_deed=hear, on_open=show)


def _deeds() -> _Deeds:
    found: _Deeds = st.session_state.setdefault(_DEEDS, _Deeds())
    return found


def _questions(dataset_id: int) -> None:
    """What has to be asked before it is done."""
    deeds = _deeds()
    if deeds.merge:
        people, deeds.merge = deeds.merge, []
        merge_dialog(dataset_id, people, into=deeds.into)
    ask_about(dataset_id)


# Streamlit runs a callback beside one of the same session that has not ended, and may end one wherever it looks into
# the session: so one deed is dealt with at a time, and with no look into the session before it is noted; and the page
# deals with what an ended callback has left, for it is not called again.


def _hear(dataset_id: int, people: Mapping[int, PersonSummary], hidden: bool) -> None:
    """Do what was done on the wall since, each deed once."""
    deeds, author, confirms = _deeds(), author_id(), naming_confirms()
    asked: list[dict[str, Any]] = []
    for deed in deeds_done(WALL, deeds.heard):
        with deeds.one_at_a_time:
            if deed.number > deeds.heard:
                try:
                    asked += _done(dataset_id, deed, people, hidden, author, confirms, deeds)
                except FacetError as error:
                    deeds.problems.append(str(error))
                deeds.heard = deed.number
    for question in asked:
        ask_about(dataset_id, question)
    tell_decided(newest_of(dataset_id, author), deeds.problems)
    deeds.problems = []


def _done(
    dataset_id: int,
    deed: Deed,
    people: Mapping[int, PersonSummary],
    hidden: bool,
    author: int,
    confirms: bool,
    deeds: _Deeds,
) -> list[dict[str, Any]]:
    """Do it; the question that a name asks for, which somebody else has, if it does."""
    there = [number for number in deed.people if number in people]
    if deed.kind == "name" and there:
        question = give_name(dataset_id, people[there[0]], deed.typed, author=author, confirms=confirms)
        return [question] if question else []
    if deed.kind in ("merge", "into"):
        deeds.merge, deeds.into = there, there[0] if deed.kind == "into" and there else None
    elif deed.kind == "hide" and there:
        hide_people(workspace(), there, hidden=not hidden, author_id=author)
    elif deed.kind == "confirm" and there:
        confirm_people(workspace(), {number: people[number].faces for number in there}, author_id=author)
    return []
