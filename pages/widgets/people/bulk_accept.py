"""Confirming everything above a bar at once; how many mistakes that may make is said first."""

from typing import Final

import streamlit as st

from core import verification
from core.foundation.errors import NotFound
from core.people.deciding import confirm_faces
from core.people.doubts import WaitingFaces, waiting_faces
from core.people.encoders import encoder_of, threshold_of
from core.verification import PairSet
from db.queries.people.vectors import people_state
from db.tables import ModelVersion
from pages.widgets.people.actions import decide_on_click
from pages.widgets.people.false_matches import pairs_to_judge_by
from pages.widgets.shared.resources import read, workspace
from pages.widgets.shared.text import counted
from pages.widgets.shared.words import words

_WORDS: Final = words("bulk_accept")


def accept_above_a_bar(dataset_id: int) -> None:
    """A button that opens the choice of a bar, and says what confirming everything above it would do."""
    try:
        version = encoder_of(workspace(), dataset_id)
    except NotFound:
        return
    opened = st.popover(_WORDS["open"], icon=":material/done_all:", key=f"bulk-{dataset_id}", on_change="rerun")
    if not opened.open:
        return
    with opened:
        _choice(dataset_id, version)


def _choice(dataset_id: int, version: ModelVersion) -> None:
    threshold = threshold_of(workspace(), dataset_id, version)
    st.markdown(_WORDS["what_it_does"])
    bar = st.number_input(
        _WORDS["bar"], -1.0, 1.0, round(threshold, 3), 0.005, format="%.3f", key=f"bar-{dataset_id}-{version.id}"
    )
    state = read(lambda session: people_state(dataset_id, version.id, session=session))
    waiting = _waiting(dataset_id, version, state)
    faces = waiting.above(bar)
    people = counted(len({*faces.values()}), "person", "people")
    counts = {"faces": counted(len(faces), "face"), "waiting": len(waiting.instances), "people": people}
    st.markdown(_WORDS["how_many"].format(**counts))
    st.info(said_of_mistakes(waiting, bar, pairs_to_judge_by(dataset_id, version)))
    st.button(
        _WORDS["confirm"].format(faces=counts["faces"]),
        type="primary",
        disabled=not faces,
        on_click=decide_on_click,
        args=(dataset_id, confirm_faces, list(faces)),
        kwargs={"shown": faces},
    )


@st.cache_data(max_entries=4, show_spinner=False)
def _waiting(
    dataset_id: int,
    _version: ModelVersion,
    cache_key: tuple[int, ...],  # noqa: ARG001 - changes with whatever they are made of
) -> WaitingFaces:
    return waiting_faces(workspace(), dataset_id, _version)


def said_of_mistakes(waiting: WaitingFaces, bar: float, pairs: PairSet | None) -> str:
    """How many mistakes are to be expected above a bar, from the confirmed pairs; that nobody knows where they are few.

    Where no two different people are seen to be as alike, the rate is below the upper end of its interval.
    """
    rate = verification.figures_at(pairs, bar)["fmr"] if pairs else None
    if pairs is None or rate is None:
        return str(_WORDS["unknown"])
    interval = verification.intervals_at(pairs, bar).fmr
    if not rate and not interval.known:
        return str(_WORDS["unknown"])
    mistakes = waiting.most_mistakes(bar, rate or interval.high)
    told = {"mistakes": mistakes, "rate": rate or interval.high, "others": max(0, waiting.among - 1)}
    return str(_WORDS["expected" if rate else "below"].format(**told, people=pairs.people))
