"""Reads of a whole dataset for a search."""

from __future__ import annotations

from datetime import datetime

from db.engine import reading
from db.queries.people.album import faces_of_album, pictures_of_album
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
