"""The history of a dataset's people: every decision about them and every threshold, each with its way back."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from core import verification
from core.foundation.errors import FacetError
from db.queries.people.decisions import HistoryLine, count_history, history
from db.tables import PeopleEvent, Threshold
from pages.widgets.people.actions import tell_problem, undo_button
from pages.widgets.shared.controls import paged
from pages.widgets.shared.resources import author_id, read, workspace
from pages.widgets.shared.text import plain, stored, utc
from pages.widgets.shared.words import words

_ROWS: Final = 50
_WORDS: Final = words("people_history")


def decisions(dataset_id: int) -> None:
    """The decisions and thresholds, the newest first, each with its way back."""
    count = read(lambda session: count_history(dataset_id, session=session))
    if not count:
        st.info(_WORDS["nothing_yet"])
    rows, offset = paged(count, _ROWS, key=f"people-history-{dataset_id}")
    for line in read(lambda session: history(dataset_id, offset=offset, limit=_ROWS, session=session)):
        with rows.container(horizontal=True, vertical_alignment="center"):
            if isinstance(line.row, PeopleEvent):
                _decision(dataset_id, line.row, line.author)
            else:
                _threshold(line.row, line)


def _decision(dataset_id: int, event: PeopleEvent, author: str) -> None:
    gone = event.undone and event.undoes_id is None
    summary = stored(event.summary)
    st.markdown(f"~~{summary}~~" if gone else summary, width="stretch")
    st.caption(f"{plain(author)} · {utc(event.at)}", width="content")
    undo_button(dataset_id, event, key=f"undo-{event.id}", disabled=event.undone)


def _threshold(row: Threshold, line: HistoryLine) -> None:
    chosen, encoder = stored(row.chosen), plain(line.encoder)
    st.markdown(_WORDS["threshold"].format(value=row.value, encoder=encoder, chosen=chosen), width="stretch")
    if line.in_force:
        st.badge(_WORDS["in_force"])
    st.caption(f"{plain(line.author)} · {utc(row.at)}", width="content")
    key, action = ("take_back", verification.withdraw) if line.in_force else ("use_again", verification.use_again)
    text = _WORDS[key]
    back = (action, row.id)
    st.button(text["name"], key=f"threshold-back-{row.id}", on_click=_go_back, args=back, help=text["about"])


def _go_back(action: Callable[..., int], threshold_id: int) -> None:
    try:
        action(workspace(), threshold_id, author_id=author_id())
    except FacetError as error:
        tell_problem(error)
