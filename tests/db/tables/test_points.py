"""What the store refuses of points and of labels that wait, and what goes with an instance."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from db.engine import reading
from db.tables import Instance, KeypointRevision, Review, WaitingLabel, sides
from db.writes.library import ensure_dataset
from db.writes.points import append_revision
from db.writing import writing
from tests.builders.learning_rows import Shelf


@pytest.fixture
def face(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    return shelf.instance(shelf.image("a.png"))


def _revise(workspace, face, *edits):
    with writing(workspace.engine) as session:
        instance = session.get(Instance, face)
        for edit in edits:
            append_revision(instance, "face68", b"points", Review.IN_PROGRESS, edit_id=edit, session=session)


def test_the_same_edit_sent_twice_is_refused_and_the_first_one_stays(workspace, face):
    _revise(workspace, face, "edit 1", "edit 2")
    with pytest.raises(IntegrityError, match="UNIQUE"):
        _revise(workspace, face, "edit 3", "edit 1")
    with reading(workspace.engine) as session:
        assert session.exec(select(KeypointRevision.edit_id).order_by(KeypointRevision.id)).all() == [
            "edit 1",
            "edit 2",
        ]


def test_any_number_of_revisions_may_be_no_edit_of_a_browser(workspace, face):
    _revise(workspace, face, None, None)
    with reading(workspace.engine) as session:
        assert session.exec(select(KeypointRevision.edit_id)).all() == [None, None]


def test_the_revisions_of_an_instance_go_with_it_alone(workspace, dataset, author, face):
    other = Shelf(workspace, dataset, author).instance(_image_of(workspace, face))
    _revise(workspace, face, "edit 1", "edit 2")
    _revise(workspace, other, "edit 3")
    with writing(workspace.engine) as session:
        session.delete(session.get(Instance, face))
    with reading(workspace.engine) as session:
        assert session.exec(select(KeypointRevision.instance_id)).all() == [other]


def _image_of(workspace, face):
    with reading(workspace.engine) as session:
        return session.get(Instance, face).image_id


def test_an_instance_cannot_count_a_revision_that_is_not_there(workspace, face):
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), writing(workspace.engine) as session:
        session.get(Instance, face).revision_id = 99


def test_the_same_label_waits_once_in_a_dataset(workspace, dataset, author):
    said = {"digest": "0", "picture": "a.png", "skeleton": "face68", "points": b"", "source": "a.pts"}

    def wait(number):
        with writing(workspace.engine) as session:
            session.add(WaitingLabel(dataset_id=number, author_id=author, **said))

    wait(dataset)
    with pytest.raises(IntegrityError, match="UNIQUE"):
        wait(dataset)
    with writing(workspace.engine) as session:
        other = ensure_dataset("other", author, session=session)
    wait(other)


def test_the_box_of_an_instance_is_its_sides():
    assert Instance(dataset_id=1, image_id=1, kind="face", **sides((1, 2, 3, 4))).box == (1, 2, 3, 4)
