"""Parts of a clip as they are read: their frames, the points that count there, and what a model had predicted."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from db.queries.motion.ranges import (
    PlaceOfInstance,
    RangeFrame,
    frames_between,
    instances_between,
    place_of_instance,
    predicted_between,
    predicted_of,
    timeline_frames,
)
from db.tables import PROPOSAL, Exclusion, Frame, Instance, Review
from db.writes.models import ensure_model_version
from db.writes.points import append_revision
from db.writing import writing
from tests.builders.learning_rows import Shelf, face
from tests.builders.people_rows import remove


@pytest.fixture
def clip(workspace, dataset, author):
    """Three frames with a model's face in each, and a picture beside."""
    shelf = Shelf(workspace, dataset, author)
    made = SimpleNamespace(images=[shelf.image(f"clip/{number}.png") for number in range(3)])
    made.video = shelf.clip("clip.mp4", made.images)
    made.faces = [shelf.instance(image, face(number), human=False) for number, image in enumerate(made.images)]
    made.elsewhere = shelf.instance(shelf.image("photo.png"), face(9.0))
    return made


def test_frames_and_instances_of_a_part_come_in_their_order(read, clip):
    assert read(frames_between, clip.video, 1, 9) == [
        RangeFrame(1, 0, clip.images[1]),
        RangeFrame(2, 0, clip.images[2]),
    ]
    rows = read(instances_between, clip.video, 0, 1)
    assert [(row.frame, row.instance.id, row.head.review) for row in rows] == [
        (0, clip.faces[0], Review.OPEN),
        (1, clip.faces[1], Review.OPEN),
    ]
    assert read(instances_between, clip.video, 0, 1, 99) == []
    assert read(frames_between, clip.video, 2, 1) == []


def test_what_was_predicted_stays_told_under_what_a_human_or_a_proposal_made_of_it(
    read, workspace, dataset, author, clip
):
    with writing(workspace.engine) as session:
        proposer = ensure_model_version("flow", PROPOSAL, "0" * 64, {}, session=session)
        model = ensure_model_version("net", "landmarks", "1" * 64, {}, session=session)
        instance = session.get_one(Instance, clip.faces[1])
        packed = instances_between(clip.video, 1, 1, session=session)[0].head.points
        predicted = append_revision(instance, "face68", packed, Review.OPEN, model_version_id=model, session=session)
        append_revision(instance, "face68", packed, Review.OPEN, model_version_id=proposer, session=session)
        append_revision(instance, "face68", packed, Review.ACCEPTED, author_id=author, session=session)
        wanted = predicted.id
    assert read(predicted_of, clip.faces[1]).id == wanted
    assert read(predicted_between, clip.video, 1, 1)[clip.faces[1]].id == wanted
    assert read(predicted_of, clip.elsewhere) is None


def test_an_instance_has_its_place_in_a_clip_or_none(read, workspace, clip):
    assert read(place_of_instance, clip.faces[2]) == PlaceOfInstance(clip.video, 2)
    assert read(place_of_instance, clip.elsewhere) is None
    remove(workspace, clip.faces[2])
    assert read(place_of_instance, clip.faces[2]) is None


def test_the_timeline_has_every_frame_and_says_which_are_left_out(read, workspace, dataset, author, clip):
    with writing(workspace.engine) as session:
        session.add(Exclusion(dataset_id=dataset, name="clip/1.png", reason="blurred", author_id=author))
        session.add(Frame(video_id=clip.video, index=3, seconds=0.12, image_id=None))
    rows = read(timeline_frames, clip.video)
    assert [(row.frame, row.image_id, row.left_out) for row in rows] == [
        (0, clip.images[0], False),
        (1, clip.images[1], True),
        (2, clip.images[2], False),
        (3, None, False),
    ]
