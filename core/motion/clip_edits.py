"""What was done to many frames of a clip at once: written down with what was before, and taken back as one.

A frame that somebody has changed since stays as it is when the rest is taken back. Nothing is ever deleted: taking
points back appends the earlier ones, and an instance that a proposal has made is removed, without an extent, so that
nothing that is found or imported later is taken for it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from core.foundation.arrays import Box
from core.foundation.errors import Conflict, NotFound
from core.foundation.messages import Message, message
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.points.reviewing import points_of
from db.batching import id_batches
from db.tables import (
    Assignment,
    BoxSource,
    ClipEdit,
    Exclusion,
    Image,
    Instance,
    KeypointRevision,
    Review,
    Source,
    Track,
    Video,
    sides,
)
from db.writes.library import refresh_picture
from db.writes.motion import set_tracks
from db.writes.points import append_revision
from db.writing import writing


@dataclass
class Changes:
    """What an edit of a clip has changed, as plain values: each row says what it was before and after.

    Attributes
    ----------
    points
        (instance, revision that counted, revision that counts); None where there is none.
    made, gone
        (instance, its box) of instances that came into being, and that went.
    tracks
        (instance, track, track).
    names
        (track, name, name).
    excluded
        (file name, reason, reason); None where it is not on the list.
    empty
        (picture, who has accepted that nothing is in it, who does); None for nobody.
    """

    points: list[tuple[int, int | None, int | None]] = field(default_factory=list)
    made: list[tuple[int, Box]] = field(default_factory=list)
    gone: list[tuple[int, Box]] = field(default_factory=list)
    tracks: list[tuple[int, int | None, int | None]] = field(default_factory=list)
    names: list[tuple[int, str | None, str | None]] = field(default_factory=list)
    excluded: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    empty: list[tuple[int, int | None, int | None]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(vars(self).values())


@dataclass(frozen=True)
class TakenBack:
    """What an undo has come to: its own edit, how many things are as before, and how many stay as somebody has made
    them since."""

    edit: int
    undone: int
    kept: int


def record_edit(
    kind: str,
    summary: Message,
    video_id: int,
    changes: Changes,
    author_id: int,
    *,
    edit_id: str | None = None,
    session: Session,
) -> ClipEdit:
    """Write down what was done, in the transaction that does it."""
    video = session.get_one(Video, video_id)
    edit = ClipEdit(
        dataset_id=video.dataset_id,
        video_id=video_id,
        kind=kind,
        summary=summary.to_json(),
        payload={name: rows for name, rows in asdict(changes).items() if rows},
        author_id=author_id,
        edit_id=edit_id,
    )
    session.add(edit)
    session.flush()
    return edit


def done_before(edit_id: str | None, *, session: Session) -> ClipEdit | None:
    """What the edit of a browser's id has done, if it came in before.

    Who writes asks in the transaction that writes: the tab that sends it again may overtake the first sending.
    """
    return None if edit_id is None else session.exec(select(ClipEdit).where(ClipEdit.edit_id == edit_id)).first()


def note_result(edit: ClipEdit, result: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what whoever asked is told, for when the same is asked again; gives it with the edit's id."""
    edit.result = {**result, "edit": edit.id}
    return edit.result


def make_instance(
    image: Image, kind: str, box: Box, track_id: int | None, model_version_id: int | None, *, session: Session
) -> Instance:
    """A face or a body that a proposal has found in a picture, boxed by its points."""
    instance = Instance(
        dataset_id=image.dataset_id,
        image_id=image.id,
        kind=kind,
        **sides(box),
        origin=Source.MODEL,
        box_source=BoxSource.POINTS,
        model_version_id=model_version_id,
        track_id=track_id,
    )
    session.add(instance)
    session.flush()
    return instance


def undo_clip_edit(workspace: Workspace, number: int, *, author_id: int, edit_id: str | None = None) -> TakenBack:
    """Take back what an edit has done, all of it at once; the undoing is an edit too, and undoing that does it again.

    Raises
    ------
    NotFound
        If there is no such edit.
    Conflict
        If it is taken back already.
    """
    with writing(workspace.engine) as session:
        if before := done_before(edit_id, session=session):
            return TakenBack(**before.result)
        edit = session.get(ClipEdit, number)
        if edit is None:
            raise NotFound("clip_edits.none_numbered", number=number)
        done = Message.from_json(edit.summary)
        if edit.undone:
            raise Conflict("clip_edits.undone_already", edit=done)
        asked, changes = Changes(**edit.payload), Changes()
        note = message("edits.undo", edit=done)
        _set_points_back(asked, changes, note, author_id, session=session)
        _bring_back(asked, changes, session=session)
        _set_rows_back(asked, changes, session=session)
        _set_exclusions_back(asked, changes, edit.dataset_id, author_id, session=session)
        refresh_picture(*sorted(touched_pictures(changes, session=session)), session=session)
        first = session.get(ClipEdit, edit.undoes_id) if edit.undoes_id else None
        summary = note if first is None else message("edits.redo", edit=Message.from_json(first.summary))
        undo = record_edit("undo", summary, edit.video_id, changes, author_id, edit_id=edit_id, session=session)
        undo.undoes_id = None if first else edit.id
        edit.undone = True
        undone = _count(changes)
        told = TakenBack(undo.id, undone, _count(asked) - undone)
        note_result(undo, asdict(told))
        return told


