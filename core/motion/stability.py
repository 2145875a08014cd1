"""How stable tracked points are: of a file, and of what a model predicted in the videos of a dataset."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlmodel import Session

from core.foundation.arrays import Bools, Floats, Ints, finite_or_none
from core.foundation.errors import BadInput, NotEnoughData, NotFound
from core.foundation.messages import or_none
from core.foundation.predictor_names import PredictorName
from core.foundation.workspace import Workspace
from core.learning.pose_models import find_model, predict_command
from core.library.exclusions import excluded_pictures
from core.metrics.intervals import bootstrap
from core.metrics.resampling import Interval
from core.metrics.stability.tracks import as_breaks, as_tracks, displacements
from core.metrics.stability.vector import FIGURES, Stability, stability
from core.motion.linking import VideoTrack, link_instances, stride_of
from core.tracks.bad_predictors import PREDICTORS
from core.tracks.files import read_tracks
from core.tracks.smoothing import DEFAULTS, Delay, delay, smooth
from db.engine import reading
from db.queries.library import videos
from db.queries.motion.seen import clip_frames, seen_instances, versions_in_videos
from db.queries.motion.tracks import titles_of_instances
from db.tables import Video

_BINS: Final = 81


@dataclass(frozen=True)
class Smoothing:
    """A smoother of `SMOOTHERS` with its settings; the rate is the video's own where one is known."""

    name: str = "none"
    settings: Mapping[str, float] | None = None
    frames_per_second: float = 30.0

    def __call__(self, tracks: Floats, breaks: Bools | None, rate: float | None = None) -> Floats:
        return smooth(tracks, self.name, self.settings, frames_per_second=rate or self.frames_per_second, breaks=breaks)


SETTINGS: Final = DEFAULTS  # of each smoother, by name


def delay_of(smoothing: Smoothing) -> Delay:
    """What the smoother does to a slow movement: frames of lag, frames that it looks ahead, gain."""
    return delay(smoothing.name, smoothing.settings, frames_per_second=smoothing.frames_per_second)


def of_file(
    path: Path, truth: Path | None = None, smoothing: Smoothing | None = None, cuts: Sequence[int] = ()
) -> Stability:
    """The stability of the track in a ``.npy`` file (frames x points x 2, pixels), beside the true track if given.

    `cuts` are the frames, from 0, that begin a new scene: the pair that ends there is no displacement.

    Raises
    ------
    BadInput
        If a file is no such track, or the two do not fit; the sentence names the file. If it has no such frame.
    """
    tracks = read_tracks(path)
    breaks = as_breaks(np.array(cuts, np.intp), len(tracks))
    return of_tracks(tracks, None if truth is None else read_tracks(truth), breaks, smoothing)


def of_tracks(
    tracks: Floats, truth: Floats | None = None, breaks: Bools | None = None, smoothing: Smoothing | None = None
) -> Stability:
    """The stability of tracks (T, K, 2), smoothed first if so wished.

    Raises
    ------
    BadInput
        If the shapes disagree or a setting is out of range.
    """
    require_fit(tracks, truth)
    return stability(tracks if smoothing is None else smoothing(tracks, breaks), truth, breaks)


def require_fit(tracks: Floats, truth: Floats | None) -> None:
    """Raise BadInput where a truth is given that has other frames or points than the track."""
    if truth is not None and truth.shape != tracks.shape:
        raise BadInput(
            "tracks.truth_differs",
            frames=len(tracks),
            points=tracks.shape[1],
            truth_frames=len(truth),
            truth_points=truth.shape[1],
        )


def judge_bad_predictors(tracks: Floats, breaks: Bools | None = None) -> dict[str, dict[str, float]]:
    """What the figures say of every predictor of `core.tracks.bad_predictors`, with the track that it is made from as
    the truth."""
    return {
        name: stability(make(tracks, np.random.default_rng(0)), tracks, breaks).values
        for name, make in PREDICTORS.items()
    }


@dataclass(frozen=True, eq=False)
class DisplacementHistogram:
    """Displacements along one axis in bins, (B,) counts between (B + 1,) edges in pixels; `outside` lie beyond them."""

    edges: Floats
    counts: Ints
    outside: int


