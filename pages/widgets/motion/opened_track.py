"""What the Stability page judges: the opened track, and how it is smoothed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.foundation.errors import FacetError
from core.motion import stability
from core.motion.stability import SETTINGS, DatasetStability, PredictedVideo, Smoothing
from db.queries.learning.models import model_cache_key
from db.queries.library import videos
from pages.widgets.motion.explanations import SMOOTHERS
from pages.widgets.shared.address import among, between, in_address, yes_or_no
from pages.widgets.shared.resources import read, workspace
from pages.widgets.shared.text import counted, sentence


@dataclass(frozen=True, eq=False)
class OpenedTrack:
    """A track (T, K, 2) with its truth and broken pairs, frames a second, and a key that changes when it does."""

    name: str
    key: str
    tracks: NDArray[np.float64]
    truth: NDArray[np.float64] | None
    breaks: NDArray[np.bool_] | None
    rate: float | None
    in_dataset: DatasetStability | None = None


def open_file() -> OpenedTrack | None:
    """A track file of the reader's, and the truth to it if there is one; None until one is given that can be read."""
    left, right = st.columns(2)
    file = left.file_uploader("Track (.npy)", type="npy", max_upload_size=1024, key="stability-track")
    beside = right.file_uploader(
        "True track, if there is one (.npy)", type="npy", max_upload_size=1024, key="stability-truth"
    )
    if file is None:
        st.info(
            "A track is a numpy array of frames × points × 2 in pixels, saved with `numpy.save`; NaN where a point is "
            "absent, all NaN for a removed frame. What a model has predicted in the videos of a dataset can be judged "
            "here too, once there is any.",
            icon=":material/timeline:",
        )
        return None
    files = [upload for upload in (file, beside) if upload is not None]
    try:
        return _read(tuple(upload.file_id for upload in files), files)
    except FacetError as error:
        st.error(sentence(error))
        return None


@st.cache_data(max_entries=4, show_spinner="Reading the track")
def _read(ids: tuple[str, ...], _files: Sequence[UploadedFile]) -> OpenedTrack:  # noqa: ARG001  (an upload has an id)
    """The track, and its truth where a second file is given; each upload is read once."""
    contents = [file.getvalue() for file in _files]
    arrays = [stability.read_tracks(content, file.name) for content, file in zip(contents, _files, strict=True)]
    tracks, truth = arrays[0], arrays[1] if len(arrays) > 1 else None
    stability.require_fit(tracks, truth)
    digests = b"|".join(hashlib.sha256(content).digest() for content in contents)
    return OpenedTrack(_files[0].name, hashlib.sha256(digests).hexdigest(), tracks, truth, None, None)


def open_predictions(dataset_id: int, versions: Sequence[str]) -> OpenedTrack | None:
    """A track of the video that is chosen, as a model predicted it; None where none is, or nothing can be judged.

    Only what is asked for is read and judged: one video, and all of them beside it where that is ticked.
    """
    left, right = st.columns(2)
    model = left.selectbox("Model", versions, **in_address("model", among(versions), versions[0]))
    clips = read(lambda session: {video.id: video.path for video in videos(dataset_id, session=session)})
    video_id = right.selectbox(
        "Video",
        list(clips),
        index=None,
        format_func=clips.__getitem__,
        placeholder="choose one to judge",
        **in_address("video", among(clips)),
    )
    if video_id is None:
        st.info("Choose a video to see how stable its points are.", icon=":material/timeline:")
        return None
    state = read(lambda session: model_cache_key(dataset_id, session=session))
    try:
        video = _of_video(dataset_id, model, video_id, state)
        number = _choose_track(video)
        every = len(clips) > 1 and st.toggle(
            "All videos beside it, with intervals", help="Judges every video.", **in_address("every", yes_or_no, False)
        )
        in_dataset = _of_dataset(dataset_id, model, state) if every else None
    except FacetError as error:
        st.info(sentence(error))
        return None
    track = video.tracks[number]
    name = f"{video.name}, {_named(video, number)}"
    key = f"{dataset_id}-{video.version_id}-{video_id}-{number}-{state}"
    return OpenedTrack(name, key, track.predicted, track.truth, track.breaks, video.frames_per_second, in_dataset)


