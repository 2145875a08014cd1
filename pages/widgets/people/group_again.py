"""Grouping a dataset's faces once more, with the threshold in force or another."""

from typing import Any, Final

import streamlit as st

from core.foundation.errors import FacetError
from core.people.encoders import encoder_of, threshold_of
from db.queries.verification import thresholds
from db.tables import ModelVersion, Run
from pages.widgets.people.clothes_cue import choose_cue
from pages.widgets.people.grouping_preview import offer_preview
from pages.widgets.shared.resources import read, start_run, workspace
from pages.widgets.shared.run_status import result
from pages.widgets.shared.text import plain, sentence, stored, utc
from pages.widgets.shared.words import words

_STARTED: Final = "people.run"  # the run that was started here
_FOLD: Final = "people.fold"  # the choice would cover how the run gets on
_WORDS: Final = words("deciding_about_people")


def group_again(dataset_id: int) -> None:
    """A button that opens the choice of how to group again."""
    try:
        version = encoder_of(workspace(), dataset_id)
        value = threshold_of(workspace(), dataset_id, version)
    except FacetError as error:
        st.button("Group again", disabled=True, help=sentence(error))
        return
    key = f"group-again-{dataset_id}"
    if st.session_state.pop(_FOLD, False):
        st.session_state[key] = False
    opened = st.popover("Group again", icon=":material/refresh:", key=key, on_change="rerun")
    if not opened.open:
        return
    with opened:
        st.caption(f"{origin_of_threshold(dataset_id, version, value)} The Verification page judges it.")
        threshold = st.slider(
            "Least average similarity",
            -1.0,
            1.0,
            value,
            0.005,
            format="%.3f",
            key=f"group-at-{dataset_id}-{value}",
            help="Faces are one person from this average cosine similarity on. Higher gives more and purer people.",
        )
        regroup = st.toggle(
            "Start afresh where only a machine has decided",
            key="group-regroup",
            help="Off: new faces join the people who are there. On: people without a name and without a confirmed "
            "face are taken apart first. What a human has decided stays either way.",
        )
        offer_preview(dataset_id, version.id, threshold, regroup=regroup, key=f"people-{dataset_id}")
        if st.button("Group now", type="primary"):
            group_now(dataset_id, threshold if threshold != value else None, regroup=regroup)
        cue = choose_cue("group-again")
        if st.button("Ask the clothes", icon=":material/checkroom:", help=_WORDS["ask_the_clothes"]):
            _start("clothes", dataset_id, cue=cue)


def group_now(dataset_id: int, threshold: float | None, *, regroup: bool) -> None:
    """Start the run (without a threshold: at the one in force) and show it."""
    _start("people", dataset_id, threshold=threshold, regroup=regroup, encoder=None)


def _start(kind: str, dataset_id: int, **asked: Any) -> None:
    st.session_state[_STARTED] = start_run(kind, dataset_id, **asked)
    st.session_state[_FOLD] = True
    st.rerun()


def result_of_grouping(newest: Run | None) -> None:
    """How the run that was started here ended, for as long as no other has ended since."""
    if newest is not None and newest.id == st.session_state.get(_STARTED):
        result(newest)


def origin_of_threshold(dataset_id: int, version: ModelVersion, value: float) -> str:
    """The threshold in force and who has chosen it, as Markdown."""
    saved = read(lambda session: thresholds(dataset_id, encoder_id=version.id, limit=1, session=session))
    for row, _, author in saved:
        return f"In force: {row.value:.3f}, saved by {plain(author)} on {utc(row.at)} ({stored(row.chosen)})."
    return f"In force: {value:.3f}, the own threshold of {plain(version.name)}."