def displacement_histogram(
    tracks: Floats, breaks: Bools | None, axis: int, values: Mapping[str, float]
) -> DisplacementHistogram | None:
    """The displacements along an axis (0 is x) of tracks whose figures are `values`; None where nothing moves.

    The bins reach four standard deviations to each side, the robust ones if the others are more than ten times as
    wide: a single jump would leave one bin to all the rest.
    """
    moved = displacements(as_tracks(tracks), as_breaks(breaks, len(tracks)))[..., axis]
    moved = moved[~np.isnan(moved)]
    name = "xy"[axis]
    wide, narrow = (values[f"displacement_{kind}_{name}_px"] for kind in ("std", "robust_std"))
    if not moved.size or not wide > 0:
        return None
    reach = 4 * (min(wide, 10 * narrow) if narrow > 0 else wide)
    middle = values[f"displacement_median_{name}_px"]
    counts, edges = np.histogram(moved, bins=_BINS, range=(middle - reach, middle + reach))
    return DisplacementHistogram(edges, counts.astype(np.int64), int(len(moved) - counts.sum()))


@dataclass(frozen=True, eq=False)
class VideoStability:
    """One video: its tracks, each with its own vector, and the mean of these, weighted by their pairs of frames."""

    video_id: int
    name: str
    frames_per_second: float
    tracks: tuple[VideoTrack, ...]
    stabilities: tuple[Stability, ...]
    values: dict[str, float]

    @property
    def frames(self) -> int:
        """Frames with a prediction, over all tracks."""
        return sum(track.frames for track in self.tracks)

    @property
    def pairs(self) -> int:
        """Pairs of consecutive frames, over all tracks."""
        return sum(stability.pairs for stability in self.stabilities)


@dataclass(frozen=True, eq=False)
class DatasetStability:
    """What one model version is worth on the videos of a dataset.

    `figures` are means over the videos, each video counting once (as FHR-STA does), with the interval of drawing whole
    videos anew. `against` is what `indicator` compares with; videos of which it does not hold do not count in it.
    """

    model: str
    version_id: int
    videos: tuple[VideoStability, ...]
    figures: dict[str, Interval]
    against: str

    def flat(self) -> dict[str, Any]:
        """Plain JSON: one key a figure, None where undefined; `intervals` and `videos` beside."""
        return {
            "model": self.model,
            "frames": sum(video.frames for video in self.videos),
            "pairs": sum(video.pairs for video in self.videos),
            **{name: finite_or_none(interval.value) for name, interval in self.figures.items()},
            "indicator_against": self.against,
            "intervals": {
                name: {"low": finite_or_none(interval.low), "high": finite_or_none(interval.high)}
                for name, interval in self.figures.items()
            },
            "videos": [
                {
                    "video": video.name,
                    "tracks": len(video.tracks),
                    "frames": video.frames,
                    "pairs": video.pairs,
                    **{name: finite_or_none(value) for name, value in video.values.items()},
                }
                for video in self.videos
            ],
        }


def predicted_versions(workspace: Workspace, dataset_id: int) -> dict[str, int]:
    """Use names of the versions that have predicted in the videos of a dataset, with the id of the newest of each."""
    with reading(workspace.engine) as session:
        rows = versions_in_videos(dataset_id, session=session)
        return {str(PredictorName.of_version(row.name, row.settings)): row.id for row in reversed(rows)}


@dataclass(frozen=True, eq=False)
class PredictedVideo:
    """A video's tracks as a model version predicted them, nothing judged; frames a second where they are known.

    `titles` has what each is called in the editor, where most of its faces or bodies are of one of the clip's tracks.
    """

    video_id: int
    name: str
    version_id: int
    frames_per_second: float | None
    tracks: tuple[VideoTrack, ...]
    titles: tuple[str | None, ...]


def of_video(workspace: Workspace, dataset_id: int, model_name: str, video_id: int) -> PredictedVideo:
    """The tracks that a model predicted in one video of a dataset: of many videos only this one is read.

    Raises
    ------
    NotFound, NotEnoughData
        As `of_dataset`, of this video.
    """
    version_id = _version(workspace, dataset_id, model_name)
    with reading(workspace.engine) as session:
        video = session.get(Video, video_id)
        assert video is not None
        left_out = excluded_pictures(dataset_id, session=session).ids
        tracks, stride = _linked(video_id, version_id, left_out, session=session)
        how = predict_command(dataset_id, model_name, session=session)
        titles = titles_of_instances(video_id, session=session)
    if not tracks:
        raise NotEnoughData("models.no_two_frames", of=video.path, name=model_name, how=how)
    rate, called = _rate(video, stride), _called(tracks, titles)
    return PredictedVideo(video_id, video.path, version_id, rate, tuple(tracks), called)


