"""How often a dataset has changed, so that figures about it are never older than it is."""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"

_COLUMNS = ("revision", "ranking_revision")


def upgrade() -> None:
    with op.batch_alter_table("dataset") as batch_op:
        for name in _COLUMNS:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("dataset") as batch_op:
        for name in _COLUMNS:
            batch_op.drop_column(name)