def _choose_track(video: PredictedVideo) -> int:
    """The number of the track of a video; asked where it has several."""
    numbers = range(len(video.tracks))
    if len(numbers) == 1:
        return 0
    key = f"stability-track-{video.video_id}-{video.version_id}"
    asked = in_address(
        "track", lambda written: between(1, len(numbers))(written) - 1, 0, key=key, write=lambda number: str(number + 1)
    )
    return st.selectbox("Track", numbers, format_func=lambda number: _named(video, number), width=320, **asked)


def _named(video: PredictedVideo, number: int) -> str:
    frames = counted(video.tracks[number].frames, "frame")
    called = video.titles[number] or f"track {number + 1}"
    return f"{called}, {frames}" if len(video.tracks) > 1 else frames


@st.cache_data(max_entries=8, show_spinner="Reading the video's points")
def _of_video(dataset_id: int, model: str, video_id: int, state: int) -> PredictedVideo:  # noqa: ARG001
    return stability.of_video(workspace(), dataset_id, model, video_id)


@st.cache_data(max_entries=8, show_spinner="Judging the videos")
def _of_dataset(dataset_id: int, model: str, state: int) -> DatasetStability:  # noqa: ARG001
    return stability.of_dataset(workspace(), dataset_id, model)


def choose_smoothing(rate: float | None) -> Smoothing:
    """The smoother with its settings, and what it costs."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.segmented_control(
            "Smoothing over time",
            list(SMOOTHERS),
            format_func=SMOOTHERS.__getitem__,
            required=True,
            help="Shows the figures before and after. Nothing is stored.",
            **in_address("smoothing", among(SMOOTHERS), "none"),
        )
        settings: dict[str, float] = {}
        frames_per_second = rate or 30.0
        if name == "one-euro":
            if rate is None:
                frames_per_second = _number("rate", "Frames a second", 1.0, 1000.0, 30.0, width=150)
            settings["min_cutoff_hz"] = _number(
                "cutoff",
                "Cut-off at rest, Hz",
                0.05,
                60.0,
                SETTINGS[name]["min_cutoff_hz"],
                step=0.25,
                width=170,
                help="Lower is smoother and later.",
            )
            settings["beta"] = _number(
                "beta",
                "Beta, Hz per px/s",
                0.0,
                10.0,
                SETTINGS[name]["beta"],
                step=0.01,
                format="%.3f",
                width=170,
                help="How much the cut-off rises with speed: higher is quicker, and lets more jitter through.",
            )
        elif name == "savitzky-golay":
            usual = {setting: int(value) for setting, value in SETTINGS[name].items()}
            settings["window"] = _number("window", "Frames of the window", 3, 99, usual["window"], step=2, width=180)
            most = int(settings["window"]) - 1
            settings["order"] = _number("degree", "Degree", 0, most, min(usual["order"], most), width=120)
            settings["window"] += 1 - settings["window"] % 2
    smoothing = Smoothing(name, settings, frames_per_second)
    if name != "none":
        _say_delay(smoothing)
    return smoothing


def _number(word: str, label: str, low: float, high: float, default: float, **options: Any) -> float:
    """A field for a number that the address carries."""
    return st.number_input(label, low, high, **in_address(word, between(low, high), default), **options)


def _say_delay(smoothing: Smoothing) -> None:
    cost = stability.delay_of(smoothing)
    seconds = cost.frames / smoothing.frames_per_second
    ahead = f"It looks {counted(cost.lookahead, 'frame')} ahead, so live it is that late. " if cost.lookahead else ""
    st.caption(
        f"Delay **{cost.frames:.2f} frames** ({1000 * seconds:.0f} ms at {smoothing.frames_per_second:g} frames a "
        f"second), "
        f"{cost.gain:.0%} of the amplitude kept: measured on a sinusoid of 0.5 Hz and 20 px, like a "
        f"turning head. {ahead}"
    )
