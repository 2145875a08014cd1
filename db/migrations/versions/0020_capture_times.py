"""When each picture was taken: searches ask for dates, and events are told apart by the pauses between pictures."""

from alembic import op

from db.migrations.building import create_table, maybe, moment, part_of

revision: str = "0020"
down_revision: str | None = "0019"


def upgrade() -> None:
    create_table("capturetime", (part_of("image"), *maybe(moment("at"))), primary=("image_id",))


def downgrade() -> None:
    op.drop_table("capturetime")
