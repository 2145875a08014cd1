"""One correction, a fade of it over the frames around, one undo: nothing else moves, and nobody's work is touched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, Conflict, NotFound
from core.motion.clip_edits import undo_clip_edit
from core.motion.rippling import faded_frames, ripple_edit
from core.motion.tracklets import link_clip
from core.points.annotating import Edit, save_edit
from core.tracks.ripple import weights
from db.engine import reading
from db.tables import Frame, Instance, KeypointRevision, ModelVersion, Review, Source, Video
from db.writes.models import ensure_model_version
from db.writes.points import append_revision
from db.writing import writing
from tests.builders.followed_clips import faces_in, points_in, put_face, truth
from tests.builders.staged_tracks import add_video

FRAMES, AT, WIDTH = 11, 5, 4


@pytest.fixture
def clip(workspace, dataset):
    """A clip of 11 frames with a model's face in each."""
    add_video(workspace, dataset, "a.mp4", indices=list(range(FRAMES)))
    with reading(workspace.engine) as session:
        video = session.exec(select(Video.id)).one()
    for frame in range(FRAMES):
        put_face(workspace, video, frame, truth(FRAMES)[frame])
    return video


def correction(workspace, clip, frame=AT, move=(8.0, -4.0), points=(0, 3), edit_id="w.1"):
    """An edit of the face of a frame that moves points by as much."""
    ((instance, head),) = faces_in(workspace, clip)[frame]
    there = Keypoints.from_bytes(head.points).points.astype(float)
    changes = tuple((k, *(there[k] + move).tolist(), 2) for k in points)
    return Edit(edit_id, instance.id, head.id, changes)


def blobs(workspace, clip):
    return {frame: rows[0][1].points for frame, rows in faces_in(workspace, clip).items()}


def heads(workspace, clip):
    return {frame: rows[0][1] for frame, rows in faces_in(workspace, clip).items()}


def test_a_correction_fades_over_the_frames_around(workspace, clip, author):
    before = points_in(workspace, clip)
    told = ripple_edit(workspace, correction(workspace, clip), WIDTH, author_id=author)
    after, weight = points_in(workspace, clip), weights(FRAMES, AT, WIDTH)
    for frame in range(FRAMES):
        moved = np.zeros((68, 2))
        moved[[0, 3]] = weight[frame] * np.array([8.0, -4.0])
        assert after[frame] == pytest.approx(before[frame] + moved, abs=1e-4)
    assert len(told["instances"]) == 7
    assert told["instances"][0] == faces_in(workspace, clip)[AT][0][0].id


def test_the_corrected_frame_is_a_humans_and_the_others_are_proposals(workspace, clip, author):
    ripple_edit(workspace, correction(workspace, clip), WIDTH, author_id=author)
    for frame, head in heads(workspace, clip).items():
        if frame == AT:
            assert (head.source, head.review, head.author_id) == (Source.HUMAN, Review.IN_PROGRESS, author)
            continue
        with reading(workspace.engine) as session:
            name = session.get_one(ModelVersion, head.model_version_id).name
        assert (head.source, head.review, head.author_id) == (Source.MODEL, Review.OPEN, None)
        assert name == ("ripple" if abs(frame - AT) < WIDTH else "dlib-68")
        assert np.all(Keypoints.from_bytes(head.points).confidence == 0.5)


def test_a_frame_with_human_points_stays_and_ends_the_fade(workspace, clip, author):
    ((instance, head),) = faces_in(workspace, clip)[AT + 2]
    save_edit(workspace, Edit("w.0", instance.id, head.id, ((20, 5.0, 6.0, 2),)), author_id=author)
    before = blobs(workspace, clip)
    ripple_edit(workspace, correction(workspace, clip), WIDTH, author_id=author)
    after = blobs(workspace, clip)
    assert [frame for frame in range(FRAMES) if after[frame] != before[frame]] == [2, 3, 4, 5, 6]


def test_a_cut_ends_the_fade(workspace, clip, author):
    with writing(workspace.engine) as session:
        for frame in session.exec(select(Frame).where(Frame.index >= AT + 2)):
            frame.scene = 1
    before = blobs(workspace, clip)
    ripple_edit(workspace, correction(workspace, clip), WIDTH, author_id=author)
    after = blobs(workspace, clip)
    assert [frame for frame in range(FRAMES) if after[frame] != before[frame]] == [2, 3, 4, 5, 6]


