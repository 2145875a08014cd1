"""The sample clips: drawn people whose labels are the truth."""

from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest
from sqlmodel import func, select

from core.drawn.people import PEOPLE
from core.foundation.arrays import Keypoints
from core.foundation.progress import Progress
from core.foundation.skeletons import FACE68
from core.jobs import tasks
from core.jobs.inline import run_here
from core.learning.labels import read_labels
from core.library.sample_clips import draw_clips_of_people, label_clips
from db.engine import reading
from db.queries.learning.labels import human_labels
from db.queries.library import videos
from db.tables import Image, Instance, KeypointRevision, Review, Source
from db.writing import writing
from tests.builders.staged_clips import take


def test_every_frame_has_the_truth_as_a_humans_label(workspace, dataset, author):
    truths = take(workspace, dataset, author, "ada", "gita", frames=5)
    with reading(workspace.engine) as session:
        labels = human_labels(dataset, "face68", session=session)
        assert [video.path for video in videos(dataset, session=session)] == ["ada/talking.mp4", "gita/talking.mp4"]
    assert len(labels) == 10
    found = {(label.image.sequence, label.frame): label for label in labels}
    for path, truth in zip(("ada/talking.mp4", "gita/talking.mp4"), truths, strict=True):
        for index in range(5):
            label = found[path, index]
            points = Keypoints.from_bytes(label.revision.points)
            assert len(points) == len(FACE68)
            np.testing.assert_allclose(points.points, truth[index], atol=1e-3)
            with reading(workspace.engine) as session:
                assert session.get(KeypointRevision, label.revision.id).author_id == author
            assert 0 < abs(label.instance.left - points.points[:, 0].min()) < 20  # as a detector has it
            with reading(workspace.engine) as session:
                assert session.get(Image, label.image.id).faces == 1


def test_others_save_between_a_few_frames_and_the_next(workspace, dataset, author, monkeypatch):
    labelled = []

    @contextmanager
    def counted(engine):
        with writing(engine) as session:
            yield session
        with reading(engine) as session:
            labelled.append(session.exec(select(func.count()).select_from(Instance)).one())

    monkeypatch.setattr("core.library.sample_clips.writing", counted)
    take(workspace, dataset, author, "ada", "gita", frames=30)
    assert labelled == [12, 24, 30, 42, 54, 60]


def test_labelling_again_adds_nothing_and_keeps_what_a_human_changed(workspace, dataset, author):
    take(workspace, dataset, author, "ada", frames=3)
    with writing(workspace.engine) as session:
        face = session.exec(select(Instance)).first()
        points = Keypoints.of(np.full((68, 2), 5.0)).to_bytes()
        revision = KeypointRevision(
            instance_id=face.id,
            skeleton="face68",
            points=points,
            source=Source.HUMAN,
            review=Review.ACCEPTED,
            author_id=author,
        )
        session.add(revision)
        session.flush()
        face.revision_id, changed = revision.id, revision.id
    drawn = draw_clips_of_people(workspace, people=["ada"], frames=3, size=(160, 120))
    assert label_clips(workspace, drawn, dataset_id=dataset, author_id=author) == 0
    with reading(workspace.engine) as session:
        assert session.exec(select(Instance.revision_id)).first() == changed
        assert len(session.exec(select(Instance)).all()) == 3


def test_the_run_draws_eight_people_two_of_them_held_out_and_can_be_repeated(workspace, dataset, monkeypatch):
    monkeypatch.setattr(tasks, "draw_clips_of_people", partial(draw_clips_of_people, frames=4, size=(160, 120)))
    run = run_here(workspace, "sample-clips", dataset, {}, Progress())
    kept = run.counts.pop("bytes_kept")
    assert run.counts == {"clips": 8, "frames": 32, "skipped": 0, "labelled": 32}
    again = run_here(workspace, "sample-clips", dataset, {}, Progress())
    assert again.counts == {"clips": 8, "frames": 32, "bytes_kept": kept, "skipped": 0, "labelled": 0}
    with reading(workspace.engine) as session:
        people = set(session.exec(select(Image.identity)).all())
        held_out = read_labels(dataset, "face68", session=session).only("test")
    assert people == set(PEOPLE)
    assert len(set(held_out.groups)) == 2  # fewer would give figures without intervals


@pytest.mark.parametrize("person", ["ada", "felix", "gita"])
def test_a_clip_is_the_same_each_time(workspace, person):
    first = draw_clips_of_people(workspace, people=[person], frames=2, size=(64, 48))
    (path,) = first.clips
    before = (first.folder / path).read_bytes()
    again = draw_clips_of_people(workspace, people=[person], frames=2, size=(64, 48))
    assert (again.folder / path).read_bytes() == before
    np.testing.assert_array_equal(first.clips[path].landmarks(), again.clips[path].landmarks())
