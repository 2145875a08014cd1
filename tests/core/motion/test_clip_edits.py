"""What was done to many frames is taken back as one, and done again: all as it was, and nobody's later work lost."""

from __future__ import annotations

import json

import pytest
from sqlmodel import select

from core.exchange.exporting import export_dataset
from core.foundation.errors import NotFound
from core.motion.clip_edits import undo_clip_edit
from core.motion.proposing import propose
from core.motion.ranges import FrameRange, accept_range, exclude_range
from core.motion.rippling import ripple_edit
from core.motion.tracklets import link_clip, name_track, tracks_of_clip
from core.people.deciding import move_faces
from core.points.annotating import Edit, save_edit
from db.engine import reading
from db.tables import ClipEdit, Exclusion, Image, Instance, ModelVersion, Review, Run, RunState
from db.writing import writing
from tests.builders.followed_clips import faces_in, followed_clip, points_in, put_face, truth


@pytest.fixture
def clip(workspace, dataset, author, tmp_path):
    return followed_clip(workspace, dataset, author, tmp_path, frames=10)


def predictor(workspace, revision):
    with reading(workspace.engine) as session:
        return session.get_one(ModelVersion, revision.model_version_id).name


def test_an_undo_undone_is_the_proposal_again(workspace, clip, author):
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    put_face(workspace, clip, 1, truth(2)[1] + 3.0)
    told = propose(workspace, clip, 0, 5, "flow", author_id=author)
    proposed = {frame: (rows[0][0].box, rows[0][1].points) for frame, rows in faces_in(workspace, clip).items()}
    undo = undo_clip_edit(workspace, told["edit"], author_id=author)
    assert sorted(faces_in(workspace, clip)) == [0, 1]
    again = undo_clip_edit(workspace, undo.edit, author_id=author)
    after = faces_in(workspace, clip)
    assert {frame: (rows[0][0].box, rows[0][1].points) for frame, rows in after.items()} == proposed
    assert predictor(workspace, after[5][0][1]) == "flow"
    assert len({rows[0][0].track_id for rows in after.values()}) == 1
    undo_clip_edit(workspace, again.edit, author_id=author)
    assert sorted(faces_in(workspace, clip)) == [0, 1]


def test_edits_on_top_of_one_another_are_undone_and_done_again_in_turn(workspace, clip, author):
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    link_clip(workspace, clip)
    stages = [_shown(workspace, clip)]
    edits = [propose(workspace, clip, 0, 6, "flow", author_id=author)["edit"]]
    stages.append(_shown(workspace, clip))
    ((instance, head),) = faces_in(workspace, clip)[3]
    edits.append(
        ripple_edit(workspace, Edit("w.1", instance.id, head.id, ((5, 90.0, 80.0, 2),)), 3, author_id=author)["edit"]
    )
    stages.append(_shown(workspace, clip))
    edits.append(accept_range(workspace, FrameRange(clip, 1, 4), author_id=author)["edit"])
    stages.append(_shown(workspace, clip))
    for _ in range(2):
        for number in (2, 1, 0):
            edits[number] = undo_clip_edit(workspace, edits[number], author_id=author).edit
            assert _shown(workspace, clip) == stages[number]
        for number in (0, 1, 2):
            edits[number] = undo_clip_edit(workspace, edits[number], author_id=author).edit
            assert _shown(workspace, clip) == stages[number + 1]


def _shown(workspace, clip):
    """What is there in each frame: instances with their boxes, tracks, points and how far these are reviewed."""
    return {
        frame: [(row.id, row.box, row.track_id, head.points, head.review, head.model_version_id) for row, head in rows]
        for frame, rows in faces_in(workspace, clip).items()
    }


def test_a_proposal_that_was_taken_back_hinders_nothing_that_comes_later(workspace, clip, dataset, author, tmp_path):
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    told = propose(workspace, clip, 0, 4, "flow", author_id=author)
    undo_clip_edit(workspace, told["edit"], author_id=author)
    with writing(workspace.engine) as session:
        run = Run(kind="export", state=RunState.RUNNING, dataset_id=dataset, author_id=author)
        session.add(run)
        session.flush()
        run_id = run.id
    export_dataset(
        workspace, dataset_id=dataset, author_id=author, run_id=run_id, format_name="facet", folder=tmp_path / "out"
    )
    (written,) = (tmp_path / "out").rglob("annotations*.json")
    assert not json.loads(written.read_text())["removed"], "nobody has said that nothing is there"
    again = propose(workspace, clip, 0, 4, "flow", author_id=author)
    assert (again["frames"], again["added"]) == (4, 4)