def test_one_undo_takes_all_of_it_back_and_another_does_it_again(workspace, clip, author):
    before = blobs(workspace, clip)
    told = ripple_edit(workspace, correction(workspace, clip), WIDTH, author_id=author)
    rippled = blobs(workspace, clip)
    undone = undo_clip_edit(workspace, told["edit"], author_id=author)
    assert (undone.undone, undone.kept) == (7, 0)
    assert blobs(workspace, clip) == before
    assert {(head.source, head.review) for head in heads(workspace, clip).values()} == {(Source.MODEL, Review.OPEN)}
    undo_clip_edit(workspace, undone.edit, author_id=author)
    assert blobs(workspace, clip) == rippled
    assert heads(workspace, clip)[AT].review == Review.IN_PROGRESS


def test_the_same_edit_sent_twice_ripples_once(workspace, clip, author):
    edit = correction(workspace, clip)
    told = ripple_edit(workspace, edit, WIDTH, author_id=author)
    before = blobs(workspace, clip)
    assert ripple_edit(workspace, edit, WIDTH, author_id=author) == told
    assert blobs(workspace, clip) == before


def test_an_edit_that_clashes_moves_nothing(workspace, clip, author):
    edit = correction(workspace, clip)
    ((instance, head),) = faces_in(workspace, clip)[AT]
    save_edit(workspace, Edit("v.1", instance.id, head.id, ((0, 1.0, 2.0, 2),)), author_id=author)
    before = blobs(workspace, clip)
    with pytest.raises(Conflict):
        ripple_edit(workspace, edit, WIDTH, author_id=author)
    assert blobs(workspace, clip) == before


def test_points_that_are_placed_anew_or_taken_away_move_nothing_elsewhere(workspace, clip, author):
    ((instance, head),) = faces_in(workspace, clip)[AT]
    before = blobs(workspace, clip)
    told = ripple_edit(workspace, Edit("w.1", instance.id, head.id, ((0, None, None, 0),)), WIDTH, author_id=author)
    assert told["instances"] == [instance.id]
    ripple_edit(workspace, Edit("w.2", instance.id, told["revision"], ((0, 30.0, 30.0, 2),)), WIDTH, author_id=author)
    after = blobs(workspace, clip)
    assert [frame for frame in range(FRAMES) if after[frame] != before[frame]] == [AT]


def test_ripples_of_two_people_at_one_frame_commute_where_they_are_of_different_points(workspace, clip, author):
    mine = correction(workspace, clip, points=(0, 3), edit_id="w.1")
    theirs = correction(workspace, clip, move=(-5.0, 2.5), points=(10, 11), edit_id="v.1")
    found = []
    for first, second in ((mine, theirs), (theirs, mine)):
        made = []
        for one in (first, second):
            edit = replace(one, id=f"{one.id}.{len(found)}")
            made.append(ripple_edit(workspace, edit, (WIDTH, 3)[edit.changes[0][0] == 10], author_id=author)["edit"])
        found.append(
            {frame: Keypoints.from_bytes(blob).points.tobytes() for frame, blob in blobs(workspace, clip).items()}
        )
        for edit_id in reversed(made):
            undo_clip_edit(workspace, edit_id, author_id=author)
    assert found[0] == found[1]


def test_a_correction_that_is_saved_already_fades_nowhere(workspace, clip, author):
    edit = correction(workspace, clip)
    revision = save_edit(workspace, edit, author_id=author)
    before = blobs(workspace, clip)
    told = ripple_edit(workspace, edit, WIDTH, author_id=author)
    assert told == {"revision": revision, "instances": [edit.instance], "edit": None}
    assert blobs(workspace, clip) == before


def test_first_points_in_a_box_alone_fade_nowhere(workspace, clip, author):
    link_clip(workspace, clip)
    before = blobs(workspace, clip)
    with writing(workspace.engine) as session:
        ((instance, _),) = faces_in(workspace, clip)[AT]
        session.get_one(Instance, instance.id).revision_id = None
    told = ripple_edit(workspace, Edit("w.1", instance.id, None, ((0, 9.0, 8.0, 2),)), WIDTH, author_id=author)
    assert told["instances"] == [instance.id]
    after = blobs(workspace, clip)
    assert {frame for frame in range(FRAMES) if after[frame] != before[frame]} == {AT}


