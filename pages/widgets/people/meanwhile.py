"""What others have decided since the page was drawn: it is told, and shown when that is asked for."""

from typing import Final

import streamlit as st

from db.queries.people.decisions import decided_since, last_decision
from pages.widgets.shared.resources import read
from pages.widgets.shared.text import plain, stored
from pages.widgets.shared.words import words

_SECONDS: Final = 4.0
_TOLD: Final = 3
_WORDS: Final = words("decided_meanwhile")


def decided_meanwhile(dataset_id: int) -> None:
    """Keep an eye on what others decide about people; the page stays as it is, for somebody may be typing on it."""
    _watch(dataset_id, read(lambda session: last_decision(dataset_id, session=session)))


@st.fragment(run_every=_SECONDS)
def _watch(dataset_id: int, seen: int) -> None:
    lines = read(lambda session: decided_since(dataset_id, seen, limit=_TOLD + 1, session=session))
    if not lines:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="decided-meanwhile"):
        told = " · ".join(f"{plain(author)}: {stored(event.summary)}" for event, author in lines[:_TOLD])
        more = _WORDS["and_more"] if len(lines) > _TOLD else ""
        st.markdown(_WORDS["since"].format(decisions=told) + more, width="stretch")
        if st.button(_WORDS["show"], icon=":material/sync:", key="show-decided"):
            st.rerun()
