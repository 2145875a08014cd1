"""How far the points of an instance are reviewed: a state of the instance (`db.tables.Review`) that accepting gives.

An edit puts an instance in progress. Points that are again where an earlier state had them are in that state again,
whoever or whatever had set them: so any edits undone give the start back (decision 13).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sqlmodel import Session

from core.foundation.arrays import Bools, Keypoints
from core.foundation.errors import Conflict
from core.foundation.messages import message
from core.foundation.skeletons import Skeleton, find_skeleton
from core.foundation.workspace import Workspace
from core.library.lookup import find_image
from core.points.windows import same_window, window_of
from db.queries.points import EarlierState, revision_of_edit, revisions_back_from, shown_instances
from db.tables import TRUTH, Instance, KeypointRevision, Review, WorkKind
from db.writes.dashboard import record_work
from db.writes.library import refresh_picture
from db.writes.points import NewPoints, append_revision, append_revisions, settled_before
from db.writing import writing


def accept(
    workspace: Workspace, image_id: int, *, author_id: int, seen: Collection[int] | None = None, sent: str | None = None
) -> int:
    """Say that every point of a picture is right as it is; returns how many instances a human vouches for now.

    With `seen`, ids of revisions, only for those, and for what was made of them since in the same window of a browser:
    a human vouches for no points that he was not shown. `sent` is the id that the browser gave to the verdict; it names
    the window (`core.points.windows`), and the same verdict sent again changes nothing. A picture without instances is
    accepted as one in which nothing is. An instance that has no points yet stays open.

    Raises
    ------
    NotFound
        If there is no such picture.
    Conflict
        If the picture has other points than those that were seen; then nothing is accepted.
    """
    with writing(workspace.engine) as session:
        image = find_image(image_id, session=session)
        shown = [(row.instance, row.revision) for row in shown_instances(image_id, session=session)]
        if sent and any(revision_of_edit(_part_of(sent, instance), session=session) for instance, _ in shown):
            return 0
        waiting = [(instance, head) for instance, head in shown if head and head.review != Review.ACCEPTED]
        window = window_of(sent)
        if seen is not None and not all(was_seen(head, seen, window, session=session) for _, head in waiting):
            raise Conflict("points.changed_since", picture=image.path)
        append_revisions([accepted(*row, author_id, sent) for row in waiting], session=session)
        news = bool(waiting) or not (shown or image.empty_by)
        if not shown:
            image.empty_by = image.empty_by or author_id
        refresh_picture(image_id, session=session)
        if news:
            record_work(author_id, image.dataset_id, WorkKind.PICTURES_ACCEPTED, session=session)
        return len(waiting)


def take_back(workspace: Workspace, image_id: int, *, author_id: int) -> int:
    """Take back that the points of a picture are right: each instance is as far as before; returns how many.

    Raises
    ------
    NotFound
        If there is no such picture.
    """
    with writing(workspace.engine) as session:
        image = find_image(image_id, session=session)
        shown = [(row.instance, row.revision) for row in shown_instances(image_id, session=session)]
        vouched_for = [(instance, head) for instance, head in shown if head and head.review == Review.ACCEPTED]
        for instance, head in vouched_for:
            _take_back(instance, head, author_id, session=session)
        image.empty_by = None
        refresh_picture(image_id, session=session)
        return len(vouched_for)


def was_seen(head: KeypointRevision, seen: Collection[int], window: str | None, *, session: Session) -> bool:
    """Whether a revision was shown, or is what a window has made since of one that was."""
    while head.id not in seen:
        base = session.get(KeypointRevision, head.base_id) if head.base_id else None
        if base is None or not same_window(head.edit_id, window):
            return False
        head = base
    return True


def _part_of(sent: str, instance: Instance) -> str:
    """The id of what a verdict does to one instance of its picture."""
    return f"{sent}.{instance.id}"


def accepted(instance: Instance, head: KeypointRevision, author_id: int, sent: str | None) -> NewPoints:
    """That a human vouches for all points of a head, as part of the verdict of a browser's id."""
    points = Keypoints.from_bytes(head.points)
    return NewPoints(
        instance,
        head.skeleton,
        Keypoints.of(points.points, points.visibility).to_bytes(),
        Review.ACCEPTED,
        author_id=author_id,
        edit_id=_part_of(sent, instance) if sent else None,
        note=message("edits.accepted").to_json(),
    )


