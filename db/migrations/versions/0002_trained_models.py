"""Trained models, their predictions and promotions, the parts of a split, excluded pictures."""

import sqlalchemy as sa
from alembic import op

from db.migrations.building import blob, create_table, json, maybe, moment, part_of, real, row_of, text

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    create_table(
        "exclusion",
        (row_of("dataset"), text("name"), text("reason"), row_of("user", "author_id"), moment("at")),
        primary=("dataset_id", "name"),
    )
    create_table("grouppart", (row_of("dataset"), text("group"), text("part")), primary=("dataset_id", "group"))
    create_table(
        "promotion",
        (row_of("dataset"), text("skeleton"), *maybe(row_of("modelversion", "model_version_id"))),
        (row_of("user", "author_id"), moment("at")),
    )
    op.create_index("ix_promotion_dataset_id_skeleton_id", "promotion", ["dataset_id", "skeleton", "id"])
    create_table(
        "trainedmodel",
        (row_of("modelversion", "model_version_id"), row_of("dataset")),
        (*maybe(row_of("run"), row_of("modelversion", "parent_id")), text("recipe"), json("recipe_settings")),
        (text("skeleton"), text("file"), json("data"), json("figures"), real("seconds"), row_of("user", "author_id")),
        (moment("created_at"),),
        primary=("model_version_id",),
    )
    op.create_index("ix_trainedmodel_dataset_id", "trainedmodel", ["dataset_id"])
    create_table(
        "prediction",
        (part_of("instance"), row_of("modelversion", "model_version_id"), text("skeleton"), blob("points")),
        (blob("doubt"), moment("created_at")),
        unique=("model_version_id", "instance_id"),
    )
    op.create_index("ix_prediction_instance_id", "prediction", ["instance_id"])
    with op.batch_alter_table("image") as batch_op:
        batch_op.add_column(sa.Column("sequence", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("image") as batch_op:
        batch_op.drop_column("sequence")
    for table in ("prediction", "trainedmodel", "promotion", "grouppart", "exclusion"):
        op.drop_table(table)
