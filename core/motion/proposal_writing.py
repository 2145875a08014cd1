"""Writing proposed points down, wherever no human was quicker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlmodel import Session, select

from core.formats.labels.rows import tight_box
from core.foundation.arrays import Box, Keypoints
from core.foundation.geometry import boxes_of, iou
from core.foundation.messages import message
from core.foundation.workspace import Workspace
from core.motion.clip_edits import Changes, done_before, make_instance, note_result, record_edit, touched_pictures
from core.motion.courses import Course
from db.queries.motion.ranges import RangeFrame
from db.tables import PROPOSAL, Image, Instance, KeypointRevision, Review, Source, Video
from db.writes.library import refresh_picture
from db.writes.models import ensure_model_version, note_model_use
from db.writes.points import append_revision
from db.writing import writing

_SAME: Final = 0.5  # IoU from which two boxes are of the same face or body


@dataclass(frozen=True)
class Proposal:
    """What is proposed: by which method with which settings, on the way through which frames, for which tracks."""

    method: str
    settings: Mapping[str, Any]
    frames: Sequence[RangeFrame]
    courses: Sequence[Course]


def proposal_version(dataset_id: int, method: str, settings: Mapping[str, Any], *, session: Session) -> int:
    """The id of the model version that a method's proposals are stored under."""
    version = ensure_model_version(method, PROPOSAL, "0" * 64, dict(settings), session=session)
    note_model_use(dataset_id, version, session=session)
    return version


def write_proposal(
    workspace: Workspace, video_id: int, proposal: Proposal, author_id: int, edit_id: str | None
) -> dict[str, Any]:
    """Append what is proposed in one transaction; gives what `propose` does."""
    changes = Changes()
    with writing(workspace.engine) as session:
        if before := done_before(edit_id, session=session):
            return before.result
        video = session.get_one(Video, video_id)
        version = proposal_version(video.dataset_id, proposal.method, proposal.settings, session=session)
        reached = {
            course.track_id: _write_course(course, proposal.frames, version, changes, session=session)
            for course in proposal.courses
        }
        refresh_picture(*sorted(touched_pictures(changes, session=session)), session=session)
        result = _result(proposal, reached, len(changes.made))
        if not changes:
            return {**result, "edit": None}
        first, last = proposal.frames[0].frame, proposal.frames[-1].frame
        summary = message("clip_edits.proposed", method=proposal.method, first=first, last=last)
        edit = record_edit(proposal.method, summary, video_id, changes, author_id, edit_id=edit_id, session=session)
        return note_result(edit, result)


def _write_course(
    course: Course, frames: Sequence[RangeFrame], version: int, changes: Changes, *, session: Session
) -> set[int]:
    """Append the points of a course; gives the frames that have them now."""
    reached: set[int] = set()
    done: set[int] = set()  # pictures: equal frames are one
    for frame in frames:
        points = course.proposed.get(frame.frame)
        if points is None or frame.image_id is None:
            continue
        if frame.image_id in done:
            reached.add(frame.frame)
            continue
        instance = _instance_for(course, frame, points, version, changes, session=session)
        if course.stopped_at == frame.frame:
            break
        if instance is not None and _append(instance, course.skeleton, points, version, changes, session=session):
            reached.add(frame.frame)
            done.add(frame.image_id)
    return reached


def _instance_for(
    course: Course, frame: RangeFrame, points: Keypoints, version: int, changes: Changes, *, session: Session
) -> Instance | None:
    """The track's instance in a frame, made where it has none; None where a human took it out."""
    row = course.rows.get(frame.frame)
    if row is not None:
        instance = session.get(Instance, row.instance.id)
        return None if instance is None or instance.removed else instance
    image = session.get(Image, frame.image_id)
    if image is None:
        return None
    box = tight_box(points.points)
    alike = _alike(image.id, course.kind, box, session=session)
    if any(other.track_id == course.track_id for other in alike):
        return next(other for other in alike if other.track_id == course.track_id)
    if any(other.removed for other in alike):
        return None
    if alike:
        course.stop(frame.frame, message("clip_edits.other_track"))
        return None
    instance = make_instance(image, course.kind, box, course.track_id, version, session=session)
    changes.made.append((instance.id, instance.box))
    return instance


def _alike(image_id: int, kind: str, box: Box, *, session: Session) -> list[Instance]:
    """The instances of a picture, removed ones too, whose box is nearly this one."""
    there = session.exec(select(Instance).where(Instance.image_id == image_id, Instance.kind == kind)).all()
    if not there:
        return []
    overlaps = iou(np.array([box]), boxes_of(there))[0]
    return [instance for instance, overlap in zip(there, overlaps, strict=True) if overlap >= _SAME]


def _append(
    instance: Instance, skeleton: str, points: Keypoints, version: int, changes: Changes, *, session: Session
) -> bool:
    """Whether an instance has the proposed points now: not where a human has set some."""
    head = session.get(KeypointRevision, instance.revision_id) if instance.revision_id else None
    if head is not None and head.source == Source.HUMAN:
        return False
    packed = points.to_bytes()
    if head is not None and (head.model_version_id, head.points) == (version, packed):
        return True
    before = instance.revision_id
    revision = append_revision(instance, skeleton, packed, Review.OPEN, model_version_id=version, session=session)
    changes.points.append((instance.id, before, revision.id))
    return True


def _result(proposal: Proposal, reached: Mapping[int, set[int]], added: int) -> dict[str, Any]:
    order = {frame.frame: number for number, frame in enumerate(proposal.frames)}
    stopped = [course for course in proposal.courses if course.stopped_at is not None]
    if not proposal.courses:
        nobody = Course(0)
        nobody.stop(proposal.frames[0].frame, message("clip_edits.no_points"))
        stopped = [nobody]
    first = min(stopped, key=lambda course: order[course.stopped_at or 0], default=None)
    return {
        "frames": len(set().union(*reached.values())),
        **_ending(first),
        "added": added,
        "tracks": [
            {"track": course.track_id, "frames": len(reached[course.track_id]), **_ending(course)}
            for course in proposal.courses
        ],
    }


def _ending(course: Course | None) -> dict[str, Any]:
    reason = course.reason.to_json() if course is not None and course.reason is not None else None
    return {"stopped_at": course.stopped_at if course is not None else None, "reason": reason}
