"""Asking for photos: from this computer or from the server, into which dataset, and how."""

from typing import Final

import streamlit as st

from core.foundation.errors import BadInput
from core.library.names_in_store import create_dataset
from core.library.sample_clips import SAMPLE_CLIPS
from core.library.sample_photos import SAMPLE
from db.queries.jobs import is_done_or_open
from pages.widgets.library.source_picker import SERVER, SourcePicker
from pages.widgets.shared.resources import DATASET, author_id, read, start_run, workspace

_PICKER: Final = SourcePicker(
    "import",
    "Where the photos are",
    server="A folder on the server",
    files="Photos, or a zip of photos",
    folder="Folder with photos",
    path="Folder, zip or export on the server",
)


def first_start() -> None:
    """The two ways to begin, for an empty store."""
    st.markdown("Facet needs pictures to work on. Bring your own, or look around with the sample first.")
    own, sample = st.columns([3, 2])
    with own.container(border=True):
        st.subheader("Import photos", anchor=False)
        import_form("Photos")
    with sample.container(border=True):
        st.subheader("Try the sample", anchor=False)
        _samples()


def import_more(dataset: str, *, expanded: bool) -> None:
    """The form for a dataset that is there already, folded away again after each import; and the samples."""
    with st.expander(
        "Import photos", expanded, key=f"import-more-{_PICKER.uses}", icon=":material/add_photo_alternate:"
    ):
        import_form(dataset)
    with st.expander("Samples that Facet draws", key="samples", icon=":material/draw:"):
        _samples()


def _samples() -> None:
    """The drawn photos and clips, each in a dataset of its own."""
    st.markdown(
        "Facet draws about fifty pictures of invented people: portraits, groups and whole figures with known "
        "points. It takes less than a minute and needs no download."
    )
    _sample_button("Try the sample", ":material/draw:", "sample", SAMPLE)
    st.markdown("Or short clips of eight people who talk, labelled frame by frame, to train on and to watch.")
    _sample_button("Try with drawn clips", ":material/movie:", "sample-clips", SAMPLE_CLIPS)


def _sample_button(label: str, icon: str, kind: str, name: str) -> None:
    st.button(
        label,
        icon=icon,
        help=f"In a dataset of its own, {name}. One that is drawn already opens as it is.",
        on_click=_draw,
        args=(kind, name),
        width="stretch",
    )


def import_form(dataset: str) -> None:
    """The form; `dataset` is the name that it suggests. An import that starts makes its dataset the chosen one."""
    origin, name_key = _PICKER.origin(), f"import_dataset-{dataset}"
    with st.form("import", border=False):
        _PICKER.ask(
            origin,
            placeholder="/home/me/photos",
            server_help="The full path on the machine that runs Facet. A folder that Facet exported brings its labels.",
            upload_help="Clips (MP4, MOV, AVI, MKV, WebM) come in as their frames, label files as their labels.",
        )
        st.text_input(
            "Dataset",
            dataset,
            key=name_key,
            max_chars=80,
            help="A name that is there already gets the photos added; a new name makes a new dataset.",
        )
        _options(origin)
        st.form_submit_button("Import photos", type="primary", on_click=_submit, args=(origin, name_key))


def _options(origin: str) -> None:
    st.checkbox("Folder names are people", key="import_identities")
    st.caption(
        "The folder that a picture lies in names the person in it, as in `Ada/1.jpg`. "
        "That face then counts as confirmed by you. Leave it off when folders mean something else, such as dates."
    )
    if origin == SERVER:
        st.checkbox("Leave the files where they are", key="import_reference")
        st.caption("Facet only remembers the place. Moving or deleting the files later breaks the pictures here.")


def _submit(origin: str, name_key: str) -> None:
    _PICKER.attempt(lambda: _begin(origin, str(st.session_state[name_key])))


def _begin(origin: str, name: str) -> None:
    """Start one import for each source, into a dataset that is the chosen one from now on."""
    state, author = st.session_state, author_id()
    if not name.strip():
        raise BadInput("datasets.no_name")  # said before a large upload is copied
    sources = _PICKER.sources(origin)
    dataset_id = create_dataset(workspace(), name, author)
    for source in sources:
        start_run(
            "import",
            dataset_id,
            source=str(source),
            identities=state["import_identities"],
            reference=origin == SERVER and state["import_reference"],
        )
    state[DATASET] = dataset_id


def _draw(kind: str, name: str) -> None:
    """Open a sample; draw it where that has not been done."""
    dataset_id = create_dataset(workspace(), name, author_id())
    if not read(lambda session: is_done_or_open(dataset_id, kind, session=session)):
        start_run(kind, dataset_id)
    st.session_state[DATASET] = dataset_id
