"""The parts of the People page."""

from __future__ import annotations

from contextlib import contextmanager

from core.foundation.messages import verbatim
from core.people.likely_pairs import MOST_QUESTIONS
from db.engine import reading
from db.tables import PeopleEvent
from db.writing import writing
from pages.widgets.people import views
from pages.widgets.shared import resources
from tests.builders.people_rows import own
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


def questions(dataset_id):
    from pages.widgets.people.views import open_questions

    open_questions(dataset_id, newest_run=0)


def test_the_questions_say_how_many_are_asked_at_a_time(shown, workspace, dataset):
    faces = add_faces(workspace, dataset, [(f"{k}.jpg", vector(k % 2)) for k in range(4)])
    for number in (0, 1):
        own(workspace, dataset, faces[number::2])
    page = shown(questions, dataset_id=dataset)
    assert page.caption[0].value.startswith(f"At most {MOST_QUESTIONS} pairs at a time, the most similar first")


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
