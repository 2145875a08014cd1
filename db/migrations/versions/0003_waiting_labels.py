"""Labels that wait for their pictures."""

from alembic import op

from db.migrations.building import blob, create_table, flag, maybe, moment, number, real, row_of, text

revision: str = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    create_table(
        "waitinglabel",
        (row_of("dataset"), text("digest"), text("picture"), *maybe(number("frame"), text("sequence"))),
        (text("skeleton"), blob("points")),
        maybe(real("left"), real("top"), real("right"), real("bottom"), number("width"), number("height")),
        (flag("inside"), text("source"), row_of("user", "author_id"), moment("created_at")),
        unique=("dataset_id", "digest"),
    )


def downgrade() -> None:
    op.drop_table("waitinglabel")
