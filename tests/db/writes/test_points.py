"""A revision is appended, and then it is what counts."""

import pytest

from core.foundation.messages import verbatim
from db.engine import reading
from db.tables import Instance, KeypointRevision, Review
from db.writes.points import append_revision
from db.writing import writing
from tests.builders.learning_rows import Shelf


@pytest.fixture
def face(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    return shelf.instance(shelf.image("a.png"))


def test_a_revision_lies_on_the_one_that_counted_and_counts_from_now_on(workspace, face, author):
    with writing(workspace.engine) as session:
        instance = session.get(Instance, face)
        first = append_revision(instance, "face68", b"1", Review.OPEN, note=verbatim("new").to_json(), session=session)
        second = append_revision(instance, "face68", b"2", Review.IMPORTED, author_id=author, session=session)
        ids = first.id, second.id
    with reading(workspace.engine) as session:
        rows = [session.get(KeypointRevision, number) for number in ids]
        assert [(row.base_id, row.points) for row in rows] == [(None, b"1"), (ids[0], b"2")]
        assert session.get(Instance, face).revision_id == ids[1]
        assert rows[0].note == verbatim("new").to_json()
