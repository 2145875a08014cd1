"""The parts of the People page: the list, one person, the faces seen once, open questions, and the history."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import streamlit as st

from core.foundation.errors import NotFound
from core.people.deciding import confirm_faces, keep_apart, merge_people
from core.people.encoders import encoder_of, threshold_of
from core.people.likely_pairs import MOST_QUESTIONS, LikelyPair, likely_same
from db.engine import reading
from db.queries.people.decisions import count_history, history
from db.queries.people.listing import (
    PeopleView,
    PersonSummary,
    ShownFace,
    count_loose_faces,
    count_people_page,
    faces_by_id,
    faces_page,
    loose_faces,
    people_page,
    person_summary,
    strips,
    summaries,
)
from db.queries.people.ownership import instances_of
from db.queries.people.vectors import people_state
from pages.widgets.people.actions import (
    decide,
    decide_on_click,
    face_actions,
    merge_bar,
    merge_dialog,
    name_field,
    pick_box,
    turn,
    undo_button,
)
from pages.widgets.people.face_tiles import called, face_tile, how_many
from pages.widgets.shared.controls import paged, show_in_editor
from pages.widgets.shared.picture_grid import picture_grid, selected_now
from pages.widgets.shared.resources import read, workspace
from pages.widgets.shared.text import plain, sentence, stored, utc

PERSON: Final = "person"  # in the address
_ROWS: Final = 12
_FACES: Final = 60
_STRIP: Final = 8
_HISTORY: Final = 50


def open_person(person_id: int, _face: int = 0) -> None:
    """Show one person."""
    st.query_params[PERSON] = str(person_id)
    st.rerun()


def list_of_people(dataset_id: int) -> None:
    """Named people first, then by size: each with a strip of faces."""
    wanted = st.text_input("Find a name", placeholder="Part of a name", width=260, icon=":material/search:").strip()
    merge_bar(dataset_id)
    with reading(workspace().engine) as session:
        count = count_people_page(dataset_id, view=PeopleView.KNOWN, name_contains=wanted, session=session)
        rows, offset = paged(count, _ROWS, key=f"people-{dataset_id}-{wanted}")
        people = people_page(
            dataset_id, view=PeopleView.KNOWN, name_contains=wanted, offset=offset, limit=_ROWS, session=session
        )
        faces = strips([person.id for person in people], each=_STRIP, session=session)
    with rows:
        if not people:
            st.info("Nobody here has such a name." if wanted else "Nobody is seen more than once yet.")
        for person in people:
            _row(dataset_id, person, faces[person.id])


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
        del st.query_params[PERSON]
        st.rerun()
    person = read(lambda session: person_summary(person_id, dataset_id=dataset_id, session=session))
    if person is None or not person.faces:
        st.info("This person has no faces any more: they were merged or moved. Undo brings them back.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        name_field(dataset_id, person)
        st.caption(how_many(person), width="stretch")
    actions = st.container(horizontal=True)
    grid, offset = paged(person.faces, _FACES, key=f"faces-page-{person_id}")
    faces = read(lambda session: faces_page(person_id, offset=offset, limit=_FACES, session=session))
    with grid:
        chosen = _grid_of(faces, f"faces-{person_id}-{offset}", called(person))
    with actions:
        face_actions(dataset_id, chosen, owned=True)
        st.button(
            f"Confirm all {person.faces:,}",
            icon=":material/done_all:",
            disabled=person.confirmed == person.faces,
            on_click=_confirm_all,
            args=(dataset_id, person_id),
        )


def _confirm_all(dataset_id: int, person_id: int) -> None:
    faces = read(lambda session: instances_of([person_id], session=session))
    decide(dataset_id, confirm_faces, faces)


def _grid_of(faces: Sequence[ShownFace], name: str, label: str) -> Callable[[], list[int]]:
    """A grid to choose from; gives the question which faces are selected."""
    by_id = {face.instance_id: face for face in faces}
    key = f"{name}-{turn()}"
    st.caption("Click to select, Shift for a range; double-click or Enter opens the picture.")
    picture_grid(
        [face_tile(face) for face in faces],
        key=key,
        select="multi",
        size=104,
        label=label,
        on_open=lambda face: show_in_editor(by_id[face].image_id, face),
    )
    return partial(selected_now, key, frozenset(by_id))


def seen_once(dataset_id: int) -> None:
    """People without a name who are seen once: often strangers, sometimes a face that belongs to somebody."""
    st.caption("People without a name who are seen once. Select faces to give them to somebody, or to take them out.")
    actions = st.container(horizontal=True)
    with reading(workspace().engine) as session:
        count = count_people_page(dataset_id, view=PeopleView.ONCE, session=session)
        grid, offset = paged(count, _FACES, key=f"once-page-{dataset_id}")
        people = people_page(dataset_id, view=PeopleView.ONCE, offset=offset, limit=_FACES, session=session)
        faces = faces_by_id([person.cover for person in people], session=session)
    with grid:
        chosen = _grid_of([faces[person.cover] for person in people], f"once-{offset}", "People seen once")
    with actions:
        face_actions(dataset_id, chosen, owned=False)


def faces_of_nobody(dataset_id: int) -> None:
    """Faces that no grouping has looked at yet, or that were taken out of a person."""
    st.caption("New faces, and faces that were taken out of a person. The next grouping finds them a place.")
    actions = st.container(horizontal=True)
    with reading(workspace().engine) as session:
        count = count_loose_faces(dataset_id, session=session)
        grid, offset = paged(count, _FACES, key=f"nobody-page-{dataset_id}")
        faces = loose_faces(dataset_id, offset=offset, limit=_FACES, session=session)
    with grid:
        chosen = _grid_of(faces, f"nobody-{offset}", "Faces with nobody")
    with actions:
        face_actions(dataset_id, chosen, owned=False)


@st.cache_data(max_entries=8, show_spinner="Comparing people")
def _questions(dataset_id: int, encoder_id: int, cache_key: tuple[int, ...]) -> list[LikelyPair]:  # noqa: ARG001
    return likely_same(workspace(), dataset_id, encoder_id)


def open_questions(dataset_id: int, newest_run: int) -> None:
    """The most similar pairs of people, to be answered with one click; an answer is never asked for again."""
    try:
        version = encoder_of(workspace(), dataset_id)
    except NotFound as error:
        st.info(sentence(error))
        return
    cache_key = read(lambda session: (*people_state(dataset_id, version.id, session=session), newest_run))
    pairs = _questions(dataset_id, version.id, cache_key)
    with reading(workspace().engine) as session:
        ids = list(dict.fromkeys(number for pair in pairs for number in (pair.first, pair.second)))
        people, faces = summaries(ids, session=session), strips(ids, each=5, session=session)
    if not pairs:
        st.info("There is no pair of people left to ask about.")
        return
    st.caption(
        f"At most {MOST_QUESTIONS} pairs at a time, the most similar first, by the average similarity of their faces: "
        "an answer makes room for the next. "
        f"Grouping joins people from {threshold_of(workspace(), dataset_id, version):.3f} on."
    )
    for pair in pairs:
        if pair.first in people and pair.second in people:
            _question(dataset_id, pair, (people[pair.first], people[pair.second]), faces)


def _question(
    dataset_id: int, pair: LikelyPair, people: tuple[PersonSummary, PersonSummary], faces: dict[int, list[ShownFace]]
) -> None:
    first, second = sorted(people, key=lambda person: person.name is None)
    with st.container(border=True):
        sides = st.columns(2)
        for side, person in zip(sides, (first, second), strict=True):
            with side:
                st.markdown(f"**{plain(called(person))}** · {how_many(person)}")
                picture_grid(
                    [face_tile(face, marked=False) for face in faces[person.id]],
                    key=f"ask-{pair.first}-{pair.second}-{person.id}",
                    size=72,
                    label=called(person),
                    on_open=partial(open_person, person.id),
                )
        with st.container(horizontal=True, vertical_alignment="center"):
            name = f"{pair.first}-{pair.second}"
            if first.name and second.name:  # a name would be given up: ask which
                if st.button("Same…", key=f"same-{name}", icon=":material/merge:"):
                    merge_dialog(dataset_id, [first.id, second.id])
            else:
                st.button(
                    "Same",
                    key=f"same-{name}",
                    icon=":material/merge:",
                    on_click=decide_on_click,
                    args=(dataset_id, merge_people, first.id, [second.id]),
                    help="Merges the two and confirms all their faces.",
                )
            st.button(
                "Different",
                key=f"different-{name}",
                icon=":material/call_split:",
                on_click=decide_on_click,
                args=(dataset_id, keep_apart, first.id, second.id),
                help="No grouping will join them, and nobody is asked again.",
            )
            st.caption(f"similarity {pair.score:.3f}")


def decisions(dataset_id: int) -> None:
    """The decisions, the newest first, each with its way back."""
    count = read(lambda session: count_history(dataset_id, session=session))
    if not count:
        st.info("Nobody has decided anything about people here yet.")
    rows, offset = paged(count, _HISTORY, key=f"people-history-{dataset_id}")
    events = read(lambda session: history(dataset_id, offset=offset, limit=_HISTORY, session=session))
    for event, author in events:
        with rows.container(horizontal=True, vertical_alignment="center"):
            gone = event.undone and event.undoes_id is None
            summary = stored(event.summary)
            st.markdown(f"~~{summary}~~" if gone else summary, width="stretch")
            st.caption(f"{plain(author)} · {utc(event.at)}")
            undo_button(dataset_id, event, key=f"undo-{event.id}", disabled=event.undone)
