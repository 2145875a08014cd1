"""What grouping again would change, with pictures: who would be split, and who joined."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import streamlit as st

from core.people.grouping import GroupingPreview, preview_grouping
from db.engine import reading
from db.queries.people.listing import PersonSummary, ShownFace, faces_by_id, summaries
from db.queries.people.vectors import vector_state
from db.tables import Dataset
from pages.widgets.people.face_tiles import called, face_tile
from pages.widgets.shared.picture_grid import picture_grid
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import counted, plain
from pages.widgets.shared.words import words

MOST_FACES: Final = 5_000  # grouped within a second or two; more would hold the page up
_SHOWN: Final = 5  # faces of a part
_ROWS: Final = 6  # of those who would be split, and of those who would be joined
_WORDS: Final = words("grouping_preview")


@st.cache_data(max_entries=8, show_spinner="Looking what grouping again would change")
def _preview(
    dataset_id: int,
    encoder_id: int,
    threshold: float,
    regroup: bool,
    cache_key: tuple[int, ...],  # noqa: ARG001 - changes with every face and every decision
) -> GroupingPreview:
    return preview_grouping(workspace(), dataset_id, encoder_id, threshold, regroup=regroup)


def offer_preview(dataset_id: int, encoder_id: int, threshold: float, *, regroup: bool, key: str) -> None:
    """A switch that shows what grouping again would change."""
    if not st.toggle("Show what that would change", key=f"preview-{key}"):
        return
    with reading(workspace().engine) as session:
        state = vector_state(encoder_id, session=session)
        dataset = session.get_one(Dataset, dataset_id)
    if state.rows > MOST_FACES:
        st.caption(_WORDS["too_many"].format(most=MOST_FACES))
        return
    show_preview(_preview(dataset_id, encoder_id, threshold, regroup, (*state, dataset.revision)))


def show_preview(found: GroupingPreview) -> None:
    """The changes in a sentence, and the first of them with pictures."""
    if not found.changes:
        st.info(_WORDS["nothing"])
        return
    st.markdown(
        f"**{counted(len(found.split), 'person', 'people')}** would be split, "
        f"**{counted(len(found.joined), 'group')}** of several people would become one each, "
        f"{counted(found.placed, 'face')} of nobody would find a place: "
        f"{counted(found.people_now, 'person', 'people')} now, {found.people_then:,} then."
    )
    split, joined = list(found.split.items())[:_ROWS], found.joined[:_ROWS]
    parts = [part for _, faces in split for part in faces] + [part for people in joined for part in people.values()]
    with reading(workspace().engine) as session:
        faces = faces_by_id([face for part in parts for face in part[:_SHOWN]], session=session)
        people = summaries([*dict(split), *(person for group in joined for person in group)], session=session)
    for person, pieces in split:
        _row(_WORDS["split"].format(person=_name(people, person), parts=len(pieces)), enumerate(pieces), faces)
    for group in joined:
        names = ", ".join(_name(people, person) for person in group)
        _row(_WORDS["joined"].format(people=names), group.items(), faces)
    hidden = max(0, len(found.split) - _ROWS) + max(0, len(found.joined) - _ROWS)
    if hidden:
        st.caption(_WORDS["more"].format(count=hidden))


def _name(people: Mapping[int, PersonSummary], person: int) -> str:
    return plain(called(people[person])) if person in people else str(person)


def _row(title: str, parts: Iterable[tuple[int, Sequence[int]]], faces: Mapping[int, ShownFace]) -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(title)
        with st.grid(min_column_width=200):
            for _, part in list(parts)[:_ROWS]:
                with st.container():
                    picture_grid(
                        [face_tile(faces[face]) for face in part[:_SHOWN] if face in faces],
                        key=f"preview-{title}-{part[0]}",
                        size=56,
                        label=counted(len(part), "face"),
                    )
                    st.caption(counted(len(part), "face"))
