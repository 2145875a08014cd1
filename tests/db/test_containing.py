"""Finding a piece of text in rows."""

import pytest
from sqlmodel import select

from db.containing import contains
from db.engine import reading
from db.tables import Image
from tests.builders.learning_rows import Shelf


@pytest.mark.parametrize(
    ("piece", "found"),
    [
        ("", ["50%.png", "a_b.png", "x/Ada.png"]),
        ("%", ["50%.png"]),
        ("_", ["a_b.png"]),
        ("ada", ["x/Ada.png"]),
        ("\\", []),
        ("a" * 60_000, []),
    ],
)
def test_a_piece_means_itself_and_what_is_longer_than_any_name_is_in_none(workspace, dataset, author, piece, found):
    shelf = Shelf(workspace, dataset, author)
    for path in ("50%.png", "a_b.png", "x/Ada.png"):
        shelf.image(path)
    with reading(workspace.engine) as session:
        rows = select(Image.path).where(contains(Image.path, piece)).order_by(Image.path)
        assert session.exec(rows).all() == found
