"""Asking for photos: from this computer or from the server, into which dataset, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from core.foundation.errors import BadInput, FacetError
from core.jobs.launch import start
from core.library.datasets import create_dataset
from core.library.sample_clips import SAMPLE_CLIPS
from core.library.sample_photos import SAMPLE
from core.library.uploading import keep_upload, server_source
from pages.widgets.shared.resources import DATASET, author_id, workspace
from pages.widgets.shared.text import sentence

_FILES: Final = "Files or a zip"
_FOLDER: Final = "A folder of this computer"
_SERVER: Final = "A folder on the server"
_PROBLEM: Final = "import_problem"
_UPLOADS: Final = "import_uploads"  # counts imports, so that each starts with an empty uploader


def first_start() -> None:
    """The two ways to begin, for an empty store."""
    st.markdown("Facet needs pictures to work on. Bring your own, or look around with the sample first.")
    own, sample = st.columns([3, 2])
    with own.container(border=True):
        st.subheader("Import photos", anchor=False)
        import_form("Photos")
    with sample.container(border=True):
        st.subheader("Try the sample", anchor=False)
        st.markdown(
            "Facet draws about fifty pictures of invented people: portraits, groups and whole figures with known "
            "points. It takes less than a minute and needs no download."
        )
        st.button("Try the sample", icon=":material/draw:", on_click=_draw_sample, width="stretch")
        st.markdown("Or short clips of eight people who talk, labelled frame by frame, to train on and to watch.")
        st.button("Try with drawn clips", icon=":material/movie:", on_click=_draw_clips, width="stretch")


def import_more(dataset: str, *, expanded: bool) -> None:
    """The form for a dataset that is there already, folded away again after each import."""
    folded = f"import-more-{st.session_state.get(_UPLOADS, 0)}"
    with st.expander("Import photos", expanded, key=folded, icon=":material/add_photo_alternate:"):
        import_form(dataset)


def import_form(dataset: str) -> None:
    """The form; `dataset` is the name that it suggests. An import that starts makes its dataset the chosen one."""
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(sentence(problem))
    origin = st.segmented_control(
        "Where the photos are", [_FILES, _FOLDER, _SERVER], default=_FILES, required=True, key="import_origin"
    )
    with st.form("import", border=False):
        if origin == _SERVER:
            st.text_input(
                "Folder, zip or export on the server",
                placeholder="/home/me/photos",
                key="import_source",
                help="The full path on the machine that runs Facet. A folder that Facet exported brings its labels.",
            )
        else:
            st.file_uploader(
                "Photos, or a zip of photos" if origin == _FILES else "Folder with photos",
                accept_multiple_files=True if origin == _FILES else "directory",
                key=_uploader(origin),
                help="Clips (MP4, MOV, AVI, MKV, WebM) come in as their frames.",
            )
        st.text_input(
            "Dataset",
            dataset,
            key=f"import_dataset-{dataset}",
            max_chars=80,
            help="A name that is there already gets the photos added; a new name makes a new dataset.",
        )
        _options(origin)
        st.form_submit_button(
            "Import photos", type="primary", on_click=_submit, args=(origin, f"import_dataset-{dataset}")
        )


def _options(origin: str) -> None:
    st.checkbox("Folder names are people", key="import_identities")
    st.caption(
        "The folder that a picture lies in names the person in it, as in `Ada/1.jpg`. "
        "That face then counts as confirmed by you. Leave it off when folders mean something else, such as dates."
    )
    if origin == _SERVER:
        st.checkbox("Leave the files where they are", key="import_reference")
        st.caption("Facet only remembers the place. Moving or deleting the files later breaks the pictures here.")


def _uploader(origin: str) -> str:
    return f"upload-{origin}-{st.session_state.get(_UPLOADS, 0)}"


def _submit(origin: str, name_key: str) -> None:
    try:
        st.session_state[DATASET] = _start(origin, str(st.session_state[name_key]))
    except FacetError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    st.session_state[_UPLOADS] = st.session_state.get(_UPLOADS, 0) + 1


def _start(origin: str, name: str) -> int:
    """Start one import for each source; gives the dataset."""
    state, author = st.session_state, author_id()
    if not name.strip():
        raise BadInput("a dataset needs a name")  # said before a large upload is copied
    sources = [server_source(state["import_source"])] if origin == _SERVER else _uploaded(origin)
    dataset_id = create_dataset(workspace(), name, author)
    for source in sources:
        start(
            workspace(),
            "import",
            dataset_id=dataset_id,
            author_id=author,
            source=str(source),
            identities=state["import_identities"],
            reference=origin == _SERVER and state["import_reference"],
        )
    return dataset_id


def _uploaded(origin: str) -> list[Path]:
    files = st.session_state.get(_uploader(origin)) or []
    return keep_upload(workspace(), [(file.name, file) for file in files])


def _draw_clips() -> None:
    author = author_id()
    dataset_id = create_dataset(workspace(), SAMPLE_CLIPS, author)
    start(workspace(), "sample-clips", dataset_id=dataset_id, author_id=author)
    st.session_state[DATASET] = dataset_id


def _draw_sample() -> None:
    author = author_id()
    dataset_id = create_dataset(workspace(), SAMPLE, author)
    start(workspace(), "sample", dataset_id=dataset_id, author_id=author)
    st.session_state[DATASET] = dataset_id
