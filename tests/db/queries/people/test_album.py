"""Reads of a whole dataset for a search."""

from __future__ import annotations

from datetime import datetime

from db.engine import reading
from db.queries.people.album import (
    boxes_of_faces,
    count_capture_times,
    faces_of_album,
    pictures_of_album,
    shown_pictures,
)
from db.tables import CaptureTime
from db.writing import writing
from tests.builders.learning_rows import Shelf, face
from tests.builders.people_rows import remove


def test_pictures_come_by_id_with_their_time_and_scene_and_faces_without_those_removed(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    frames = [shelf.image(f"clip/{number}.png", sequence="clip") for number in range(2)]
    alone = shelf.image("alone.png")
    shelf.clip("clip.mp4", frames)
    seen = [shelf.instance(image, face(0.0)) for image in (*frames, alone)]
    remove(workspace, seen[1])
    noon = datetime(2024, 5, 1, 12)
    with writing(workspace.engine) as session:
        session.add(CaptureTime(image_id=alone, at=noon))
    with reading(workspace.engine) as session:
        pictures = [tuple(row) for row in pictures_of_album(dataset, session=session)]
        faces = [tuple(row) for row in faces_of_album(dataset, session=session)]
        assert list(pictures_of_album(dataset + 1, session=session)) == []
    clip = pictures[0][3]
    assert pictures == [
        (frames[0], "clip/0.png", None, clip, 0),
        (frames[1], "clip/1.png", None, clip, 0),
        (alone, "alone.png", noon, None, None),
    ]
    assert faces == [(seen[0], frames[0]), (seen[2], alone)]


def test_a_picture_has_the_boxes_of_its_faces_without_those_removed(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    image = shelf.image("a.png")
    kept, gone = shelf.instance(image, face(0.0)), shelf.instance(image, face(5.0))
    remove(workspace, gone)
    with reading(workspace.engine) as session:
        boxes = boxes_of_faces(image, session=session)
        assert boxes_of_faces(image + 1, session=session) == {}
    assert list(boxes) == [kept]
    assert len(boxes[kept]) == 4


def test_pictures_whose_times_were_looked_for_are_counted_of_one_dataset(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    images = [shelf.image(name) for name in ("a.png", "b.png", "c.png")]
    with writing(workspace.engine) as session:
        session.add(CaptureTime(image_id=images[0], at=datetime(2024, 5, 1)))
        session.add(CaptureTime(image_id=images[1]))
    with reading(workspace.engine) as session:
        assert count_capture_times(dataset, session=session) == 2
        assert count_capture_times(dataset + 1, session=session) == 0
        assert [path for path, _ in shown_pictures(images[:2], session=session).values()] == ["a.png", "b.png"]
