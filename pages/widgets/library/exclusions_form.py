"""The list of pictures that nobody should learn from: adding to it, and taking names off it again."""

from typing import Final

import streamlit as st

from core.foundation.errors import FacetError
from core.library.exclusions import NumberedRows, exclude, excluded_pictures, include_again, listed_names
from db.engine import reading
from db.queries.library import count_exclusions, exclusions_page
from db.tables import Dataset
from pages.widgets.shared.address import in_address, text, unfolded
from pages.widgets.shared.controls import paged
from pages.widgets.shared.resources import author_id, read, workspace
from pages.widgets.shared.text import counted, plain, sentence

_OUTCOME: Final = "exclusions_outcome"
_UPLOADER: Final = "exclusions_upload"
_TABLE: Final = "exclusions_table"
_MOST_MB: Final = 64
_ROWS: Final = 20
_NAMED: Final = 5  # names that a sentence gives


def exclusions_form(dataset_id: int) -> None:
    """The form and the list, folded away."""
    open_now = unfolded("name-part", "left-out")
    with st.expander(
        "Leave pictures out of learning", expanded=open_now, key="exclusions-form", icon=":material/filter_alt_off:"
    ):
        _form(dataset_id)
        _list(dataset_id)


def _form(dataset_id: int) -> None:
    if outcome := st.session_state.pop(_OUTCOME, None):
        (st.error if outcome[0] == "error" else st.success)(outcome[1])
    st.caption(
        "Pictures on this list are never learned from or measured on. One file name a line, or a CSV whose first "
        "column names the files; names of pictures that are not here yet count once they come, and a name that several "
        "pictures have leaves none out. A list of row numbers needs the CSV whose rows it counts."
    )
    with st.form("exclusions", border=False):
        st.file_uploader("List of file names", type=["txt", "csv"], max_upload_size=_MOST_MB, key=_UPLOADER)
        st.file_uploader("CSV that row numbers are of", type=["csv"], max_upload_size=_MOST_MB, key=_TABLE)
        st.segmented_control(
            "Its first row is number",
            [0, 1],
            default=0,
            required=True,
            key="exclusions_first",
            help="pandas counts from 0.",
        )
        st.text_input("Why", key="exclusions_reason", max_chars=200, placeholder="wrong labels", width=320)
        st.form_submit_button("Leave these out", on_click=_exclude, args=(dataset_id,))


def _list(dataset_id: int) -> None:
    """Every name on the list, page by page; a part of the name finds one among many."""
    count = read(lambda session: count_exclusions(dataset_id, session=session))
    if not count:
        return
    st.markdown(f"**{counted(count, 'name')}** on the list.")
    _unclear(dataset_id)
    wanted = ""
    if count > _ROWS:
        wanted = st.text_input("Name contains", width=320, **in_address("name-part", text, "")).strip()
        count = read(lambda session: count_exclusions(dataset_id, name_contains=wanted, session=session))
    chooser = st.container()
    table, offset = paged(count, _ROWS, key=f"exclusions-page-{dataset_id}-{wanted}", word="left-out")
    with reading(workspace().engine) as session:
        rows = exclusions_page(dataset_id, name_contains=wanted, offset=offset, limit=_ROWS, session=session)
    with chooser:
        _take_off(dataset_id, [row.name for row in rows])
    table.table([{"Name": plain(row.name), "Why": plain(row.reason)} for row in rows], hide_index=True)


def _unclear(dataset_id: int) -> None:
    """Say which names leave nothing out, as nobody knows which picture they mean."""
    dataset = read(lambda session: session.get(Dataset, dataset_id))
    unclear = {} if dataset is None else _names_of_several(dataset_id, dataset.revision)
    if not unclear:
        return
    named = [f"{name} (may be {' or '.join(paths[:_NAMED])})" for name, paths in list(unclear.items())[:_NAMED]]
    more = f" and {len(unclear) - _NAMED:,} more" if len(unclear) > _NAMED else ""
    st.warning(
        f"**{counted(len(unclear), 'name')}** may be of several pictures, and none of them is left out: give more of "
        f"the path. {plain(', '.join(named) + more)}",
        icon=":material/help:",
    )


@st.cache_data(max_entries=20, show_spinner=False)
def _names_of_several(dataset_id: int, cache_key: int) -> dict[str, list[str]]:  # noqa: ARG001
    """Kept under the revision of the dataset."""
    found = read(lambda session: excluded_pictures(dataset_id, session=session))
    return {name: list(paths) for name, paths in found.unclear.items()}


def _take_off(dataset_id: int, names: list[str]) -> None:
    key = f"exclusions-again-{dataset_id}-{names[0] if names else ''}"  # a choice is of the names that are shown
    again = st.multiselect("Take off the list", names, key=key, placeholder="Names")
    if again and st.button("Learn from these again"):
        include_again(workspace(), dataset_id, again)
        st.rerun()


def _exclude(dataset_id: int) -> None:
    file = st.session_state.get(_UPLOADER)
    if file is None:
        st.session_state[_OUTCOME] = ("error", "Choose a list first.")
        return
    try:
        table = st.session_state.get(_TABLE)
        rows = NumberedRows(table.name, table.getvalue(), st.session_state["exclusions_first"]) if table else None
        names = listed_names(file.name, file.getvalue(), rows)
        reason = str(st.session_state["exclusions_reason"]).strip() or file.name
        done = exclude(workspace(), dataset_id, names, author_id=author_id(), reason=reason)
    except FacetError as error:
        st.session_state[_OUTCOME] = ("error", sentence(error))
        return
    unclear = f"; {len(done.unclear):,} may be of several" if done.unclear else ""
    unknown = f"; not here: {', '.join(done.unknown[:_NAMED])}" if done.unknown else ""
    more = f" and {len(done.unknown) - _NAMED} more" if len(done.unknown) > _NAMED else ""
    first = f"; the first is {names[0]}" if rows else ""
    outcome = f"{counted(done.listed, 'name')} listed, {done.matched:,} of pictures here{first}{unclear}{unknown}{more}"
    st.session_state[_OUTCOME] = ("done", plain(outcome))
