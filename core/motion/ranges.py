"""What is done to a range of frames at once, with one undo: accepted, left out, as predicted, left and right swapped.

A range is of one track, or of everything that is in its frames.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, Conflict
from core.foundation.messages import Message, message
from core.foundation.skeletons import Skeleton, find_skeleton
from core.foundation.workspace import Workspace
from core.motion.clip_edits import Changes, done_before, note_result, record_edit, touched_pictures
from core.motion.courses import chosen_track, frames_on_the_way
from core.motion.proposal_writing import proposal_version
from core.points.reviewing import ReviewedPoints, accepted, reviewed_after_edit, was_seen
from core.points.windows import window_of
from db.batching import id_batches
from db.engine import reading
from db.queries.library import excluded_names
from db.queries.motion.ranges import RangeFrame, instances_between, predicted_between, predicted_of
from db.queries.points import newest_revision
from db.tables import Exclusion, Image, Instance, KeypointRevision, Review, Source, Video, WorkKind
from db.writes.dashboard import record_work
from db.writes.library import refresh_picture
from db.writes.points import NewPoints, append_revisions
from db.writing import writing


@dataclass(frozen=True)
class FrameRange:
    """Frames of a clip from one to another, both included, of one track or of everything.

    `edit_id` is the browser's own id of what is done to them: the same sent twice is done once.
    """

    video_id: int
    first: int
    last: int
    track_id: int | None = None
    edit_id: str | None = None


@dataclass
class _Work:
    """A range with its transaction, what is changed so far and what is to be appended, and how many instances are left
    as they are."""

    asked: FrameRange
    author_id: int
    frames: list[RangeFrame]
    session: Session
    changes: Changes = field(default_factory=Changes)
    states: list[NewPoints] = field(default_factory=list)
    left: int = 0

    def heads(self) -> list[tuple[Instance, KeypointRevision | None]]:
        """Every instance once, in the order of the frames, with the revision that counts."""
        rows = instances_between(*_part(self.asked), session=self.session)
        return list({row.instance.id: (row.instance, row.head) for row in rows}.values())

    def append(self) -> None:
        """Append what is to be, and write down that it was changed."""
        before = [state.instance.revision_id for state in self.states]
        appended = append_revisions(self.states, session=self.session)
        self.changes.points += [
            (state.instance.id, was, now.id) for state, was, now in zip(self.states, before, appended, strict=True)
        ]

    def images(self) -> list[Image]:
        """The pictures of the frames, each once, in their order."""
        ids = dict.fromkeys(frame.image_id for frame in self.frames if frame.image_id is not None)
        rows = (self.session.exec(select(Image).where(col(Image.id).in_(part))) for part in id_batches(ids))
        there = {image.id: image for part in rows for image in part}
        return [there[number] for number in ids if number in there]


def accept_range(
    workspace: Workspace, asked: FrameRange, *, author_id: int, seen: Collection[int] | None = None
) -> dict[str, Any]:
    """Say that every point in a range is right as it is. Without a track, pictures with nothing in them too.

    With `seen`, ids of revisions, only for those, and for what the window of `edit_id` has made of them since: a human
    vouches for no points that he was not shown.

    Returns
    -------
    dict
        ``edit`` (id for `undo_clip_edit`; None where nothing was to be done), ``instances`` (changed), ``left`` (those
        that are as they were: accepted already, or without points).

    Raises
    ------
    NotFound, BadInput
        If there is no such clip, frame or track, or they are too many frames.
    Conflict
        If one has other points than those that were seen; then nothing is accepted.
    """

    def work(here: _Work) -> None:
        _refuse_unseen(here, seen)
        touched: set[int] = set()
        there: set[int] = set()
        for instance, head in here.heads():
            there.add(instance.image_id)
            if head is None or head.review == Review.ACCEPTED:
                here.left += 1
                continue
            here.states.append(accepted(instance, head, author_id, asked.edit_id))
            touched.add(instance.image_id)
        for image in here.images() if asked.track_id is None else ():
            if image.id not in there and image.empty_by is None:
                here.changes.empty.append((image.id, None, author_id))
                image.empty_by = author_id
                touched.add(image.id)
        if touched:
            _record_work(here, WorkKind.PICTURES_ACCEPTED, len(touched))

    summary = message("clip_edits.accepted", first=asked.first, last=asked.last)
    return _do(workspace, asked, "accept", summary, work, author_id)


def exclude_range(workspace: Workspace, asked: FrameRange, reason: str, *, author_id: int) -> dict[str, Any]:
    """Leave the pictures of a range out of learning and measuring; gives ``edit``, ``pictures``, ``left`` (as before).

    Raises
    ------
    NotFound, BadInput
        As `accept_range`, and where no reason is given.
    """
    why = " ".join(reason.split())
    if not why:
        raise BadInput("clip_edits.no_reason")

    def work(here: _Work) -> None:
        images = here.images()
        named = excluded_names(images[0].dataset_id, session=here.session) if images else set()
        for image in images:
            if image.path in named:
                here.left += 1
                continue
            row = Exclusion(dataset_id=image.dataset_id, name=image.path, reason=why, author_id=author_id)
            here.session.add(row)
            here.changes.excluded.append((image.path, None, why))

    summary = message("clip_edits.excluded", first=asked.first, last=asked.last, reason=why)
    return _do(workspace, asked, "exclude", summary, work, author_id)


def reset_range(workspace: Workspace, asked: FrameRange, *, author_id: int) -> dict[str, Any]:
    """Give everything in a range the newest points that a model has predicted; what was there stays in the history.

    What only proposes (flow, interpolation, ripple) predicts nothing. Instances of which there is no prediction, or
    that have its points, stay as they are (``left``). Gives and raises as `accept_range`.
    """
    predictions: dict[int, KeypointRevision] = {}
    known = 0

    def read(session: Session) -> None:
        nonlocal known
        known = newest_revision(session=session)
        predictions.update(predicted_between(*_part(asked), session=session))

    def work(here: _Work) -> None:
        for instance, head in here.heads():
            predicted = predictions.get(instance.id)
            if head is not None and head.id > known:  # somebody was quicker, maybe a model
                predicted = predicted_of(instance.id, session=here.session)
            if predicted is None or (
                head is not None and (head.review, head.points) == (Review.OPEN, predicted.points)
            ):
                here.left += 1
                continue
            points, version = (predicted.skeleton, predicted.points), predicted.model_version_id
            here.states.append(NewPoints(instance, *points, Review.OPEN, model_version_id=version))

    summary = message("clip_edits.reset", first=asked.first, last=asked.last)
    return _do(workspace, asked, "reset", summary, work, author_id, read)


def swap_sides(workspace: Workspace, asked: FrameRange, *, author_id: int) -> dict[str, Any]:
    """Swap left and right of everything in a range, as where a model has mistaken them.

    Points that are a model's stay proposals; a human's are edited. Gives and raises as `accept_range`.
    """

    window = window_of(asked.edit_id)
    swapped: dict[int, tuple[Keypoints, ReviewedPoints]] = {}  # by the revision that is swapped

    def swap(head: KeypointRevision, session: Session) -> tuple[Keypoints, ReviewedPoints]:
        skeleton = find_skeleton(head.skeleton)
        points = _mirrored(Keypoints.from_bytes(head.points), skeleton)
        return points, reviewed_after_edit(points, head, skeleton, base=head.id, window=window, session=session)

    def read(session: Session) -> None:
        heads = [row.head for row in instances_between(*_part(asked), session=session)]
        swapped.update({head.id: swap(head, session) for head in heads if head is not None})

    def work(here: _Work) -> None:
        version = None
        for instance, head in here.heads():
            if head is None:
                here.left += 1
                continue
            points, now = swapped.get(head.id) or swap(head, here.session)  # the second where somebody was quicker
            about: dict[str, Any] = {"start_id": now.start_id, "model_version_id": now.model_version_id}
            by = None if now.review == Review.OPEN else author_id
            state = NewPoints(instance, head.skeleton, now.points, now.review, author_id=by, **about)
            if now.review == Review.IN_PROGRESS and head.source == Source.MODEL:
                version = version or proposal_version(instance.dataset_id, "swap", {}, session=here.session)
                state = NewPoints(instance, head.skeleton, points.to_bytes(), Review.OPEN, model_version_id=version)
            here.states.append(state)
        if edited := sum(state.author_id is not None for state in here.states):
            _record_work(here, WorkKind.LANDMARK_EDITS, edited)

    summary = message("clip_edits.swapped", first=asked.first, last=asked.last)
    return _do(workspace, asked, "swap_sides", summary, work, author_id, read)


def _do(
    workspace: Workspace,
    asked: FrameRange,
    kind: str,
    summary: Message,
    work: Callable[[_Work], None],
    author_id: int,
    read: Callable[[Session], None] | None = None,
) -> dict[str, Any]:
    """Do the work in one transaction, after what takes many reads: nobody who saves waits for those."""
    with reading(workspace.engine) as session:
        if (before := done_before(asked.edit_id, session=session)) is not None:
            return before.result
        _way(asked, session=session)
        if read is not None:
            read(session)
    with writing(workspace.engine) as session:
        if (before := done_before(asked.edit_id, session=session)) is not None:
            return before.result
        here = _Work(asked, author_id, _way(asked, session=session), session)
        work(here)
        here.append()
        changes = here.changes
        images = touched_pictures(changes, session=session)
        refresh_picture(*sorted(images), session=session)
        counted = "pictures" if kind == "exclude" else "instances"
        result = {counted: len(changes.excluded or changes.points), "left": here.left}
        if not changes:
            return {**result, "edit": None}
        edit = record_edit(kind, summary, asked.video_id, changes, author_id, edit_id=asked.edit_id, session=session)
        return note_result(edit, result)


def _way(asked: FrameRange, *, session: Session) -> list[RangeFrame]:
    """The frames that are asked for; raises as `frames_on_the_way` and `chosen_track`."""
    chosen_track(asked.track_id, None, session=session)
    return frames_on_the_way(asked.video_id, asked.first, asked.last, session=session)


def _part(asked: FrameRange) -> tuple[int, int, int, int | None]:
    """The clip, its first and last frame in their order, and the track."""
    return asked.video_id, min(asked.first, asked.last), max(asked.first, asked.last), asked.track_id


def _refuse_unseen(work: _Work, seen: Collection[int] | None) -> None:
    if seen is None:
        return
    window, known = window_of(work.asked.edit_id), set(seen)
    for instance, head in work.heads():
        if (
            head is not None
            and head.review != Review.ACCEPTED
            and not was_seen(head, known, window, session=work.session)
        ):
            image = work.session.get_one(Image, instance.image_id)
            raise Conflict("points.changed_since", picture=image.path)


def _mirrored(points: Keypoints, skeleton: Skeleton) -> Keypoints:
    """The same points under the names of the other side."""
    order = list(range(len(skeleton)))
    for left, right in skeleton.flip_pairs:
        order[left], order[right] = right, left
    return Keypoints(points.points[order], points.visibility[order], points.confidence[order])


def _record_work(work: _Work, kind: WorkKind, count: int) -> None:
    video = work.session.get_one(Video, work.asked.video_id)
    record_work(work.author_id, video.dataset_id, kind, count, session=work.session)
