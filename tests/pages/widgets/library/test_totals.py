"""What the Library tells of a dataset follows every change of it."""

from __future__ import annotations

import pytest
from sqlmodel import select

from db.engine import reading
from db.queries.library import counts
from db.tables import Dataset, Image, ImageState
from db.writing import writing
from pages.widgets.library import totals
from pages.widgets.library.totals import what_it_holds
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def told(workspace, dataset, monkeypatch):
    """What is told now, which has to be what is there."""
    monkeypatch.setattr(totals, "workspace", lambda: workspace)
    what_it_holds.clear()

    def now():
        with reading(workspace.engine) as session:
            revision = session.exec(select(Dataset.revision).where(Dataset.id == dataset)).one()
            there = counts(dataset, session=session)
        by_state, found, bodies = what_it_holds(dataset, revision)
        assert found == there
        return by_state, found.images, found.faces, bodies

    return now


def test_it_follows_every_change(workspace, dataset, author, told):
    assert told() == ({}, 0, 0, 0)
    shelf = Shelf(workspace, dataset, author)
    image = shelf.image("a.png")
    assert told() == ({"new": 1}, 1, 0, 0)
    shelf.instance(image, face())
    shelf.instance(image, kind="person", skeleton="body24")
    assert told() == ({"new": 1}, 1, 1, 1)
    with writing(workspace.engine) as session:
        session.get(Image, image).state = ImageState.ACCEPTED
    assert told()[0] == {"accepted": 1}
