"""What is done to a range of frames at once, with one undo: accepted, left out, as predicted, left and right swapped.

A range is of one track, or of everything that is in its frames.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
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
from core.points.reviewing import accept_instance, reviewed_after_edit, was_seen
from core.points.windows import window_of
from db.queries.motion import RangeFrame, instances_between
from db.tables import (
    PROPOSAL,
    Exclusion,
    Image,
    Instance,
    KeypointRevision,
    ModelVersion,
    Review,
    Source,
    Video,
    WorkKind,
)
from db.writes.dashboard import record_work
from db.writes.library import refresh_picture
from db.writes.points import append_revision
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
    """A range with its transaction, what is changed so far, and how many instances are left as they are."""

    asked: FrameRange
    author_id: int
    frames: list[RangeFrame]
    session: Session
    changes: Changes
    left: int = 0

    def heads(self) -> list[tuple[Instance, KeypointRevision | None]]:
        """Every instance once, in the order of the frames, with the revision that counts."""
        numbers = [frame.frame for frame in self.frames]
        asked = self.asked
        rows = instances_between(asked.video_id, min(numbers), max(numbers), asked.track_id, session=self.session)
        return list({row.instance.id: (row.instance, row.head) for row in rows}.values())

    def append(self, instance: Instance, skeleton: str, points: bytes, review: Review, **about: Any) -> None:
        """Append points, and write down that they were changed."""
        before = instance.revision_id
        append_revision(instance, skeleton, points, review, **about, session=self.session)
        self.changes.points.append((instance.id, before, instance.revision_id))

    def images(self) -> list[Image]:
        """The pictures of the frames, each once, in their order."""
        ids = dict.fromkeys(frame.image_id for frame in self.frames if frame.image_id is not None)
        return [image for number in ids if (image := self.session.get(Image, number)) is not None]


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
        If there is no such clip, frame or track.
    Conflict
        If one has other points than those that were seen; then nothing is accepted.
    """

    def work(work: _Work) -> None:
        _refuse_unseen(work, seen)
        touched: set[int] = set()
        there: set[int] = set()
        for instance, head in work.heads():
            there.add(instance.image_id)
            if head is None or head.review == Review.ACCEPTED:
                work.left += 1
                continue
            before = instance.revision_id
            accept_instance(instance, head, author_id, asked.edit_id, session=work.session)
            work.changes.points.append((instance.id, before, instance.revision_id))
            touched.add(instance.image_id)
        for image in work.images() if asked.track_id is None else ():
            if image.id not in there and image.empty_by is None:
                work.changes.empty.append((image.id, None, author_id))
                image.empty_by = author_id
                touched.add(image.id)
        if touched:
            _record_work(work, WorkKind.PICTURES_ACCEPTED, len(touched))

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

    def work(work: _Work) -> None:
        for image in work.images():
            if work.session.get(Exclusion, (image.dataset_id, image.path)) is not None:
                work.left += 1
                continue
            row = Exclusion(dataset_id=image.dataset_id, name=image.path, reason=why, author_id=author_id)
            work.session.add(row)
            work.changes.excluded.append((image.path, None, why))

    summary = message("clip_edits.excluded", first=asked.first, last=asked.last, reason=why)
    return _do(workspace, asked, "exclude", summary, work, author_id)


def reset_range(workspace: Workspace, asked: FrameRange, *, author_id: int) -> dict[str, Any]:
    """Give everything in a range the newest points that a model has predicted; what was there stays in the history.

    What only proposes (flow, interpolation, ripple) predicts nothing. Instances of which there is no prediction, or
    that have its points, stay as they are (``left``). Gives and raises as `accept_range`.
    """

    def work(work: _Work) -> None:
        for instance, head in work.heads():
            predicted = _prediction(instance.id, session=work.session)
            same = (
                head is not None
                and predicted is not None
                and (head.review, head.points) == (Review.OPEN, predicted.points)
            )
            if predicted is None or same:
                work.left += 1
                continue
            version = predicted.model_version_id
            work.append(instance, predicted.skeleton, predicted.points, Review.OPEN, model_version_id=version)

    summary = message("clip_edits.reset", first=asked.first, last=asked.last)
    return _do(workspace, asked, "reset", summary, work, author_id)


