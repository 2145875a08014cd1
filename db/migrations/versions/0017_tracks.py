"""Tracks of faces and bodies through a clip, and what was done to many frames of one at once."""

import sqlalchemy as sa
from alembic import op

from db.migrations.building import create_table, flag, json, maybe, moment, part_of, row_of, text

revision: str = "0017"
down_revision: str | None = "0016"


def upgrade() -> None:
    create_table(
        "track", (row_of("dataset"), part_of("video"), text("kind"), *maybe(text("name")), moment("created_at"))
    )
    op.create_index("ix_track_video_id", "track", ["video_id"])
    create_table(
        "clipedit",
        (row_of("dataset"), part_of("video"), text("kind"), text("summary"), json("payload"), json("result")),
        (row_of("user", "author_id"), flag("undone"), moment("at")),
        maybe(text("edit_id"), row_of("clipedit", "undoes_id")),
    )
    op.create_index("ix_clipedit_video_id_id", "clipedit", ["video_id", "id"])
    op.create_index("ix_clipedit_edit_id", "clipedit", ["edit_id"], unique=True)
    with op.batch_alter_table("instance") as batch_op:
        batch_op.add_column(sa.Column("track_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_instance_track_id"), "track", ["track_id"], ["id"])
        batch_op.create_index("ix_instance_track_id", ["track_id"])


def downgrade() -> None:
    with op.batch_alter_table("instance") as batch_op:
        batch_op.drop_index("ix_instance_track_id")
        batch_op.drop_constraint(op.f("fk_instance_track_id"), type_="foreignkey")
        batch_op.drop_column("track_id")
    op.drop_table("clipedit")
    op.drop_table("track")
