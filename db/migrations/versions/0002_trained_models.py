"""Trained models, their predictions and promotions, the parts of a split, excluded pictures."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "exclusion",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_exclusion_author_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_exclusion_dataset_id")),
        sa.PrimaryKeyConstraint("dataset_id", "name", name=op.f("pk_exclusion")),
    )
    op.create_table(
        "grouppart",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_grouppart_dataset_id")),
        sa.PrimaryKeyConstraint("dataset_id", "group", name=op.f("pk_grouppart")),
    )
    op.create_table(
        "promotion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("skeleton", sa.String(), nullable=False),
        sa.Column("model_version_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_promotion_author_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_promotion_dataset_id")),
        sa.ForeignKeyConstraint(["model_version_id"], ["modelversion.id"], name=op.f("fk_promotion_model_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion")),
    )
    with op.batch_alter_table("promotion", schema=None) as batch_op:
        batch_op.create_index("ix_promotion_dataset_id_skeleton_id", ["dataset_id", "skeleton", "id"], unique=False)

    op.create_table(
        "trainedmodel",
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("recipe", sa.String(), nullable=False),
        sa.Column("recipe_settings", sa.JSON(), nullable=False),
        sa.Column("skeleton", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_trainedmodel_author_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_trainedmodel_dataset_id")),
        sa.ForeignKeyConstraint(
            ["model_version_id"], ["modelversion.id"], name=op.f("fk_trainedmodel_model_version_id")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["modelversion.id"], name=op.f("fk_trainedmodel_parent_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_trainedmodel_run_id")),
        sa.PrimaryKeyConstraint("model_version_id", name=op.f("pk_trainedmodel")),
    )
    with op.batch_alter_table("trainedmodel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trainedmodel_dataset_id"), ["dataset_id"], unique=False)

    op.create_table(
        "prediction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("skeleton", sa.String(), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.Column("doubt", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name=op.f("fk_prediction_instance_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["model_version_id"], ["modelversion.id"], name=op.f("fk_prediction_model_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prediction")),
        sa.UniqueConstraint("model_version_id", "instance_id", name=op.f("uq_prediction_model_version_id_instance_id")),
    )
    with op.batch_alter_table("prediction", schema=None) as batch_op:
        batch_op.create_index("ix_prediction_instance_id", ["instance_id"], unique=False)

    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sequence", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.drop_column("sequence")

    with op.batch_alter_table("prediction", schema=None) as batch_op:
        batch_op.drop_index("ix_prediction_instance_id")

    op.drop_table("prediction")
    with op.batch_alter_table("trainedmodel", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trainedmodel_dataset_id"))

    op.drop_table("trainedmodel")
    with op.batch_alter_table("promotion", schema=None) as batch_op:
        batch_op.drop_index("ix_promotion_dataset_id_skeleton_id")

    op.drop_table("promotion")
    op.drop_table("grouppart")
    op.drop_table("exclusion")
