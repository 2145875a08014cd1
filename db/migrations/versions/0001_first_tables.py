"""The first tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "modelversion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("weights_sha256", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("settings_key", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_modelversion")),
        sa.UniqueConstraint(
            "name", "weights_sha256", "settings_key", name=op.f("uq_modelversion_name_weights_sha256_settings_key")
        ),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("name", name=op.f("uq_user_name")),
    )
    op.create_table(
        "dataset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_dataset_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
        sa.UniqueConstraint("name", name=op.f("uq_dataset_name")),
    )
    op.create_table(
        "dailywork",
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_dailywork_author_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_dailywork_dataset_id")),
        sa.PrimaryKeyConstraint("author_id", "dataset_id", "day", "kind", name=op.f("pk_dailywork")),
    )
    op.create_table(
        "modeluse",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_modeluse_dataset_id")),
        sa.ForeignKeyConstraint(["model_version_id"], ["modelversion.id"], name=op.f("fk_modeluse_model_version_id")),
        sa.PrimaryKeyConstraint("dataset_id", "model_version_id", name=op.f("pk_modeluse")),
    )
    op.create_table(
        "peopleevent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_peopleevent_author_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_peopleevent_dataset_id")),
        sa.ForeignKeyConstraint(["undoes_id"], ["peopleevent.id"], name=op.f("fk_peopleevent_undoes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peopleevent")),
    )
    with op.batch_alter_table("peopleevent", schema=None) as batch_op:
        batch_op.create_index("ix_peopleevent_dataset_id_id", ["dataset_id", "id"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_person_created_by")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_person_dataset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index("ix_person_dataset_id_active", ["dataset_id", "active"], unique=False)
        batch_op.create_index(
            "uq_person_dataset_id_name",
            ["dataset_id", "name"],
            unique=True,
            sqlite_where=sa.text("active AND name IS NOT NULL"),
            postgresql_where=sa.text("active AND name IS NOT NULL"),
        )

    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done_at_start", sa.Integer(), nullable=False),
        sa.Column("phase_at", sa.DateTime(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("log", sa.String(), nullable=True),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_run_author_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_run_dataset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_dataset_id"), ["dataset_id"], unique=False)
        batch_op.create_index("ix_run_state_id", ["state", "id"], unique=False)

    op.create_table(
        "threshold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("chosen", sa.String(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_threshold_author_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_threshold_dataset_id")),
        sa.ForeignKeyConstraint(["model_version_id"], ["modelversion.id"], name=op.f("fk_threshold_model_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threshold")),
    )
    with op.batch_alter_table("threshold", schema=None) as batch_op:
        batch_op.create_index(
            "ix_threshold_dataset_id_model_version_id", ["dataset_id", "model_version_id", "id"], unique=False
        )

    op.create_table(
        "video",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("frames_per_second", sa.Float(), nullable=False),
        sa.Column("original", sa.String(), nullable=False),
        sa.Column("imported_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_video_dataset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video")),
        sa.UniqueConstraint("dataset_id", "sha256", name=op.f("uq_video_dataset_id_sha256")),
    )
    op.create_table(
        "export",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("manifest_sha256", sa.String(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_export_author_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_export_dataset_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_export_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
    )
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_export_dataset_id"), ["dataset_id"], unique=False)

    op.create_table(
        "image",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("original", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=True),
        sa.Column("identity_by", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("faces", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("imported_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_image_dataset_id")),
        sa.ForeignKeyConstraint(["identity_by"], ["user.id"], name=op.f("fk_image_identity_by")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_image_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image")),
        sa.UniqueConstraint("dataset_id", "sha256", name=op.f("uq_image_dataset_id_sha256")),
    )
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.create_index("ix_image_dataset_id_path", ["dataset_id", "path"], unique=False)
        batch_op.create_index("ix_image_dataset_id_state_path", ["dataset_id", "state", "path"], unique=False)

    op.create_table(
        "skipped",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_skipped_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skipped")),
    )
    with op.batch_alter_table("skipped", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_skipped_run_id"), ["run_id"], unique=False)

    op.create_table(
        "frame",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("video_id", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_frame_image_id")),
        sa.ForeignKeyConstraint(["video_id"], ["video.id"], name=op.f("fk_frame_video_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frame")),
        sa.UniqueConstraint("video_id", "index", name=op.f("uq_frame_video_id_index")),
    )
    with op.batch_alter_table("frame", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_frame_image_id"), ["image_id"], unique=False)

    op.create_table(
        "imagepath",
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_imagepath_image_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("image_id", "path", name=op.f("pk_imagepath")),
    )
    op.create_table(
        "instance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("left", sa.Float(), nullable=False),
        sa.Column("top", sa.Float(), nullable=False),
        sa.Column("right", sa.Float(), nullable=False),
        sa.Column("bottom", sa.Float(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("five_points", sa.LargeBinary(), nullable=True),
        sa.Column("model_version_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_instance_author_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_instance_dataset_id")),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_instance_image_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["model_version_id"], ["modelversion.id"], name=op.f("fk_instance_model_version_id")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["keypointrevision.id"], name=op.f("fk_instance_revision_id"), use_alter=True
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_instance_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
    )
    with op.batch_alter_table("instance", schema=None) as batch_op:
        batch_op.create_index("ix_instance_dataset_id_kind", ["dataset_id", "kind", "removed"], unique=False)
        batch_op.create_index("ix_instance_image_id", ["image_id"], unique=False)

    op.create_table(
        "scan",
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("faces", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_scan_image_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["model_version_id"], ["modelversion.id"], name=op.f("fk_scan_model_version_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_scan_run_id")),
        sa.PrimaryKeyConstraint("image_id", "model_version_id", name=op.f("pk_scan")),
    )
    op.create_table(
        "assignment",
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_assignment_author_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_assignment_dataset_id")),
        sa.ForeignKeyConstraint(["event_id"], ["peopleevent.id"], name=op.f("fk_assignment_event_id")),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name=op.f("fk_assignment_instance_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assignment_person_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_assignment_run_id")),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_assignment")),
    )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.create_index("ix_assignment_dataset_id_source", ["dataset_id", "source"], unique=False)
        batch_op.create_index("ix_assignment_person_id_source", ["person_id", "source"], unique=False)

    op.create_table(
        "embedding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name=op.f("fk_embedding_instance_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["model_version_id"], ["modelversion.id"], name=op.f("fk_embedding_model_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embedding")),
        sa.UniqueConstraint("instance_id", "model_version_id", name=op.f("uq_embedding_instance_id_model_version_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("embedding", schema=None) as batch_op:
        batch_op.create_index("ix_embedding_model_version_id_id", ["model_version_id", "id"], unique=False)

    op.create_table(
        "keypointrevision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("skeleton", sa.String(), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("model_version_id", sa.Integer(), nullable=True),
        sa.Column("base_id", sa.Integer(), nullable=True),
        sa.Column("edit_id", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_keypointrevision_author_id")),
        sa.ForeignKeyConstraint(["base_id"], ["keypointrevision.id"], name=op.f("fk_keypointrevision_base_id")),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name=op.f("fk_keypointrevision_instance_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"], ["modelversion.id"], name=op.f("fk_keypointrevision_model_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keypointrevision")),
    )
    with op.batch_alter_table("keypointrevision", schema=None) as batch_op:
        batch_op.create_index("ix_keypointrevision_instance_id_id", ["instance_id", "id"], unique=False)
        batch_op.create_index(
            "uq_keypointrevision_edit_id",
            ["edit_id"],
            unique=True,
            sqlite_where=sa.text("edit_id IS NOT NULL"),
            postgresql_where=sa.text("edit_id IS NOT NULL"),
        )

    op.create_table(
        "pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("threshold_id", sa.Integer(), nullable=False),
        sa.Column("left_id", sa.Integer(), nullable=False),
        sa.Column("right_id", sa.Integer(), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["left_id"], ["instance.id"], name=op.f("fk_pair_left_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["right_id"], ["instance.id"], name=op.f("fk_pair_right_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["threshold_id"], ["threshold.id"], name=op.f("fk_pair_threshold_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair")),
    )
    with op.batch_alter_table("pair", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pair_threshold_id"), ["threshold_id"], unique=False)

    op.create_table(
        "separation",
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["peopleevent.id"], name=op.f("fk_separation_event_id")),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name=op.f("fk_separation_instance_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_separation_person_id")),
        sa.PrimaryKeyConstraint("instance_id", "person_id", name=op.f("pk_separation")),
    )
    with op.batch_alter_table("separation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_separation_event_id"), ["event_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("separation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_separation_event_id"))

    op.drop_table("separation")
    with op.batch_alter_table("pair", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pair_threshold_id"))

    op.drop_table("pair")
    with op.batch_alter_table("keypointrevision", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_keypointrevision_edit_id",
            sqlite_where=sa.text("edit_id IS NOT NULL"),
            postgresql_where=sa.text("edit_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_keypointrevision_instance_id_id")

    op.drop_table("keypointrevision")
    with op.batch_alter_table("embedding", schema=None) as batch_op:
        batch_op.drop_index("ix_embedding_model_version_id_id")

    op.drop_table("embedding")
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.drop_index("ix_assignment_person_id_source")
        batch_op.drop_index("ix_assignment_dataset_id_source")

    op.drop_table("assignment")
    op.drop_table("scan")
    with op.batch_alter_table("instance", schema=None) as batch_op:
        batch_op.drop_index("ix_instance_image_id")
        batch_op.drop_index("ix_instance_dataset_id_kind")

    op.drop_table("instance")
    op.drop_table("imagepath")
    with op.batch_alter_table("frame", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_frame_image_id"))

    op.drop_table("frame")
    with op.batch_alter_table("skipped", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_skipped_run_id"))

    op.drop_table("skipped")
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.drop_index("ix_image_dataset_id_state_path")
        batch_op.drop_index("ix_image_dataset_id_path")

    op.drop_table("image")
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_export_dataset_id"))

    op.drop_table("export")
    op.drop_table("video")
    with op.batch_alter_table("threshold", schema=None) as batch_op:
        batch_op.drop_index("ix_threshold_dataset_id_model_version_id")

    op.drop_table("threshold")
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index("ix_run_state_id")
        batch_op.drop_index(batch_op.f("ix_run_dataset_id"))

    op.drop_table("run")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_person_dataset_id_name",
            sqlite_where=sa.text("active AND name IS NOT NULL"),
            postgresql_where=sa.text("active AND name IS NOT NULL"),
        )
        batch_op.drop_index("ix_person_dataset_id_active")

    op.drop_table("person")
    with op.batch_alter_table("peopleevent", schema=None) as batch_op:
        batch_op.drop_index("ix_peopleevent_dataset_id_id")

    op.drop_table("peopleevent")
    op.drop_table("modeluse")
    op.drop_table("dailywork")
    op.drop_table("dataset")
    op.drop_table("user")
    op.drop_table("modelversion")
