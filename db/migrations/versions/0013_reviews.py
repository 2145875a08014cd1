"""How far each instance is reviewed: touched is not reviewed, and what was undone is as before.

Earlier, any edit made a face's points a human's, and its whole picture corrected. The revisions say what happened:
accepted and imported ones are that; an edit that gave an earlier state back has that state; any other is in progress,
unless its picture was accepted later (which then wrote nothing for it), or every point that is there was set by hand.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"

_ACCEPTED = ("edits.accepted",)
_IMPORTED = ("edits.imported", "edits.imported_from", "edits.drawn")


class _Row(NamedTuple):
    id: int
    instance_id: int
    base_id: int | None
    points: bytes
    source: str
    code: str | None
    version_id: int | None


class _Review(NamedTuple):
    """Of one revision: how far it is reviewed, where work in progress began, and its points."""

    review: str
    start_id: int | None
    points: bytes
    version_id: int | None


def upgrade() -> None:
    with op.batch_alter_table("keypointrevision") as batch_op:
        batch_op.add_column(sa.Column("review", sa.String(), nullable=False, server_default="open"))
        batch_op.add_column(sa.Column("start_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_keypointrevision_start_id"), "keypointrevision", ["start_id"], ["id"])
    with op.batch_alter_table("image") as batch_op:
        batch_op.add_column(sa.Column("empty_by", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_image_empty_by"), "user", ["empty_by"], ["id"])
    for _, rows in groupby(_revisions_of_touched(), key=lambda row: row.instance_id):
        _review(list(rows))
    _accept_with_their_pictures()
    _name_states()


def _revisions_of_touched() -> Iterator[_Row]:
    """The revisions of every instance that a human has touched, instance by instance in their order."""
    rows = op.get_bind().execute(
        sa.text(
            "SELECT id, instance_id, base_id, points, source,"
            " CASE WHEN json_valid(note) THEN json_extract(note, '$.code') END, model_version_id"
            " FROM keypointrevision WHERE instance_id IN"
            " (SELECT instance_id FROM keypointrevision WHERE source = 'human') ORDER BY instance_id, id"
        )
    )
    yield from (_Row(*row) for row in rows.fetchall())


def _review(rows: list[_Row]) -> None:
    """Write down how far an instance was reviewed with each of its revisions."""
    known: dict[int | None, _Review] = {}
    for row in rows:
        base = known.get(row.base_id)
        start_id = base.start_id if base and base.review == "in_progress" else row.base_id if base else None
        known[row.id] = _reviewed(row, start_id, known.get(start_id))
        _write(row, known[row.id])
    if start_id is None and known[row.id].review in ("open", "in_progress") and row.source == "human":
        _settle_what_began_from_nothing(row)


def _reviewed(row: _Row, start_id: int | None, start: _Review | None) -> _Review:
    if row.source != "human":
        return _Review("open", None, row.points, row.version_id)
    if row.code in _ACCEPTED:
        return _Review("accepted", None, row.points, row.version_id)
    if row.code in _IMPORTED:
        return _Review("imported", None, row.points, row.version_id)
    if start is None:
        return _Review("in_progress" if _any_in(row.points) else "open", None, row.points, row.version_id)
    if _places(row.points) != _places(start.points):
        return _Review("in_progress", start_id, row.points, row.version_id)
    return start


def _places(points: bytes) -> bytes:
    """Where the points are and how they are seen, without the confidence."""
    return np.frombuffer(points, "<f4").reshape(-1, 4)[:, :3].tobytes()


def _any_in(points: bytes) -> bool:
    return bool((np.frombuffer(points, "<f4")[2::4] > 0).any())


def _write(row: _Row, found: _Review) -> None:
    if row.source != "human":
        return  # open, as every row begins
    values: dict[str, Any] = {"review": found.review, "start": found.start_id, "id": row.id}
    statement = "UPDATE keypointrevision SET review = :review, start_id = :start"
    if found.review == "open":  # the points are a model's again
        statement += ", source = 'model', points = :points, model_version_id = :version"
        values |= {"points": found.points, "version": found.version_id}
    op.get_bind().execute(sa.text(f"{statement} WHERE id = :id"), values)


def _settle_what_began_from_nothing(last: _Row) -> None:
    """Points that were all set by hand are accepted; where all are taken away again, there are none."""
    bind = op.get_bind()
    if _any_in(last.points):
        bind.execute(sa.text("UPDATE keypointrevision SET review = 'accepted' WHERE id = :id"), {"id": last.id})
    else:
        bind.execute(sa.text("UPDATE instance SET revision_id = NULL WHERE revision_id = :id"), {"id": last.id})


def _accept_with_their_pictures() -> None:
    """What was in progress when its picture was accepted was accepted too: that wrote nothing for a human's points."""
    op.execute(
        "UPDATE keypointrevision SET review = 'accepted', start_id = NULL WHERE review = 'in_progress' AND id IN"
        " (SELECT head.id FROM instance AS mine JOIN keypointrevision AS head ON head.id = mine.revision_id"
        "  WHERE EXISTS (SELECT 1 FROM instance AS other JOIN keypointrevision AS said ON said.instance_id = other.id"
        "   WHERE other.image_id = mine.image_id AND said.created_at >= head.created_at"
        "   AND json_valid(said.note) AND json_extract(said.note, '$.code') = 'edits.accepted'))"
    )


def _name_states() -> None:
    """Where each picture stands, out of its instances."""
    op.execute("UPDATE image SET reason = NULL WHERE state = 'corrected'")
    op.execute("UPDATE image SET state = 'new' WHERE state IN ('found', 'corrected')")
    op.execute(
        "UPDATE image SET state = 'empty' WHERE state = 'new'"
        " AND id IN (SELECT image_id FROM scan WHERE failure IS NULL)"
    )
    op.execute(
        "UPDATE image SET state = counted.state FROM (SELECT instance.image_id, CASE"
        "  WHEN sum(COALESCE(head.review, 'open') <> 'open') = 0 THEN 'found'"
        "  WHEN sum(COALESCE(head.review, 'open') IN ('open', 'in_progress')) > 0 THEN 'in_progress'"
        "  WHEN sum(head.review = 'imported') > 0 THEN 'imported' ELSE 'accepted' END AS state"
        " FROM instance LEFT JOIN keypointrevision AS head ON head.id = instance.revision_id"
        " WHERE NOT instance.removed GROUP BY instance.image_id) AS counted"
        " WHERE counted.image_id = image.id AND image.state <> 'failed'"
    )


def downgrade() -> None:
    op.execute("UPDATE keypointrevision SET source = 'human' WHERE review = 'open' AND author_id IS NOT NULL")
    op.execute("UPDATE image SET state = 'empty' WHERE empty_by IS NOT NULL AND state = 'accepted'")
    op.execute("UPDATE image SET state = 'corrected' WHERE state IN ('in_progress', 'imported', 'accepted')")
    with op.batch_alter_table("image") as batch_op:
        batch_op.drop_constraint(op.f("fk_image_empty_by"), type_="foreignkey")
        batch_op.drop_column("empty_by")
    with op.batch_alter_table("keypointrevision") as batch_op:
        batch_op.drop_constraint(op.f("fk_keypointrevision_start_id"), type_="foreignkey")
        batch_op.drop_column("start_id")
        batch_op.drop_column("review")
