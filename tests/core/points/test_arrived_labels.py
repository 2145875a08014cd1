"""Labels that waited go onto their pictures in batches, each once, and those that go on waiting are not even read."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import event
from sqlmodel import col, select

from core.formats.labels.doubts import Doubt
from core.formats.labels.rows import LabelledRow
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput
from core.foundation.messages import message
from core.jobs.runs import submit
from core.library.importing import skipped
from core.points import arrived_labels
from core.points.arrived_labels import answer_waiting, answers_to, apply_waiting
from core.points.label_placing import PictureIndex, keep_waiting
from core.points.label_writing import FileLabel
from db.engine import reading
from db.tables import Image, Instance, KeypointRevision, WaitingLabel
from db.writing import writing

POINTS = Keypoints.of(np.arange(136.0).reshape(68, 2) / 2 + 10)
ASKED = Doubt(message("label_doubts.scale", width=100, height=100))


@pytest.fixture
def wait(workspace, dataset, author):
    """Lets labels of these names wait, with a doubt or without."""

    def keep(*names, doubts=(), size=None, file="all.json"):
        labels = [
            FileLabel(LabelledRow(name, POINTS, "face68", doubts=doubts, size=size), file, author) for name in names
        ]
        with writing(workspace.engine) as session:
            keep_waiting(dataset, labels, session=session)

    return keep


@pytest.fixture
def names(workspace):
    """Reads of what pictures there are labels, and of what labels still wait."""

    def read():
        with reading(workspace.engine) as session:
            on = session.exec(
                select(Image.path)
                .join(Instance, col(Instance.image_id) == col(Image.id))
                .join(KeypointRevision, col(KeypointRevision.instance_id) == col(Instance.id))
                .order_by(Image.path)
            ).all()
            return list(on), list(session.exec(select(WaitingLabel.picture).order_by(WaitingLabel.picture)))

    return read


def test_of_labels_whose_pictures_are_not_here_only_the_names_are_read(workspace, dataset, shelf, wait):
    wait(*(f"{number}.jpg" for number in range(5)))
    shelf.image("other.jpg")
    asked = []
    event.listen(workspace.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    assert apply_waiting(workspace, dataset) == (0, 0, ())
    reads = [statement for statement in asked if "FROM waitinglabel" in statement]
    assert reads
    assert not [statement for statement in reads if "points" in statement]


def test_those_that_go_on_waiting_are_not_kept_in_memory(workspace, dataset, author, shelf):
    """Whatever stands in the way: no picture, no clip, two pictures of a name, two names for a picture, no frame."""
    here = [shelf.image(path) for path in ("here.jpg", "one.jpg", "a/two.jpg", "b/two.jpg", "clip.mp4/000000.jpg")]
    shelf.clip("clip.mp4", [here[-1], None])
    absent = [
        ("gone.jpg", None),
        ("other", 0),
        ("two.jpg", None),
        ("x/one.jpg", None),
        ("y/one.jpg", None),
        ("clip", 1),
    ]
    named = [("here.jpg", None), *absent]
    labels = [FileLabel(LabelledRow(name, POINTS, "face68", frame=frame), "l.json", author) for name, frame in named]
    with reading(workspace.engine) as session:
        index = PictureIndex(dataset, session=session)
        told, arrived = index.place(labels), index.place_arrived(iter(labels))
    assert sorted(label.row.picture for label, _ in told.absent) == sorted(name for name, _ in absent)
    assert arrived.absent == []
    assert dict(arrived.on) == dict(told.on) == {here[0]: labels[:1]}


def test_those_whose_pictures_came_are_put_on_a_batch_a_transaction(
    workspace, dataset, author, shelf, wait, names, monkeypatch
):
    monkeypatch.setattr(arrived_labels, "_PICTURES", 2)
    wait(*(f"{number}.jpg" for number in range(7)))
    for number in range(5):
        shelf.image(f"{number}.jpg")
    plain, calls = arrived_labels.write_batch, []

    def dies_in_the_second(*arguments, **options):
        calls.append(len(arguments[1]))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return plain(*arguments, **options)

    monkeypatch.setattr(arrived_labels, "write_batch", dies_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        apply_waiting(workspace, dataset)
    assert names() == (["0.jpg", "1.jpg"], [f"{number}.jpg" for number in range(2, 7)])
    run = submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={})
    assert apply_waiting(workspace, dataset, run_id=run) == (3, 0, [])
    assert calls == [2, 2, 2, 1]
    assert names() == ([f"{number}.jpg" for number in range(5)], ["5.jpg", "6.jpg"]), "each once"


def test_what_does_not_fit_is_listed_by_the_run_and_waits_no_longer(workspace, dataset, author, shelf, wait, names):
    wait("a.jpg", size=(7, 7))
    wait("b.jpg")
    for name in "ab":
        shelf.image(f"{name}.jpg")
    run = submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={})
    assert apply_waiting(workspace, dataset, run_id=run) == (1, 1, [])
    assert [line["path"] for line in skipped(workspace, run)] == ["a.jpg"]
    assert names() == (["b.jpg"], [])


def test_open_question_is_counted_once_and_answered_for_all_a_batch_at_a_time(
    workspace, dataset, author, shelf, wait, names, monkeypatch
):
    monkeypatch.setattr(arrived_labels, "_ROWS", 2)
    pictures = [f"{number}.jpg" for number in range(5)]
    wait(*pictures, doubts=(ASKED,))
    for name in pictures:
        shelf.image(name)
    run = submit(workspace, "answers", dataset_id=dataset, author_id=author, parameters={})
    assert apply_waiting(workspace, dataset, run_id=run) == (0, 0, []), "it was told when the labels came"
    assert names() == ([], pictures)
    kind = str(ASKED.kind)
    with pytest.raises(BadInput):
        answer_waiting(workspace, dataset, {kind: "perhaps"}, run_id=run)
    assert "drop" in answers_to(kind)
    assert answer_waiting(workspace, dataset, {kind: "drop"}, run_id=run).placed == 0
    assert names() == ([], []), "dropped by the answer"


def test_label_that_somebody_else_took_meanwhile_is_passed_over(workspace, dataset, shelf, wait, names, monkeypatch):
    wait("a.jpg", "b.jpg")
    for name in "ab":
        shelf.image(f"{name}.jpg")
    plain = arrived_labels.batched

    def taken(items, size):
        with writing(workspace.engine) as session:
            for row in session.exec(select(WaitingLabel).where(WaitingLabel.picture == "a.jpg")):
                session.delete(row)
        return plain(items, size)

    monkeypatch.setattr(arrived_labels, "batched", taken)
    assert apply_waiting(workspace, dataset).placed == 1
    assert names() == (["b.jpg"], [])
