"""What was seen in the frames of a clip: in their order, without what was removed, and with a human's points beside."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from core.foundation.arrays import Keypoints
from db.queries.motion.seen import (
    ClipFrame,
    FramePoints,
    clip_frames,
    count_clip_predictions,
    frame_pictures,
    human_points,
    predicted_points,
    seen_instances,
    versions_in_videos,
)
from db.tables import Frame
from db.writing import writing
from tests.builders.learning_rows import Shelf, face
from tests.builders.people_rows import own, remove


@pytest.fixture
def clip(workspace, dataset, author):
    """Three frames; a face in each, the first a human's, and a second one in the last; two models, one idle.

    The model has predicted all but the last face. A picture that is no frame has a predicted face too.
    """
    shelf = Shelf(workspace, dataset, author)
    made = SimpleNamespace(shelf=shelf, idle=shelf.model("idle"), net=shelf.model("net"))
    made.images = [shelf.image(f"clip/{number}.png") for number in range(3)]
    made.video = shelf.clip("clip.mp4", made.images)
    human, *others = made.images
    made.faces = [shelf.instance(human, face(1.0)), *(shelf.instance(image, face(), human=False) for image in others)]
    made.late = shelf.instance(others[-1])
    made.elsewhere = shelf.instance(shelf.image("photo.png"), face(9.0))
    for shift, instance in enumerate([*made.faces, made.elsewhere]):
        shelf.predict(instance, made.net, face(shift + 0.5))
    return made


def _packed(shift):
    return Keypoints.of(face(shift)).to_bytes()


def test_frames_are_in_their_order_with_their_scenes_and_without_left_out_pictures(read, workspace, clip):
    with writing(workspace.engine) as session:
        session.add(Frame(video_id=clip.video, index=3, seconds=0.12, image_id=None, scene=1))
    frames = [ClipFrame(0, "clip/0.png"), ClipFrame(1, None), ClipFrame(2, "clip/2.png"), ClipFrame(3, None, 1)]
    assert read(clip_frames, clip.video, {clip.images[1]}) == frames
    assert read(clip_frames, 999, set()) == []


def test_pictures_of_frames_are_there_where_they_were_not_removed(read, workspace, clip):
    with writing(workspace.engine) as session:
        session.add(Frame(video_id=clip.video, index=3, seconds=0.12, image_id=None))
    rows = read(frame_pictures, clip.video)
    assert [(row.index, row.seconds, row.image and row.image.id) for row in rows] == [
        (0, 0.0, clip.images[0]),
        (1, 0.04, clip.images[1]),
        (2, 0.08, clip.images[2]),
        (3, 0.12, None),
    ]


def test_what_a_version_saw_comes_by_frame_with_whose_it_is_and_a_humans_points(read, workspace, dataset, clip):
    ada = own(workspace, dataset, clip.faces[:1], "Ada")
    rows = read(seen_instances, clip.video, clip.net)
    assert [(row.frame, row.instance_id, row.person_id, row.predicted, row.human) for row in rows] == [
        (0, clip.faces[0], ada, _packed(0.5), _packed(1.0)),
        (1, clip.faces[1], None, _packed(1.5), None),
        (2, clip.faces[2], None, _packed(2.5), None),
    ]
    assert rows[0].box == (0, 0, 120, 90)
    assert read(seen_instances, clip.video, clip.idle) == []


def test_a_humans_points_of_another_skeleton_stand_beside_no_prediction(read, clip):
    other = clip.shelf.instance(clip.images[0], face(3.0), skeleton="other68")
    clip.shelf.predict(other, clip.net, face())
    rows = read(seen_instances, clip.video, clip.net)
    assert {row.instance_id: row.human is None for row in rows}[other]


def test_points_of_humans_and_of_a_version_are_those_of_the_clip_alone(read, clip):
    assert read(human_points, clip.video) == [FramePoints(clip.images[0], clip.faces[0], "face68", _packed(1.0))]
    assert read(predicted_points, clip.video, clip.net) == [
        FramePoints(image, instance, "face68", _packed(shift + 0.5))
        for shift, (image, instance) in enumerate(zip(clip.images, clip.faces, strict=True))
    ]
    assert read(predicted_points, clip.video, clip.idle) == []


def test_predicted_and_unpredicted_instances_of_a_clip_add_up(read, clip):
    assert read(count_clip_predictions, clip.video, "face", clip.net) == (3, 1)
    assert read(count_clip_predictions, clip.video, "face", None) == (0, 4)
    assert read(count_clip_predictions, clip.video, "person", clip.net) == (0, 0)


def test_what_was_removed_is_seen_nowhere(read, workspace, clip):
    remove(workspace, *clip.faces)
    assert read(seen_instances, clip.video, clip.net) == []
    assert read(human_points, clip.video) == read(predicted_points, clip.video, clip.net) == []
    assert read(count_clip_predictions, clip.video, "face", clip.net) == (0, 1)


def test_versions_in_videos_are_those_that_predicted_a_frame_the_newest_first(read, dataset, clip):
    newer, only_photos = clip.shelf.model("newer"), clip.shelf.model("photos")
    clip.shelf.predict(clip.faces[0], newer, face())
    clip.shelf.predict(clip.elsewhere, only_photos, face())
    assert [row.id for row in read(versions_in_videos, dataset)] == [newer, clip.net]
    assert read(versions_in_videos, dataset + 1) == []
