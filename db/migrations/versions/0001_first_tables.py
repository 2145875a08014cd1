"""The first tables."""

import sqlalchemy as sa
from alembic import op

from db.migrations.building import blob, create_table, flag, json, maybe, moment, number, part_of, real, row_of, text

revision: str = "0001"
down_revision: str | None = None


def upgrade() -> None:
    create_table(
        "modelversion",
        (text("name"), text("kind"), text("weights_sha256"), json("settings"), text("settings_key")),
        (moment("created_at"),),
        unique=("name", "weights_sha256", "settings_key"),
    )
    create_table("user", (text("name"), moment("created_at")), unique=("name",))
    create_table("dataset", (text("name"), moment("created_at"), row_of("user", "created_by")), unique=("name",))
    create_table(
        "dailywork",
        (row_of("user", "author_id"), row_of("dataset"), text("day", 10), text("kind"), number("count")),
        primary=("author_id", "dataset_id", "day", "kind"),
    )
    create_table(
        "modeluse",
        (row_of("dataset"), row_of("modelversion", "model_version_id")),
        primary=("dataset_id", "model_version_id"),
    )
    create_table(
        "peopleevent",
        (row_of("dataset"), text("kind"), text("summary"), json("payload"), row_of("user", "author_id")),
        (*maybe(row_of("peopleevent", "undoes_id")), flag("undone"), moment("at")),
    )
    op.create_index("ix_peopleevent_dataset_id_id", "peopleevent", ["dataset_id", "id"])
    create_table(
        "person",
        (row_of("dataset"), *maybe(text("name")), flag("active"), *maybe(row_of("user", "created_by"))),
        (moment("created_at"),),
    )
    op.create_index("ix_person_dataset_id_active", "person", ["dataset_id", "active"])
    named = sa.text("active AND name IS NOT NULL")
    op.create_index(
        "uq_person_dataset_id_name",
        "person",
        ["dataset_id", "name"],
        unique=True,
        sqlite_where=named,
        postgresql_where=named,
    )
    create_table(
        "run",
        (text("kind"), *maybe(row_of("dataset")), row_of("user", "author_id"), json("parameters"), text("state")),
        (number("done"), number("total"), number("done_at_start"), *maybe(moment("phase_at")), json("counts")),
        (text("message"), *maybe(text("error"), text("log"), text("worker")), number("deaths")),
        (flag("cancel_requested"), moment("created_at"), *maybe(moment("started_at"), moment("finished_at"))),
    )
    op.create_index("ix_run_dataset_id", "run", ["dataset_id"])
    op.create_index("ix_run_state_id", "run", ["state", "id"])
    create_table(
        "threshold",
        (row_of("dataset"), row_of("modelversion", "model_version_id"), real("value"), text("chosen"), json("metrics")),
        (row_of("user", "author_id"), moment("at")),
    )
    op.create_index("ix_threshold_dataset_id_model_version_id", "threshold", ["dataset_id", "model_version_id", "id"])
    create_table(
        "video",
        (row_of("dataset"), text("path"), text("sha256"), number("width"), number("height"), number("frames")),
        (real("frames_per_second"), text("original"), moment("imported_at")),
        unique=("dataset_id", "sha256"),
    )
    create_table(
        "export",
        (row_of("dataset"), *maybe(row_of("run")), text("format"), text("folder"), text("manifest_sha256")),
        (json("counts"), row_of("user", "author_id"), moment("at")),
    )
    op.create_index("ix_export_dataset_id", "export", ["dataset_id"])
    create_table(
        "image",
        (row_of("dataset"), text("path"), text("sha256"), number("size_bytes"), number("width"), number("height")),
        (text("format"), text("original"), *maybe(text("identity"), row_of("user", "identity_by")), text("state")),
        (*maybe(text("reason")), number("faces"), *maybe(row_of("run")), moment("imported_at")),
        unique=("dataset_id", "sha256"),
    )
    op.create_index("ix_image_dataset_id_path", "image", ["dataset_id", "path"])
    op.create_index("ix_image_dataset_id_state_path", "image", ["dataset_id", "state", "path"])
    create_table("skipped", (part_of("run"), text("path"), text("reason")))
    op.create_index("ix_skipped_run_id", "skipped", ["run_id"])
    create_table(
        "frame",
        (part_of("video"), number("index"), real("seconds"), *maybe(row_of("image"))),
        unique=("video_id", "index"),
    )
    op.create_index("ix_frame_image_id", "frame", ["image_id"])
    create_table("imagepath", (part_of("image"), text("path")), primary=("image_id", "path"))
    create_table(
        "instance",
        (row_of("dataset"), part_of("image"), text("kind"), real("left"), real("top"), real("right"), real("bottom")),
        (*maybe(real("score")), text("origin")),
        maybe(
            blob("five_points"), row_of("modelversion", "model_version_id"), row_of("user", "author_id"), row_of("run")
        ),
        maybe(row_of("keypointrevision", "revision_id", use_alter=True)),
        (flag("removed"), moment("created_at")),
    )
    op.create_index("ix_instance_dataset_id_kind", "instance", ["dataset_id", "kind", "removed"])
    op.create_index("ix_instance_image_id", "instance", ["image_id"])
    create_table(
        "scan",
        (part_of("image"), row_of("modelversion", "model_version_id"), *maybe(row_of("run")), number("faces")),
        (*maybe(text("failure")), moment("at")),
        primary=("image_id", "model_version_id"),
    )
    create_table(
        "assignment",
        (part_of("instance"), row_of("dataset"), row_of("person"), text("source")),
        (*maybe(row_of("user", "author_id"), row_of("peopleevent", "event_id"), row_of("run")), moment("at")),
        primary=("instance_id",),
    )
    op.create_index("ix_assignment_dataset_id_source", "assignment", ["dataset_id", "source"])
    op.create_index("ix_assignment_person_id_source", "assignment", ["person_id", "source"])
    create_table(
        "embedding",
        (part_of("instance"), row_of("modelversion", "model_version_id"), blob("vector")),
        (sa.Column("mark", sa.BigInteger(), nullable=False),),
        unique=("instance_id", "model_version_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_embedding_model_version_id_id", "embedding", ["model_version_id", "id"])
    create_table(
        "keypointrevision",
        (part_of("instance"), text("skeleton"), blob("points"), text("source")),
        maybe(row_of("user", "author_id"), row_of("modelversion", "model_version_id")),
        (*maybe(row_of("keypointrevision", "base_id"), text("edit_id")), text("note"), moment("created_at")),
    )
    op.create_index("ix_keypointrevision_instance_id_id", "keypointrevision", ["instance_id", "id"])
    edited = sa.text("edit_id IS NOT NULL")
    op.create_index(
        "uq_keypointrevision_edit_id",
        "keypointrevision",
        ["edit_id"],
        unique=True,
        sqlite_where=edited,
        postgresql_where=edited,
    )
    create_table(
        "pair",
        (part_of("threshold"), part_of("instance", "left_id"), part_of("instance", "right_id"), flag("same")),
        (real("score"),),
    )
    op.create_index("ix_pair_threshold_id", "pair", ["threshold_id"])
    create_table(
        "separation",
        (part_of("instance"), row_of("person"), row_of("peopleevent", "event_id")),
        primary=("instance_id", "person_id"),
    )
    op.create_index("ix_separation_event_id", "separation", ["event_id"])


def downgrade() -> None:
    for table in (
        "separation",
        "pair",
        "keypointrevision",
        "embedding",
        "assignment",
        "scan",
        "instance",
        "imagepath",
        "frame",
        "skipped",
        "image",
        "export",
        "video",
        "threshold",
        "run",
        "person",
        "peopleevent",
        "modeluse",
        "dailywork",
        "dataset",
        "user",
        "modelversion",
    ):
        op.drop_table(table)
