"""Reads for whoever corrects points."""

import pytest

from core.foundation.messages import verbatim, worded
from core.points.annotating import Edit, save_edit
from core.points.boxes import add_instances
from db.engine import reading
from db.queries.points import count_revisions, instance_to_edit, picture_history, revision_of_edit, revisions_back_from
from db.tables import Instance, KeypointRevision
from db.writing import writing
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


def test_back_from_a_revision_work_in_progress_is_one_step(workspace, dataset, author):
    """An imported state, three moves of work in progress, an acceptance, two more moves."""
    steps = ["imported", "in_progress", "in_progress", "in_progress", "accepted", "in_progress", "in_progress"]
    image = Shelf(workspace, dataset, author).image("a.png")
    (face,) = add_instances(workspace, image, [(1, 1, 9, 9)], "face", author_id=author)
    ids: list[int] = []
    with writing(workspace.engine) as session:
        for review in steps:
            start = {1: 0, 2: 0, 3: 0, 5: 4, 6: 4}.get(len(ids))
            row = {"instance_id": face, "skeleton": "face68", "points": b"", "source": "human", "review": review}
            under = {"base_id": ids[-1] if ids else None, "start_id": None if start is None else ids[start]}
            session.add(revision := KeypointRevision(**row, **under))
            session.flush()
            ids.append(revision.id)
    with reading(workspace.engine) as session:
        back = [revision.id for revision in revisions_back_from(ids[6], session=session)]
        assert [revision.id for revision in revisions_back_from(ids[0], session=session)] == ids[:1]
        assert revisions_back_from(10**9, session=session) == []
    assert back == [ids[6], ids[4], ids[3], ids[0]]


def test_an_instance_to_edit_comes_with_its_newest_points_and_its_picture_unless_it_was_removed(
    workspace, dataset, author
):
    image = Shelf(workspace, dataset, author).image("a.png")
    bare, moved, removed = add_instances(workspace, image, [(1, 1, 9, 9)] * 3, "face", author_id=author)
    newest = [save_edit(workspace, Edit(f"e{x}", moved, None, ((x, 1.0, 2.0, 2),)), author_id=author) for x in range(2)]
    with writing(workspace.engine) as session:
        session.get(Instance, removed).removed = True
    with reading(workspace.engine) as session:
        instance, head, picture = instance_to_edit(moved, session=session)
        assert (instance.id, head.id, picture.id) == (moved, newest[-1], image)
        assert instance_to_edit(bare, session=session)[1] is None
        assert instance_to_edit(removed, session=session) is None
        assert instance_to_edit(10**9, session=session) is None
        assert [revision_of_edit(edit, session=session) for edit in ("e0", "e1", "e2")] == [*newest, None]
