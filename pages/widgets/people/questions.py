"""Maybe the same: pairs of people to be answered with one click, until nothing is left that is worth asking."""

from functools import partial
from typing import Final

import streamlit as st

from core.foundation.errors import NotFound
from core.people.deciding import keep_apart, merge_people
from core.people.encoders import encoder_of, threshold_of
from core.people.likely_pairs import LikelyPair, Questions, likely_same
from db.engine import reading
from db.queries.people.listing import PersonSummary, ShownFace, strips, summaries
from db.queries.people.vectors import people_state
from db.tables import ModelVersion
from pages.widgets.people.actions import decide_on_click, merge_dialog
from pages.widgets.people.face_tiles import called, face_tile, how_many
from pages.widgets.people.views import open_person
from pages.widgets.shared.picture_grid import picture_grid
from pages.widgets.shared.resources import read, workspace
from pages.widgets.shared.text import counted, plain, sentence
from pages.widgets.shared.words import words

_STRIP: Final = 5
_WORDS: Final = words("maybe_the_same")


@st.cache_data(max_entries=8, show_spinner="Comparing people")
def _questions(
    dataset_id: int,
    _version: ModelVersion,
    cache_key: tuple[float, ...],  # noqa: ARG001 - changes with whatever they are made of
) -> Questions:
    return likely_same(workspace(), dataset_id, _version)


def open_questions(dataset_id: int) -> None:
    """The most similar pairs of people; an answer is never asked for again, and makes room for the next."""
    try:
        version = encoder_of(workspace(), dataset_id)
    except NotFound as error:
        st.info(sentence(error))
        return
    threshold = threshold_of(workspace(), dataset_id, version)
    state = read(lambda session: people_state(dataset_id, version.id, session=session))
    found = _questions(dataset_id, version, (*state, threshold))
    with reading(workspace().engine) as session:
        ids = list(dict.fromkeys(number for pair in found.pairs for number in (pair.first, pair.second)))
        people, faces = summaries(ids, session=session), strips(ids, each=_STRIP, session=session)
    _how_many_left(found, threshold)
    told = False
    for pair in found.pairs:
        if pair.first in people and pair.second in people:
            both = (people[pair.first], people[pair.second])
            if not told and all(person.name for person in both):
                st.markdown(_WORDS["both_named"])
                told = True
            _question(dataset_id, pair, both, faces)


def _how_many_left(found: Questions, threshold: float) -> None:
    if found.left:
        pairs = counted(found.left, "pair is", "pairs are")
        st.caption(_WORDS["left"].format(pairs=pairs, shown=len(found.pairs), floor=found.floor, threshold=threshold))
    else:
        st.info(_WORDS["nothing_left"].format(floor=found.floor, threshold=threshold))
    if found.compared < found.people:
        st.caption(_WORDS["largest"].format(compared=found.compared, people=found.people))


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
            _answers(dataset_id, f"{pair.first}-{pair.second}", first, second)
            st.caption(f"similarity {pair.score:.3f}")


def _answers(dataset_id: int, name: str, first: PersonSummary, second: PersonSummary) -> None:
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
            kwargs={"shown": {first.id: first.name, second.id: second.name}},
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
