"""Labels that wait are put onto the picture that somebody says they are of, or dropped."""

from __future__ import annotations

import numpy as np
import pytest

from core.formats.labels.rows import LabelledRow
from core.foundation.arrays import Keypoints
from core.foundation.errors import NotFound
from core.jobs.runs import submit
from core.points.annotating import editor_instances
from core.points.arrived_labels import answer_waiting
from core.points.label_placing import keep_waiting
from core.points.label_writing import FileLabel
from core.points.waiting import drop_waiting, point_waiting
from db.engine import reading
from db.queries.points import count_waiting, open_label_questions, waiting_pictures
from db.writing import writing

POINTS = Keypoints.of(np.arange(136.0).reshape(68, 2) / 2 + 10)


@pytest.fixture
def wait(workspace, dataset, author):
    """Lets labels (picture, file, frame) wait."""

    def keep(*rows, **about):
        labels = [
            FileLabel(LabelledRow(name, POINTS, "face68", frame=frame, **about), file, author)
            for name, file, frame in rows
        ]
        with writing(workspace.engine) as session:
            keep_waiting(dataset, labels, session=session)

    return keep


def left(workspace, dataset):
    with reading(workspace.engine) as session:
        return [row.picture for row in waiting_pictures(dataset, session=session)]


def test_labels_are_put_onto_the_picture_that_somebody_names(workspace, dataset, shelf, wait):
    image = shelf.image("train/img_7.jpg")
    wait(("val/img_7.jpg", "l.json", None), ("val/img_8.jpg", "l.json", None))
    report = point_waiting(workspace, dataset, picture="val/img_7.jpg", source="l.json", path="train/img_7.jpg")
    assert (report.added, report.refused) == (1, [])
    assert [instance["source"] for instance in editor_instances(workspace, image)] == ["human"]
    assert left(workspace, dataset) == ["val/img_8.jpg"]


def test_labels_that_do_not_fit_the_picture_go_on_waiting_and_say_why(workspace, dataset, shelf, wait):
    shelf.image("a.jpg")
    wait(("b.jpg", "l.json", None), size=(7, 7))
    report = point_waiting(workspace, dataset, picture="b.jpg", source="l.json", path="a.jpg")
    assert report.added == 0
    ((_, reason),) = report.refused
    assert "the labels are of a picture of 7 × 7 pixels" in reason.text()
    assert left(workspace, dataset) == ["b.jpg"]


def test_a_track_is_put_onto_the_frames_of_a_clip(workspace, dataset, shelf, wait):
    images = [shelf.image(f"c.mp4/{number}.jpg") for number in range(2)]
    shelf.clip("c.mp4", images)
    wait(*(("other", "other.npy", frame) for frame in range(3)))
    report = point_waiting(workspace, dataset, picture="other", source="other.npy", path="c.mp4")
    assert report.added == 2
    assert [reason.text() for _, reason in report.refused] == ["the clip has 2 frames; there is no frame 2 (from 0)"]
    with reading(workspace.engine) as session:
        assert count_waiting(dataset, session=session) == 1


def test_labels_of_a_frame_whose_picture_was_removed_go_on_waiting_and_say_why(workspace, dataset, shelf, wait):
    shelf.clip("c.mp4", [shelf.image("c.mp4/0.jpg"), None])
    wait(("other", "other.npy", 0), ("other", "other.npy", 1))
    report = point_waiting(workspace, dataset, picture="other", source="other.npy", path="c.mp4")
    assert (report.added, [reason.text() for _, reason in report.refused]) == (1, ["the picture was removed meanwhile"])
    assert left(workspace, dataset) == ["other"]


def test_a_question_that_the_picture_raises_is_told_and_can_be_answered(
    workspace, dataset, author, shelf, wait, monkeypatch
):
    monkeypatch.setattr("core.points.label_importing.picture_orientation", lambda *_: 6)
    shelf.image("a.jpg")
    wait(("b.jpg", "l.json", None))
    here = {"picture": "b.jpg", "source": "l.json", "path": "a.jpg"}
    report = point_waiting(workspace, dataset, **here)
    ((_, reason),) = report.refused
    assert (report.added, reason.code) == (0, "label_doubts.turned")
    with reading(workspace.engine) as session:
        assert [(row.kind, row.picture) for row in open_label_questions(dataset, session=session)] == [
            ("turned", "b.jpg")
        ]
    run = submit(workspace, "answers", dataset_id=dataset, author_id=author, parameters={})
    answer_waiting(workspace, dataset, {"turned": "upright"}, run_id=run)
    assert left(workspace, dataset) == ["b.jpg"]
    assert point_waiting(workspace, dataset, **here).added == 1
    assert left(workspace, dataset) == []


def test_what_is_not_there_is_a_sentence(workspace, dataset, shelf, wait):
    shelf.image("a.jpg")
    wait(("b.jpg", "l.json", None), ("c", "c.npy", 0))
    for picture, source, path, why in [
        ("b.jpg", "l.json", "x.jpg", "there is no picture x.jpg"),
        ("c", "c.npy", "a.jpg", "there is no clip a.jpg"),
        ("z.jpg", "l.json", "a.jpg", "no label waits for z.jpg"),
    ]:
        with pytest.raises(NotFound, match=why):
            point_waiting(workspace, dataset, picture=picture, source=source, path=path)
    assert left(workspace, dataset) == ["b.jpg", "c"]


def test_labels_are_dropped_by_their_picture_and_file(workspace, dataset, wait):
    wait(("b.jpg", "l.json", None), ("b.jpg", "m.json", None))
    assert drop_waiting(workspace, dataset, picture="b.jpg", source="l.json") == 1
    with reading(workspace.engine) as session:
        assert [row.source for row in waiting_pictures(dataset, session=session)] == ["m.json"]
    with pytest.raises(NotFound, match="no label waits"):
        drop_waiting(workspace, dataset, picture="b.jpg", source="l.json")
