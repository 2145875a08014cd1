"""Users and datasets are there once, and a picture says how many faces it has."""

from __future__ import annotations

import pytest
from sqlmodel import select

from db.engine import reading
from db.tables import Dataset, Image, ImageState, Instance, Review, Scan, User
from db.writes.library import ensure_dataset, ensure_user, refresh_picture
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


def test_a_user_and_a_dataset_that_are_ensured_twice_are_there_once(workspace, author, dataset):
    with writing(workspace.engine) as session:
        assert ensure_user("ada", session=session) == author
        assert ensure_user("bo", session=session) == ensure_user("bo", session=session) != author
        assert ensure_dataset("faces", 0, session=session) == dataset
        assert ensure_dataset("d", author, session=session) == ensure_dataset("d", author, session=session) != dataset
    with reading(workspace.engine) as session:
        assert sorted(session.exec(select(User.name))) == ["ada", "bo"]
        assert sorted(session.exec(select(Dataset.name, Dataset.created_by))) == [("d", author), ("faces", author)]


def test_names_of_another_case_are_other_users(workspace, author):
    with writing(workspace.engine) as session:
        assert ensure_user("Ada", session=session) != author


def test_the_faces_of_a_picture_are_those_that_were_not_removed(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    crowd, other = shelf.image("crowd.png"), shelf.image("other.png")
    kept, gone = shelf.instance(crowd), shelf.instance(crowd)
    shelf.instance(crowd, kind="person")
    shelf.instance(other)
    with writing(workspace.engine) as session:
        session.get(Instance, gone).removed = True
        refresh_picture(crowd, session=session)
    with reading(workspace.engine) as session:
        assert session.exec(select(Image.path, Image.faces).order_by(Image.path)).all() == [
            ("crowd.png", 1),
            ("other.png", 0),
        ]
    with writing(workspace.engine) as session:
        session.delete(session.get(Instance, kept))
        refresh_picture(crowd, session=session)
        assert session.exec(select(Image.faces).where(Image.id == crowd)).one() == 0


def _stands(workspace, image, **changes):
    with writing(workspace.engine) as session:
        for name, value in changes.items():
            setattr(session.get(Image, image), name, value)
        refresh_picture(image, session=session)
    with reading(workspace.engine) as session:
        return session.get(Image, image).state


@pytest.mark.parametrize(
    ("reviews", "state"),
    [
        ([Review.OPEN, Review.OPEN], ImageState.FOUND),
        ([None], ImageState.FOUND),
        ([Review.OPEN, Review.IN_PROGRESS], ImageState.IN_PROGRESS),
        ([Review.IN_PROGRESS], ImageState.IN_PROGRESS),
        ([Review.OPEN, Review.ACCEPTED], ImageState.IN_PROGRESS),
        ([Review.IMPORTED, None], ImageState.IN_PROGRESS),
        ([Review.IMPORTED, Review.ACCEPTED], ImageState.IMPORTED),
        ([Review.ACCEPTED, Review.ACCEPTED], ImageState.ACCEPTED),
    ],
)
def test_a_picture_stands_where_its_instances_do(workspace, dataset, author, reviews, state):
    shelf = Shelf(workspace, dataset, author)
    image = shelf.image("a.png")
    for review in reviews:
        shelf.instance(image, face() if review else None, review=review, human=review != Review.OPEN)
    with writing(workspace.engine) as session:
        session.get(Instance, shelf.instance(image, face())).removed = True  # what is taken out does not count
    assert _stands(workspace, image) == state


def test_a_picture_without_instances_stands_where_it_was_looked_at(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    image = shelf.image("a.png")
    assert _stands(workspace, image) == ImageState.NEW
    assert _stands(workspace, image, state=ImageState.FOUND) == ImageState.NEW, "what was in it is taken out"
    with writing(workspace.engine) as session:
        detector = ensure_model_version("d", "detector", "0", {}, session=session)
        session.add(Scan(image_id=image, model_version_id=detector))
    assert _stands(workspace, image, state=ImageState.FOUND) == ImageState.EMPTY
    assert _stands(workspace, image, empty_by=author) == ImageState.ACCEPTED


def test_a_picture_that_failed_stays_so_until_a_human_has_reviewed_it(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    image = shelf.image("a.png")
    shelf.instance(image, face(), human=False)
    reason = {"code": "words.verbatim", "fields": {"text": "it is damaged"}}
    assert _stands(workspace, image, state=ImageState.FAILED, reason=reason) == ImageState.FAILED
    shelf.instance(image, face())
    assert _stands(workspace, image) == ImageState.IN_PROGRESS
    with reading(workspace.engine) as session:
        assert session.get(Image, image).reason is None
