"""Small writes about the points of instances. Each takes the caller's session and never commits."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlmodel import Session

from db.tables import Instance, KeypointRevision, Review, Source


def append_revision(
    instance: Instance,
    skeleton: str,
    points: bytes,
    review: Review,
    *,
    start_id: int | None = None,
    author_id: int | None = None,
    model_version_id: int | None = None,
    edit_id: str | None = None,
    note: dict[str, Any] | None = None,
    session: Session,
) -> KeypointRevision:
    """Append a state of an instance's points, on top of the one that counts so far; from now on it is what counts.

    `points` are packed as `KeypointRevision.points`. Points that are open count as a model's, all others as a human's;
    `start_id` is given for work in progress (`settled_before`). The instance is in the store already;
    `db.writes.library.refresh_picture` afterwards brings its picture in line.
    """
    about = (start_id, author_id, model_version_id, edit_id, note)
    [revision] = append_revisions([NewPoints(instance, skeleton, points, review, *about)], session=session)
    return revision


class NewPoints(NamedTuple):
    """A state of an instance's points that is to be appended, as `append_revision` takes it."""

    instance: Instance
    skeleton: str
    points: bytes
    review: Review
    start_id: int | None = None
    author_id: int | None = None
    model_version_id: int | None = None
    edit_id: str | None = None
    note: dict[str, Any] | None = None


def append_revisions(states: Sequence[NewPoints], *, session: Session) -> list[KeypointRevision]:
    """As `append_revision` for each, of different instances, in few statements."""
    revisions = [_revision(state) for state in states]
    session.add_all(revisions)
    session.flush()
    for state, revision in zip(states, revisions, strict=True):
        state.instance.revision_id = revision.id
    return revisions


def _revision(state: NewPoints) -> KeypointRevision:
    return KeypointRevision(
        instance_id=state.instance.id,
        skeleton=state.skeleton,
        points=state.points,
        source=Source.MODEL if state.review == Review.OPEN else Source.HUMAN,
        review=Review(state.review),
        start_id=state.start_id,
        author_id=state.author_id,
        model_version_id=state.model_version_id,
        base_id=state.instance.revision_id,
        edit_id=state.edit_id,
        note=state.note,
    )


def settled_before(head: KeypointRevision | None) -> int | None:
    """The id of the revision that work on a head begins from: of itself, or where work is in progress, of its start."""
    if head is None:
        return None
    return head.start_id if head.review == Review.IN_PROGRESS else head.id
