"""When somebody is seen: by hand, through gaps, in tracks, in several clips, and never."""

import pytest

from core.people.appearances import SHORT_GAP, appearances, seen_at
from core.people.deciding import release_faces
from db.writes.motion import add_track, set_tracks
from db.writing import writing
from tests.builders.people_rows import own, remove
from tests.builders.seen_in_clips import clip_of, faces_at


def ranges(workspace, person, **options):
    return {
        clip.path: [(seen.start, seen.end) for seen in clip.ranges]
        for clip in appearances(workspace, person, **options)
    }


@pytest.fixture
def clip(workspace, dataset):
    """Twelve frames, four a second."""
    return clip_of(workspace, dataset, "a.mp4", 12)


def test_who_is_in_no_clip_is_never_seen(workspace, dataset, clip):
    assert appearances(workspace, own(workspace, dataset, [])) == []


def test_a_short_gap_is_closed_and_a_long_one_is_not(workspace, dataset, clip):
    faces = faces_at(workspace, clip, [0, 1, 4, 8, 11])
    person = own(workspace, dataset, faces)
    [found] = appearances(workspace, person)
    assert (found.path, found.length, found.frames) == ("a.mp4", 3, 5)
    assert [(seen.start, seen.end) for seen in found.ranges] == [(0, 1), (2, 2.75)], "a second between 4 and 8 is a gap"
    assert [seen.instance_id for seen in found.ranges] == [faces[0], faces[3]]
    assert ranges(workspace, person, gap=1.01) == {"a.mp4": [(0, 2.75)]}
    assert ranges(workspace, person, gap=0) == {"a.mp4": [(at, at) for at in (0, 0.25, 1, 2, 2.75)]}
    assert SHORT_GAP == 1


def test_two_faces_in_a_frame_are_one_sighting_and_what_was_taken_out_is_none(workspace, dataset, clip):
    faces = faces_at(workspace, clip, [3, 3, 9])
    person = own(workspace, dataset, faces)
    remove(workspace, faces[2])
    [found] = appearances(workspace, person)
    assert (found.frames, [(seen.start, seen.end) for seen in found.ranges]) == (1, [(0.75, 0.75)])


def test_faces_of_nobody_in_a_track_that_they_are_seen_in_are_theirs_and_those_of_others_are_not(
    workspace, dataset, clip
):
    faces = faces_at(workspace, clip, [0, 1, 2, 10])
    with writing(workspace.engine) as session:
        set_tracks(dict.fromkeys(faces, add_track(dataset, clip, "face", session=session)), session=session)
    person, other = own(workspace, dataset, faces[:1]), own(workspace, dataset, faces[3:])
    assert ranges(workspace, person) == {"a.mp4": [(0, 0.5)]}
    assert ranges(workspace, other) == {"a.mp4": [(0.25, 0.5), (2.5, 2.5)]}


def test_each_clip_has_its_own_times(workspace, dataset, clip):
    second = clip_of(workspace, dataset, "B.mp4", 4)
    faces = faces_at(workspace, clip, [2]) + faces_at(workspace, second, [1, 2])
    assert ranges(workspace, own(workspace, dataset, faces)) == {"B.mp4": [(0.25, 0.5)], "a.mp4": [(0.5, 0.5)]}


def test_the_nearest_sighting_of_a_second(workspace, dataset, clip):
    faces = faces_at(workspace, clip, [2, 8])
    person = own(workspace, dataset, faces)
    assert [seen_at(workspace, person, clip, second)[1] for second in (-5, 1.2, 1.3, 99)] == [faces[0]] * 2 + [
        faces[1]
    ] * 2
    assert seen_at(workspace, person, clip + 1, 0) is None


def test_a_face_of_a_track_that_was_said_not_to_be_them_is_not_theirs(workspace, dataset, clip, author):
    faces = faces_at(workspace, clip, [0, 1, 2])
    with writing(workspace.engine) as session:
        set_tracks(dict.fromkeys(faces, add_track(dataset, clip, "face", session=session)), session=session)
    person = own(workspace, dataset, [faces[0], faces[2]])
    release_faces(workspace, [faces[2]], author_id=author)
    assert ranges(workspace, person) == {"a.mp4": [(0, 0.25)]}
    assert seen_at(workspace, person, clip, 0.5)[1] == faces[1]
