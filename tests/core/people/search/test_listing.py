"""A search as rows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.people.encoders import encoder_of
from core.people.search.album import Album
from core.people.search.asking import PictureQuestion, WantedPerson, ask
from core.people.search.expressions import AllOf, Shows
from core.people.search.listing import listed_matches
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, vector


@pytest.fixture
def faces(workspace, dataset):
    return add_faces(
        workspace, dataset, [("b.jpg", vector(9)), ("b.jpg", vector(0)), ("a.jpg", vector(0, 1)), ("c.jpg", vector(3))]
    )


def listed(workspace, dataset, question):
    album = Album.of(workspace, dataset, encoder_of(workspace, dataset).id)
    return album, ask(album, question)


def test_each_picture_names_the_face_that_is_meant_and_whose_it_is(workspace, dataset, faces):
    ada = own(workspace, dataset, faces[1:2], "Ada")
    unnamed = own(workspace, dataset, faces[2:3])
    album, found = listed(workspace, dataset, PictureQuestion((WantedPerson((ada,)),), Shows(0), 0.5))
    rows = listed_matches(workspace, album, found, dataset)
    assert [(row["image"], row["taken"], row["event"]) for row in rows] == [("b.jpg", None, 1), ("a.jpg", None, 1)]
    assert [row["score"] for row in rows] == pytest.approx([1, 1 / 1.04], abs=1e-6)
    assert [row["box"] for row in rows] == [[68, 8, 116, 56], [8, 8, 56, 56]]
    assert [(face["person"], face["known"]) for row in rows for face in row["faces"]] == [
        ("Ada", True),
        (f"person {unnamed}", False),
    ]
    json.dumps(rows, allow_nan=False)


def test_a_picture_in_which_nobody_is_looked_for_has_no_face(workspace, dataset, faces):
    album, found = listed(workspace, dataset, PictureQuestion(expression=AllOf(()), least_people=2))
    assert listed_matches(workspace, album, found, dataset) == [
        {"image": "b.jpg", "score": None, "box": None, "faces": [], "taken": None, "event": 1}
    ]


def test_a_face_that_goes_meanwhile_takes_its_picture_along(workspace, dataset, faces):
    wanted = WantedPerson(vectors=np.stack([vector(0)]))
    album, found = listed(workspace, dataset, PictureQuestion((wanted,), Shows(0), 0.5))
    from db.tables import Instance
    from db.writing import writing

    with writing(workspace.engine) as session:
        session.delete(session.get_one(Instance, faces[1]))
    assert [row["image"] for row in listed_matches(workspace, album, found, dataset)] == ["a.jpg"]
