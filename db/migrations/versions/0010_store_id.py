"""A store has an id of its own, so that no browser's unsent edit lands in another one."""

import secrets

import sqlalchemy as sa
from alembic import op

from db.migrations.building import create_table, flag, text

revision: str = "0010"
down_revision: str | None = "0009"


def upgrade() -> None:
    create_table("store", (text("id"), flag("copied")), primary=("id",))
    row = sa.table("store", sa.column("id"), sa.column("copied"))
    op.execute(row.insert().values(id=secrets.token_hex(16), copied=False))


def downgrade() -> None:
    op.drop_table("store")
