"""Maybe the same: how many are left, what comes last, and when it ends."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest

from core.people import deciding, likely_pairs
from core.people.encoders import encoder_of
from core.people.likely_pairs import Questions
from db.engine import reading
from db.tables import Assignment, Instance
from db.writing import writing
from pages.widgets.people import questions
from pages.widgets.shared import resources
from tests.builders.people_rows import own
from tests.builders.saved_thresholds import save
from tests.builders.staged_people import add_faces, vector


def asked(dataset_id):
    from pages.widgets.people.questions import open_questions

    open_questions(dataset_id)


@pytest.fixture
def alike(workspace, dataset):
    """Two people of two and one faces who are alike, and one who is not."""
    rows = [vector(0, 0), vector(0, 1), vector(0, 2), vector(1, 3)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    return faces, [own(workspace, dataset, part) for part in (faces[:2], faces[2:3], faces[3:])]


def labels(page):
    return [button.label for button in page.button]


def test_what_is_left_is_counted_and_when_nothing_is_that_is_said(shown, workspace, dataset, alike):
    page = shown(asked, dataset_id=dataset)
    assert page.caption[0].value.startswith("1 pair is left to ask about, 1 of them here: the most similar first")
    assert labels(page) == ["Same", "Different"]
    page.button[1].click().run()
    assert page.info[0].value.startswith("Nothing left worth asking: no two people who may be one are 0.912 alike")
    assert labels(page) == []


def test_that_both_have_a_name_is_said_before_those_that_come_last(shown, workspace, dataset, author, alike):
    _, (one, other, _) = alike
    extra = own(workspace, dataset, add_faces(workspace, dataset, [("late.jpg", vector(0, 5))]))
    for person, name in ((one, "Ada"), (other, "Bea")):
        deciding.name_person(workspace, person, name, author_id=author)
    page = shown(asked, dataset_id=dataset)
    assert labels(page) == ["Same", "Different", "Same", "Different", "Same…", "Different"]
    said = [text.value for text in page.markdown]
    place = next(at for at, text in enumerate(said) if text.startswith("Both of these have a name"))
    assert said[place + 1 :] == ["**Ada** · 2 faces · 0 confirmed", "**Bea** · 1 face · 0 confirmed"]
    assert f"**Unnamed {extra}** · 1 face · 0 confirmed" in said[:place]


def test_that_only_the_largest_are_compared_is_said(shown, dataset, alike, monkeypatch):
    said = "The 2 people with most faces are compared, of 3."
    assert said not in [text.value for text in shown(asked, dataset_id=dataset).caption]
    monkeypatch.setattr(likely_pairs, "MOST_PEOPLE", 2)
    assert said in [text.value for text in shown(asked, dataset_id=dataset).caption]


def test_a_name_that_was_given_meanwhile_is_not_given_up_by_one_click(shown, workspace, dataset, author, alike):
    _, (one, other, _) = alike
    deciding.name_person(workspace, one, "Ada", author_id=author)
    page = shown(asked, dataset_id=dataset)
    deciding.name_person(workspace, other, "Bea", author_id=author)
    page.button[0].click().run()
    assert "is called Bea by now" in page.session_state["people.problem"]


def _removed_without_a_decision(session, faces):
    session.get_one(Instance, faces[2]).removed = True


def _placed_by_a_run(session, faces):
    session.get_one(Assignment, faces[2]).person_id = session.get_one(Assignment, faces[0]).person_id


@pytest.mark.parametrize("change", [_removed_without_a_decision, _placed_by_a_run])
def test_questions_see_everything_that_they_are_made_of(shown, workspace, dataset, alike, change):
    page = shown(asked, dataset_id=dataset)
    assert labels(page) == ["Same", "Different"]
    with writing(workspace.engine) as session:
        change(session, alike[0])
    page.run()
    assert labels(page) == []


def test_questions_see_a_new_threshold(shown, workspace, dataset, author, monkeypatch):
    rows = np.zeros((2, 64), np.float32)
    rows[0, 0], rows[1, :2] = 1, (0.85, np.sqrt(1 - 0.85**2))
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    for face in faces:
        own(workspace, dataset, [face])
    page = shown(asked, dataset_id=dataset)
    assert labels(page) == []
    save(workspace, dataset, encoder_of(workspace, dataset).id, [*faces, faces[0]], 0.86, author_id=author)
    page.run()
    assert labels(page) == ["Same", "Different"]


def test_people_are_compared_outside_of_the_pages_own_reading(workspace, dataset, monkeypatch):
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    open_readings, compared = [], []

    @contextmanager
    def counted(engine):
        open_readings.append(engine)
        with reading(engine) as session:
            yield session
        open_readings.pop()

    for module in (questions, resources):
        monkeypatch.setattr(module, "reading", counted)
        monkeypatch.setattr(module, "workspace", lambda: workspace)
    monkeypatch.setattr(
        questions, "_questions", lambda *_: compared.append(len(open_readings)) or Questions([], 0, 0.5, 0, 0)
    )
    questions.open_questions(dataset)
    assert compared == [0], "a reading inside of a reading may see another state of the store"
