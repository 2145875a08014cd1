"""Separations are what each decision has said, never deleted: those of decisions that stand count.

Until here one row stood for all decisions that had said the same, and what was deleted lay in the snapshots of later
decisions alone; those rows come back.
"""

import json
from typing import Final

import sqlalchemy as sa
from alembic import op

from db.migrations.building import create_table, maybe, part_of, row_of

revision: str = "0011"
down_revision: str | None = "0010"

_COUNTING: Final = """
WITH RECURSIVE said(id, instance_id, person_id, event_id) AS (
    SELECT s.id, s.instance_id, s.person_id, s.event_id FROM separation s
        JOIN peopleevent e ON e.id = s.event_id AND NOT e.undone WHERE s.follows_id IS NULL
    UNION ALL SELECT s.id, s.instance_id, s.person_id, s.event_id FROM separation s
        JOIN peopleevent e ON e.id = s.event_id AND NOT e.undone JOIN said ON said.id = s.follows_id
)
SELECT instance_id, person_id, min(event_id) AS event_id FROM said
WHERE NOT EXISTS (SELECT 1 FROM assignment a WHERE a.instance_id = said.instance_id AND a.person_id = said.person_id)
GROUP BY instance_id, person_id
"""


def upgrade() -> None:
    store = op.get_bind()
    rows = {tuple(row) for row in store.execute(sa.text("SELECT instance_id, person_id, event_id FROM separation"))}
    for (payload,) in store.execute(sa.text("SELECT payload FROM peopleevent")):
        rows |= {tuple(row) for row in json.loads(payload).get("before", {}).get("separations", [])}
    _replace(
        "separation",
        (part_of("instance"), row_of("person"), row_of("peopleevent", "event_id")),
        maybe(row_of("separation", "follows_id")),
    )
    for column in ("instance_id", "person_id", "event_id", "follows_id"):
        op.create_index(f"ix_separation_{column}", "separation", [column])
    _insert(sorted(rows))


def downgrade() -> None:
    rows = [tuple(row) for row in op.get_bind().execute(sa.text(_COUNTING))]
    _replace(
        "separation",
        (part_of("instance"), row_of("person"), row_of("peopleevent", "event_id")),
        primary=("instance_id", "person_id"),
    )
    op.create_index("ix_separation_event_id", "separation", ["event_id"])
    _insert(rows)
    op.execute(
        "UPDATE peopleevent SET payload = json_set(payload, '$.before.separations', json('[]')) "
        "WHERE json_extract(payload, '$.before') IS NOT NULL "
        "AND json_extract(payload, '$.before.separations') IS NULL"
    )


def _replace(table: str, *columns: tuple[sa.Column, ...], **options: tuple[str, ...]) -> None:
    op.drop_table(table)
    create_table(table, *columns, **options)


def _insert(rows: list[tuple[int, ...]]) -> None:
    """Those whose face, person and decision are there."""
    known = "SELECT :face, :person, :event WHERE EXISTS (SELECT 1 FROM instance WHERE id = :face)"
    known += " AND EXISTS (SELECT 1 FROM person WHERE id = :person)"
    known += " AND EXISTS (SELECT 1 FROM peopleevent WHERE id = :event)"
    statement = sa.text(f"INSERT INTO separation (instance_id, person_id, event_id) {known}")
    if rows:
        op.get_bind().execute(statement, [dict(zip(("face", "person", "event"), row, strict=True)) for row in rows])
