"""Many rows in one statement. Takes the caller's session and never commits.

None of this goes by way of the session's objects, and no dataset's counter rises (`db.revisions`): that is for whoever
shows the rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, update
from sqlmodel import Session, SQLModel


def insert_rows(rows: Sequence[SQLModel], *, session: Session) -> list[int]:
    """Insert rows of one table in one statement; gives their ids in the same order, none of a table without ids."""
    if not rows:
        return []
    table = cast(Table, rows[0].__table__)  # type: ignore[attr-defined]
    own = "id" in table.c
    columns = [column.name for column in table.c if column.name != "id"]
    values = [{name: getattr(row, name) for name in columns} for row in rows]
    statement = insert(table)
    if not own:
        session.connection().execute(statement, values)
        return []
    found = session.connection().execute(statement.returning(table.c.id, sort_by_parameter_order=True), values)
    return list(found.scalars())


def insert_values(kind: type[SQLModel], values: Sequence[Mapping[str, Any]], *, session: Session) -> None:
    """Insert rows of a table in one statement from what their columns have: many thousands need no objects."""
    if values:
        session.connection().execute(insert(kind), list(values))


def change_rows(
    kind: type[SQLModel], changes: Sequence[Mapping[str, Any]], *, by: str = "id", session: Session
) -> None:
    """Change the same columns of rows of a table; ``row`` of each is what the rows have in the column `by`."""
    if not changes:
        return
    table = cast(Table, kind.__table__)  # type: ignore[attr-defined]
    columns: dict[str, Any] = {name: bindparam(name) for name in changes[0] if name != "row"}
    statement = update(table).where(table.c[by] == bindparam("row")).values(columns)
    session.connection().execute(statement, list(changes))