def test_points_of_another_skeleton_around_stay(workspace, clip, author):
    link_clip(workspace, clip)
    with writing(workspace.engine) as session:
        ((instance, _),) = faces_in(workspace, clip)[AT + 1]
        other = Keypoints.of(np.full((24, 2), 9.0)).to_bytes()
        version = ensure_model_version("bodies", "landmarks", "2" * 64, {}, session=session)
        here = session.get_one(Instance, instance.id)
        append_revision(here, "body24", other, Review.OPEN, model_version_id=version, session=session)
    told = ripple_edit(workspace, correction(workspace, clip), WIDTH, author_id=author)
    after = heads(workspace, clip)
    assert (after[AT + 1].skeleton, after[AT + 1].points) == ("body24", other)
    assert instance.id not in told["instances"]
    assert len(told["instances"]) == 2 * WIDTH - 2


def test_equal_frames_are_one_picture_which_moves_by_its_largest_share(workspace, clip):
    link_clip(workspace, clip)
    with writing(workspace.engine) as session:
        rows = session.exec(select(Frame).where(Frame.index.in_([AT + 1, AT + 2])).order_by(Frame.index))
        near, far = rows
        far.image_id = near.image_id
    ((instance, _),) = faces_in(workspace, clip)[AT]
    shares = {row.frame: row.weight for row in faded_frames(workspace, instance.id, WIDTH)}
    assert AT + 2 not in shares
    assert shares[AT + 1] == pytest.approx(weights(FRAMES, AT, WIDTH)[AT + 1])


def test_other_tracks_do_not_move(workspace, clip, author):
    other = put_face(workspace, clip, AT + 1, truth(FRAMES)[AT + 1] + 300)
    told = ripple_edit(workspace, correction(workspace, clip), WIDTH, author_id=author)
    assert other not in told["instances"]


def test_a_preview_names_the_frames_and_their_weights_and_writes_nothing(workspace, clip):
    ((instance, _),) = faces_in(workspace, clip)[AT]
    assert faded_frames(workspace, instance.id, WIDTH) == []
    ((unlinked, _),) = faces_in(workspace, clip)[AT]
    assert unlinked.track_id is None
    link_clip(workspace, clip)
    found = faded_frames(workspace, instance.id, WIDTH)
    assert [row.frame for row in found] == [2, 3, 4, 6, 7, 8]
    assert [row.weight for row in found] == pytest.approx([weights(FRAMES, AT, WIDTH)[row.frame] for row in found])
    assert [row.revision for row in found] == [heads(workspace, clip)[row.frame].id for row in found]


@pytest.mark.parametrize("width", [0, 1001])
def test_a_width_that_is_none_is_refused(workspace, clip, width, author):
    with pytest.raises(BadInput):
        ripple_edit(workspace, correction(workspace, clip), width, author_id=author)


def test_what_is_in_no_clip_cannot_ripple(workspace, author):
    with pytest.raises(NotFound):
        faded_frames(workspace, 1, 3)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    frames=st.tuples(st.integers(0, FRAMES - 1), st.integers(0, FRAMES - 1)),
    widths=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    moves=st.tuples(*[st.tuples(st.floats(-30, 30, width=32), st.floats(-30, 30, width=32))] * 2),
)
def test_any_ripples_undone_in_turn_are_bit_equal_to_what_was(workspace, clip, author, frames, widths, moves):
    """Whatever two people have rippled, of different points or in different frames: undone, nothing has happened."""
    before = {frame: (head.points, head.review, head.source) for frame, head in heads(workspace, clip).items()}
    made = every_revision(workspace)
    edits = []
    for number, (frame, width, move) in enumerate(zip(frames, widths, moves, strict=True)):
        points = (0, 1) if number == 0 else (10, 11)
        edit = correction(workspace, clip, frame, np.array(move) + 0.5, points, edit_id=f"w.{len(made)}.{number}")
        edits.append(ripple_edit(workspace, edit, width, author_id=author)["edit"])
    for edit in reversed(edits):
        assert undo_clip_edit(workspace, edit, author_id=author).kept == 0
    after = {frame: (head.points, head.review, head.source) for frame, head in heads(workspace, clip).items()}
    assert after == before
    kept = every_revision(workspace)
    assert {number: kept[number] for number in made} == made, "nothing that was there is ever changed"


def every_revision(workspace):
    with reading(workspace.engine) as session:
        return {row.id: row.model_dump() for row in session.exec(select(KeypointRevision))}
