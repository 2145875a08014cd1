"""The parts of the People page."""

from __future__ import annotations

from contextlib import contextmanager

from db.engine import reading
from pages.widgets.people import views
from tests.builders.staged_people import add_faces, vector


def test_people_are_compared_outside_of_the_pages_own_reading(workspace, dataset, monkeypatch):
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    open_readings, compared = [], []

    @contextmanager
    def counted(engine):
        open_readings.append(engine)
        with reading(engine) as session:
            yield session
        open_readings.pop()

    monkeypatch.setattr(views, "workspace", lambda: workspace)
    monkeypatch.setattr(views, "reading", counted)
    monkeypatch.setattr(views, "_questions", lambda *_: compared.append(len(open_readings)) or [])
    views.open_questions(dataset, newest_run=0)
    assert compared == [0], "a reading inside of a reading may see another state of the store"
