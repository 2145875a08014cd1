"""People who are hidden, and the face that a human has chosen to stand for somebody.

The face is no reference: it counts while it is that person's, so a face that goes needs nothing to be cleaned up.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"


def upgrade() -> None:
    op.add_column("person", sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("person", sa.Column("cover_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("person", "cover_id")
    op.drop_column("person", "hidden")
