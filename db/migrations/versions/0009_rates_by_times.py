"""A clip's rate is that of its frames' presentation times: headers of clips say anything."""

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"

_VIDEO = sa.table("video", sa.column("id"), sa.column("frames_per_second"))
_FRAME = sa.table("frame", sa.column("video_id"), sa.column("index"), sa.column("seconds"))


def upgrade() -> None:
    steps = sa.func.max(_FRAME.c.index) - sa.func.min(_FRAME.c.index)
    seconds = sa.func.max(_FRAME.c.seconds) - sa.func.min(_FRAME.c.seconds)
    measured = sa.select(steps / seconds).where(_FRAME.c.video_id == _VIDEO.c.id).having(seconds > 0).scalar_subquery()
    off = sa.func.abs(_VIDEO.c.frames_per_second / measured - 1) >= 0.01
    op.execute(_VIDEO.update().where(off).values(frames_per_second=measured))


def downgrade() -> None:
    """What a header said is known no more, and was wrong."""
