"""Tracks: linked by overlap and likeness within a scene, decided by hand, and what is decided stays."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, Conflict, NotFound
from core.foundation.messages import worded
from core.motion.clip_edits import undo_clip_edit
from core.motion.tracklets import cut_track, join_tracks, link_clip, link_clips, name_track, swap_tracks, tracks_of_clip
from core.people.deciding import move_faces, undo
from db.engine import reading
from db.queries.motion.tracks import titles_of_instances
from db.tables import ClipEdit, Dataset, Embedding, Frame, Instance, PeopleEvent, Review, Run, RunState, Video
from db.writes.library import ensure_dataset
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.followed_clips import faces_in, put_face
from tests.builders.staged_tracks import add_video
from tests.builders.statements import statements_of


@pytest.fixture
def clip(workspace, dataset):
    add_video(workspace, dataset, "a.mp4", indices=list(range(12)))
    with reading(workspace.engine) as session:
        return session.exec(select(Video.id)).one()


def put(workspace, clip, frame, x, **about):
    """A face 40 pixels wide at x, whose points are its corners."""
    return put_face(workspace, clip, frame, None, box=(x, 50.0, x + 40, 90.0), **about)


def tracks(workspace, clip):
    """The track of each instance, as (frame, instance) in the order of both."""
    return {(frame, row.id): row.track_id for frame, rows in faces_in(workspace, clip).items() for row, _ in rows}


def groups(workspace, clip):
    """The frames of each track, by its id."""
    found = {}
    for (frame, _), track in tracks(workspace, clip).items():
        found.setdefault(track, []).append(frame)
    return found


def test_two_faces_side_by_side_are_two_tracks(workspace, clip):
    for frame in range(6):
        put(workspace, clip, frame, 10 + 3 * frame)
        put(workspace, clip, frame, 200 - 3 * frame)
    assert link_clip(workspace, clip) == 12
    assert sorted(groups(workspace, clip).values()) == [list(range(6))] * 2
    assert link_clip(workspace, clip) == 0
    listed = tracks_of_clip(workspace, clip)
    assert [(row.number, row.kind, row.name, row.first, row.last, row.frames, row.human) for row in listed] == [
        (1, "face", None, 0, 5, 6, 0),
        (2, "face", None, 0, 5, 6, 0),
    ]


def test_a_scene_ends_a_track_and_a_short_gap_does_not(workspace, clip):
    for frame in (0, 1, 5, 6, 8):
        put(workspace, clip, frame, 10)
    with writing(workspace.engine) as session:
        for frame in session.exec(select(Frame).where(Frame.index >= 7)):
            frame.scene = 1
    link_clip(workspace, clip)
    assert sorted(groups(workspace, clip).values()) == [[0, 1, 5, 6], [8]]


def test_a_long_gap_ends_a_track(workspace, clip):
    for frame in (0, 1, 8):
        put(workspace, clip, frame, 10)
    link_clip(workspace, clip)
    assert sorted(groups(workspace, clip).values()) == [[0, 1], [8]]


def test_faces_and_bodies_are_linked_apart(workspace, clip):
    for frame in range(3):
        put(workspace, clip, frame, 10)
        put(workspace, clip, frame, 10, kind="person")
    link_clip(workspace, clip)
    assert sorted(groups(workspace, clip).values()) == [[0, 1, 2]] * 2
    assert {row.kind for row in tracks_of_clip(workspace, clip)} == {"face", "person"}


def embed(workspace, instance, *vector):
    with writing(workspace.engine) as session:
        version = ensure_model_version("encoder", "encoder", "e" * 64, {}, session=session)
        unit = np.array(vector, "<f4") / np.linalg.norm(vector)
        session.add(Embedding(instance_id=instance, model_version_id=version, vector=unit.astype("<f4").tobytes()))


@pytest.mark.parametrize("known", [True, False])
def test_where_overlap_leaves_it_open_appearance_decides(workspace, clip, known):
    """Two faces jump past one another: by overlap alone each goes on as the other."""
    one, two = put(workspace, clip, 0, 10), put(workspace, clip, 0, 26)
    near_one, near_two = put(workspace, clip, 1, 17), put(workspace, clip, 1, 19)
    if known:
        embed(workspace, one, 1, 0)
        embed(workspace, two, 0, 1)
        embed(workspace, near_one, 0, 1)  # the second face is at the first one's place now
        embed(workspace, near_two, 1, 0)
    link_clip(workspace, clip)
    found = {instance: track for (_, instance), track in tracks(workspace, clip).items()}
    assert (found[one] == found[near_two]) == known
    assert (found[one] == found[near_one]) != known


def test_what_is_in_a_track_stays_there_and_what_comes_later_joins(workspace, clip, author):
    for frame in (0, 1, 2, 4, 5):
        put(workspace, clip, frame, 10)
    link_clip(workspace, clip)
    (track,) = groups(workspace, clip)
    new, _ = cut_track(workspace, track, 4, author_id=author)
    before = tracks(workspace, clip)
    put(workspace, clip, 3, 10)
    assert link_clip(workspace, clip) == 1
    after = tracks(workspace, clip)
    assert {key: after[key] for key in before} == before
    assert groups(workspace, clip) == {track: [0, 1, 2, 3], new: [4, 5]}


def test_what_comes_one_by_one_is_linked_as_if_it_had_come_at_once(workspace, clip):
    places = [(0, 10), (1, 14), (1, 300), (4, 20), (5, 24), (5, 296), (11, 30)]
    for frame, x in places:
        put(workspace, clip, frame, x)
    link_clip(workspace, clip)
    at_once = sorted(groups(workspace, clip).values())
    with writing(workspace.engine) as session:
        for row in session.exec(select(Instance)):
            session.delete(row)
    for frame, x in places:
        put(workspace, clip, frame, x)
        assert link_clip(workspace, clip) == 1
    assert sorted(groups(workspace, clip).values()) == at_once == [[0, 1, 4, 5], [1, 5], [11]]


def test_the_clips_of_a_dataset_or_of_a_picture_are_linked_and_no_others(workspace, clip, author):
    with writing(workspace.engine) as session:
        other = ensure_dataset("other", author, session=session)
    add_video(workspace, other, "b.mp4", indices=[0, 1])
    with reading(workspace.engine) as session:
        elsewhere = session.exec(select(Video.id).where(Video.dataset_id == other)).one()
        first = session.exec(select(Frame.image_id).where(Frame.video_id == clip, Frame.index == 0)).one()
    for video in (clip, elsewhere):
        put(workspace, video, 1, 10)

    def linked():
        return [None not in groups(workspace, video) for video in (clip, elsewhere)]

    link_clips(workspace, image_id=first)
    assert linked() == [False, False], "in that picture nothing is"
    link_clips(workspace, dataset_id=other)
    assert linked() == [False, True]
    link_clips(workspace)
    assert linked() == [True, True]


def test_what_an_import_has_staged_is_linked_when_it_is_published(workspace, clip, dataset, author):
    put(workspace, clip, 1, 10)
    with writing(workspace.engine) as session:
        run = Run(kind="import", state=RunState.RUNNING, dataset_id=dataset, author_id=author)
        session.add(run)
        session.flush()
        session.get_one(Dataset, dataset).staged_by = run.id
    link_clips(workspace)
    assert list(groups(workspace, clip)) == [None]
    with writing(workspace.engine) as session:
        session.get_one(Dataset, dataset).staged_by = None
    link_clips(workspace)
    assert None not in groups(workspace, clip)


@pytest.fixture
def pair(workspace, clip):
    """Two tracks: frames 0 to 2 at one place, 3 to 5 at another."""
    for frame in range(3):
        put(workspace, clip, frame, 10)
    for frame in range(3, 6):
        put(workspace, clip, frame, 200)
    link_clip(workspace, clip)
    return tuple(sorted(groups(workspace, clip)))


def test_tracks_are_joined_and_parted_again_by_undo(workspace, clip, author, pair):
    one, two = pair
    edit = join_tracks(workspace, one, two, author_id=author)
    assert groups(workspace, clip) == {one: list(range(6))}
    assert [row.id for row in tracks_of_clip(workspace, clip)] == [one]
    undone = undo_clip_edit(workspace, edit, author_id=author)
    assert (undone.undone, undone.kept) == (3, 0)
    assert groups(workspace, clip) == {one: [0, 1, 2], two: [3, 4, 5]}
    undo_clip_edit(workspace, undone.edit, author_id=author)
    assert groups(workspace, clip) == {one: list(range(6))}


def test_tracks_of_the_same_frames_are_swapped_not_joined(workspace, clip, author):
    for frame in range(4):
        put(workspace, clip, frame, 10)
        put(workspace, clip, frame, 200)
    link_clip(workspace, clip)
    before = tracks(workspace, clip)
    one, two = sorted(set(before.values()))
    with pytest.raises(Conflict):
        join_tracks(workspace, one, two, author_id=author)
    edit = swap_tracks(workspace, one, two, 2, author_id=author)
    other = {one: two, two: one}
    after = tracks(workspace, clip)
    assert after == {(frame, i): track if frame < 2 else other[track] for (frame, i), track in before.items()}
    undo_clip_edit(workspace, edit, author_id=author)
    assert tracks(workspace, clip) == before


def test_what_was_done_names_tracks_as_they_are_called(workspace, clip, author, pair):
    one, two = pair
    put(workspace, clip, 2, 200, kind="person")
    link_clip(workspace, clip)
    titles = [row.title for row in tracks_of_clip(workspace, clip)]
    assert titles == ["face 1", "person 1", "face 2"]
    name_track(workspace, two, "Ada", author_id=author)
    new, cut = cut_track(workspace, one, 1, author_id=author)
    joined = join_tracks(workspace, one, new, author_id=author)
    with reading(workspace.engine) as session:
        told = [worded(session.get(ClipEdit, edit).summary) for edit in (cut, joined)]
    assert told[0].startswith("Cut face 1 at ")
    assert told[1] == "Joined face 3 to face 1"


def test_others_keep_their_numbers_when_a_track_is_cut_joined_and_drawn(workspace, clip, author, pair):
    one, two = pair
    shown = {row.id: (row.number, row.title) for row in tracks_of_clip(workspace, clip)}
    assert shown == {one: (1, "face 1"), two: (2, "face 2")}
    new, _ = cut_track(workspace, one, 1, author_id=author)  # it begins before the other
    cut = {row.id: (row.number, row.title) for row in tracks_of_clip(workspace, clip)}
    assert cut == shown | {new: (3, "face 3")}
    join_tracks(workspace, two, one, author_id=author)
    assert {row.id: (row.number, row.title) for row in tracks_of_clip(workspace, clip)}[new] == (3, "face 3")


def test_a_later_decision_about_the_same_instances_stays(workspace, clip, author, pair):
    one, two = pair
    joined = join_tracks(workspace, one, two, author_id=author)
    new, _ = cut_track(workspace, one, 5, author_id=author)
    undone = undo_clip_edit(workspace, joined, author_id=author)
    assert (undone.undone, undone.kept) == (2, 1)
    assert groups(workspace, clip) == {one: [0, 1, 2], two: [3, 4], new: [5]}


@pytest.mark.parametrize("frame", [0, 9])
def test_there_has_to_be_something_to_cut(workspace, clip, author, pair, frame):
    with pytest.raises(BadInput):
        cut_track(workspace, pair[0], frame, author_id=author)


def test_unlike_tracks_are_refused(workspace, clip, author, pair):
    put(workspace, clip, 8, 10, kind="person")
    link_clip(workspace, clip)
    body = max(groups(workspace, clip))
    for other in (pair[0], body):
        with pytest.raises(BadInput):
            join_tracks(workspace, pair[0], other, author_id=author)
    with pytest.raises(NotFound):
        join_tracks(workspace, pair[0], 99, author_id=author)
    with pytest.raises(BadInput):
        swap_tracks(workspace, *pair, 9, author_id=author)
    with pytest.raises(NotFound):
        link_clip(workspace, 99)


def names(workspace, clip):
    return {row.id: row.name for row in tracks_of_clip(workspace, clip)}


def test_a_face_is_called_as_its_person_which_is_a_decision_about_people(workspace, clip, author, pair):
    one, two = pair
    person = name_track(workspace, one, " Ada ", author_id=author)
    assert names(workspace, clip) == {one: "Ada", two: None}
    assert name_track(workspace, two, "Ada", author_id=author) == person
    assert names(workspace, clip) == {one: "Ada", two: "Ada"}
    with reading(workspace.engine) as session:
        _, second = session.exec(select(PeopleEvent.id).order_by(PeopleEvent.id)).all()
    undo(workspace, second, author_id=author)
    assert names(workspace, clip) == {one: "Ada", two: None}
    name_track(workspace, one, "Eve", author_id=author)
    assert names(workspace, clip) == {one: "Eve", two: None}


def test_the_unnamed_person_of_all_its_faces_gets_the_name(workspace, clip, dataset, author, pair):
    elsewhere = put(workspace, clip, 9, 10)
    faces = [instance for (frame, instance), track in tracks(workspace, clip).items() if track == pair[0]]
    person = move_faces(workspace, [*faces[:2], elsewhere], author_id=author)
    assert name_track(workspace, pair[0], "Ada", author_id=author) == person
    link_clip(workspace, clip)
    assert list(names(workspace, clip).values()) == ["Ada", None, "Ada"]


@pytest.fixture
def most_values(workspace, monkeypatch):
    """The most values that a read has been given since, where ids go two at a time."""
    monkeypatch.setattr("db.batching._MOST", 2)
    with statements_of(workspace.engine) as seen:
        yield lambda: max(values for statement, values in seen if statement.startswith("SELECT"))


def test_a_track_through_a_long_clip_is_named_in_statements_of_a_size_that_the_store_takes(
    workspace, clip, author, most_values
):
    for frame in range(12):
        put(workspace, clip, frame, 10)
    link_clip(workspace, clip)
    (track,) = groups(workspace, clip)
    person = name_track(workspace, track, "Ada", author_id=author)
    assert name_track(workspace, track, "Ada", author_id=author) == person
    assert names(workspace, clip) == {track: "Ada"}
    assert most_values() < 8


def test_the_titles_of_many_tracks_are_read_in_a_statement_of_a_size_that_the_store_takes(workspace, clip, most_values):
    made = [put(workspace, clip, frame, 20 + 50 * place) for frame in (0, 6) for place in range(6)]
    link_clip(workspace, clip)
    with reading(workspace.engine) as session:
        titles = titles_of_instances(clip, session=session)
    assert titles == {instance: f"face {number}" for number, instance in enumerate(made, start=1)}
    assert most_values() < 12


def test_a_track_that_was_joined_to_another_is_not_named(workspace, clip, author, pair):
    join_tracks(workspace, *pair, author_id=author)
    with pytest.raises(NotFound):
        name_track(workspace, pair[1], "Ada", author_id=author)


def test_a_body_has_a_name_of_its_own(workspace, clip, author):
    put(workspace, clip, 0, 10, kind="person")
    link_clip(workspace, clip)
    (body,) = groups(workspace, clip)
    assert name_track(workspace, body, "Ada", author_id=author) is None
    assert names(workspace, clip) == {body: "Ada"}
    with pytest.raises(BadInput):
        name_track(workspace, body, "  ", author_id=author)


def test_the_frames_of_a_track_that_humans_have_set_are_counted(workspace, clip, author):
    corners = np.random.default_rng(0).uniform(10, 50, (68, 2))
    put_face(workspace, clip, 0, corners, review=Review.ACCEPTED, author=author)
    put_face(workspace, clip, 1, corners, review=Review.IN_PROGRESS, author=author)
    put_face(workspace, clip, 2, corners)
    link_clip(workspace, clip)
    (row,) = tracks_of_clip(workspace, clip)
    assert (row.frames, row.human, row.truth) == (3, 2, 1)
    with writing(workspace.engine) as session:
        for instance in session.exec(select(Instance)):
            instance.removed = True
    assert tracks_of_clip(workspace, clip) == []