def swap_sides(workspace: Workspace, asked: FrameRange, *, author_id: int) -> dict[str, Any]:
    """Swap left and right of everything in a range, as where a model has mistaken them.

    Points that are a model's stay proposals; a human's are edited. Gives and raises as `accept_range`.
    """

    def work(work: _Work) -> None:
        window, edited = window_of(asked.edit_id), 0
        for instance, head in work.heads():
            if head is None:
                work.left += 1
                continue
            skeleton = find_skeleton(head.skeleton)
            points = _mirrored(Keypoints.from_bytes(head.points), skeleton)
            now = reviewed_after_edit(points, head, skeleton, base=head.id, window=window, session=work.session)
            if now.review == Review.IN_PROGRESS and head.source == Source.MODEL:
                version = proposal_version(instance.dataset_id, "swap", {}, session=work.session)
                packed = points.to_bytes()
                work.append(instance, head.skeleton, packed, Review.OPEN, model_version_id=version)
                continue
            about = {"start_id": now.start_id, "model_version_id": now.model_version_id}
            by = None if now.review == Review.OPEN else author_id
            work.append(instance, head.skeleton, now.points, now.review, author_id=by, **about)
            edited += by is not None
        if edited:
            _record_work(work, WorkKind.LANDMARK_EDITS, edited)

    summary = message("clip_edits.swapped", first=asked.first, last=asked.last)
    return _do(workspace, asked, "swap_sides", summary, work, author_id)


def _do(
    workspace: Workspace, asked: FrameRange, kind: str, summary: Message, work: Callable[[_Work], None], author_id: int
) -> dict[str, Any]:
    with writing(workspace.engine) as session:
        before = done_before(asked.edit_id, session=session)
        if before is not None:
            return before.result
        frames = frames_on_the_way(asked.video_id, asked.first, asked.last, session=session)
        chosen_track(asked.track_id, None, session=session)
        here = _Work(asked, author_id, frames, session, Changes())
        work(here)
        changes = here.changes
        images = touched_pictures(changes, session=session)
        refresh_picture(*sorted(images), session=session)
        counted = "pictures" if kind == "exclude" else "instances"
        result = {counted: len(changes.excluded or changes.points), "left": here.left}
        if not changes:
            return {**result, "edit": None}
        edit = record_edit(kind, summary, asked.video_id, changes, author_id, edit_id=asked.edit_id, session=session)
        return note_result(edit, result)


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


def _prediction(instance_id: int, *, session: Session) -> KeypointRevision | None:
    """The newest points of an instance that a model has predicted."""
    proposers = select(ModelVersion.id).where(ModelVersion.kind == PROPOSAL)
    rows = select(KeypointRevision).where(
        KeypointRevision.instance_id == instance_id,
        KeypointRevision.review == Review.OPEN,
        col(KeypointRevision.model_version_id).is_not(None),
        col(KeypointRevision.model_version_id).not_in(proposers),
    )
    return session.exec(rows.order_by(col(KeypointRevision.id).desc()).limit(1)).first()


def _mirrored(points: Keypoints, skeleton: Skeleton) -> Keypoints:
    """The same points under the names of the other side."""
    order = list(range(len(skeleton)))
    for left, right in skeleton.flip_pairs:
        order[left], order[right] = right, left
    return Keypoints(points.points[order], points.visibility[order], points.confidence[order])


def _record_work(work: _Work, kind: WorkKind, count: int) -> None:
    video = work.session.get_one(Video, work.asked.video_id)
    record_work(work.author_id, video.dataset_id, kind, count, session=work.session)
