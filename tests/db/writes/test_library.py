"""Users and datasets are added once; a picture's faces are counted as its rows say."""

from db.engine import reading
from db.tables import Image, Instance
from db.writes.library import ensure_dataset, ensure_user, recount_faces
from db.writing import writing
from tests.builders.learning_rows import Shelf


def test_a_name_is_added_once(workspace, author):
    with writing(workspace.engine) as session:
        assert ensure_user("ada", session=session) == author
        eve = ensure_user("eve", session=session)
        assert ensure_user("eve", session=session) == eve != author
        first = ensure_dataset("photos", author, session=session)
        assert ensure_dataset("photos", eve, session=session) == first


def test_only_faces_that_were_not_removed_are_counted(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    image = shelf.image("a.png")
    faces = [shelf.instance(image) for _ in range(3)]
    shelf.instance(image, kind="person", skeleton="body24")
    with writing(workspace.engine) as session:
        session.get(Instance, faces[0]).removed = True
        session.flush()
        recount_faces(image, session=session)
    with reading(workspace.engine) as session:
        assert session.get(Image, image).faces == 2
