"""Which picture each label is of, and how labels wait for theirs."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import select

from core.formats.labels.rows import LabelledRow
from core.foundation.arrays import Keypoints
from core.points.label_placing import PictureIndex, forget_waiting, keep_waiting, waiting_label
from core.points.label_writing import FileLabel
from db.engine import reading
from db.tables import WaitingLabel
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
    assert [label.row.picture for label, _ in placement.absent] == ["2.png"]


def test_a_label_by_its_name_alone_gives_way_to_one_that_names_the_folder(shelf, place):
    image = shelf.image("a/1.png")
    placement = place(("a/1.png", "l.json", None), ("1.png", "m.json", None))
    assert [label.row.picture for label in placement.on[image]] == ["a/1.png"]
    ((label, reason),) = placement.absent
    assert (label.row.picture, reason.text()) == (
        "1.png",
        "the only picture of that name here is a/1.png, which has labels of its own",
    )


@pytest.mark.parametrize("name", ["p0.jpg", "p0.*"])
@pytest.mark.parametrize("other", ["P0.jpg", "P0.*", "P0.png", "0a1b2c3d-p0.jpg"])
def test_a_label_that_calls_a_picture_otherwise_gives_way_to_one_that_calls_it_so(shelf, place, name, other):
    image = shelf.image("p0.jpg")
    placement = place((other, "l.json", None), (name, "m.json", None))
    assert [label.row.picture for label in placement.on[image]] == [name]
    ((label, reason),) = placement.absent
    assert label.row.picture == other
    assert reason.text() == f"the only picture of that name here is {name}, which has labels of its own"


@pytest.mark.parametrize(
    "names", [("P0.jpg", "p0.png"), ("P0.*", "p0.png"), ("0a1b2c3d-p0.jpg", "4e5f6a7b-p0.jpg"), ("p0.png", "p0.tif")]
)
def test_of_two_names_that_may_be_of_two_pictures_neither_is_that_of_the_only_one(shelf, place, names):
    image = shelf.image("p0.jpg")
    placement = place(*[(name, "l.json", None) for name in names])
    assert (image in placement.on, len(placement.absent)) == (False, 2)
    assert "have the same name, and only one such picture is here" in placement.absent[0][1].text()


@pytest.mark.parametrize("names", [("P0.jpg", "P0.jpg"), ("P0.jpg", "P0.*"), ("p0.jpg.*", "p0.jpg")])
def test_names_that_one_file_may_have_are_of_the_only_picture_that_fits(shelf, place, names):
    image = shelf.image("p0.jpg")
    placement = place(*[(name, f"{i}.json", None) for i, name in enumerate(names)])
    assert (len(placement.on[image]), placement.absent) == (2, [])


def test_a_label_of_another_folder_waits_and_says_what_there_is(shelf, place):
    shelf.image("train/img_7.png")
    ((_, reason),) = place(("val/img_7.png", "l.json", None)).absent
    assert reason.text() == "no picture of that name is in its folder, only train/img_7.png"


@pytest.fixture
def forty(shelf):
    """The ids of the 40 frames of the clip 001/vid.avi."""
    images = [shelf.image(f"001/vid.avi/{number:06d}.jpg") for number in range(40)]
    shelf.clip("001/vid.avi", images)
    return images


def numbered(pattern, numbers, file="annot/{}.pts"):
    return [(pattern.format(number), file.format(number), None) for number in numbers]


@pytest.mark.parametrize(
    ("pattern", "first"),
    [
        ("001/imgs/{:06d}.*", 1),
        ("001/imgs/{:06d}.*", 0),
        ("data/001/imgs/{:06d}.*", 1),
        ("001/vid_frames/frame_{:04d}.jpg", 1),
        ("vid/frame_{:04d}.jpg", 1),
        ("001/vid.avi/{:06d}.jpg", 1),
        ("{:06d}.*", 1),
        ("frame_{:06d}.PNG", 0),
    ],
)
def test_as_many_numbers_as_frames_are_the_frames_from_the_first_number_and_that_is_told(forty, place, pattern, first):
    placement = place(*numbered(pattern, range(first, first + 40)))
    assert placement.absent == placement.refused == placement.repeated == []
    of_frame = {image: [label.row.picture for label in labels] for image, labels in placement.on.items()}
    assert of_frame == {image: [pattern.format(first + index)] for index, image in enumerate(forty)}
    ((_, told),) = placement.told
    assert told.text() == f"40 labels are of the frames of 001/vid.avi, whose first is number {first} there"


@pytest.mark.parametrize("pattern", ["002/imgs/{:06d}.*", "holiday/{:06d}.jpg", "holiday/img_{}.jpg"])
def test_numbers_of_another_folder_are_no_frames(forty, place, pattern):
    placement = place(*numbered(pattern, range(1, 41)))
    assert (dict(placement.on), len(placement.absent), placement.told) == ({}, 40, [])


@pytest.mark.parametrize("numbers", [range(1, 40), range(2, 42), range(1, 42), [7], [0, 7]])
def test_some_numbers_beside_a_clip_wait(forty, place, numbers):
    placement = place(*numbered("001/imgs/{:06d}.*", numbers))
    assert (dict(placement.on), len(placement.absent)) == ({}, len(numbers))


@pytest.mark.parametrize(("numbers", "first"), [([0, 7, 39], 0), ([7, 40], 1)])
def test_of_a_folder_called_like_the_clip_some_numbers_are_enough_if_they_tell_the_first(forty, place, numbers, first):
    placement = place(*numbered("001/vid/{:06d}.jpg", numbers))
    assert list(placement.on) == [forty[number - first] for number in numbers]


@pytest.mark.parametrize("numbers", [[5, 7], [0, 40], [41]])
def test_where_nobody_knows_which_number_is_the_first_the_labels_wait(forty, place, numbers):
    placement = place(*numbered("001/vid/{:06d}.jpg", numbers))
    assert dict(placement.on) == {}
    assert {reason.text() for _, reason in placement.absent} == {
        "it may be a frame of 001/vid.avi, but its 40 frames and the numbers here do not say whether the first is 0 "
        "or 1"
    }


def test_our_own_paths_of_frames_count_from_0(forty, place):
    placement = place(*numbered("001/vid.avi/{:06d}.jpg", [5, 7]))
    assert (list(placement.on), placement.told) == ([forty[5], forty[7]], [])


def test_cvats_names_of_frames_are_of_the_only_clip(forty, place, shelf):
    assert list(place(*numbered("frame_{:06d}.PNG", [5, 7])).on) == [forty[5], forty[7]]
    shelf.clip("other.mp4", [shelf.image("other.mp4/000000.jpg")])
    assert len(place(*numbered("frame_{:06d}.PNG", [5, 7])).absent) == 2


def test_a_photo_counts_before_a_frame_of_that_number(forty, place, shelf):
    photo = shelf.image("001/imgs/000007.jpg")
    assert list(place(*numbered("001/imgs/{:06d}.*", [7])).on) == [photo]


def test_numbers_of_frames_that_look_alike_are_told_once(shelf, place):
    still = shelf.image("c.mp4/000000.jpg")
    shelf.clip("c.mp4", [still, still])
    placement = place(*numbered("c/{}.jpg", [0, 1]))
    assert [label.row.picture for label in placement.on[still]] == ["c/0.jpg"]
    assert [label.row.picture for label in placement.repeated] == ["c/1.jpg"]


def test_a_name_that_is_written_otherwise_is_told_once_for_its_file(shelf, place):
    first, second = shelf.image("p0.jpg"), shelf.image("p1.jpg")
    placement = place(("p0.JPG", "l.json", None), ("p1.JPG", "l.json", None))
    assert set(placement.on) == {first, second}
    assert [(file, told.text()) for file, told in placement.told] == [
        (
            "l.json",
            "2 labels are of pictures that are called otherwise here, such as p0.JPG, taken for p0.jpg, in other "
            "capitals",
        )
    ]


@pytest.mark.parametrize("frames", [1, 3])
def test_a_track_that_is_shorter_or_longer_than_its_clip_is_told_to_be_of_another_cut(shelf, place, frames):
    shelf.clip("c.mp4", [shelf.image(f"c.mp4/{number}.jpg") for number in range(2)])
    placement = place(*(("c", "c.npy", frame) for frame in range(frames)))
    ((file, told),) = placement.told
    assert (file, told.fields["frames"], told.fields["count"]) == ("c.npy", frames, 2)
    assert "it is of another cut" in told.text()


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
        waiting = session.exec(select(WaitingLabel)).one()
        back = waiting_label(waiting)
        assert (back.source, back.author_id) == ("l.json", author)
        for name in ("picture", "skeleton", "size", "box", "sequence", "frame", "inside"):
            assert getattr(back.row, name) == getattr(row, name)
        assert back.row.keypoints.to_bytes() == POINTS.to_bytes()
        forget_waiting([waiting.id], session=session)
    with reading(workspace.engine) as session:
        assert session.exec(select(WaitingLabel)).all() == []
