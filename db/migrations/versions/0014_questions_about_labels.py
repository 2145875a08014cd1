"""Labels whose meaning is open wait for an answer: what is doubtful, what was answered, and which question is open."""

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"


def upgrade() -> None:
    with op.batch_alter_table("waitinglabel") as batch_op:
        batch_op.add_column(sa.Column("doubts", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("answers", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("asked", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("question", sa.String(), nullable=True))
    with op.batch_alter_table("waitinglabel") as batch_op:
        batch_op.alter_column("doubts", server_default=None)
        batch_op.alter_column("answers", server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM waitinglabel WHERE asked IS NOT NULL")  # the revision before would put them on unasked
    with op.batch_alter_table("waitinglabel") as batch_op:
        for column in ("question", "asked", "answers", "doubts"):
            batch_op.drop_column(column)
