"""Faces as tiles, and what people are called."""

from dataclasses import replace

from db.queries.people.listing import PersonSummary, ShownFace
from db.tables import Source
from pages.widgets.people.face_tiles import called, crop_url, face_tile, how_many
from pages.widgets.shared.picture_grid import Tile

FACE = ShownFace(5, 9, "a/b.jpg", "0123456789", (1.0, 2.25, 30.0, 40.0), 0.9, Source.HUMAN, 3)


def test_another_box_or_picture_has_another_address():
    assert crop_url(FACE) == "/api/crop/5?v=01234567-1.0-2.2-30.0-40.0"
    assert crop_url(replace(FACE, box=(1.5, 2.25, 30.0, 40.0))) != crop_url(FACE)
    assert crop_url(replace(FACE, sha256="ffff")) != crop_url(FACE)


def test_a_face_is_marked_where_a_human_has_confirmed_it():
    assert face_tile(FACE, caption="0.5") == Tile(5, crop_url(FACE), "a/b.jpg", "0.5", "confirmed")
    assert face_tile(FACE, marked=False).badge == ""
    assert face_tile(replace(FACE, source=Source.MODEL)).badge == ""


def test_another_mark_is_shown_where_nobody_has_confirmed():
    assert face_tile(replace(FACE, source=Source.MODEL), badge="by clothes").badge == "by clothes"
    assert face_tile(FACE, badge="by clothes").badge == "confirmed"


def test_a_person_without_a_name_is_called_by_a_number():
    assert called(PersonSummary(3, "Ada", 2, 1)) == "Ada"
    assert called(PersonSummary(3, None, 2, 1)) == "Unnamed 3"


def test_confirmed_faces_are_counted():
    assert how_many(PersonSummary(3, "Ada", 1200, 1100)) == "1,200 faces · 1,100 confirmed"
    assert how_many(PersonSummary(3, "Ada", 1, 1)) == "1 face · all confirmed"
