"""Correcting points: every change is a revision of its own, with its author, on top of the one that it was based on."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlmodel import Session, col, select

from core.foundation.arrays import ABSENT, HIDDEN, VISIBLE, Keypoints
from core.foundation.errors import BadInput, Conflict, NotFound, OtherStore
from core.foundation.messages import Message, message
from core.foundation.skeletons import SKELETONS, Skeleton, find_skeleton
from core.foundation.workspace import Workspace
from core.points.reviewing import moved, points_of, reviewed_after_edit, vouched
from core.points.windows import window_of
from db.engine import reading
from db.queries.points import (
    ShownInstance,
    instance_to_edit,
    instances_shown,
    latest_predictions,
    revision_of_edit,
    shown_instances,
)
from db.queries.store import store_id
from db.tables import Image, KeypointRevision, Review, Source, User, WorkKind
from db.writes.dashboard import record_work
from db.writes.library import refresh_picture
from db.writes.points import append_revision
from db.writing import writing

Change = tuple[int, float | None, float | None, int]
_Row = list[float | int | None]
_DEFAULT_SKELETON = {"face": "face68", "person": "body24"}
_TURNED_BACK: Final = ("edits.undo", "edits.redo")  # of edits that are counted already


@dataclass(frozen=True)
class Edit:
    """One change of points, as the editor made it.

    Attributes
    ----------
    id
        The browser's own id of it, which names its window (`core.points.windows`); the same id twice is one revision.
    instance
        Whose points.
    base
        The revision that the editor had last heard of; None where it showed no points.
    changes
        (point, x, y, visibility) of each changed point; x and y are None where the point becomes absent.
    note
        What it was, for the history.
    after
        Ids of the edits that the editor showed on top of `base` when this one was made: its own that were on their way.
    store
        The id of the store that it was made in; None where it is made beside it.
    """

    id: str
    instance: int
    base: int | None
    changes: tuple[Change, ...]
    note: Message | None = None
    after: tuple[str, ...] = ()
    store: str | None = None


def save_edit(workspace: Workspace, edit: Edit, *, author_id: int) -> int:
    """Append a revision; returns its id. The same edit sent again gives the same revision.

    Changes of different points by two people both stay. How far the instance is reviewed then, says
    `core.points.reviewing`. Returns only when the revision is on the disk.

    Raises
    ------
    OtherStore
        If it was made in another store.
    Conflict
        If one of the same points was moved by a human whose move the editor did not show: not in `edit.base`, nor one
        of `edit.after`. Whose name that human bears does not matter: two windows of one person are two hands.
    BadInput
        If a point, a coordinate or a visibility cannot be, or the edit has no id or no changes.
    """
    with writing(workspace.engine) as session:
        return write_edit(edit, author_id=author_id, session=session)


def write_edit(edit: Edit, *, author_id: int, session: Session) -> int:
    """As `save_edit`, in the caller's transaction; never commits."""
    if not edit.id or not edit.changes:
        raise BadInput("points.edit_incomplete")
    if edit.store is not None and edit.store != store_id(session=session):
        raise OtherStore("points.other_store")
    sent_before = revision_of_edit(edit.id, session=session)
    if sent_before is not None:
        return sent_before
    found = instance_to_edit(edit.instance, session=session)
    if found is None:
        raise NotFound("points.instance_gone")
    instance, head, image = found
    skeleton = find_skeleton(head.skeleton if head else _DEFAULT_SKELETON[instance.kind])
    _refuse_clash(edit, head, author_id, skeleton, session=session)
    points = _changed(points_of(head, skeleton), edit.changes, skeleton, image)
    now = reviewed_after_edit(points, head, skeleton, base=edit.base, window=window_of(edit.id), session=session)
    revision = append_revision(
        instance,
        skeleton.name,
        now.points,
        now.review,
        start_id=now.start_id,
        author_id=author_id,
        model_version_id=now.model_version_id,
        edit_id=edit.id,
        note=edit.note.to_json() if edit.note else None,
        session=session,
    )
    if now.nothing:
        instance.revision_id = None
    refresh_picture(image.id, session=session)
    if edit.note is None or edit.note.code not in _TURNED_BACK:
        record_work(author_id, instance.dataset_id, WorkKind.LANDMARK_EDITS, session=session)
    return revision.id


def editor_instances(workspace: Workspace, image_id: int) -> list[dict[str, Any]]:
    """The instances of a picture as plain values for the keypoint editor."""
    with reading(workspace.engine) as session:
        return plain_instances(shown_instances(image_id, session=session), session=session)


def edited_instances(workspace: Workspace, ids: Iterable[int]) -> list[dict[str, Any]]:
    """Instances as `editor_instances` gives them, by their ids; those that are gone are left out."""
    with reading(workspace.engine) as session:
        return plain_instances(instances_shown(ids, session=session), session=session)


def plain_instances(rows: Sequence[ShownInstance], *, session: Session) -> list[dict[str, Any]]:
    """Instances as plain values for the keypoint editor.

    Of each that a human has touched they have what a model ``predicted`` last, as rows of points; else None.
    """
    touched = [row.instance.id for row in rows if row.revision is not None and row.revision.source == Source.HUMAN]
    predicted = latest_predictions(touched, session=session)
    return [_plain(row, predicted.get(row.instance.id)) for row in rows]


