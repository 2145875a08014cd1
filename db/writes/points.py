"""Small writes about the points of instances. Each takes the caller's session and never commits."""

from typing import Any

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
    revision = KeypointRevision(
        instance_id=instance.id,
        skeleton=skeleton,
        points=points,
        source=Source.MODEL if review == Review.OPEN else Source.HUMAN,
        review=Review(review),
        start_id=start_id,
        author_id=author_id,
        model_version_id=model_version_id,
        base_id=instance.revision_id,
        edit_id=edit_id,
        note=note,
    )
    session.add(revision)
    session.flush()
    instance.revision_id = revision.id
    return revision


def settled_before(head: KeypointRevision | None) -> int | None:
    """The id of the revision that work on a head begins from: of itself, or where work is in progress, of its start."""
    if head is None:
        return None
    return head.start_id if head.review == Review.IN_PROGRESS else head.id
