"""Points proposed for frames of a clip: followed from one frame by optical flow, or between frames set by hand.

A proposal is a revision of a model ("flow", "interpolate", "linear") that nobody has reviewed: open, never on top of a
human's points, and taken back with one undo. It ends at cuts and where the flow's check fails, and says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import ABSENT, HIDDEN, Bools, Floats, Keypoints
from core.foundation.errors import BadInput
from core.foundation.messages import Message, message
from core.foundation.progress import DEAF, Progress
from core.foundation.turns import Turns
from core.foundation.workspace import Workspace
from core.library.batches import open_picture
from core.motion.clip_edits import done_before
from core.motion.courses import Course, chosen_track, courses_of, frames_on_the_way, present_places
from core.motion.proposal_writing import Proposal, write_proposal
from core.motion.tracklets import link_clip
from core.tracks.flow import LEAST_FOLLOWED, MOST_ERROR, Stop, flow_step, shape_size
from core.tracks.interpolation import INTERPOLATIONS
from db.engine import reading
from db.queries.motion.ranges import RangeFrame
from db.tables import Image

METHODS: Final[dict[str, dict[str, Any]]] = {  # with the settings that its proposals are stored under
    "flow": {"most_error": MOST_ERROR, "least_followed": LEAST_FOLLOWED},
    **{name: {} for name in INTERPOLATIONS},
}
_STOPS: Final = {Stop.CHECK: "clip_edits.check_failed", Stop.SIZE: "clip_edits.size_changed"}

Grey = NDArray[np.uint8]
_turns: Final = Turns()


def propose(
    workspace: Workspace,
    video_id: int,
    first: int,
    last: int,
    method: str = "flow",
    *,
    track_id: int | None = None,
    instance_id: int | None = None,
    author_id: int,
    edit_id: str | None = None,
    progress: Progress = DEAF,
) -> dict[str, Any]:
    """Propose points of a track, or of all, for the frames of a clip from `first` to `last`.

    Parameters
    ----------
    first, last
        Frames of the clip, from 0. With ``flow`` the points of `first` are followed, backwards where `last` comes
        before it; from a frame with a human's points on the way they go on from those.
    method
        One of `METHODS`. ``interpolate`` (shape-preserving) and ``linear`` fill what lies between frames with a human's
        points; `first` and `last` count as such with whatever points they have.
    track_id, instance_id
        The one track, or that of an instance; without both, all that have points to begin from.
    edit_id
        The browser's own id of it: sent again, it gets the same answer and proposes nothing more.

    A frame in which the track has no instance gets one, boxed by its points, unless a human took one out there.

    Returns
    -------
    dict
        ``frames`` (how many have the proposed points now), ``stopped_at`` (the first frame on the way that should have
        got some and did not; None if none), ``reason`` (a message as JSON; None with that), ``added`` (new instances),
        ``edit`` (id for `undo_clip_edit`; None where nothing was written), and ``tracks``: ``track``, ``frames``,
        ``stopped_at`` and ``reason`` of each.

    Raises
    ------
    NotFound
        If there is no such clip, track or instance.
    BadInput
        If the method or a frame is none, or the range too long.
    """
    if method not in METHODS:
        raise BadInput("clip_edits.no_method", name=method, choices=list(METHODS))
    with _turns.of((workspace.home, edit_id or object())):  # sent again meanwhile, it waits for the answer
        with reading(workspace.engine) as session:
            if before := done_before(edit_id, session=session):
                return before.result
        link_clip(workspace, video_id)
        with reading(workspace.engine) as session:
            frames = frames_on_the_way(video_id, first, last, session=session)
            wanted = chosen_track(track_id, instance_id, session=session)
            courses = courses_of(video_id, frames, wanted, session=session)
        if method == "flow":
            courses = _follow_all(workspace, courses, frames, progress)
        else:
            for course in courses:
                _fill(course, frames, method)
        if wanted is None:
            courses = [course for course in courses if course.proposed or course.points_at(first) is not None]
        return write_proposal(
            workspace, video_id, Proposal(method, METHODS[method], frames, courses), author_id, edit_id
        )


def _follow_all(
    workspace: Workspace, courses: Sequence[Course], frames: Sequence[RangeFrame], progress: Progress
) -> list[Course]:
    """Follow every course through the frames, each of which is opened once, until all have ended."""
    first = frames[0]
    places = {course.track_id: _begin(course, first.frame) for course in courses}
    progress.begin(len(frames), message=message("progress.following_points"))
    before: Grey | None = None
    for count, (frame, grey) in enumerate(_greys(workspace, frames), start=1):
        under_way = [course for course in courses if course.stopped_at is None]
        if not under_way:
            break
        reason = grey if isinstance(grey, Message) else None
        if frame.scene != first.scene:
            reason = message("clip_edits.cut_there")
        for course in under_way:
            if reason is not None:
                course.stop(frame.frame, reason)
            elif before is not None and not isinstance(grey, Message) and grey is not None:
                places[course.track_id] = _go_on(course, places[course.track_id], before, grey, frame.frame)
        before = grey if not isinstance(grey, Message) and grey is not None else before
        progress.advance(count)
    return list(courses)


def _greys(workspace: Workspace, frames: Sequence[RangeFrame]) -> Iterator[tuple[RangeFrame, Grey | Message | None]]:
    """Each frame with its (H, W) grey pixels, None where its picture was removed, or why they cannot be read."""
    for frame in frames:
        with reading(workspace.engine) as session:
            image = session.get(Image, frame.image_id) if frame.image_id is not None else None
        if image is None:
            yield frame, None
            continue
        opened = open_picture(workspace, image)
        yield frame, opened.failure or np.asarray(cv2.cvtColor(opened.pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _begin(course: Course, frame: int) -> Floats:
    """(K, 2) where the points of a course set out; one that has none there ends at once."""
    points = course.points_at(frame)
    if points is None:
        course.stop(frame, message("clip_edits.no_points"))
        return np.zeros((0, 2))
    course.visibility = points.visibility
    return present_places(points)


def _go_on(course: Course, places: Floats, before: Grey, grey: Grey, frame: int) -> Floats:
    """(K, 2) where the points of a course are one frame on: as a human says, else as the flow finds them."""
    if course.is_human(frame) and course.points_at(frame) is not None:
        return _begin(course, frame)
    taken = flow_step(before, grey, places, shape_size(places))
    if taken.stop is not None:
        course.stop(frame, message(_STOPS[taken.stop]))
        return places
    if not course.is_human(frame):
        sure = np.clip(1 - np.where(np.isnan(taken.errors), 0, taken.errors) / MOST_ERROR, 0, 1)
        course.proposed[frame] = Keypoints.of(taken.points, course.visibility, sure)
    return taken.points


def _fill(course: Course, frames: Sequence[RangeFrame], method: str) -> None:
    """Propose what lies between the frames of a course that count as set by hand."""
    ordered = sorted(frames)
    keys = _keys(course, ordered)
    if len(keys) < 2:
        course.stop(frames[0].frame, message("clip_edits.too_few_keys"))
        return
    cuts = np.diff([frame.scene for frame in ordered]) != 0
    filled = _filled(ordered, keys, cuts, INTERPOLATIONS[method])
    numbers = np.array(sorted(keys))
    for frame, places in zip(ordered, filled, strict=True):
        there = np.isfinite(places).all(axis=1)
        if frame.frame not in keys and not course.is_human(frame.frame) and there.any():
            nearest = keys[int(numbers[np.abs(numbers - frame.frame).argmin()])]
            seen = np.where(there, np.maximum(nearest.visibility, HIDDEN), ABSENT)
            course.proposed[frame.frame] = Keypoints.of(places, seen, np.full(len(places), np.nan))
    _note_first_gap(course, frames, keys, cut=bool(cuts.any()))


def _keys(course: Course, frames: Sequence[RangeFrame]) -> dict[int, Keypoints]:
    """The points of the frames that count as set by hand: by a human, and of the first and the last frame."""
    ends = {frames[0].frame, frames[-1].frame}
    points = {number: course.points_at(number) for number in course.rows if number in ends or course.is_human(number)}
    return {number: there for number, there in points.items() if there is not None}


def _filled(frames: Sequence[RangeFrame], keys: Mapping[int, Keypoints], cuts: Bools, way: Any) -> Floats:
    """(T, K, 2) of frames in their order; those that were left out of the clip take their time all the same."""
    at = np.array([frame.frame for frame in frames]) - frames[0].frame
    count = len(next(iter(keys.values())))
    tracks, is_key = np.full((at[-1] + 1, count, 2), np.nan), np.zeros(at[-1] + 1, np.bool_)
    for number, points in keys.items():
        tracks[number - frames[0].frame], is_key[number - frames[0].frame] = present_places(points), True
    breaks = np.zeros(at[-1], np.bool_)
    breaks[at[1:] - 1] = cuts
    return np.asarray(way(tracks, is_key, breaks)[at])


def _note_first_gap(course: Course, frames: Sequence[RangeFrame], keys: Mapping[int, Keypoints], *, cut: bool) -> None:
    """Write down the first frame that got nothing, in the order in which they were asked for."""
    for frame in frames:
        has = frame.frame in keys or frame.frame in course.proposed or course.is_human(frame.frame)
        if not has and frame.image_id is not None:
            course.stop(frame.frame, message("clip_edits.cut_between" if cut else "clip_edits.too_few_keys"))
            return
