"""A range of frames accepted, left out, reset or swapped: all of it, nothing beside it, and back with one undo."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import event
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, Conflict, NotFound
from core.foundation.skeletons import FACE68
from core.library.exclusions import excluded_pictures
from core.motion import ranges
from core.motion.clip_edits import undo_clip_edit
from core.motion.ranges import FrameRange, accept_range, exclude_range, reset_range, swap_sides
from core.motion.rippling import ripple_edit
from core.motion.tracklets import link_clip, tracks_of_clip
from core.points.annotating import Edit, save_edit
from db.engine import reading
from db.tables import DailyWork, Exclusion, Image, Instance, KeypointRevision, ModelVersion, Review, Source, Video
from db.writes.models import ensure_model_version
from db.writes.points import append_revision
from db.writing import writing
from tests.builders.followed_clips import faces_in, put_face, truth
from tests.builders.staged_tracks import add_video

FRAMES = 8


@pytest.fixture
def clip(workspace, dataset):
    """A clip of 8 frames with a model's face in each but the last."""
    add_video(workspace, dataset, "a.mp4", indices=list(range(FRAMES)))
    with reading(workspace.engine) as session:
        video = session.exec(select(Video.id)).one()
    for frame in range(FRAMES - 1):
        put_face(workspace, video, frame, truth(FRAMES)[frame])
    return video


def heads(workspace, clip):
    return {frame: rows[0][1] for frame, rows in faces_in(workspace, clip).items()}


def told_of(workspace, clip):
    """What an undo has to bring back, by frame."""
    return {
        frame: (head.points, head.review, head.source, head.model_version_id, head.skeleton)
        for frame, head in heads(workspace, clip).items()
    }


def states(workspace):
    with reading(workspace.engine) as session:
        return session.exec(select(Image.state).order_by(Image.path)).all()


def correct(workspace, clip, frame, author, number=0, edit_id="w.1"):
    ((instance, head),) = faces_in(workspace, clip)[frame]
    edit = Edit(edit_id, instance.id, head.id, ((number, 30.0, 31.0, 2),))
    return save_edit(workspace, edit, author_id=author)


def test_a_range_is_accepted_and_taken_back(workspace, clip, author):
    correct(workspace, clip, 3, author)
    before, were = told_of(workspace, clip), states(workspace)
    told = accept_range(workspace, FrameRange(clip, 2, 4), author_id=author)
    assert (told["instances"], told["left"]) == (3, 0)
    after = heads(workspace, clip)
    for frame in (2, 3, 4):
        assert (after[frame].review, after[frame].source, after[frame].author_id) == (
            Review.ACCEPTED,
            Source.HUMAN,
            author,
        )
        assert Keypoints.same_places(after[frame].points, before[frame][0])
    assert {frame: row for frame, row in told_of(workspace, clip).items() if frame not in (2, 3, 4)} == {
        frame: row for frame, row in before.items() if frame not in (2, 3, 4)
    }
    assert states(workspace)[2:5] == ["accepted"] * 3
    undone = undo_clip_edit(workspace, told["edit"], author_id=author)
    assert (undone.undone, undone.kept) == (3, 0)
    assert told_of(workspace, clip) == before
    assert states(workspace) == were
    with reading(workspace.engine) as session:
        work = {row.kind: row.count for row in session.exec(select(DailyWork))}
    assert work["pictures_accepted"] == 3


def test_frames_backwards_are_the_same_range_and_empty_pictures_are_accepted_as_that(workspace, clip, author):
    before = states(workspace)
    told = accept_range(workspace, FrameRange(clip, 7, 6), author_id=author)
    assert (told["instances"], states(workspace)[6:]) == (1, ["accepted", "accepted"])
    undo_clip_edit(workspace, told["edit"], author_id=author)
    assert states(workspace)[:7] == before[:7]
    assert states(workspace)[7] != "accepted"


def test_of_one_track_only_that_is_accepted(workspace, clip, author):
    put_face(workspace, clip, 2, truth(FRAMES)[2] + 300)
    link_clip(workspace, clip)
    track = tracks_of_clip(workspace, clip)[0].id
    told = accept_range(workspace, FrameRange(clip, 2, 7, track), author_id=author)
    assert told["instances"] == 5
    (_, first), (_, second) = faces_in(workspace, clip)[2]
    assert (first.review, second.review) == (Review.ACCEPTED, Review.OPEN)
    assert states(workspace)[2] == "in_progress"
    assert states(workspace)[7] != "accepted", "of a track nobody says that nothing else is there"


