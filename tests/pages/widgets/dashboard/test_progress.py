"""What the Dashboard counts is counted again whenever it has changed, and not before."""

import pytest

from db.tables import Dataset
from db.writes.library import ensure_dataset
from db.writing import writing
from pages.widgets.dashboard import progress
from tests.builders.learning_rows import Shelf, face


def draw(dataset_id):
    import streamlit as st

    from pages.widgets.dashboard.progress import progress_of

    st.session_state["found"] = [progress_of(chosen) for chosen in (dataset_id, None)]


def pictures(page):
    return [found.totals.images for found in page.session_state["found"]]


@pytest.fixture
def asked(monkeypatch):
    """What was counted."""
    counted, overview = [], progress.overview
    monkeypatch.setattr(
        progress, "overview", lambda dataset, **how: counted.append(dataset) or overview(dataset, **how)
    )
    return counted


def test_pictures_of_a_dataset_and_of_others_are_seen_as_soon_as_they_are_there(
    shown, workspace, dataset, author, asked
):
    shelf = Shelf(workspace, dataset, author)
    shelf.instance(shelf.image("a.png"), face())
    page = shown(draw, dataset_id=dataset)
    assert pictures(page) == pictures(page.run()) == [1, 1]
    assert asked == [dataset, None], "each once"
    with writing(workspace.engine) as session:
        elsewhere = ensure_dataset("elsewhere", author, session=session)
    Shelf(workspace, elsewhere, author).image("b.png")
    assert pictures(page.run()) == [1, 2]
    shelf.image("c.png")
    assert pictures(page.run()) == [2, 3]
    with writing(workspace.engine) as session:
        session.get_one(Dataset, elsewhere).staged_by = 7
    assert pictures(page.run()) == [2, 2], "what is not shown yet does not count"
