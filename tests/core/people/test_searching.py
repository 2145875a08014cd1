"""Searching by photo: the best face of each picture, the threshold in force, and what is said when nothing is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, NotFound, UnreadableImage
from core.foundation.messages import message
from core.people import deciding as people
from core.people import encoders, searching
from core.people.searching import PhotoQuery, matches, threshold_in_force
from db.engine import reading
from db.tables import Image, Threshold
from db.writing import writing
from tests.builders.staged_people import ENCODER, add_faces, vector


@pytest.fixture
def faces(workspace, dataset):
    return add_faces(
        workspace,
        dataset,
        [("a.jpg", vector(0, 0)), ("b.jpg", vector(1, 1)), ("b.jpg", vector(0, 1)), ("c.jpg", vector(2, 2))],
    )


def query(workspace, dataset, *rows, chosen=0):
    version = encoders.encoder_of(workspace, dataset, None)
    return PhotoQuery(np.stack(rows), tuple(b"" for _ in rows), chosen, version.id, ENCODER, 0.9, ())


def test_each_picture_comes_once_with_its_most_similar_face_best_first(workspace, dataset, faces):
    found = matches(workspace, dataset, query(workspace, dataset, vector(0, 0)), threshold=0.5)
    assert [(match.image, match.instance_id) for match in found] == [("a.jpg", faces[0]), ("b.jpg", faces[2])]
    assert [match.score for match in found] == pytest.approx([1.0, 1 / 1.04], abs=1e-6)
    assert [match.box for match in found] == [(8.0, 8.0, 56.0, 56.0), (68.0, 8.0, 116.0, 56.0)], "the second face of b"
    assert searching.place(found[1].box).text() == "48 × 48 px at 68, 8"


def test_a_lower_threshold_gives_more_and_a_higher_one_nothing(workspace, dataset, faces):
    asking = query(workspace, dataset, vector(0, 0))
    assert len(matches(workspace, dataset, asking, threshold=-1.0)) == 3
    assert matches(workspace, dataset, query(workspace, dataset, vector(9, 9)), threshold=0.5) == []


def test_another_face_of_the_photo_can_be_meant(workspace, dataset, faces):
    asking = query(workspace, dataset, vector(0, 0), vector(2, 0), chosen=0)
    assert [m.image for m in matches(workspace, dataset, asking, threshold=0.5, face=1)] == ["c.jpg"]
    with pytest.raises(BadInput, match="the photo has 2 faces; there is no number 2"):
        matches(workspace, dataset, asking, threshold=0.5, face=2)


def test_removed_faces_are_not_found(workspace, dataset, author, faces):
    people.remove_faces(workspace, faces[:1], author_id=author)
    found = matches(workspace, dataset, query(workspace, dataset, vector(0, 0)), threshold=0.5)
    assert [match.image for match in found] == ["b.jpg"]


def test_the_threshold_in_force_is_the_saved_one_else_the_encoders_own(workspace, dataset, author, faces):
    asking = query(workspace, dataset, vector(0, 0))
    assert threshold_in_force(workspace, dataset, asking) == 0.9
    with writing(workspace.engine) as session:
        session.add(
            Threshold(
                dataset_id=dataset,
                model_version_id=asking.encoder_id,
                value=0.7,
                chosen=message("thresholds.by_hand").to_json(),
                author_id=author,
            )
        )
    assert threshold_in_force(workspace, dataset, asking) == 0.7


def test_a_dataset_without_embeddings_cannot_be_searched(workspace, dataset, faces):
    asking = query(workspace, dataset, vector(0, 0))
    with pytest.raises(NotFound, match="no face here has an embedding of this version of dlib-resnet yet"):
        matches(workspace, dataset + 1, asking, threshold=0.5)


def test_what_is_no_picture_is_refused_before_any_model_is_loaded(workspace, dataset, monkeypatch):
    monkeypatch.setattr(searching, "_models", lambda *_: pytest.fail("models were loaded"))
    with pytest.raises(UnreadableImage, match=r"notes\.jpg"):
        searching.search(workspace, dataset, b"plain text", "notes.jpg")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2.0, -1.01])
def test_a_threshold_that_is_no_cosine_similarity_is_refused(workspace, dataset, value):
    with pytest.raises(BadInput, match=rf"a threshold is a cosine similarity between -1 and 1, not {value}"):
        searching.search(workspace, dataset, b"", "photo.jpg", threshold=value)


def test_a_search_stores_nothing_of_the_photo(workspace, dataset, faces):
    before = sorted(path for path in workspace.home.rglob("*") if "vectors" not in path.parts)
    matches(workspace, dataset, query(workspace, dataset, vector(0, 0)), threshold=0.5)
    assert sorted(path for path in workspace.home.rglob("*") if "vectors" not in path.parts) == before
    with reading(workspace.engine) as session:
        assert len(session.exec(select(Image.id)).all()) == 3


def test_of_several_faces_in_a_photo_one_has_to_be_chosen_and_they_are_listed_with_their_numbers(
    workspace, dataset, faces
):
    boxes = ((3.0, 4.0, 43.0, 54.0), (60.0, 5.0, 90.0, 35.0))
    two = replace(query(workspace, dataset, vector(0, 0), vector(2, 0)), corners=boxes)
    with pytest.raises(BadInput) as refused:
        searching.meant(two, None, "party.jpg")
    assert str(refused.value) == (
        "party.jpg: 2 faces are in this photo: 1 (40 × 50 px at 3, 4), 2 (30 × 30 px at 60, 5); "
        "say which one is meant (--face)"
    )
    assert [searching.meant(two, number, "party.jpg") for number in (1, 2)] == [0, 1]
    for number in (0, 3):
        with pytest.raises(BadInput, match=f"the photo has 2 faces; there is no number {number}"):
            searching.meant(two, number, "party.jpg")
    assert searching.meant(query(workspace, dataset, vector(0, 0)), None, "a.jpg") == 0
