"""Pictures that no run opens, as the process of one has died of them twice, and the way to try them again."""

from typing import Final

import streamlit as st

from core.library.suspects import names_set_aside, take_up_again
from db.tables import Dataset
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import counted, plain

_NAMED: Final = 5  # pictures that the sentence names


def pictures_aside(dataset: Dataset, *, busy: bool) -> None:
    """Name them, and let them be looked at again; nothing where there are none."""
    names = _names(dataset.id, dataset.revision)
    if not names:
        return
    verb, them = ("is", "it") if len(names) == 1 else ("are", "them")
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    st.warning(
        f"**{counted(len(names), 'picture')}** {verb} set aside: the process that looked at {them} died, twice. No "
        f"run opens {them} until you ask. {plain(', '.join(names[:_NAMED]) + more)}",
        icon=":material/dangerous:",
    )
    if st.button("Let runs try again", disabled=busy, icon=":material/replay:"):
        take_up_again(workspace(), dataset.id)
        st.rerun()


@st.cache_data(max_entries=20, show_spinner=False)
def _names(dataset_id: int, cache_key: int) -> list[str]:  # noqa: ARG001
    """Kept under the revision of the dataset."""
    return names_set_aside(workspace(), dataset_id)
