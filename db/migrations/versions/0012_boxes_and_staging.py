"""Where each box comes from, which points a model was taught, and datasets that are not published yet.

A box of before is told by its history: what a detector found is the detector's, as are the boxes of the drawn clips;
what a label file brought is the file's, or, where it is just as large as its points, made from them; what came with
another import counts as a file's; all other boxes of humans were drawn. The points that a model was taught are those
that humans had set in what it learned from, as far as that is known.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"

_SLACK = 1e-3  # pixels: sides of restored boxes were rounded to float32
_POINT = struct.Struct("<4f")  # x, y, visibility, confidence
_INSTANCE = sa.table(
    "instance", *map(sa.column, ("id", "origin", "run_id", "left", "top", "right", "bottom", "box_source"))
)
_REVISION = sa.table("keypointrevision", *map(sa.column, ("id", "instance_id", "skeleton", "points", "source", "note")))
_MODEL = sa.table("trainedmodel", sa.column("model_version_id"), sa.column("skeleton"), sa.column("data", sa.JSON))


def upgrade() -> None:
    op.add_column("instance", sa.Column("box_source", sa.String(), nullable=False, server_default="detector"))
    op.add_column("dataset", sa.Column("staged_by", sa.Integer(), nullable=True))
    for origin, source in (("human", "drawn"), ("import", "file")):
        op.execute(_INSTANCE.update().where(_INSTANCE.c.origin == origin).values(box_source=source))
    bind = op.get_bind()
    told = [{"row": number, "source": source} for number, source in _told_by_their_first_points(bind)]
    if told:
        one = _INSTANCE.update().where(_INSTANCE.c.id == sa.bindparam("row"))
        bind.execute(one.values(box_source=sa.bindparam("source")), told)
    for number, skeleton, data in bind.execute(sa.select(*_MODEL.c)).all():
        taught = _taught(bind, skeleton, data.get("learned") or [])
        if taught:
            changed = _MODEL.update().where(_MODEL.c.model_version_id == number)
            bind.execute(changed.values(data={**data, "taught": taught}))


def downgrade() -> None:
    bind = op.get_bind()
    for number, _, data in bind.execute(sa.select(*_MODEL.c)).all():
        if "taught" in data:
            kept = {key: value for key, value in data.items() if key != "taught"}
            bind.execute(_MODEL.update().where(_MODEL.c.model_version_id == number).values(data=kept))
    op.drop_column("dataset", "staged_by")
    op.drop_column("instance", "box_source")


def _told_by_their_first_points(bind: Any) -> Iterator[tuple[int, str]]:
    """Boxes of humans whose first points say that no hand drew them."""
    first = sa.select(sa.func.min(_REVISION.c.id)).group_by(_REVISION.c.instance_id)
    rows = bind.execute(
        sa.select(_INSTANCE, _REVISION.c.points, _REVISION.c.note)
        .join(_REVISION, _REVISION.c.instance_id == _INSTANCE.c.id)
        .where(_INSTANCE.c.origin == "human", _REVISION.c.id.in_(first))
    )
    for row in rows:
        note = row.note or ""
        if '"edits.drawn"' in note:
            yield row.id, "detector"
        elif row.run_id is not None and '"edits.imported' in note:
            box = row.left, row.top, row.right, row.bottom
            tight = _around(row.points)
            if tight and max(abs(a - b) for a, b in zip(box, tight, strict=True)) < _SLACK:
                yield row.id, "points"
            elif '"edits.imported_from"' in note:
                yield row.id, "file"


def _rows(points: bytes) -> Iterator[tuple[Any, ...]]:
    """The points of a revision; none of a damaged one, which no migration can mend."""
    return _POINT.iter_unpack(points if len(points) % _POINT.size == 0 else b"")


def _around(points: bytes) -> tuple[float, float, float, float] | None:
    """The smallest box around the points that are there, at least a pixel wide."""
    seen = [(x, y) for x, y, visibility, _ in _rows(points) if visibility > 0]
    if not seen:
        return None
    lows, highs = zip(*((_spread([point[axis] for point in seen])) for axis in (0, 1)), strict=True)
    return lows[0], lows[1], highs[0], highs[1]


def _spread(values: list[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    grown = max(0.0, 1 - (high - low)) / 2
    return low - grown, high + grown


def _taught(bind: Any, skeleton: str, learned: Iterable[tuple[int, int]]) -> list[int]:
    """Which points humans had set in any of the instances in these ranges of ids."""
    taught: set[int] = set()
    for low, high in learned:
        rows = bind.execute(
            sa.select(_REVISION.c.points).where(
                _REVISION.c.instance_id.between(low, high),
                _REVISION.c.source == "human",
                _REVISION.c.skeleton == skeleton,
            )
        )
        for (points,) in rows:
            taught |= {number for number, point in enumerate(_rows(points)) if point[2] > 0}
    return sorted(taught)
