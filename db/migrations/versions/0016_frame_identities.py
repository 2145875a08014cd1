"""A frame of a clip is known by its clip and its number: it is read from there, and has no file with a SHA-256."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"

_VIDEO = sa.table("video", *map(sa.column, ("id", "dataset_id", "path", "sha256")))
_FRAME = sa.table("frame", *map(sa.column, ("video_id", "index", "image_id")))
_IMAGE = sa.table("image", *map(sa.column, ("id", "dataset_id", "sequence", "sha256", "original")))
_KEPT = re.compile(r"originals/[0-9a-f]{2}/([0-9a-f]{64})\.\w+")
_OF_CLIP = sa.and_(_IMAGE.c.dataset_id == _VIDEO.c.dataset_id, _IMAGE.c.sequence == _VIDEO.c.path)


def upgrade() -> None:
    """Pictures that came in as frames; one that several frames show is known by the first."""
    first = sa.func.min(_FRAME.c.index)
    frames = (
        sa.select(_IMAGE.c.id, _VIDEO.c.sha256, first)
        .join_from(_FRAME, _VIDEO, _FRAME.c.video_id == _VIDEO.c.id)
        .join(_IMAGE, sa.and_(_FRAME.c.image_id == _IMAGE.c.id, _OF_CLIP))
        .group_by(_IMAGE.c.id, _VIDEO.c.sha256)
    )
    _set((image, hashlib.sha256(f"{clip}:{number}".encode()).hexdigest()) for image, clip, number in _rows(frames))


def downgrade() -> None:
    """The name of a kept file is its SHA-256; a frame that has no file keeps what it is known by."""
    frames = (
        sa.select(_IMAGE.c.id, _IMAGE.c.original)
        .join_from(_IMAGE, _VIDEO, _OF_CLIP)
        .where(_IMAGE.c.id.in_(sa.select(_FRAME.c.image_id)))
    )
    kept = ((image, _KEPT.fullmatch(original)) for image, original in _rows(frames))
    _set((image, found[1]) for image, found in kept if found)


def _rows(statement: Any) -> Sequence[Any]:
    return op.get_bind().execute(statement).all()


def _set(digests: Iterable[tuple[int, str]]) -> None:
    changes = [{"image": image, "digest": digest} for image, digest in digests]
    if changes:
        by_id = _IMAGE.update().where(_IMAGE.c.id == sa.bindparam("image")).values(sha256=sa.bindparam("digest"))
        op.get_bind().execute(by_id, changes)
