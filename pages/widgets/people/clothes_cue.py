"""The choice of what tells who wears the same."""

from typing import Final

import streamlit as st

from core.people.cues import COLOURS, cue_choices
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import plain
from pages.widgets.shared.words import words

_WORDS: Final = words("clothes_cue")
_NAMES: Final = words("clothes_cue_names")


def choose_cue(key: str) -> str:
    """The cue that was chosen of those that can be asked here; on demand the others are told with what they lack."""
    missing = cue_choices(workspace())
    ready = [name for name, problem in missing.items() if problem is None]
    chosen = st.segmented_control(
        _WORDS["name"],
        ready,
        format_func=_NAMES.__getitem__,
        default=COLOURS,
        required=True,
        key=f"{key}-cue",
        help=_WORDS["about"],
    )
    absent = {name: problem for name, problem in missing.items() if problem is not None}
    if absent and st.toggle(_WORDS["absent"], key=f"{key}-absent"):
        for name, problem in absent.items():
            st.caption(f"**{plain(_NAMES[name])}** · {plain(problem)}")
    return str(chosen)