def _count(changes: Changes) -> int:
    made = {number for number, _ in (*changes.made, *changes.gone)}
    points = sum(row[0] not in made for row in changes.points)
    return points + sum(len(rows) for name, rows in vars(changes).items() if name != "points")


def _set_points_back(asked: Changes, changes: Changes, note: Message, author_id: int, *, session: Session) -> None:
    boxes = {number: box for number, box in asked.made}
    for instance_id, before, after in asked.points:
        instance = session.get(Instance, instance_id)
        if instance is None or instance.removed or not _is_so(instance, after, session=session):
            continue
        if instance_id not in boxes:
            head_id = instance.revision_id
            _restore(instance, before, note, author_id, session=session)
            changes.points.append((instance_id, head_id, instance.revision_id))
        elif session.get(Assignment, instance_id) is None:  # else it is known whose it is
            _set_box(instance, *_nowhere(boxes[instance_id]))
            instance.removed = True
            changes.gone.append((instance_id, boxes[instance_id]))
    session.flush()


def _is_so(instance: Instance, revision_id: int | None, *, session: Session) -> bool:
    """Whether an instance has the points of a revision, and is as far reviewed, whichever revision says so now."""
    if instance.revision_id == revision_id or instance.revision_id is None or revision_id is None:
        return instance.revision_id == revision_id
    now, then = (session.get_one(KeypointRevision, number) for number in (instance.revision_id, revision_id))
    alike = ("skeleton", "points", "review", "model_version_id")
    return all(getattr(now, name) == getattr(then, name) for name in alike)


def _set_box(instance: Instance, left: float, top: float, right: float, bottom: float) -> None:
    instance.left, instance.top, instance.right, instance.bottom = left, top, right, bottom


def _nowhere(box: Box) -> Box:
    """The middle of a box, without extent: it overlaps nothing."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return x, y, x, y


def _restore(instance: Instance, before_id: int | None, note: Message, author_id: int, *, session: Session) -> None:
    """Append the points that an instance had in a revision; with None, that it has none."""
    before = session.get_one(KeypointRevision, before_id or instance.revision_id)
    points = before.points if before_id else points_of(None, find_skeleton(before.skeleton)).to_bytes()
    review = Review(before.review) if before_id else Review.OPEN
    append_revision(
        instance,
        before.skeleton,
        points,
        review,
        start_id=before.start_id if before_id else None,
        author_id=None if review == Review.OPEN else author_id,
        model_version_id=before.model_version_id if before_id else None,
        note=note.to_json(),
        session=session,
    )
    if before_id is None:
        instance.revision_id = None


def _bring_back(asked: Changes, changes: Changes, *, session: Session) -> None:
    for instance_id, box in asked.gone:
        instance = session.get(Instance, instance_id)
        if instance is not None and instance.removed:
            _set_box(instance, *box)
            instance.removed = False
            changes.made.append((instance_id, box))
            changes.points.append((instance_id, None, instance.revision_id))
    session.flush()


def _set_rows_back(asked: Changes, changes: Changes, *, session: Session) -> None:
    """Tracks, names, pictures accepted as empty: whatever is still as the edit has left it."""
    moves = {}
    for instance_id, before, after in asked.tracks:
        instance = session.get(Instance, instance_id)
        if instance is not None and instance.track_id == after:
            moves[instance_id] = before
            changes.tracks.append((instance_id, after, before))
    set_tracks(moves, session=session)
    for track_id, name_before, name_after in asked.names:
        track = session.get_one(Track, track_id)
        if track.name == name_after:
            track.name = name_before
            changes.names.append((track_id, name_after, name_before))
    for image_id, who_before, who_after in asked.empty:
        image = session.get(Image, image_id)
        if image is not None and image.empty_by == who_after:
            image.empty_by = who_before
            changes.empty.append((image_id, who_after, who_before))


def _set_exclusions_back(
    asked: Changes, changes: Changes, dataset_id: int, author_id: int, *, session: Session
) -> None:
    for name, before, after in asked.excluded:
        row = session.get(Exclusion, (dataset_id, name))
        if (None if row is None else row.reason) != after:
            continue
        if row is not None:
            session.delete(row)
            session.flush()
        if before is not None:
            session.add(Exclusion(dataset_id=dataset_id, name=name, reason=before, author_id=author_id))
        changes.excluded.append((name, after, before))


def touched_pictures(changes: Changes, *, session: Session) -> set[int]:
    """The pictures whose instances or points are changed."""
    touched = [row[0] for row in (*changes.points, *changes.gone)]
    images = {row[0] for row in changes.empty}
    for part in id_batches(touched):
        images |= set(session.exec(select(Instance.image_id).where(col(Instance.id).in_(part))))
    return images
