"""Which picture each label is of, and how labels wait for theirs."""

from __future__ import annotations

import numpy as np
import pytest

from core.formats.labels.rows import LabelledRow
from core.foundation.arrays import Keypoints
from core.points.label_placing import PictureIndex, forget_waiting, keep_waiting, waiting_label
from core.points.label_writing import FileLabel
from db.engine import reading
from db.queries.points import waiting_labels
from db.writing import writing
from tests.builders.learning_rows import Shelf

POINTS = Keypoints.of(np.arange(136.0).reshape(68, 2))


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


@pytest.fixture
def place(workspace, dataset, author):
    """Says where labels (picture, file, frame) of the dataset are put."""

    def labels(*rows):
        given = [
            FileLabel(LabelledRow(name, POINTS, "face68", frame=frame), file, author) for name, file, frame in rows
        ]
        with reading(workspace.engine) as session:
            return PictureIndex(dataset, session=session).place(given)

    return labels


def test_a_label_is_of_the_picture_that_its_path_means_from_the_files_folder(shelf, place):
    first, second = shelf.image("a/1.png"), shelf.image("b/1.png")
    placement = place(("1.png", "a/l.json", None), ("1.png", "b/l.json", None), ("2.png", "l.json", None))
    assert {image: len(labels) for image, labels in placement.on.items()} == {first: 1, second: 1}
    assert [label.row.picture for label in placement.absent] == ["2.png"]


def test_a_label_by_its_name_alone_gives_way_to_one_that_names_the_folder(shelf, place):
    image = shelf.image("a/1.png")
    placement = place(("a/1.png", "l.json", None), ("x/1.png", "l.json", None))
    assert [label.row.picture for label in placement.on[image]] == ["a/1.png"]
    assert [label.row.picture for label, _ in placement.refused] == ["x/1.png"]


def test_a_frame_beyond_the_clip_is_refused_and_a_removed_one_is_absent(shelf, place):
    shelf.clip("c.mp4", [shelf.image("c.mp4/0.jpg")])
    placement = place(("c", "t.npy", 0), ("c", "t.npy", 1))
    assert sum(map(len, placement.on.values())) == 1
    ((_, reason),) = placement.refused
    assert "there is no frame 1" in reason.text()


def test_a_label_waits_once_and_comes_back_as_it_was(workspace, dataset, author):
    row = LabelledRow("1.png", POINTS, "face68", size=(40, 30), box=(1.0, 2.0, 30.0, 20.0), sequence="s", inside=True)
    label = FileLabel(row, "l.json", author)
    with writing(workspace.engine) as session:
        assert keep_waiting(dataset, [label, label], session=session) == 1
    with writing(workspace.engine) as session:
        assert keep_waiting(dataset, [label], session=session) == 0
        (waiting,) = waiting_labels(dataset, session=session)
        back = waiting_label(waiting)
        assert (back.source, back.author_id) == ("l.json", author)
        for name in ("picture", "skeleton", "size", "box", "sequence", "frame", "inside"):
            assert getattr(back.row, name) == getattr(row, name)
        assert back.row.keypoints.to_bytes() == POINTS.to_bytes()
        forget_waiting([waiting.id], session=session)
    with reading(workspace.engine) as session:
        assert waiting_labels(dataset, session=session) == []
