"""Watching a clip with the points of humans and models drawn over it."""

from collections.abc import Mapping, Sequence, Set
from html import escape
from typing import Final

import streamlit as st

from core.foundation.errors import FacetError
from core.jobs.kinds import must_wait
from core.motion.overlaying import clip_predictions, newest_overlay, overlay_size
from db.queries.library import videos
from pages.widgets.shared.address import among, in_address, yes_or_no
from pages.widgets.shared.controls import offer_predictions
from pages.widgets.shared.resources import read, start_run, workspace
from pages.widgets.shared.run_status import latest_result
from pages.widgets.shared.text import plain, sentence

_CONTROLS: Final = "5rem"  # what a browser's controls take


def overlay_player(dataset_id: int, models: Sequence[str], open_kinds: Set[str]) -> None:
    """Choose a clip of a dataset, draw the chosen models over it in a run, and play what was drawn last.

    `open_kinds` are the kinds of run that wait or work.
    """
    st.subheader("Overlay video", anchor=False)
    clips = read(lambda session: {video.id: video.path for video in videos(dataset_id, session=session)})
    if not clips:
        st.info("This dataset has no clip. Import one (MP4, MOV, AVI, MKV, WebM) in the library.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asked = in_address("clip", among(clips), next(iter(clips)))
        clip = st.selectbox("Clip", list(clips), format_func=clips.__getitem__, **asked)
        static = st.checkbox(
            "Fixed points blue, moving ones red",
            help="Outer eye corners and the ends of the nose count as fixed; shapes still tell the sources apart.",
            **in_address("static", yes_or_no, False),
        )
        busy = must_wait("overlay", open_kinds)
        counts = clip_predictions(workspace(), clip, models)
        st.button(
            "Draw it",
            icon=":material/movie:",
            on_click=_draw,
            key="overlay-draw",
            disabled=busy or not counts or not all(predicted for predicted, _ in counts.values()),
            args=(dataset_id, clips[clip], list(counts), static),
        )
    with st.container():  # whatever these show, the video below stays the same element and plays on
        _offer(dataset_id, clip, counts, busy=must_wait("predict", open_kinds))
        latest_result(dataset_id, "overlay", busy=busy)
    _play(clip, clips[clip])


def _offer(dataset_id: int, clip: int, counts: Mapping[str, tuple[int, int]], *, busy: bool) -> None:
    """Predict the clip with the models that have not, and say which those are."""
    lacking = {name: left for name, (_, left) in counts.items() if left}
    if counts and not any(predicted + left for predicted, left in counts.values()):
        st.info("Nobody is found in this clip yet: find faces in the library, or draw boxes on the Keypoints page.")
        return
    if not lacking:
        return
    text = "To be predicted before it is drawn"
    offer_predictions(dataset_id, lacking, counts, "Predict this clip", text, busy=busy, clip=clip)


def _draw(dataset_id: int, clip: str, models: list[str], static: bool) -> None:
    start_run("overlay", dataset_id, video=clip, models=models, static=static)


def _play(video_id: int, path: str) -> None:
    file = newest_overlay(workspace(), video_id)
    if file is None:
        st.caption("Nothing is drawn over this clip yet.")
        return
    address = f"/api/overlay/{file.name}?v={file.stat().st_mtime_ns}"
    try:
        width, height = overlay_size(file)
    except FacetError as error:
        st.error(f"{sentence(error)}. Draw it again.")
        return
    # below the picture there is room for the controls: paused, they would hide the curve
    shape = f"height: calc(min(100cqw, 75vh * {width / height:.4f}) * {height / width:.4f} + {_CONTROLS})"
    st.html(
        '<div style="container-type: inline-size">'
        f'<video class="facet-overlay" src="{escape(address)}" controls loop muted playsinline preload="metadata" '
        f'aria-label="Overlay of {escape(path)}" style="width: min(100%, 75vh * {width / height:.4f}); {shape}; '
        'object-fit: contain; object-position: top; background: #181a1e"></video></div>'
    )
    colours = "human labels red, the first model green, the second blue, a third yellow"
    if file.stem.endswith("-static"):
        colours = "fixed points blue, moving ones red; the shapes tell the sources apart"
    st.caption(
        f"{plain(path)}: {colours}. The curves below grow with the clip: each model's indicator over the last 20 "
        "frames, that is how much its points move apart over how much those that humans set do. At 1 it moves as they "
        "do; above it jitters, below it lags or smooths. Where fewer than 5 frames in a row are labelled, how far the "
        "points move apart is shown instead."
    )
