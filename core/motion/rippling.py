"""The ripple edit: one correction of one frame, a fade of it over the frames around, one undo for both.

The corrected frame is a human's, in progress as any edit. The frames around keep their model's points, moved: they are
proposals, for which nobody vouches. Frames with a human's points in the way stay as they are and end the fade.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from sqlmodel import Session

from core.foundation.arrays import Bools, Floats, Keypoints
from core.foundation.errors import BadInput, NotFound
from core.foundation.messages import message
from core.foundation.workspace import Workspace
from core.motion.clip_edits import Changes, done_before, note_result, record_edit, touched_pictures
from core.motion.courses import present_places
from core.motion.proposal_writing import proposal_version
from core.motion.tracklets import link_clip
from core.points.annotating import Edit, write_edit
from core.tracks.ripple import faded_by, weights
from db.engine import reading
from db.queries.motion.ranges import (
    PlaceOfInstance,
    RangeInstance,
    frames_between,
    instances_between,
    place_of_instance,
)
from db.tables import Instance, KeypointRevision, Review, Source
from db.writes.library import refresh_picture
from db.writes.points import append_revision
from db.writing import writing

WIDEST: Final = 1_000  # frames on each side


class RippleFrame(NamedTuple):
    """A frame that takes part in a ripple: its instance, the revision that counts there, and its share of the move."""

    frame: int
    instance: int
    revision: int
    weight: float


class _Window(NamedTuple):
    """The frames around a corrected one: what is there of the track, where it is fixed, where it cuts, which it is."""

    rows: list[RangeInstance | None]
    fixed: Bools
    breaks: Bools
    at: int


def faded_frames(workspace: Workspace, instance_id: int, width: int) -> list[RippleFrame]:
    """The frames that a ripple of an instance would move, without its own, by frame: what a preview needs.

    A point at p moved by d goes to p + weight * d there, if it is present there.

    Raises
    ------
    NotFound
        If there is no such instance, or it is in no clip.
    BadInput
        If the width is none.
    """
    place = _checked(workspace, instance_id, width)
    with reading(workspace.engine) as session:
        instance = session.get_one(Instance, instance_id)
        if instance.track_id is None:  # it has just come in
            return []
        window = _window(place, instance, width, session=session)
    return _faded(window, width)


def ripple_edit(workspace: Workspace, edit: Edit, width: int, *, author_id: int) -> dict[str, Any]:
    """Save an edit, and move the same points of the track's frames around by as much, fading over `width` frames.

    Points that the edit places anew, takes away or only shows otherwise are not moved elsewhere. The edit's own id
    makes it one: sent again, it gets the same answer.

    Returns
    -------
    dict
        ``revision`` (of the corrected instance), ``instances`` (ids of all that have other points now, its own first),
        ``edit`` (id for `undo_clip_edit`; None where that edit came in before, without a ripple).

    Raises
    ------
    NotFound
        If there is no such instance, or it is in no clip.
    OtherStore, Conflict, BadInput
        As `core.points.annotating.save_edit`; then nothing is changed. BadInput also if the width is none.
    """
    place = _checked(workspace, edit.instance, width)
    link_clip(workspace, place.video_id)
    with writing(workspace.engine) as session:
        before = done_before(edit.id, session=session)
        if before is not None:
            return before.result
        instance = session.get_one(Instance, edit.instance)
        window, head_id = _window(place, instance, width, session=session), instance.revision_id
        revision_id = write_edit(edit, author_id=author_id, session=session)
        if instance.revision_id == head_id:
            return {"revision": revision_id, "instances": [instance.id], "edit": None}
        changes = Changes(points=[(instance.id, head_id, instance.revision_id)])
        _fade(window, instance, head_id, revision_id, width, changes, session=session)
        refresh_picture(*sorted(touched_pictures(changes, session=session)), session=session)
        summary = message("clip_edits.rippled", frame=place.frame, frames=len(changes.points) - 1)
        row = record_edit("ripple", summary, place.video_id, changes, author_id, edit_id=edit.id, session=session)
        return note_result(row, {"revision": revision_id, "instances": [number for number, *_ in changes.points]})


def _checked(workspace: Workspace, instance_id: int, width: int) -> PlaceOfInstance:
    """Where an instance is."""
    if not 1 <= width <= WIDEST:
        raise BadInput("clip_edits.no_width", width=width, limit=WIDEST)
    with reading(workspace.engine) as session:
        place = place_of_instance(instance_id, session=session)
    if place is None:
        raise NotFound("clip_edits.in_no_clip")
    return place


def _window(place: PlaceOfInstance, instance: Instance, width: int, *, session: Session) -> _Window:
    first, last = place.frame - width, place.frame + width
    frames = frames_between(place.video_id, first, last, session=session)
    there = {
        row.frame: row
        for row in instances_between(place.video_id, first, last, instance.track_id, session=session)
        if row.instance.id == instance.id or row.frame != place.frame
    }
    rows = [there.get(frame.frame) for frame in frames]
    fixed = [row is not None and row.head is not None and row.head.source == Source.HUMAN for row in rows]
    cuts = np.diff([frame.scene for frame in frames]) != 0
    return _Window(rows, np.array(fixed, np.bool_), cuts, [frame.frame for frame in frames].index(place.frame))


def _faded(window: _Window, width: int) -> list[RippleFrame]:
    """Each instance once, equal frames being one picture, with its largest share."""
    own = window.rows[window.at]
    found: dict[int, RippleFrame] = {}
    for row, weight in zip(window.rows, _weights(window, width).tolist(), strict=True):
        if row is None or row.head is None or weight == 0 or own is None or row.instance.id == own.instance.id:
            continue
        if row.instance.id not in found or found[row.instance.id].weight < weight:
            found[row.instance.id] = RippleFrame(row.frame, row.instance.id, row.head.id, weight)
    return list(found.values())


def _weights(window: _Window, width: int) -> Floats:
    return weights(len(window.rows), window.at, width, window.fixed, window.breaks)


def _fade(
    window: _Window,
    instance: Instance,
    head_id: int | None,
    revision_id: int,
    width: int,
    changes: Changes,
    *,
    session: Session,
) -> None:
    """Append the points of the frames around as the correction moves them."""
    old = session.get(KeypointRevision, head_id) if head_id else None
    new = session.get_one(KeypointRevision, revision_id)
    if old is None or old.skeleton != new.skeleton:
        return
    before, after = (present_places(Keypoints.from_bytes(row.points)) for row in (old, new))
    version = proposal_version(instance.dataset_id, "ripple", {}, session=session)
    for faded in _faded(window, width):
        head = session.get_one(KeypointRevision, faded.revision)
        if head.skeleton != new.skeleton:
            continue
        there = Keypoints.from_bytes(head.points)
        moved = faded_by(present_places(there), before, after, faded.weight)
        points = Keypoints.of(moved, there.visibility, there.confidence).to_bytes()
        if points != head.points:
            other = session.get_one(Instance, faded.instance)
            revision = append_revision(
                other, head.skeleton, points, Review.OPEN, model_version_id=version, session=session
            )
            changes.points.append((other.id, head.id, revision.id))
