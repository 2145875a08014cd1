"""The step after an import: finding faces, choosing the encoder that tells them apart, and finding people."""

import streamlit as st

from core.people.bodies import BODY_WEIGHTS, what_is_missing
from core.people.encoders import EncoderChoice, encoder_choices
from pages.widgets.shared.address import among, in_address, unfolded, yes_or_no
from pages.widgets.shared.controls import page_button
from pages.widgets.shared.resources import start_run, workspace
from pages.widgets.shared.text import counted, plain


def next_step(dataset_id: int, waiting: int, *, faces: int, people: int, bodies: int, busy: bool) -> None:
    """Offer what comes next: finding faces while `waiting` pictures have not been looked at, else judging the faces.

    Faces without people come of a run that was stopped before it grouped them: it is offered again, as it is where only
    whole people were looked for. `busy` while a run brings or looks at pictures.
    """
    if waiting or busy:
        face_finder(dataset_id, waiting, busy=busy)
        return
    with st.container(horizontal=True):
        if people:
            page_button("Name people", "people.py", type="primary", icon=":material/groups:")
        page_button("Correct keypoints", "keypoints.py", icon=":material/scatter_plot:")
    open_now = not people and bool(faces or bodies)
    open_now = open_now or unfolded("encoder", "absent")
    with st.expander("Find faces or people", expanded=open_now, icon=":material/face:"):
        face_finder(dataset_id, waiting, busy=busy)


def face_finder(dataset_id: int, waiting: int, *, busy: bool) -> None:
    """Choose an encoder, fetch one that is missing, and start to find faces."""
    choices = encoder_choices(workspace())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ready = [choice.name for choice in choices if choice.ready]
        encoder = st.selectbox(
            "Face encoder",
            ready,
            width=260,
            help="The network that turns a face into numbers, so that faces of one person can be grouped.",
            **in_address("encoder", among(ready), ready[0] if ready else None),
        )
        clicked = st.button(
            "Find faces",
            type="primary" if waiting else "secondary",
            disabled=busy or encoder is None,
            icon=":material/face:",
            help="Finds faces and their 68 points and groups them by person. What people have decided stays.",
        )
        _people_button(dataset_id, busy=busy)
        if waiting and not busy:
            verb = "has" if waiting == 1 else "have"
            st.caption(f"{counted(waiting, 'picture')} {verb} not been looked at yet.", width="stretch")
    if clicked:
        start_run("faces", dataset_id, encoder=encoder)
        st.rerun()
    _bodies_missing(dataset_id, busy=busy)
    missing = [choice for choice in choices if not choice.ready]
    if missing and st.toggle("Show encoders that are not on this machine", **in_address("absent", yes_or_no, False)):
        for choice in missing:
            _missing(dataset_id, choice)


def _people_button(dataset_id: int, *, busy: bool) -> None:
    clicked = st.button(
        "Find people",
        disabled=busy or what_is_missing(workspace()) is not None,
        icon=":material/accessibility_new:",
        help="Finds whole people and 24 points of each, and gives points to boxes of people that have none.",
    )
    if clicked:
        start_run("bodies", dataset_id)
        st.rerun()


def _bodies_missing(dataset_id: int, *, busy: bool) -> None:
    """Why people cannot be found on this machine, and a way to change that."""
    missing = what_is_missing(workspace())
    if missing is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plain(f"Find people: {missing}"), width="stretch")
        if st.button("Fetch", key="fetch-bodies", icon=":material/download:", disabled=busy):
            start_run("weights", dataset_id, weights=BODY_WEIGHTS)
            st.rerun()


def _missing(dataset_id: int, choice: EncoderChoice) -> None:
    st.markdown(f"**{plain(choice.name)}** · {plain(choice.about)}")
    st.caption(plain(f"{choice.missing} Licence: {choice.licence}."))
    if choice.fetchable and st.button("Fetch", key=f"fetch-{choice.name}", icon=":material/download:"):
        start_run("weights", dataset_id, encoder=choice.name)
        st.rerun()
