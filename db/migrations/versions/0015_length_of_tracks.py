"""A label of a track that waits for its clip knows how long the track is: its last frames may have no points."""

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"


def upgrade() -> None:
    with op.batch_alter_table("waitinglabel") as batch_op:
        batch_op.add_column(sa.Column("frames", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("waitinglabel") as batch_op:
        batch_op.drop_column("frames")
