"""The least fitting face of a person says how doubtful the person is."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import select

from core.people.deciding import confirm_faces, keep_apart
from core.people.doubts import (
    BetterPerson,
    WaitingFaces,
    better_people,
    by_certainty,
    least_likeness,
    likeness_to_others,
    waiting_faces,
)
from core.people.encoders import encoder_of
from core.people.known_faces import known_faces
from core.people.showing import hide_people
from db.tables import Embedding
from db.writing import writing
from tests.builders.people_rows import own
from tests.builders.staged_people import SAME, add_faces, vector


def known(workspace, dataset):
    return known_faces(workspace, dataset, encoder_of(workspace, dataset).id)


def test_each_face_is_compared_with_the_others_of_its_group():
    faces = np.random.default_rng(2).normal(size=(7, 5))
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    which = np.array([0, 1, 0, 2, 0, 1, 0])
    found = likeness_to_others(faces, which)
    alike = faces @ faces.T
    for row, group in enumerate(which):
        others = [each for each in range(7) if which[each] == group and each != row]
        assert found[row] == pytest.approx(alike[row, others].mean() if others else np.nan, nan_ok=True)


def test_the_least_likeness_counts_and_what_is_confirmed_is_not_doubted(workspace, dataset, author):
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(2, 3), vector(2, 4), vector(3, 5)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    mixed, pure, alone = (own(workspace, dataset, part) for part in (faces[:3], faces[3:5], faces[5:]))
    version = encoder_of(workspace, dataset)
    found = least_likeness(workspace, dataset, version)
    assert found == {mixed: pytest.approx(0, abs=1e-6), pure: pytest.approx(SAME, abs=1e-6)}
    assert alone not in found
    confirm_faces(workspace, faces[2:5], author_id=author)
    assert least_likeness(workspace, dataset, version) == {mixed: pytest.approx(SAME / 2, abs=1e-6)}


def test_without_people_nobody_is_doubtful(workspace, dataset):
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    assert least_likeness(workspace, dataset, encoder_of(workspace, dataset)) == {}


def test_faces_come_least_certain_first_and_those_of_whom_nothing_is_known_before(workspace, dataset):
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(0, 3)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    person = own(workspace, dataset, faces)
    assert by_certainty(known(workspace, dataset), person) == [
        (faces[2], pytest.approx(0, abs=1e-6)),
        *((face, pytest.approx(2 * SAME / 3, abs=1e-6)) for face in (faces[0], faces[1], faces[3])),
    ]
    with writing(workspace.engine) as session:
        session.delete(session.exec(select(Embedding).where(Embedding.instance_id == faces[3])).one())
    assert by_certainty(known(workspace, dataset), person)[0] == (faces[3], None)
    alone = own(workspace, dataset, add_faces(workspace, dataset, [("alone.jpg", vector(4))]))
    assert [likeness for _, likeness in by_certainty(known(workspace, dataset), alone)] == [None]


def test_a_face_that_is_more_like_somebody_else_is_said_to_be_until_a_human_has_said_it_is_not(
    workspace, dataset, author
):
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(1, 3), vector(1, 4)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    mixed, other = own(workspace, dataset, faces[:3]), own(workspace, dataset, faces[3:])
    found = better_people(known(workspace, dataset), mixed)
    assert found == {faces[2]: BetterPerson(other, pytest.approx(SAME, abs=1e-6))}
    assert better_people(known(workspace, dataset), other) == {}
    assert better_people(known(workspace, dataset), mixed, faces[1:]) == found
    assert better_people(known(workspace, dataset), mixed, faces[:2]) == {}, "asked about those that are shown only"
    confirm_faces(workspace, [faces[2]], author_id=author)
    assert better_people(known(workspace, dataset), mixed) == {}


def test_nobody_is_suggested_whom_a_human_has_said_that_it_is_not(workspace, dataset, author):
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(1, 3), vector(1, 4)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    mixed, other = own(workspace, dataset, faces[:3]), own(workspace, dataset, faces[3:])
    keep_apart(workspace, mixed, other, author_id=author)
    assert better_people(known(workspace, dataset), mixed) == {}


@pytest.mark.parametrize("why", ["in the photo", "hidden"])
def test_nobody_is_suggested_who_is_in_the_same_photo_or_hidden(workspace, dataset, author, why):
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(1, 3), vector(1, 4), vector(1, 5), vector(2, 6)]
    photos = ["0.jpg", "1.jpg", "2.jpg", "2.jpg" if why == "in the photo" else "3.jpg", "4.jpg", "5.jpg", "6.jpg"]
    faces = add_faces(workspace, dataset, list(zip(photos, rows, strict=True)))
    mixed, nearest, next_one = (own(workspace, dataset, part) for part in (faces[:3], faces[3:5], faces[5:]))
    if why == "hidden":
        hide_people(workspace, [nearest], author_id=author)
    found = better_people(known(workspace, dataset), mixed)
    assert found == {faces[2]: BetterPerson(next_one, pytest.approx(SAME / 2, abs=1e-6))}


def test_what_waits_is_told_with_whose_it_is_and_hidden_people_are_left_out(workspace, dataset, author):
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(2, 3), vector(2, 4), vector(3, 5), vector(3, 6)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    mixed, pure, stranger = (own(workspace, dataset, part) for part in (faces[:3], faces[3:5], faces[5:]))
    hide_people(workspace, [stranger], author_id=author)
    confirm_faces(workspace, faces[4:5], author_id=author)
    found = waiting_faces(workspace, dataset, encoder_of(workspace, dataset))
    assert found.above(-1) == {**dict.fromkeys(faces[:3], mixed), faces[3]: pure}
    assert found.above(0.9) == {faces[3]: pure}
    assert found.among == 3


def test_mistakes_are_at_most_the_rate_times_the_others_and_never_more_than_there_are():
    faces = WaitingFaces(np.arange(100), np.arange(100) % 5, np.linspace(0, 1, 100), 11)
    assert faces.most_mistakes(-1, 0.001) == pytest.approx(100 * 0.001 * 10)
    assert faces.most_mistakes(-1, 0.5) == 100
    assert faces.most_mistakes(0.99, 0.5) == len(faces.above(0.99)) == 1
    assert WaitingFaces(np.arange(3), np.zeros(3, int), np.ones(3), 1).most_mistakes(0, 0.5) == 0
