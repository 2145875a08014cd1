"""Sightings: by clip and time, each frame once, and of a body's track nothing."""

from db.engine import reading
from db.queries.people.appearances import sightings
from db.writes.motion import add_track, set_tracks
from db.writing import writing
from tests.builders.people_rows import own
from tests.builders.seen_in_clips import clip_of, faces_at


def test_sightings_come_by_clip_and_time(workspace, dataset):
    later, first = clip_of(workspace, dataset, "b.mp4", 3), clip_of(workspace, dataset, "a.mp4", 3)
    faces = faces_at(workspace, later, [2, 0]) + faces_at(workspace, first, [1, 1])
    person = own(workspace, dataset, faces)
    with reading(workspace.engine) as session:
        found = sightings(person, session=session)
    assert [(row.video_id, row.path, row.seconds, row.instance_id) for row in found] == [
        (first, "a.mp4", 0.25, faces[2]),
        (later, "b.mp4", 0, faces[1]),
        (later, "b.mp4", 0.5, faces[0]),
    ]


def test_what_is_in_the_track_of_a_body_is_not_seen_by_it(workspace, dataset):
    clip = clip_of(workspace, dataset, "a.mp4", 2)
    faces = faces_at(workspace, clip, [0, 1])
    with writing(workspace.engine) as session:
        set_tracks(dict.fromkeys(faces, add_track(dataset, clip, "person", session=session)), session=session)
    person = own(workspace, dataset, faces[:1])
    with reading(workspace.engine) as session:
        assert [row.instance_id for row in sightings(person, session=session)] == faces[:1]