def editor_skeletons() -> dict[str, dict[str, Any]]:
    """The skeletons as plain values for the keypoint editor."""
    return {
        name: {
            "names": list(skeleton.point_names),
            "edges": [list(edge) for edge in skeleton.edges],
            "flip_pairs": [list(pair) for pair in skeleton.flip_pairs],
            "regions": {region: list(points) for region, points in skeleton.regions.items()},
            "normaliser": None if skeleton.normaliser is None else list(skeleton.normaliser),
            "unit": skeleton.unit,
        }
        for name, skeleton in SKELETONS.items()
    }


def _plain(shown: ShownInstance, predicted: KeypointRevision | None) -> dict[str, Any]:
    instance, revision, start = shown.instance, shown.revision, shown.start
    skeleton = find_skeleton(revision.skeleton if revision else _DEFAULT_SKELETON[instance.kind])
    return {
        "id": instance.id,
        "kind": instance.kind,
        "box": list(instance.box),
        "origin": instance.origin,
        "label": shown.person,
        "track": instance.track_id,
        "skeleton": skeleton.name,
        "revision": revision.id if revision else None,
        "points": _rows(points_of(revision, skeleton)),
        "source": revision.source if revision else None,
        "review": revision.review if revision else Review.OPEN,
        "vouched": vouched(revision, start).tolist() if revision else [False] * len(skeleton),
        "predicted": _rows(points_of(predicted, skeleton))
        if predicted is not None and predicted.skeleton == skeleton.name
        else None,
        "author": shown.author if revision and revision.review != Review.OPEN else None,
    }


def _rows(points: Keypoints) -> list[_Row]:
    return [
        [*(xy if seen != ABSENT else (None, None)), seen, None if np.isnan(confidence) else round(confidence, 3)]
        for xy, seen, confidence in zip(
            points.points.tolist(), points.visibility.tolist(), points.confidence.tolist(), strict=True
        )
    ]


def _refuse_clash(
    edit: Edit, head: KeypointRevision | None, author_id: int, skeleton: Skeleton, *, session: Session
) -> None:
    base = None if edit.base is None else session.get(KeypointRevision, edit.base)
    # Also where nobody has points: then it is of a store that went its way.
    if edit.base is not None and (base is None or base.instance_id != edit.instance):
        raise BadInput("points.other_revision")
    if head is None or head.id == edit.base:
        return
    movers = _unseen_movers(head, base, edit.after, skeleton, session=session)
    clash = [point for point, *_ in edit.changes if point in movers]
    if not clash:
        return
    names, mover = [skeleton.point_names[point] for point in clash[:3]], movers[clash[0]]
    if mover == author_id:
        raise Conflict("points.moved_elsewhere", points=names)
    author = session.get(User, mover)
    raise Conflict("points.moved_meanwhile", author=author.name if author else message("words.somebody"), points=names)


def _unseen_movers(
    head: KeypointRevision, base: KeypointRevision | None, own: Collection[str], skeleton: Skeleton, *, session: Session
) -> dict[int, int]:
    """Who moved each point last, of those that lie elsewhere in `head` than an editor shows them.

    It shows `base` (None: no point) and on top its `own` edits, by their ids. A point that a model has placed anew is
    nobody's move.
    """
    later = select(KeypointRevision).where(
        KeypointRevision.instance_id == head.instance_id, col(KeypointRevision.id) > (base.id if base else 0)
    )
    movers: dict[int, int] = {}
    shown = before = points_of(base, skeleton)
    for revision in session.exec(later.order_by(col(KeypointRevision.id))):
        after = points_of(revision, skeleton)
        changed = moved(before, after)
        if revision.edit_id in own:
            shown = shown.taking(after, np.isin(np.arange(len(shown)), changed))
        if revision.author_id is not None:
            movers.update(dict.fromkeys(changed, revision.author_id))
        before = after
    return {point: movers[point] for point in moved(shown, before) if point in movers}


def _changed(points: Keypoints, changes: Sequence[Change], skeleton: Skeleton, image: Image) -> Keypoints:
    xy, visibility, confidence = points.points.copy(), points.visibility.copy(), points.confidence.copy()
    for point, x, y, seen in changes:
        if not 0 <= point < len(skeleton):
            raise BadInput("points.no_point", skeleton=skeleton.name, count=len(skeleton), point=point)
        if seen not in (ABSENT, HIDDEN, VISIBLE):
            raise BadInput("points.visibility", point=skeleton.point_names[point], value=seen)
        if seen == ABSENT:
            xy[point], visibility[point], confidence[point] = np.nan, ABSENT, 1.0
            continue
        if x is None or y is None or not (abs(x) <= 10 * image.width and abs(y) <= 10 * image.height):
            raise BadInput("points.far_outside", point=skeleton.point_names[point])
        xy[point], visibility[point], confidence[point] = (x, y), seen, 1.0
    return Keypoints(xy, visibility, confidence)