def _take_back(instance: Instance, head: KeypointRevision, author_id: int, *, session: Session) -> None:
    """Give an instance the state from before it was accepted; where that had other points, its own are in progress."""
    skeleton = find_skeleton(head.skeleton)
    before = head
    while before.review == Review.ACCEPTED and before.base_id:
        before = session.get_one(KeypointRevision, before.base_id)
    same = before.skeleton == head.skeleton and not moved(points_of(before, skeleton), points_of(head, skeleton))
    if before.review != Review.ACCEPTED and same:
        now = ReviewedPoints(before.points, Review(before.review), before.start_id, before.model_version_id)
    else:
        now = ReviewedPoints(head.points, Review.IN_PROGRESS, settled_before(before) if before is not head else None)
    append_revision(
        instance,
        head.skeleton,
        now.points,
        now.review,
        start_id=now.start_id,
        model_version_id=now.model_version_id,
        author_id=author_id,
        note=message("edits.taken_back").to_json(),
        session=session,
    )


@dataclass(frozen=True)
class ReviewedPoints:
    """Packed points with how far they are reviewed, as `append_revision` takes them.

    `nothing`: there are no points again, as before anybody placed one.
    """

    points: bytes
    review: Review
    start_id: int | None = None
    model_version_id: int | None = None
    nothing: bool = False


def reviewed_after_edit(
    points: Keypoints,
    head: KeypointRevision | None,
    skeleton: Skeleton,
    *,
    base: int | None,
    window: str | None,
    session: Session,
) -> ReviewedPoints:
    """How far an instance is reviewed with the points that an edit has made of its head, and those points.

    What was made before the points were accepted in the same `window`, as `base` says, and comes in after that, was
    accepted with them.
    """
    packed = points.to_bytes()
    states = [] if head is None else revisions_back_from(head.id, session=session)
    for earlier in _settled(states):
        if earlier is None and not points.visibility.any():
            return ReviewedPoints(packed, Review.OPEN, nothing=True)
        if earlier is not None and earlier.skeleton == skeleton.name and Keypoints.same_places(earlier.points, packed):
            return ReviewedPoints(earlier.points, Review(earlier.review), model_version_id=earlier.model_version_id)
    if head and base and head.review == Review.ACCEPTED and same_window(head.edit_id, window) and base < head.id:
        return ReviewedPoints(packed, Review.ACCEPTED)
    start = next(_settled(states))
    return ReviewedPoints(
        _as_it_began(points, points_of(start, skeleton)).to_bytes(), Review.IN_PROGRESS, start.id if start else None
    )


def _settled(states: Sequence[EarlierState]) -> Iterator[EarlierState | None]:
    """The earlier states of an instance but for the work in progress, the newest first; None where that began from
    nothing."""
    yield from (state for state in states if state.review != Review.IN_PROGRESS)
    if not states or states[-1].review == Review.IN_PROGRESS:
        yield None


def _as_it_began(points: Keypoints, began: Keypoints) -> Keypoints:
    """The same points; those that are where the work began have the confidence that they had there."""
    back = np.setdiff1d(np.arange(len(points)), moved(began, points))
    confidence = points.confidence.copy()
    confidence[back] = began.confidence[back]
    return Keypoints(points.points, points.visibility, confidence)


def vouched(revision: KeypointRevision, start: KeypointRevision | None) -> Bools:
    """(K,) bool: for which points of a revision a human vouches; `start` is the revision that `start_id` names.

    For all of what is accepted or imported, none of what is open. Of work in progress for what a human has set since it
    began, and for what a human vouched for when it began.
    """
    before = (start.points, start.review) if start else None
    points = Keypoints.from_bytes(revision.points)
    return vouched_points(points, revision.review, before, find_skeleton(revision.skeleton))


def vouched_points(points: Keypoints, review: str, start: tuple[bytes, str] | None, skeleton: Skeleton) -> Bools:
    """As `vouched`, of points and their review; `start` has the packed points and the review where the work began."""
    if review != Review.IN_PROGRESS:
        return np.full(len(skeleton), review in TRUTH)
    began = points_of(None, skeleton) if start is None else Keypoints.from_bytes(start[0])
    known = np.full(len(skeleton), start is not None and start[1] in TRUTH)
    known[moved(began, points)] = True
    return known


def points_of(revision: KeypointRevision | EarlierState | None, skeleton: Skeleton) -> Keypoints:
    """The points of a revision; without one, all absent."""
    if revision is None:
        return Keypoints.of(np.full((len(skeleton), 2), np.nan))
    return Keypoints.from_bytes(revision.points)


def moved(before: Keypoints, after: Keypoints) -> list[int]:
    """The points that lie elsewhere, or are seen otherwise."""
    same_place = ((before.points == after.points) | (np.isnan(before.points) & np.isnan(after.points))).all(axis=1)
    return [int(point) for point in np.flatnonzero(~same_place | (before.visibility != after.visibility))]
