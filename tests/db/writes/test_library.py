"""Users and datasets are there once, and a picture says how many faces it has."""

from __future__ import annotations

from sqlmodel import select

from db.engine import reading
from db.tables import Dataset, Image, Instance, User
from db.writes.library import ensure_dataset, ensure_user, recount_faces
from db.writing import writing
from tests.builders.learning_rows import Shelf


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
        recount_faces(crowd, session=session)
    with reading(workspace.engine) as session:
        assert session.exec(select(Image.path, Image.faces).order_by(Image.path)).all() == [
            ("crowd.png", 1),
            ("other.png", 0),
        ]
    with writing(workspace.engine) as session:
        session.delete(session.get(Instance, kept))
        recount_faces(crowd, session=session)
        assert session.exec(select(Image.faces).where(Image.id == crowd)).one() == 0
