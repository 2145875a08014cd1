"""The parts of the People page."""

from __future__ import annotations

from contextlib import contextmanager

from core.foundation.messages import verbatim
from db.engine import reading
from db.tables import PeopleEvent
from db.writing import writing
from pages.widgets.people import views
from pages.widgets.shared import resources
from tests.builders.staged_people import add_faces, vector


def history(dataset_id):
    from pages.widgets.people.views import decisions

    decisions(dataset_id)


def test_every_decision_can_be_taken_back_however_many_came_since(shown, workspace, dataset, author):
    with writing(workspace.engine) as session:
        for number in range(51):
            summary = verbatim(f"decision {number}").to_json()
            session.add(PeopleEvent(dataset_id=dataset, author_id=author, kind="name", summary=summary, payload={}))
    assert len(shown(history, dataset_id=dataset).button) == 50
    page = shown(history, {f"people-history-{dataset}": 2}, dataset_id=dataset)
    assert [text.value for text in page.markdown] == ["decision 0"]
    assert [button.label for button in page.button] == ["Undo"]


def test_people_are_compared_outside_of_the_pages_own_reading(workspace, dataset, monkeypatch):
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    open_readings, compared = [], []

    @contextmanager
    def counted(engine):
        open_readings.append(engine)
        with reading(engine) as session:
            yield session
        open_readings.pop()

    for module in (views, resources):
        monkeypatch.setattr(module, "reading", counted)
        monkeypatch.setattr(module, "workspace", lambda: workspace)
    monkeypatch.setattr(views, "_questions", lambda *_: compared.append(len(open_readings)) or [])
    views.open_questions(dataset, newest_run=0)
    assert compared == [0], "a reading inside of a reading may see another state of the store"
