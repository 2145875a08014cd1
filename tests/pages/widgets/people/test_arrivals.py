"""The watched folder and its time log."""

from __future__ import annotations

import pytest

from core.foundation.messages import message
from db.tables import Run, RunState
from db.writing import writing
from pages.widgets.shared.text import plain


def section(dataset_id):
    from pages.widgets.people.arrivals import arrivals

    arrivals(dataset_id)


@pytest.fixture
def wrote(workspace, dataset, author):
    def add(kind, counts):
        with writing(workspace.engine) as session:
            row = {"kind": kind, "dataset_id": dataset, "author_id": author, "state": RunState.DONE}
            session.add(Run(**row, counts=counts))

    return add


def unfold(page):
    page.session_state["arrivals"] = True
    return page.run()


def test_where_no_folder_was_ever_watched_there_is_nothing(shown, dataset):
    assert not shown(section, dataset_id=dataset).expander


def test_what_arrived_is_a_table_as_plain_text(shown, dataset, wrote):
    row = {"arrived": 1714588205.0, "waited": 3.25, "import": 0.5, "detection": 0.25, "embedding": 0.125}
    wrote("watch", {"folder": "/photos/*in*"})
    assert shown(section, dataset_id=dataset).expander[0].label == "Watched folder"
    page = unfold(shown(section, dataset_id=dataset))
    assert page.caption[-1].value == "Nothing has arrived yet."
    wrote("arrivals", {"log": [{"path": "*a*.png", **row, "reason": message("files.link").to_json()}]})
    page = unfold(shown(section, dataset_id=dataset))
    assert not page.exception
    assert page.caption[0].value.startswith(r"\/photos\/\*in\*")
    table = page.table[0].value
    assert table.columns.tolist()[:3] == ["File", "Arrived", "Why not in, or not whole"]
    assert table.iloc[0, 0] == plain("*a*.png")
    assert table.iloc[0, 1] == plain("2024-05-01 18:30:05")
