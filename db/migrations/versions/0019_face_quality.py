"""How well each face can be recognised; older stores get theirs measured by the next run that looks at their faces."""

from alembic import op

from db.migrations.building import create_table, maybe, moment, part_of, real

revision: str = "0019"
down_revision: str | None = "0018"


def upgrade() -> None:
    create_table(
        "facequality",
        (part_of("instance"), real("sharpness"), real("size")),
        (*maybe(real("yaw"), real("pitch"), real("disagreement")), moment("at")),
        primary=("instance_id",),
    )


def downgrade() -> None:
    op.drop_table("facequality")
