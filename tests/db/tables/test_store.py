"""The row that says which store this is."""

from sqlmodel import select

from db.engine import reading
from db.tables import Store


def test_there_is_one_row_with_a_random_id_and_it_is_no_copy(workspace):
    with reading(workspace.engine) as session:
        (row,) = session.exec(select(Store)).all()
    assert (len(row.id), row.copied) == (32, False)
    assert Store().id != Store().id
