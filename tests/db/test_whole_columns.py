"""Columns as text: those of one statement go together row by row, and none of them is missing."""

from __future__ import annotations

from db.engine import reading
from db.tables import Image
from db.whole_columns import read_columns, whole
from tests.builders.learning_rows import Shelf


def test_columns_of_a_statement_are_in_one_order_and_empty_where_there_is_no_row(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    images = [shelf.image(f"{letter}.png") for letter in "cab"]
    statement = whole(Image.id, -Image.id)
    with reading(workspace.engine) as session:
        one, other = read_columns(statement.where(Image.dataset_id == dataset), session=session)
        assert read_columns(statement.where(Image.dataset_id == dataset + 1), session=session) == ("", "")
    assert sorted(map(int, one.split(","))) == images
    assert [-int(number) for number in other.split(",")] == [int(number) for number in one.split(",")]
