"""Which promotion a rolling back takes back, so that the next one goes back further."""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    with op.batch_alter_table("promotion") as batch_op:
        batch_op.add_column(sa.Column("rolls_back_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_promotion_rolls_back_id"), "promotion", ["rolls_back_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("promotion") as batch_op:
        batch_op.drop_constraint(op.f("fk_promotion_rolls_back_id"), type_="foreignkey")
        batch_op.drop_column("rolls_back_id")
