"""Reads of a whole dataset for a search."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from db.engine import reading
from db.queries.people.album import album_columns, boxes_of_faces, count_capture_times, shown_pictures
from db.tables import CaptureTime
from db.writing import writing
from tests.builders.learning_rows import Shelf, face
from tests.builders.people_rows import remove


def test_pictures_come_with_their_times_and_scenes_and_faces_without_those_removed(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    frames = [shelf.image(f"clip/{number}.png", sequence="clip") for number in range(2)]
    alone, undated, old = (shelf.image(path) for path in ('a,"b".png', "undated.png", "old.png"))
    clip = shelf.clip("clip.mp4", frames)
    seen = [shelf.instance(image, face(0.0)) for image in (*frames, alone)]
    shelf.instance(alone, kind="person")
    remove(workspace, seen[1])
    noon, before_1970 = datetime(2024, 5, 1, 12), datetime(1969, 12, 31, 23, 59, 58, 500_000)
    with writing(workspace.engine) as session:
        for image, at in ((alone, noon), (undated, None), (old, before_1970)):
            session.add(CaptureTime(image_id=image, at=at))
    with reading(workspace.engine) as session:
        found = album_columns(dataset, session=session)
        nothing = album_columns(dataset + 1, session=session)
    ids, paths = found.pictures
    named = dict(zip(map(int, ids.split(",")), json.loads(paths), strict=True))
    assert named == {
        **{image: f"clip/{number}.png" for number, image in enumerate(frames)},
        **{alone: 'a,"b".png', undated: "undated.png", old: "old.png"},
    }
    assert rows(found.times) == {(alone, int(noon.replace(tzinfo=UTC).timestamp())), (old, -2)}
    assert rows(found.frames) == {(frames[0], clip, 0), (frames[1], clip, 0)}
    assert rows(found.faces) == {(seen[0], frames[0]), (seen[2], alone)}
    assert nothing == (("", "[]"), ("", ""), ("", "", ""), ("", ""))


def rows(columns):
    return set(zip(*(map(int, column.split(",")) for column in columns), strict=True))


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
