"""Tracks of a clip as they are read: where they are, what they are called, and what is in none yet."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from db.queries.motion.tracks import (
    clips_not_linked,
    frames_not_linked,
    heads_of_track,
    placed_instances,
    titles_of_instances,
    track_instances,
    tracks_in_clip,
)
from db.tables import Dataset, Instance, Track
from db.writing import writing
from tests.builders.learning_rows import Shelf, face
from tests.builders.people_rows import own, remove


@pytest.fixture
def clip(workspace, dataset, author):
    """Three frames; a face through all of them, of which a human has set the first; a body in the last two."""
    shelf = Shelf(workspace, dataset, author)
    made = SimpleNamespace(images=[shelf.image(f"clip/{number}.png") for number in range(3)])
    made.video = shelf.clip("clip.mp4", made.images)
    human, *others = made.images
    made.faces = [shelf.instance(human, face()), *(shelf.instance(image, face(), human=False) for image in others)]
    made.bodies = [shelf.instance(image, kind="person", skeleton="body24") for image in others]
    with writing(workspace.engine) as session:
        rows = [Track(dataset_id=dataset, video_id=made.video, kind=kind) for kind in ("face", "person")]
        session.add_all(rows)
        session.flush()
        made.face, made.body = (row.id for row in rows)
        for track, instances in ((made.face, made.faces), (made.body, made.bodies)):
            for number in instances:
                session.get_one(Instance, number).track_id = track
    return made


def test_tracks_come_by_their_first_frame_with_where_they_are_and_what_a_human_did(read, clip):
    rows = read(tracks_in_clip, clip.video)
    assert [(row.id, row.number, row.kind, row.first, row.last, row.frames) for row in rows] == [
        (clip.face, 1, "face", 0, 2, 3),
        (clip.body, 2, "person", 1, 2, 2),
    ]
    assert [(row.human, row.truth, row.title) for row in rows] == [(1, 1, "face 1"), (0, 0, "person 1")]
    assert read(tracks_in_clip, clip.video + 1) == []


def test_a_face_is_called_as_its_person_and_a_body_as_it_was_named(read, workspace, dataset, clip):
    own(workspace, dataset, clip.faces[:1], "Ada")
    with writing(workspace.engine) as session:
        session.get_one(Track, clip.body).name = "Bea"
    assert [row.title for row in read(tracks_in_clip, clip.video)] == ["Ada", "Bea"]
    titles = read(titles_of_instances, clip.video)
    assert titles == dict.fromkeys(clip.faces, "Ada") | dict.fromkeys(clip.bodies, "Bea")


def test_instances_of_a_track_and_of_a_part_come_by_frame(read, clip):
    assert [(row.frame, row.id) for row in read(track_instances, clip.face)] == list(enumerate(clip.faces))
    part = read(placed_instances, clip.video, 1, 1)
    assert [(row.id, row.kind, row.track_id) for row in part] == [
        (clip.faces[1], "face", clip.face),
        (clip.bodies[0], "person", clip.body),
    ]
    heads = read(heads_of_track, clip.video, clip.face)
    assert [(row.frame, row.source) for row in heads] == [(0, "human"), (1, "model"), (2, "model")]


def test_what_is_in_no_track_is_found_but_not_what_an_import_has_staged(read, workspace, dataset, clip):
    assert read(frames_not_linked, clip.video) is None
    assert read(clips_not_linked, dataset) == []
    with writing(workspace.engine) as session:
        session.get_one(Instance, clip.faces[1]).track_id = None
    assert read(frames_not_linked, clip.video) == (1, 1)
    for where in ((dataset,), (None,), (dataset, clip.images[1])):
        assert read(clips_not_linked, *where) == [clip.video]
    assert read(clips_not_linked, dataset, clip.images[0]) == []
    with writing(workspace.engine) as session:
        session.get_one(Dataset, dataset).staged_by = 1
    assert read(clips_not_linked) == []


def test_what_was_removed_is_in_no_track(read, workspace, clip):
    remove(workspace, *clip.bodies)
    assert [row.id for row in read(tracks_in_clip, clip.video)] == [clip.face]
    assert read(track_instances, clip.body) == []
