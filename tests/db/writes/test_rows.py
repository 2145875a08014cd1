"""Many rows in one statement: ids in the order of the rows, defaults as of single ones, no counter rises."""

from sqlmodel import select

from db.engine import reading
from db.tables import Dataset, Exclusion, Person
from db.writes.rows import change_rows, insert_rows
from db.writing import writing


def test_ids_come_in_the_order_of_the_rows_and_no_rows_are_none(workspace, dataset):
    with writing(workspace.engine) as session:
        ids = insert_rows([Person(dataset_id=dataset, name=f"n{i}") for i in range(3000)], session=session)
        assert insert_rows([], session=session) == []
    with reading(workspace.engine) as session:
        rows = {row.id: row for row in session.exec(select(Person))}
        assert [rows[number].name for number in ids] == [f"n{i}" for i in range(3000)]
        assert all(row.active and row.created_at is not None for row in rows.values())
        assert session.get(Dataset, dataset).revision == 0


def test_rows_of_a_table_without_ids_are_inserted_too(workspace, dataset, author):
    with writing(workspace.engine) as session:
        rows = [Exclusion(dataset_id=dataset, name=name, author_id=author) for name in "ab"]
        assert insert_rows(rows, session=session) == []
    with reading(workspace.engine) as session:
        assert sorted(session.exec(select(Exclusion.name))) == ["a", "b"]


def test_rows_change_by_their_ids_or_by_another_column(workspace, dataset):
    with writing(workspace.engine) as session:
        first, second, third = insert_rows(
            [Person(dataset_id=dataset, name=name) for name in ("a", "a2", "b")], session=session
        )
        change_rows(Person, [{"row": first, "name": "x"}, {"row": second, "name": "y"}], session=session)
        change_rows(Person, [{"row": "b", "active": False}], by="name", session=session)
        change_rows(Person, [], session=session)
    with reading(workspace.engine) as session:
        rows = {row.id: (row.name, row.active) for row in session.exec(select(Person))}
    assert rows == {first: ("x", True), second: ("y", True), third: ("b", False)}
