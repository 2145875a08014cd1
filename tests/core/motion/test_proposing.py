"""Points that are proposed: where they should be, nowhere else, never over a human's, and taken back as one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, Conflict, NotFound
from core.foundation.messages import worded
from core.motion import proposing
from core.motion.clip_edits import undo_clip_edit
from core.motion.proposing import propose
from core.motion.tracklets import join_tracks, link_clip, tracks_of_clip
from core.tracks.flow import flow_step
from db.engine import reading
from db.tables import Image, Instance, KeypointRevision, ModelVersion, Review, Source
from db.writing import writing
from tests.builders.followed_clips import faces_in, followed_clip, points_in, put_face, truth

FRAMES = 12


@pytest.fixture
def clip(workspace, dataset, author, tmp_path):
    return followed_clip(workspace, dataset, author, tmp_path, frames=FRAMES)


def predictor(workspace, revision):
    with reading(workspace.engine) as session:
        return session.get_one(ModelVersion, revision.model_version_id).name


def every_revision(workspace):
    with reading(workspace.engine) as session:
        return {row.id: row.model_dump() for row in session.exec(select(KeypointRevision))}


def states(workspace):
    with reading(workspace.engine) as session:
        return dict(session.exec(select(Image.path, Image.state)).all())


def test_the_flow_follows_a_face_to_the_end_and_makes_it_where_it_is_not(workspace, clip, author):
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    told = propose(workspace, clip, 0, FRAMES - 1, "flow", author_id=author)
    assert (told["frames"], told["stopped_at"], told["reason"], told["added"]) == (11, None, None, 11)
    found = points_in(workspace, clip)
    assert sorted(found) == list(range(FRAMES))
    for frame, points in found.items():
        assert np.abs(points - truth(FRAMES)[frame]).max() < 0.6
    for frame, ((instance, head),) in faces_in(workspace, clip).items():
        if frame:
            assert (head.source, head.review, head.author_id) == (Source.MODEL, Review.OPEN, None)
            assert (predictor(workspace, head), instance.origin, instance.box_source) == ("flow", "model", "points")
            there = Keypoints.from_bytes(head.points)
            low, high = there.points.min(axis=0), there.points.max(axis=0)
            assert instance.box == pytest.approx((*low, *high))
            assert there.confidence.min() >= 0
    assert len({rows[0][0].track_id for rows in faces_in(workspace, clip).values()}) == 1
    assert set(list(states(workspace).values())[1:]) == {"found"}


def test_the_flow_goes_backwards(workspace, clip, author):
    put_face(workspace, clip, 8, truth(9)[8], review=Review.ACCEPTED, author=author)
    told = propose(workspace, clip, 8, 2, "flow", author_id=author)
    assert (told["frames"], told["stopped_at"]) == (6, None)
    assert sorted(points_in(workspace, clip)) == list(range(2, 9))
    assert np.abs(points_in(workspace, clip)[2] - truth(3)[2]).max() < 0.6


def test_the_flow_stops_at_a_cut_and_says_so(workspace, dataset, author, tmp_path):
    clip = followed_clip(workspace, dataset, author, tmp_path, cut=7)
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    told = worded(propose(workspace, clip, 0, 11, "flow", author_id=author))
    assert (told["frames"], told["stopped_at"]) == (6, 7)
    assert told["reason"] == "the clip cuts to another scene there"
    assert sorted(points_in(workspace, clip)) == list(range(7))


def test_the_flow_stops_where_the_check_fails(workspace, dataset, author, tmp_path, monkeypatch):
    """The same clip, but nobody knows of the cut."""
    monkeypatch.setattr("core.media.scenes._LEAST", 1000.0)
    clip = followed_clip(workspace, dataset, author, tmp_path, cut=7)
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    told = worded(propose(workspace, clip, 0, 11, "flow", author_id=author))
    assert (told["frames"], told["stopped_at"]) == (6, 7)
    assert "could be followed" in told["reason"]


def test_the_flow_goes_on_from_a_humans_points_and_leaves_them_bit_by_bit(workspace, clip, author):
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    set_by_hand = truth(FRAMES)[5] + 4.0
    by_hand = put_face(workspace, clip, 5, set_by_hand, review=Review.IMPORTED, author=author)
    link_clip(workspace, clip)
    before = {number: row for number, row in every_revision(workspace).items() if row["instance_id"] == by_hand}
    told = propose(workspace, clip, 0, 9, "flow", author_id=author)
    assert told["frames"] == 8
    after = {number: row for number, row in every_revision(workspace).items() if row["instance_id"] == by_hand}
    assert after == before
    assert np.abs(points_in(workspace, clip)[4] - truth(5)[4]).max() < 0.6
    assert np.abs(points_in(workspace, clip)[9] - (set_by_hand + 4 * np.array([1.5, 0.75]))).max() < 0.6


def test_hidden_and_absent_points_stay_that(workspace, clip, author):
    points = truth(1)[0]
    points[3] = np.nan
    face = put_face(workspace, clip, 0, points, review=Review.ACCEPTED, author=author)
    with writing(workspace.engine) as session:
        head = session.get_one(KeypointRevision, session.get_one(Instance, face).revision_id)
        there = Keypoints.from_bytes(head.points)
        there.visibility[7] = 1
        head.points = there.to_bytes()
    propose(workspace, clip, 0, 3, "flow", author_id=author)
    ((_, head),) = faces_in(workspace, clip)[3]
    assert Keypoints.from_bytes(head.points).visibility[[3, 7, 8]].tolist() == [0, 1, 2]


def test_model_points_give_way_and_come_back_with_one_undo(workspace, clip, author):
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    for frame in range(1, 6):
        put_face(workspace, clip, frame, truth(FRAMES)[frame] + 3.0)
    before = {frame: head.points for frame, ((_, head),) in faces_in(workspace, clip).items()}
    kept, pictures = every_revision(workspace), states(workspace)
    told = propose(workspace, clip, 0, 8, "flow", author_id=author)
    assert (told["frames"], told["added"]) == (8, 3)
    assert np.abs(points_in(workspace, clip)[4] - truth(5)[4]).max() < 0.6
    undone = undo_clip_edit(workspace, told["edit"], author_id=author)
    assert (undone.undone, undone.kept) == (8, 0)
    after = faces_in(workspace, clip)
    assert {frame: head.points for frame, ((_, head),) in after.items()} == before
    assert {predictor(workspace, rows[0][1]) for frame, rows in after.items() if frame} == {"dlib-68"}
    assert states(workspace) == pictures
    assert {number: row for number, row in every_revision(workspace).items() if number in kept} == kept
    with pytest.raises(Conflict):
        undo_clip_edit(workspace, told["edit"], author_id=author)


def test_proposing_twice_is_proposing_once(workspace, clip, author):
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    told = propose(workspace, clip, 0, 5, "flow", author_id=author, edit_id="w.a")
    before = every_revision(workspace)
    assert propose(workspace, clip, 0, 5, "flow", author_id=author, edit_id="w.a") == told
    again = propose(workspace, clip, 0, 5, "flow", author_id=author)
    assert (again["frames"], again["edit"]) == (5, None)
    assert every_revision(workspace) == before


def test_what_is_sent_again_while_it_is_worked_out_is_worked_out_once(workspace, clip, author, monkeypatch):
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    begun, go_on, steps = Event(), Event(), []

    def step(*arguments):
        steps.append(begun.set())
        assert go_on.wait(30)
        return flow_step(*arguments)

    monkeypatch.setattr(proposing, "flow_step", step)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(propose, workspace, clip, 0, 5, "flow", author_id=author, edit_id="w.a")
        assert begun.wait(30)
        again = threads.submit(propose, workspace, clip, 0, 5, "flow", author_id=author, edit_id="w.a")
        sleep(0.5)  # for as long as it would take to begin too
        go_on.set()
        assert first.result(30) == again.result(30)
    assert len(steps) == 5


def test_a_face_that_a_human_took_out_is_not_brought_back(workspace, clip, author):
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    taken_out = put_face(workspace, clip, 2, truth(3)[2])
    with writing(workspace.engine) as session:
        session.get_one(Instance, taken_out).removed = True
    assert propose(workspace, clip, 0, 4, "flow", author_id=author)["frames"] == 3
    assert sorted(faces_in(workspace, clip)) == [0, 1, 3, 4]


def test_a_place_where_another_track_is_ends_it(workspace, clip, author):
    first = put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    put_face(workspace, clip, 8, truth(9)[8])  # too far behind to be the same by itself
    link_clip(workspace, clip)
    told = worded(propose(workspace, clip, 0, 10, "flow", instance_id=first, author_id=author))
    assert (told["frames"], told["stopped_at"]) == (7, 8)
    assert "join the two first" in told["reason"]
    assert sorted(faces_in(workspace, clip)) == list(range(9))


def test_a_picture_that_is_gone_ends_it_with_its_reason(workspace, clip, author):
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    with writing(workspace.engine) as session:
        image = session.exec(select(Image).where(Image.path.endswith("000003.jpg"))).one()
        image.width += 1  # the pixels are others than were taken in
    told = worded(propose(workspace, clip, 0, 6, "flow", author_id=author))
    assert (told["frames"], told["stopped_at"]) == (2, 3)
    assert told["reason"]


def test_interpolation_fills_between_frames_set_by_hand_and_leaves_them_bit_by_bit(workspace, clip, author):
    for frame in (2, 9):
        put_face(workspace, clip, frame, truth(FRAMES)[frame], review=Review.ACCEPTED, author=author)
    keys = {frame: rows[0][1].points for frame, rows in faces_in(workspace, clip).items()}
    told = propose(workspace, clip, 2, 9, "interpolate", track_id=_joined(workspace, clip, author), author_id=author)
    assert (told["frames"], told["stopped_at"], told["added"]) == (6, None, 6)
    after = faces_in(workspace, clip)
    assert sorted(after) == list(range(2, 10))
    assert {frame: after[frame][0][1].points for frame in keys} == keys
    for frame in range(3, 9):
        assert points_in(workspace, clip)[frame] == pytest.approx(truth(FRAMES)[frame], abs=1e-3)
        assert predictor(workspace, after[frame][0][1]) == "interpolate"
        assert np.isnan(Keypoints.from_bytes(after[frame][0][1].points).confidence).all()
    undo_clip_edit(workspace, told["edit"], author_id=author)
    assert {frame: rows[0][1].points for frame, rows in faces_in(workspace, clip).items()} == keys


def _joined(workspace, clip, author):
    """One track, whichever frames it has points in."""
    link_clip(workspace, clip)
    first, *others = tracks_of_clip(workspace, clip)
    for other in others:
        join_tracks(workspace, first.id, other.id, author_id=author)
    return first.id


def test_interpolation_counts_the_ends_of_the_range_with_whatever_points_they_have(workspace, clip, author):
    for frame in range(6):
        put_face(workspace, clip, frame, truth(FRAMES)[frame] + (0 if frame in (0, 5) else 7.0))
    told = propose(workspace, clip, 0, 5, "linear", author_id=author)
    assert told["frames"] == 4
    assert points_in(workspace, clip)[3] == pytest.approx(truth(4)[3], abs=1e-3)
    assert predictor(workspace, faces_in(workspace, clip)[0][0][1]) == "dlib-68"


def test_interpolation_does_not_cross_a_cut(workspace, dataset, author, tmp_path):
    clip = followed_clip(workspace, dataset, author, tmp_path, cut=7)
    for frame in (3, 6, 9):
        put_face(workspace, clip, frame, truth(FRAMES)[frame], review=Review.ACCEPTED, author=author)
    track = _joined(workspace, clip, author)
    told = worded(propose(workspace, clip, 3, 9, "interpolate", track_id=track, author_id=author))
    assert (told["frames"], told["stopped_at"]) == (2, 7)
    assert "cuts to another scene" in told["reason"]
    assert sorted(points_in(workspace, clip)) == [3, 4, 5, 6, 9]


def test_nothing_to_begin_from_is_said(workspace, clip, author):
    told = worded(propose(workspace, clip, 0, 5, "flow", author_id=author))
    assert (told["frames"], told["stopped_at"], told["tracks"], told["edit"]) == (0, 0, [], None)
    assert "no points" in told["reason"]
    face = put_face(workspace, clip, 3, truth(4)[3])
    told = worded(propose(workspace, clip, 0, 5, "flow", instance_id=face, author_id=author))
    assert (told["frames"], told["stopped_at"]) == (0, 0)
    assert "no points" in told["reason"]
    told = worded(propose(workspace, clip, 0, 5, "interpolate", instance_id=face, author_id=author))
    assert (told["frames"], told["stopped_at"]) == (0, 0)
    assert "not two frames" in told["reason"]


def test_a_frame_that_is_none_is_told_as_people_count(workspace, clip, author):
    with pytest.raises(BadInput, match=f"has no frame {FRAMES + 1}; its frames are 1 to {FRAMES}$"):
        propose(workspace, clip, 0, FRAMES, "flow", author_id=author)


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"method": "magic"}, BadInput, "clip_edits.no_method"),
        ({"last": FRAMES}, BadInput, "clip_edits.no_frame"),
        ({"first": -1}, BadInput, "clip_edits.no_frame"),
        ({"last": 10**6}, BadInput, "clip_edits.too_many_frames"),
        ({"track_id": 99}, NotFound, "tracks.none_numbered"),
        ({"instance_id": 99}, NotFound, "points.instance_gone"),
        ({"video_id": 99}, NotFound, "clips.none_numbered"),
    ],
)
def test_what_cannot_be_is_refused(workspace, clip, author, change, error, code):
    asked = {"video_id": clip, "first": 0, "last": 5, "method": "flow", "author_id": author, **change}
    with pytest.raises(error) as refused:
        propose(workspace, asked.pop("video_id"), asked.pop("first"), asked.pop("last"), asked.pop("method"), **asked)
    assert refused.value.code == code
