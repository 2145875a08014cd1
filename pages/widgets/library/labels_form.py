"""Asking for labels of other tools, and for the list of pictures that nobody should learn from."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.foundation.errors import FacetError
from core.jobs.launch import start
from core.library.exclusions import exclude, excluded_names, include_again, listed_names
from core.library.uploading import keep_upload, server_source
from core.points.label_importing import FORMATS, formats_in, formats_of, skeleton_choices
from db.engine import reading
from db.queries.points import count_waiting, waiting_pictures
from pages.widgets.shared.pickers import page_of
from pages.widgets.shared.resources import author_id, workspace
from pages.widgets.shared.text import counted, plain, sentence

_FILES: Final = "Files or a zip"
_FOLDER: Final = "A folder of this computer"
_SERVER: Final = "A file or folder on the server"
_PROBLEM: Final = "labels_problem"
_UPLOADS: Final = "labels_uploads"  # counts imports, so that each starts with an empty uploader
_EXCLUDED: Final = "labels_excluded"
_ROWS: Final = 20
_SHOWN: Final = 50  # excluded names on the page


def labels_and_exclusions(dataset_id: int) -> None:
    """Both forms, folded away again after each use."""
    used = st.session_state.get(_UPLOADS, 0)
    with st.expander("Import labels", key=f"labels-{used}", icon=":material/new_label:"):
        _labels_form(dataset_id)
        _waiting(dataset_id)
    with st.expander("Leave pictures out of learning", key=f"exclusions-{used}", icon=":material/filter_alt_off:"):
        _exclusions_form(dataset_id)


def _labels_form(dataset_id: int) -> None:
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(sentence(problem))
    st.caption(
        f"Reads {', '.join(FORMATS)}. Labels find their pictures by path or name; pictures that lie beside the labels "
        "come in with them. What a person has corrected here stays."
    )
    origin = st.segmented_control(
        "Where the labels are", [_FILES, _FOLDER, _SERVER], default=_FILES, required=True, key="labels_origin"
    )
    if origin == _SERVER:
        st.text_input(
            "Label file, or folder of them, on the server",
            placeholder="/home/me/300w",
            key="labels_source",
            help="The full path on the machine that runs Facet.",
        )
    else:
        st.file_uploader(
            "Label files, with or without their pictures, or a zip" if origin == _FILES else "Folder with labels",
            accept_multiple_files=True if origin == _FILES else "directory",
            key=_uploader(origin),
        )
    _say_format(origin)
    choices = skeleton_choices()
    st.selectbox("Points", list(choices), format_func=choices.__getitem__, key="labels_skeleton", width=320)
    st.button("Import labels", type="primary", on_click=_submit, args=(origin, dataset_id))


def _say_format(origin: str) -> None:
    """What the chosen files are, before anything is imported."""
    try:
        if origin == _SERVER:
            typed = str(st.session_state.get("labels_source", "")).strip()
            found = formats_in(workspace(), server_source(typed)) if typed else {}
            chosen = bool(typed)
        else:
            files = st.session_state.get(_uploader(origin)) or []
            found = formats_of((file.name, file.getvalue) for file in files)
            # a zip is looked into once it is here
            chosen = bool(files) and not any(file.name.lower().endswith(".zip") for file in files)
    except FacetError as error:
        st.warning(sentence(error))
        return
    if found:
        st.markdown("Found: " + ", ".join(f"**{plain(name)}** ({counted(n, 'file')})" for name, n in found.items()))
    elif chosen:
        st.warning("There is no label file among them.")
    elif origin != _SERVER and st.session_state.get(_uploader(origin)):
        st.caption("The zip is looked into when it is imported; the result says what it held.")


def _uploader(origin: str) -> str:
    return f"labels-upload-{origin}-{st.session_state.get(_UPLOADS, 0)}"


def _submit(origin: str, dataset_id: int) -> None:
    state, author = st.session_state, author_id()
    try:
        if origin == _SERVER:
            sources = [server_source(state["labels_source"])]
        else:
            sources = keep_upload(workspace(), [(file.name, file) for file in state.get(_uploader(origin)) or []])
    except FacetError as error:
        state[_PROBLEM] = str(error)
        return
    for source in sources:
        start(
            workspace(),
            "labels",
            dataset_id=dataset_id,
            author_id=author,
            source=str(source),
            skeleton=state["labels_skeleton"],
        )
    state[_UPLOADS] = state.get(_UPLOADS, 0) + 1
    if origin == _SERVER:
        state["labels_source"] = ""  # else the folder is looked into at every turn of the page


def _waiting(dataset_id: int) -> None:
    """The labels that are kept until their pictures come."""
    with reading(workspace().engine) as session:
        count = count_waiting(dataset_id, session=session)
    if not count:
        return
    verb = "waits" if count == 1 else "wait"
    st.markdown(
        f"**{counted(count, 'label')}** {verb} for pictures that are not here; they are put on when those come."
    )
    table = st.container()
    with reading(workspace().engine) as session:
        pictures = waiting_pictures(dataset_id, session=session, limit=1_000_000)
    offset = page_of(len(pictures), _ROWS, key=f"waiting-{dataset_id}")
    rows = pictures[offset : offset + _ROWS]
    table.table(
        [{"Picture or clip": plain(row.picture), "Labels": row.labels, "In": plain(row.source)} for row in rows],
        hide_index=True,
    )


def _exclusions_form(dataset_id: int) -> None:
    if said := st.session_state.pop(_EXCLUDED, None):
        (st.error if said[0] == "error" else st.success)(said[1])
    st.caption(
        "Pictures on this list are never learned from or measured on. One file name a line, or a CSV whose first "
        "column names the files; names of pictures that are not here yet count once they come."
    )
    key = f"exclusions-upload-{st.session_state.get(_UPLOADS, 0)}"
    with st.form("exclusions", border=False):
        st.file_uploader("List of file names", type=["txt", "csv"], key=key)
        st.text_input("Why", key="exclusions_reason", max_chars=200, placeholder="wrong labels", width=320)
        st.form_submit_button("Leave these out", on_click=_exclude, args=(key, dataset_id))
    names = excluded_names(workspace(), dataset_id)
    if not names:
        return
    shown = list(names)[:_SHOWN]
    st.markdown(f"**{counted(len(names), 'name')}** on the list.")
    again = st.multiselect("Take off the list", shown, key=f"exclusions-again-{dataset_id}", placeholder="Names")
    if again and st.button("Learn from these again"):
        include_again(workspace(), dataset_id, again)
        st.rerun()
    st.table([{"Name": plain(name), "Why": plain(names[name])} for name in shown], hide_index=True)
    if len(names) > _SHOWN:
        st.caption(f"… and {len(names) - _SHOWN:,} more")


def _exclude(key: str, dataset_id: int) -> None:
    file = st.session_state.get(key)
    if file is None:
        st.session_state[_EXCLUDED] = ("error", "Choose a list first.")
        return
    try:
        names = listed_names(file.name, file.getvalue())
        reason = str(st.session_state["exclusions_reason"]).strip() or file.name
        done = exclude(workspace(), dataset_id, names, author_id=author_id(), reason=reason)
    except FacetError as error:
        st.session_state[_EXCLUDED] = ("error", sentence(error))
        return
    unknown = f"; not here: {', '.join(done.unknown[:5])}" if done.unknown else ""
    more = f" and {len(done.unknown) - 5} more" if len(done.unknown) > 5 else ""
    told = f"{counted(done.listed, 'name')} listed, {done.matched:,} of pictures here{unknown}{more}"
    st.session_state[_EXCLUDED] = ("done", plain(told))
