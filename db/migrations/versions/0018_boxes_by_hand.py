"""Boxes drawn or moved by hand, each state of them; pictures with a reason or without a face are found at once."""

import sqlalchemy as sa
from alembic import op

from db.migrations.building import create_table, maybe, moment, part_of, real, row_of, text

revision: str = "0018"
down_revision: str | None = "0017"


def upgrade() -> None:
    create_table(
        "boxrevision",
        (part_of("instance"), real("left"), real("top"), real("right"), real("bottom"), text("box_source")),
        (*maybe(row_of("user", "author_id"), text("edit_id")), moment("at")),
        unique=("edit_id",),
    )
    op.create_index("ix_boxrevision_instance_id", "boxrevision", ["instance_id"])
    there, none = sa.text("reason IS NOT NULL"), sa.text("faces = 0")
    op.create_index("ix_image_with_reason", "image", ["dataset_id"], sqlite_where=there, postgresql_where=there)
    of = ["dataset_id", "state"]
    op.create_index("ix_image_without_face", "image", of, sqlite_where=none, postgresql_where=none)


def downgrade() -> None:
    op.drop_index("ix_image_without_face", "image")
    op.drop_index("ix_image_with_reason", "image")
    op.drop_table("boxrevision")
