"""What somebody has done is a code, not English words; a prediction's doubt is its uncertainty."""

from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    op.execute("UPDATE dailywork SET kind = replace(kind, ' ', '_')")
    op.execute("ALTER TABLE prediction RENAME COLUMN doubt TO uncertainty")


def downgrade() -> None:
    op.execute("ALTER TABLE prediction RENAME COLUMN uncertainty TO doubt")
    op.execute("UPDATE dailywork SET kind = replace(kind, '_', ' ')")