def test_nobody_vouches_for_points_that_were_not_shown(workspace, clip, author):
    seen = [head.id for head in heads(workspace, clip).values()]
    correct(workspace, clip, 3, author, edit_id="other.1")
    before = told_of(workspace, clip)
    with pytest.raises(Conflict):
        accept_range(workspace, FrameRange(clip, 2, 4, edit_id="w.9"), author_id=author, seen=seen)
    assert told_of(workspace, clip) == before
    told = accept_range(workspace, FrameRange(clip, 2, 4, edit_id="other.9"), author_id=author, seen=seen)
    assert told["instances"] == 3, "the same window knows what it has made since"


def test_the_same_sent_twice_is_done_once(workspace, clip, author):
    asked = FrameRange(clip, 0, 3, edit_id="w.a")
    told = accept_range(workspace, asked, author_id=author)
    assert accept_range(workspace, asked, author_id=author) == told
    again = accept_range(workspace, FrameRange(clip, 0, 3), author_id=author)
    assert again == {"instances": 0, "left": 4, "edit": None}


def test_a_range_is_left_out_with_its_reason_and_comes_back(workspace, clip, dataset, author):
    exclude_range(workspace, FrameRange(clip, 3, 3), "dark", author_id=author)
    told = exclude_range(workspace, FrameRange(clip, 2, 4), "  blurred\n", author_id=author)
    assert (told["pictures"], told["left"]) == (2, 1)
    with reading(workspace.engine) as session:
        listed = {row.name: row.reason for row in session.exec(select(Exclusion))}
        assert len(excluded_pictures(dataset, session=session).ids) == 3
    assert listed == {"a.mp4/00002.jpg": "blurred", "a.mp4/00003.jpg": "dark", "a.mp4/00004.jpg": "blurred"}
    undone = undo_clip_edit(workspace, told["edit"], author_id=author)
    assert (undone.undone, undone.kept) == (2, 0)
    with reading(workspace.engine) as session:
        assert session.exec(select(Exclusion.name)).all() == ["a.mp4/00003.jpg"]
    undo_clip_edit(workspace, undone.edit, author_id=author)
    with reading(workspace.engine) as session:
        assert {row.name: row.reason for row in session.exec(select(Exclusion))} == listed
    with pytest.raises(BadInput):
        exclude_range(workspace, FrameRange(clip, 2, 4), " ", author_id=author)


def test_a_range_is_as_it_was_predicted_whatever_was_made_of_it(workspace, clip, author):
    predicted = told_of(workspace, clip)
    correct(workspace, clip, 3, author)
    ((instance, head),) = faces_in(workspace, clip)[2]
    move = Edit("w.2", instance.id, head.id, ((5, 100.0, 100.0, 2),))
    ripple_edit(workspace, move, 3, author_id=author)  # frame 1 is rippled, 2 and 3 are a human's
    accept_range(workspace, FrameRange(clip, 2, 2), author_id=author)
    before = told_of(workspace, clip)
    told = reset_range(workspace, FrameRange(clip, 0, 5), author_id=author)
    assert (told["instances"], told["left"]) == (4, 2)
    assert told_of(workspace, clip) == predicted
    undo_clip_edit(workspace, told["edit"], author_id=author)
    assert told_of(workspace, clip) == before


def test_what_nobody_predicted_is_left_at_a_reset(workspace, clip, author):
    put_face(workspace, clip, 7, truth(FRAMES)[7], review=Review.ACCEPTED, author=author)
    before = told_of(workspace, clip)
    assert reset_range(workspace, FrameRange(clip, 7, 7), author_id=author) == {"instances": 0, "left": 1, "edit": None}
    assert told_of(workspace, clip) == before


@pytest.mark.parametrize("work", [accept_range, reset_range, lambda *way, **by: exclude_range(*way, "blurred", **by)])
def test_a_long_range_is_read_in_as_few_statements_as_a_short_one(workspace, clip, author, work):
    for frame in range(7):
        correct(workspace, clip, frame, author, edit_id=f"w.{frame}")
    read = []
    event.listen(workspace.engine, "before_cursor_execute", lambda *told: read.append(told[2].lstrip().split()[0]))
    counts = []
    for last in (1, 6):
        read.clear()
        work(workspace, FrameRange(clip, 0, last), author_id=author)
        counts.append(read.count("SELECT") + read.count("WITH"))
    assert counts[0] == counts[1]


def test_sides_are_swapped_with_few_reads_while_others_wait(workspace, clip, author, monkeypatch):
    read = []
    event.listen(workspace.engine, "before_cursor_execute", lambda *told: read.append(told[2]))
    plain = ranges.writing

    def waits(engine):
        read.clear()
        return plain(engine)

    monkeypatch.setattr(ranges, "writing", waits)
    swap_sides(workspace, FrameRange(clip, 0, 6), author_id=author)
    assert not [statement for statement in read if "RECURSIVE" in statement]
    assert sum("FROM modelversion" in statement for statement in read) == 1


