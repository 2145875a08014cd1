"""Small writes about the points of instances. Each takes the caller's session and never commits."""

from typing import Any

from sqlmodel import Session

from db.tables import Instance, KeypointRevision, Source


def append_revision(
    instance: Instance,
    skeleton: str,
    points: bytes,
    source: Source,
    *,
    author_id: int | None = None,
    model_version_id: int | None = None,
    edit_id: str | None = None,
    note: dict[str, Any] | None = None,
    session: Session,
) -> KeypointRevision:
    """Append a state of an instance's points, on top of the one that counts so far; from now on it is what counts.

    `points` are packed as `KeypointRevision.points`. The instance is in the store already.
    """
    revision = KeypointRevision(
        instance_id=instance.id,
        skeleton=skeleton,
        points=points,
        source=source,
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
