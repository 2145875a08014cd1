"""How many people are told follows every decision about them."""

from __future__ import annotations

import pytest

from core.people.deciding import move_faces, remove_faces
from core.people.showing import hide_people
from db.engine import reading
from db.queries.people.listing import PeopleView, count_loose_faces, count_people_page
from db.tables import Dataset
from pages.widgets.people import totals
from pages.widgets.people.totals import who_is_there
from tests.builders.staged_people import add_faces, group, owners, vector


@pytest.fixture
def told(workspace, dataset, monkeypatch):
    """What is told now, which has to be what is there."""
    monkeypatch.setattr(totals, "workspace", lambda: workspace)
    who_is_there.clear()

    def now():
        with reading(workspace.engine) as session:
            views = (PeopleView.KNOWN, PeopleView.ONCE, PeopleView.HIDDEN)
            there = [count_people_page(dataset, view=view, session=session) for view in views]
            loose = count_loose_faces(dataset, session=session)
            revision = session.get_one(Dataset, dataset).revision
        found = who_is_there(dataset, revision)
        assert found == (*there, loose)
        return found

    return now


def test_they_follow_every_decision(workspace, dataset, author, told):
    assert told() == (0, 0, 0, 0)
    faces = add_faces(
        workspace, dataset, [(f"{p}/{v}.jpg", vector(p, v)) for p, n in ((0, 2), (1, 1)) for v in range(n)]
    )
    assert told() == (0, 0, 0, 3)
    group(workspace, dataset)
    assert told() == (1, 1, 0, 0)
    move_faces(workspace, faces[2:], name="Ada", author_id=author)
    assert told() == (2, 0, 0, 0)
    remove_faces(workspace, faces[2:], author_id=author)
    assert told()[0] == 1


def test_hidden_people_are_counted_apart(workspace, dataset, author, told):
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", vector(0, n)) for n in range(2)])
    group(workspace, dataset)
    person = owners(workspace, dataset)[faces[0]][0]
    assert told() == (1, 0, 0, 0)
    hide_people(workspace, [person], author_id=author)
    assert told() == (0, 0, 1, 0)
