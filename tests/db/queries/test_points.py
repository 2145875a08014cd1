"""Reads for whoever corrects points."""

import pytest

from core.foundation.messages import verbatim, worded
from core.points.annotating import Edit, add_instances, save_edit
from db.engine import reading
from db.queries.points import count_revisions, picture_history
from tests.builders.learning_rows import Shelf


@pytest.fixture
def edited(workspace, dataset, author):
    """A picture with a face that got three revisions."""
    image = Shelf(workspace, dataset, author).image("a.png")
    (face,) = add_instances(workspace, image, [(1, 1, 9, 9)], "face", author_id=author)
    for number in range(3):
        edit = Edit(f"e{number}", face, None, ((number, 2.0, 3.0, 2),), verbatim(f"Moved point {number}"))
        save_edit(workspace, edit, author_id=author)
    return image


def test_the_history_of_a_picture_is_read_page_by_page_the_newest_first(workspace, edited):
    with reading(workspace.engine) as session:
        assert count_revisions(edited, session=session) == 3
        first = picture_history(edited, limit=2, session=session)
        second = picture_history(edited, offset=2, limit=2, session=session)
    assert [worded(row.revision.note) for row in [*first, *second]] == [
        "Moved point 2",
        "Moved point 1",
        "Moved point 0",
    ]
    assert {row.author for row in first} == {"ada"}
    assert {row.model for row in first} == {None}