def test_points_that_a_model_places_just_before_are_what_a_range_is_reset_to(workspace, clip, author, monkeypatch):
    correct(workspace, clip, 2, author)
    plain, points = ranges.predicted_between, truth(FRAMES)[2] + 5

    def placed_meanwhile(*asked, session):
        found = plain(*asked, session=session)
        with writing(workspace.engine) as quicker:
            ((instance, _),) = faces_in(workspace, clip)[2]
            version = ensure_model_version("newer", "landmarks", "2" * 64, {}, session=quicker)
            row = quicker.get(Instance, instance.id)
            packed = Keypoints.of(points).to_bytes()
            append_revision(row, "face68", packed, Review.OPEN, model_version_id=version, session=quicker)
        monkeypatch.setattr(ranges, "predicted_between", plain)
        correct(workspace, clip, 2, author, edit_id="w.9")
        return found

    monkeypatch.setattr(ranges, "predicted_between", placed_meanwhile)
    assert reset_range(workspace, FrameRange(clip, 2, 2), author_id=author)["instances"] == 1
    assert np.allclose(Keypoints.from_bytes(heads(workspace, clip)[2].points).points, points)


def test_left_and_right_are_swapped_and_swapped_back(workspace, clip, author):
    accept_range(workspace, FrameRange(clip, 3, 3), author_id=author)
    before = told_of(workspace, clip)
    told = swap_sides(workspace, FrameRange(clip, 2, 4), author_id=author)
    assert told["instances"] == 3
    after = heads(workspace, clip)
    for frame in (2, 3, 4):
        old, new = (Keypoints.from_bytes(blob).points for blob in (before[frame][0], after[frame].points))
        for left, right in FACE68.flip_pairs:
            assert np.array_equal(new[[left, right]], old[[right, left]])
        middle = sorted(set(range(68)) - {point for pair in FACE68.flip_pairs for point in pair})
        assert np.array_equal(new[middle], old[middle])
    assert [after[frame].review for frame in (2, 3, 4)] == [Review.OPEN, Review.IN_PROGRESS, Review.OPEN]
    with reading(workspace.engine) as session:
        assert session.get_one(ModelVersion, after[2].model_version_id).name == "swap"
    swap_sides(workspace, FrameRange(clip, 2, 4), author_id=author)
    assert told_of(workspace, clip) == before, "swapped twice, everything is as it was, its review too"
    again = swap_sides(workspace, FrameRange(clip, 2, 4), author_id=author)
    undo_clip_edit(workspace, again["edit"], author_id=author)
    assert told_of(workspace, clip) == before


def test_undo_leaves_what_was_changed_since(workspace, clip, author):
    told = swap_sides(workspace, FrameRange(clip, 0, 4), author_id=author)
    revision = correct(workspace, clip, 2, author)
    undone = undo_clip_edit(workspace, told["edit"], author_id=author)
    assert (undone.undone, undone.kept) == (4, 1)
    assert heads(workspace, clip)[2].id == revision


def test_nothing_that_was_there_is_changed(workspace, clip, author):
    def rows():
        with reading(workspace.engine) as session:
            return {row.id: row.model_dump() for row in session.exec(select(KeypointRevision))}

    before = rows()
    swapped = swap_sides(workspace, FrameRange(clip, 0, 6), author_id=author)["edit"]
    edits = [work(workspace, FrameRange(clip, 0, 6), author_id=author)["edit"] for work in (accept_range, reset_range)]
    for edit in (*reversed(edits), swapped):
        assert undo_clip_edit(workspace, edit, author_id=author).kept == 0
    after = rows()
    assert {number: after[number] for number in before} == before


def test_what_is_not_there_is_refused(workspace, clip, author):
    with pytest.raises(BadInput):
        accept_range(workspace, FrameRange(clip, 0, 8), author_id=author)
    with pytest.raises(NotFound):
        accept_range(workspace, FrameRange(clip, 0, 7, 99), author_id=author)
    for work in (accept_range, reset_range, swap_sides):
        with pytest.raises(BadInput, match="1,000,000 frames are more than 20,000 at once; take a part of them"):
            work(workspace, FrameRange(clip, 0, 10**6 - 1), author_id=author)
    with pytest.raises(NotFound):
        accept_range(workspace, FrameRange(99, 0, 7), author_id=author)
    with pytest.raises(NotFound):
        undo_clip_edit(workspace, 99, author_id=author)