def test_a_frame_that_a_human_has_changed_since_stays_when_the_rest_is_taken_back(workspace, clip, author):
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    told = propose(workspace, clip, 0, 5, "flow", author_id=author)
    ((instance, head),) = faces_in(workspace, clip)[3]
    save_edit(workspace, Edit("w.1", instance.id, head.id, ((0, 10.0, 11.0, 2),)), author_id=author)
    undone = undo_clip_edit(workspace, told["edit"], author_id=author)
    assert (undone.undone, undone.kept) == (4, 1)
    assert sorted(faces_in(workspace, clip)) == [0, 3]
    assert points_in(workspace, clip)[3][0].tolist() == [10, 11]


def test_a_proposed_face_that_somebody_has_named_since_stays(workspace, clip, author):
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    told = propose(workspace, clip, 0, 4, "flow", author_id=author)
    move_faces(workspace, [faces_in(workspace, clip)[2][0][0].id], author_id=author, name="Ada")
    undone = undo_clip_edit(workspace, told["edit"], author_id=author)
    assert (undone.undone, undone.kept) == (3, 1)
    assert sorted(faces_in(workspace, clip)) == [0, 2]


def test_a_proposed_face_that_somebody_has_brought_back_since_stays_as_it_is(workspace, clip, author):
    put_face(workspace, clip, 0, truth(1)[0], review=Review.ACCEPTED, author=author)
    told = propose(workspace, clip, 0, 3, "flow", author_id=author)
    (proposed, _), *_ = faces_in(workspace, clip)[2]
    undo = undo_clip_edit(workspace, told["edit"], author_id=author)
    with writing(workspace.engine) as session:
        instance = session.get_one(Instance, proposed.id)
        instance.removed = False
        instance.left, instance.top, instance.right, instance.bottom = 1, 2, 30, 40
    undo_clip_edit(workspace, undo.edit, author_id=author)
    found = {frame: rows[0][0].box for frame, rows in faces_in(workspace, clip).items()}
    assert sorted(found) == [0, 1, 2, 3]
    assert found[2] == (1, 2, 30, 40)


def test_a_name_that_is_another_by_now_stays(workspace, clip, author):
    put_face(workspace, clip, 0, truth(1)[0][:24], kind="person", skeleton="body24")
    link_clip(workspace, clip)
    ((body, _),) = faces_in(workspace, clip)[0]
    for name in ("Ada", "Bea"):
        name_track(workspace, body.track_id, name, author_id=author)
    first, second = edits_of(workspace)
    undo_clip_edit(workspace, first, author_id=author)
    assert tracks_of_clip(workspace, clip)[0].name == "Bea"
    undo_clip_edit(workspace, second, author_id=author)
    assert tracks_of_clip(workspace, clip)[0].name == "Ada"


def test_an_empty_picture_that_is_no_longer_accepted_as_that_stays_so(workspace, clip, author):
    told = accept_range(workspace, FrameRange(clip, 0, 1), author_id=author)
    with writing(workspace.engine) as session:
        first, second = session.exec(select(Image).order_by(Image.id).limit(2))
        first.empty_by = None
    undone = undo_clip_edit(workspace, told["edit"], author_id=author)
    again = undo_clip_edit(workspace, undone.edit, author_id=author)
    with reading(workspace.engine) as session:
        assert [session.get_one(Image, image.id).empty_by for image in (first, second)] == [None, author]
    assert again.edit is not None


def test_a_picture_that_was_left_out_for_another_reason_since_stays_left_out(workspace, clip, author):
    told = exclude_range(workspace, FrameRange(clip, 0, 1), "blurred", author_id=author)
    with writing(workspace.engine) as session:
        row = session.exec(select(Exclusion).order_by(Exclusion.name)).first()
        name, row.reason = row.name, "twice"
    undo_clip_edit(workspace, told["edit"], author_id=author)
    with reading(workspace.engine) as session:
        assert [(row.name, row.reason) for row in session.exec(select(Exclusion))] == [(name, "twice")]


def edits_of(workspace):
    with reading(workspace.engine) as session:
        return session.exec(select(ClipEdit.id).order_by(ClipEdit.id)).all()


def test_there_is_nothing_to_undo_under_a_number_that_is_none(workspace, author):
    with pytest.raises(NotFound):
        undo_clip_edit(workspace, 7, author_id=author)