def _called(tracks: Sequence[VideoTrack], titles: Mapping[int, str]) -> tuple[str | None, ...]:
    """What most of each one's instances are called; of several that are called alike, which part it is."""
    known = [Counter(titles[number] for number in track.instances.tolist() if number in titles) for track in tracks]
    called = [max(names, key=names.__getitem__, default=None) for names in known]
    parts = [called[: place + 1].count(title) for place, title in enumerate(called)]
    return tuple(
        f"{title}, part {part}" if title and called.count(title) > 1 else title
        for title, part in zip(called, parts, strict=True)
    )


def of_dataset(
    workspace: Workspace, dataset_id: int, model_name: str, smoothing: Smoothing | None = None
) -> DatasetStability:
    """The stability of what a model predicted in the videos of a dataset, beside the humans' points where there are.

    Removed and excluded frames, frames that were never taken, and absent instances break the pairs. Nothing is run:
    only stored predictions count.

    Raises
    ------
    NotFound
        If there is no such model; or if it has predicted nothing in a video of the dataset: the sentence says how it
        does, and names those that have.
    NotEnoughData
        If there is no video, or no track of two frames.
    """
    version_id = _version(workspace, dataset_id, model_name)
    clips = tuple(
        _video_stability(video, tracks, stride, smoothing)
        for video, tracks, stride in _tracks(workspace, dataset_id, version_id)
        if tracks
    )
    if not clips:
        with reading(workspace.engine) as session:
            how = predict_command(dataset_id, model_name, session=session)
        raise NotEnoughData("models.no_two_frames", name=model_name, how=how)
    with_truth = any(track.truth is not None for video in clips for track in video.tracks)
    against = "truth" if with_truth else "the frame before"
    figures = {name: _over_videos(clips, name, against) for name in FIGURES}
    return DatasetStability(model_name, version_id, clips, figures, against)


def _version(workspace: Workspace, dataset_id: int, model_name: str) -> int:
    versions = predicted_versions(workspace, dataset_id)
    if model_name in versions:
        return versions[model_name]
    with reading(workspace.engine) as session:
        if not videos(dataset_id, session=session):
            raise NotEnoughData("clips.no_clip_in_dataset")
        find_model(workspace, model_name, session=session)
        how = predict_command(dataset_id, model_name, session=session)
    raise NotFound("models.nothing_in_videos", name=model_name, how=how, choices=or_none(sorted(versions)))


def _tracks(workspace: Workspace, dataset_id: int, version_id: int) -> list[tuple[Video, list[VideoTrack], int]]:
    with reading(workspace.engine) as session:
        left_out = excluded_pictures(dataset_id, session=session).ids
        return [
            (video, *_linked(video.id, version_id, left_out, session=session))
            for video in videos(dataset_id, session=session)
        ]


def _linked(video_id: int, version_id: int, left_out: Set[int], *, session: Session) -> tuple[list[VideoTrack], int]:
    """The tracks of a video, and how many frames apart those are that were taken."""
    frames = clip_frames(video_id, left_out, session=session)
    return link_instances(frames, seen_instances(video_id, version_id, session=session)), stride_of(frames)


def _rate(video: Video, stride: int) -> float | None:
    """Frames a second of those that were taken, None where that is not known."""
    return video.frames_per_second / stride if video.frames_per_second > 0 else None


def _video_stability(
    video: Video, tracks: list[VideoTrack], stride: int, smoothing: Smoothing | None
) -> VideoStability:
    rate = _rate(video, stride)
    shown = [
        replace(track, predicted=smoothing(track.predicted, track.breaks, rate)) if smoothing else track
        for track in tracks
    ]
    each = [stability(track.predicted, track.truth, track.breaks) for track in shown]
    values = {name: _weighted(each, name) for name in FIGURES}
    beside_truth = [figures for figures in each if figures.indicator_against == "truth"]
    values["indicator"] = _weighted(beside_truth or each, "indicator")
    return VideoStability(video.id, video.path, rate or 0.0, tuple(shown), tuple(each), values)


def _weighted(each: Sequence[Stability], name: str) -> float:
    """The mean of a figure over tracks, weighted by their pairs; NaN where no track has it."""
    weighted = [
        (figures.values[name], figures.pairs) for figures in each if np.isfinite(figures.values[name]) and figures.pairs
    ]
    if not weighted:
        return float("nan")
    values, pairs = np.array(weighted, dtype=np.float64).T
    return float(np.average(values, weights=pairs))


def _over_videos(clips: Sequence[VideoStability], name: str, against: str) -> Interval:
    counted = [
        video.values[name]
        if name != "indicator" or any(figures.indicator_against == against for figures in video.stabilities)
        else float("nan")
        for video in clips
    ]
    return bootstrap(np.array(counted), np.arange(len(counted)))
