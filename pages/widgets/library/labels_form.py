"""Asking for labels of other tools, and what waits for its pictures."""

from collections.abc import Callable, Hashable
from typing import Final

import streamlit as st

from core.foundation.errors import FacetError
from core.foundation.skeletons import SKELETONS
from core.library.uploading import server_source
from core.points.label_importing import FORMATS, formats_in, formats_of, stamp_of
from db.queries.points import count_waiting, count_waiting_pictures, waiting_pictures
from pages.widgets.library.source_picker import SERVER, SourcePicker
from pages.widgets.library.waiting_labels import waiting_actions, waiting_outcome
from pages.widgets.shared.address import unfolded
from pages.widgets.shared.controls import paged
from pages.widgets.shared.resources import read, start_run, workspace
from pages.widgets.shared.text import counted, plain, sentence

_PICKER: Final = SourcePicker(
    "labels",
    "Where the labels are",
    server="A file or folder on the server",
    files="Label files, with or without their pictures, or a zip",
    folder="Folder with labels",
    path="Label file, or folder of them, on the server",
)
_ROWS: Final = 20


def labels_form(dataset_id: int) -> None:
    """The form and what waits, folded away again after each use; how much waits is said outside."""
    waiting = read(lambda session: count_waiting(dataset_id, session=session))
    with st.container():  # it stays when nothing waits any more, so that the section below is not drawn anew
        if waiting:
            verb = "waits" if waiting == 1 else "wait"
            st.info(
                f"{counted(waiting, 'label')} {verb} for pictures that are not here, or of which nobody knows which "
                "they are: *Import labels* lists them.",
                icon=":material/hourglass_empty:",
            )
    open_now, key = unfolded("waiting"), f"labels-{_PICKER.uses}"
    with st.expander("Import labels", expanded=open_now, key=key, icon=":material/new_label:"):
        _form(dataset_id)
        waiting_outcome()
        _waiting(dataset_id)


def _form(dataset_id: int) -> None:
    st.caption(
        f"Reads {', '.join(FORMATS)}. Labels find their pictures by path or name; pictures and clips that lie beside "
        "the labels come in with them. What a person has corrected here stays."
    )
    origin = _PICKER.origin()
    _PICKER.ask(origin, placeholder="/home/me/300w", server_help="The full path on the machine that runs Facet.")
    _say_format(origin)
    choices = {name: f"{len(skeleton)} points of a {skeleton.kind}" for name, skeleton in SKELETONS.items()}
    st.selectbox("Points", list(choices), format_func=choices.__getitem__, key="labels_skeleton", width=320)
    st.button("Import labels", type="primary", on_click=_submit, args=(origin, dataset_id))


def _say_format(origin: str) -> None:
    """What the chosen files are, before anything is imported."""
    try:
        formats = _formats_on_server() if origin == SERVER else _formats_chosen(origin)
    except FacetError as error:
        st.warning(sentence(error))
        return
    if formats:
        st.markdown("Found: " + ", ".join(f"**{plain(name)}** ({counted(n, 'file')})" for name, n in formats.items()))
    elif any(file.name.lower().endswith(".zip") for file in _PICKER.chosen(origin)):
        st.caption("The zip is looked into when it is imported; the result says what it held.")
    elif formats is not None:
        st.warning("There is no label file among them.")


def _formats_on_server() -> dict[str, int] | None:
    if not _PICKER.typed():
        return None
    source = server_source(_PICKER.typed())
    return _once(stamp_of(workspace(), source), lambda: formats_in(workspace(), source))


def _formats_chosen(origin: str) -> dict[str, int] | None:
    files = _PICKER.chosen(origin)
    if not files:
        return None
    return _once(
        tuple(file.file_id for file in files), lambda: formats_of((file.name, file.getvalue) for file in files)
    )


@st.cache_data(max_entries=50, show_spinner=False)
def _once(stamp: Hashable, _formats: Callable[[], dict[str, int]]) -> dict[str, int]:  # noqa: ARG001 - it is the key
    """Files are opened once, not at every turn of the page."""
    return _formats()


def _submit(origin: str, dataset_id: int) -> None:
    _PICKER.attempt(lambda: _begin(origin, dataset_id))


def _begin(origin: str, dataset_id: int) -> None:
    skeleton = st.session_state["labels_skeleton"]
    for source in _PICKER.sources(origin):
        start_run("labels", dataset_id, source=str(source), skeleton=skeleton)
    st.session_state["labels_source"] = ""  # else the folder is looked into at every turn of the page


def _waiting(dataset_id: int) -> None:
    """The labels that are kept until their pictures come."""
    pictures = read(lambda session: count_waiting_pictures(dataset_id, session=session))
    if not pictures:
        return
    table, offset = paged(pictures, _ROWS, key=f"waiting-{dataset_id}", word="waiting")
    rows = read(lambda session: waiting_pictures(dataset_id, offset=offset, limit=_ROWS, session=session))
    table.table(
        [{"Picture or clip": plain(row.picture), "Labels": row.labels, "In": plain(row.source)} for row in rows],
        hide_index=True,
    )
    waiting_actions(dataset_id, rows)
