"""What follows when somebody draws a box: runs that give it points, where a model for it is promoted."""

from types import SimpleNamespace

import pytest

from db.tables import BoxSource, Image
from pages.widgets.points import box_dialog

BOX = {"left": 10.0, "top": 20.0, "width": 30.0, "height": 40.0}


@pytest.fixture
def started(monkeypatch):
    """The runs that were started, and a page where all else is still; `promoted` may be filled, `missing` cleared."""
    seen = SimpleNamespace(runs=[], boxes=[], promoted=[], missing="Nothing finds people here.")
    monkeypatch.setattr(box_dialog, "what_is_missing", lambda workspace: seen.missing)
    monkeypatch.setattr(box_dialog, "workspace", lambda: None)
    monkeypatch.setattr(box_dialog, "author_id", lambda: 1)
    monkeypatch.setattr(box_dialog, "_encoder", lambda image: "facenet")
    monkeypatch.setattr(box_dialog, "promoted_skeletons", lambda workspace, dataset: seen.promoted)
    monkeypatch.setattr(box_dialog, "start_run", lambda kind, dataset_id, **told: seen.runs.append((kind, told)))
    monkeypatch.setattr(
        box_dialog,
        "add_instances",
        lambda workspace, image, corners, kind, source, **_: seen.boxes.append((kind, source)),
    )
    monkeypatch.setattr(box_dialog.st, "rerun", lambda: None)
    return seen


IMAGE = Image(id=3, dataset_id=7, width=100, height=100)


def test_a_person_gets_the_points_of_the_promoted_body_model_at_once(started):
    started.promoted = ["face68", "body24"]
    box_dialog._add(IMAGE, [BOX], "person")
    assert started.boxes == [("person", BoxSource.DRAWN)]
    assert started.runs == [("prelabel", {"skeleton": "body24"})]


def test_a_person_starts_without_points_where_no_body_model_is_promoted(started):
    started.promoted = ["face68"]
    box_dialog._add(IMAGE, [BOX], "person")
    assert started.runs == []


def test_a_person_gets_points_of_the_built_in_model_where_it_is_here_and_nobody_else_is_looked_for(started):
    started.missing = None
    box_dialog._add(IMAGE, [BOX], "person")
    assert started.runs == [("bodies", {"boxes_only": True})]


def test_a_face_is_encoded_and_pre_labelled_in_the_run_of_faces(started):
    started.promoted = ["face68", "body24"]
    box_dialog._add(IMAGE, [BOX], "face")
    assert [kind for kind, _ in started.runs] == ["faces"]
