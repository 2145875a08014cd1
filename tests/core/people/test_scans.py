"""What a detector has looked at is written down once, with what came of it."""

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.arrays import Boxes
from core.foundation.messages import verbatim
from core.library.batches import PictureFailure
from core.people.scans import note_scan, unknown
from db.engine import reading
from db.tables import ImageState, Instance, Scan
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.face_rows import Faces
from tests.builders.tiny_models import tiny_picture


@pytest.fixture
def look(workspace, dataset, author, tmp_path):
    """Notes a scan of the one picture; says whether what was found is to be added."""
    shelf = Faces(workspace, dataset, author, tmp_path / "photos")
    shelf.add({"a.png": tiny_picture(1)})
    image = shelf.image("a.png").id

    def note(outcome, name="finder", image_id=image):
        run = shelf.run()
        with writing(workspace.engine) as session:
            version = ensure_model_version(name, "detector", "d" * 64, {}, session=session)
            return note_scan(image_id, version, run, outcome, session=session) is not None

    note.shelf = shelf
    return note


def test_what_was_looked_at_is_not_added_to_by_a_second_process(look):
    assert look(2)
    assert not look(3)
    assert look(1, "another finder")
    assert [scan.faces for scan in look.shelf.scans()] == [2, 1]
    assert look.shelf.image("a.png").state == ImageState.EMPTY


def test_what_failed_can_be_looked_at_again(look):
    assert not look(PictureFailure(verbatim("it broke")))
    assert look.shelf.image("a.png").state == ImageState.FAILED
    assert look(1)
    (scan,) = look.shelf.scans()
    assert (scan.failure, scan.faces, look.shelf.image("a.png").reason) == (None, 1, None)


def test_a_picture_that_is_gone_is_no_failure(look, workspace):
    assert not look(1, image_id=999)
    with reading(workspace.engine) as session:
        assert session.exec(select(Scan)).all() == []


def test_a_box_is_known_by_half_of_what_both_cover():
    corners = np.array([[0, 0, 10, 10], [50, 50, 60, 60]], np.float32)
    boxes = Boxes(corners, np.ones(2, np.float32), np.zeros((2, 5, 2), np.float32))
    there = [Instance(left=0, top=0, right=10, bottom=8), Instance(left=55, top=50, right=65, bottom=60)]
    assert unknown(boxes, there) == [1]
    assert unknown(boxes, []) == [0, 1]
    assert unknown(Boxes.none(), there) == []
