"""What follows when somebody draws boxes in the dialog: they are kept, and points are asked for."""

from types import SimpleNamespace

import pytest

from db.tables import BoxSource, Image
from pages.widgets.points import box_dialog

BOX = {"left": 10.0, "top": 20.0, "width": 30.0, "height": 40.0}
IMAGE = Image(id=3, dataset_id=7, width=100, height=100)


@pytest.fixture
def drawn(monkeypatch):
    """What was kept and asked for, on a page where all else is still."""
    seen = SimpleNamespace(boxes=[], asked=[])
    monkeypatch.setattr(box_dialog, "workspace", lambda: None)
    monkeypatch.setattr(box_dialog, "author_id", lambda: 1)
    monkeypatch.setattr(box_dialog, "ask_for_points", lambda _, image, kind, **__: seen.asked.append((image, kind)))
    monkeypatch.setattr(
        box_dialog, "add_instances", lambda _, image, corners, kind, source, **__: seen.boxes.append((corners, source))
    )
    monkeypatch.setattr(box_dialog.st, "rerun", lambda: None)
    return seen


@pytest.mark.parametrize("kind", ["face", "person"])
def test_boxes_are_kept_from_the_centre_of_the_first_pixel_and_points_are_asked_for(drawn, kind):
    box_dialog._add(IMAGE, [BOX], kind)
    assert drawn.boxes == [([(9.5, 19.5, 39.5, 59.5)], BoxSource.DRAWN)]
    assert drawn.asked == [(3, kind)]
