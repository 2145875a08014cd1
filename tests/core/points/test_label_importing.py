"""Labels of files onto pictures: each once, on the right face, and never over what a human has said."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import col, func, select

from core.formats.labels import read_label_file
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, NotFound
from core.foundation.messages import worded
from core.foundation.progress import Progress
from core.foundation.skeletons import SKELETONS
from core.jobs.inline import run_here
from core.jobs.results import labelled
from core.library.importing import skipped as skipped_of
from core.media.videos import VideoWriter
from core.points.annotating import Edit, editor_instances, save_edit
from core.points.arrived_labels import apply_waiting
from core.points.boxes import add_instances
from core.points.label_importing import formats_in, formats_of, import_labels, read_label_files
from db.engine import reading
from db.queries.points import count_waiting, waiting_pictures
from db.tables import (
    DailyWork,
    Dataset,
    Frame,
    Image,
    Instance,
    KeypointRevision,
    Review,
    Run,
    SkippedInput,
    Source,
    Video,
    WaitingLabel,
    WorkKind,
)
from db.writing import writing

FACE = np.stack([10 + np.arange(68), 20 + np.arange(68) / 2], axis=1)
SIZE = (120, 100)


def pts(points=FACE, *, shift=0.0):
    lines = "\n".join(f"{x + 1 + shift} {y + 1}" for x, y in points)
    return f"version: 1\nn_points: {len(points)}\n{{\n{lines}\n}}\n".encode()


def coco(people, *, size=SIZE, name="one.png"):
    """A file of 17-point people: (points (17, 2), bbox or None) of each."""
    annotations = [
        {
            "id": i,
            "image_id": 1,
            "category_id": 1,
            "bbox": box,
            "num_keypoints": 17,
            "keypoints": [v for x, y in points for v in (x, y, 2)],
        }
        for i, (points, box) in enumerate(people, 1)
    ]
    image = {"id": 1, "file_name": name, "width": size[0], "height": size[1]}
    return json.dumps({"images": [image], "categories": [], "annotations": annotations}).encode()


def body(x=20.0, y=10.0, spread=2.0):
    return [(x + spread * i, y + spread * 1.5 * i) for i in range(17)]


@pytest.fixture
def folder(tmp_path):
    """Writes files under a new folder."""
    made = iter(range(100))

    def write(files):
        root = tmp_path / f"set{next(made)}"
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        return root

    return write


@pytest.fixture
def do(workspace, dataset):
    """Does a run; returns its counts and what was skipped."""

    def run(kind, source, **parameters):
        done = run_here(workspace, kind, dataset, {"source": str(source), **parameters}, Progress())
        return done.counts, [(row["path"], row["reason"]) for row in skipped_of(workspace, done.id)]

    return run


@pytest.fixture
def label(do):
    def run(source, skeleton="face68"):
        return do("labels", source, skeleton=skeleton)

    return run


@pytest.fixture
def rows(workspace):
    """Every row of a table."""

    def read(table, *conditions):
        with reading(workspace.engine) as session:
            return session.exec(select(table).where(*conditions).order_by(table.id)).all()

    return read


def shown_points(rows):
    return [Keypoints.from_bytes(revision.points).points for revision in rows(KeypointRevision)]


def test_a_folder_of_pts_and_pictures_is_one_import(label, folder, pictures, rows, author):
    source = folder(
        {
            "a/one.png": pictures(1, SIZE),
            "a/one.pts": pts(),
            "two.jpg": pictures(2, SIZE, "JPEG"),
            "two.pts": pts(shift=5),
            "unlabelled.png": pictures(3, SIZE),
            "readme.txt": b"hello",
        }
    )
    counts, skipped = label(source)
    assert counts == {
        "format": "300-W .pts",
        "files": 2,
        "images": 2,
        "instances": 2,
        "added": 2,
        "waiting": 0,
        "repeated": 0,
        "left_out": 0,
        "doubts": [],
        "asked": {},
        "kept": 0,
        "skipped": 0,
        "pictures": 2,
    }
    assert skipped == []
    assert {(image.path, image.state, image.faces) for image in rows(Image)} == {
        ("a/one.png", "imported", 1),
        ("two.jpg", "imported", 1),
    }
    for instance, revision in zip(rows(Instance), rows(KeypointRevision), strict=True):
        assert (instance.kind, instance.origin, instance.revision_id) == ("face", Source.HUMAN, revision.id)
        assert (revision.source, revision.skeleton, revision.base_id) == (Source.HUMAN, "face68", None)
    assert [worded(revision.note) for revision in rows(KeypointRevision)] == [
        "Imported from one.pts",
        "Imported from two.pts",
    ]
    np.testing.assert_allclose(shown_points(rows)[0], FACE, atol=1e-5)
    first = rows(Instance)[0]
    assert (first.left, first.top, first.right, first.bottom) == (10, 20, 77, 53.5)


def test_the_same_labels_twice_add_nothing(label, folder, pictures, rows, workspace):
    source = folder({"one.png": pictures(1, SIZE), "one.pts": pts()})
    label(source)
    counts, skipped = label(source)
    assert (counts["added"], counts["instances"], counts["pictures"], skipped) == (0, 1, 0, [])
    assert len(rows(KeypointRevision)) == len(rows(Instance)) == 1
    with reading(workspace.engine) as session:
        work = select(DailyWork.count).where(DailyWork.kind == WorkKind.LABELS_IMPORTED)
        assert session.exec(work).all() == [1]


def _dlib(faces):
    parts = "".join(
        f'<image file="{name}"><box top="20" left="10" width="68" height="35">'
        + "".join(f'<part name="{i:02}" x="{x + shift}" y="{y}"/>' for i, (x, y) in enumerate(FACE))
        + "</box></image>"
        for name, shift in faces.items()
    )
    return f"<dataset><images>{parts}</images></dataset>".encode()


FORMS = {
    "pts": lambda faces: {f"{name[:-4]}.pts": pts(shift=shift) for name, shift in faces.items()},
    "dlib": lambda faces: {"faces.xml": _dlib(faces)},
    "coco": lambda faces: {
        f"{name}.json": coco([(FACE + np.array([shift, 0]), None)], name=name) for name, shift in faces.items()
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_the_counts_of_the_same_labels_are_the_same_in_every_format(label, folder, pictures, form):
    files = FORMS[form]({"one.png": 0, "two.png": 5})
    keys = ("images", "instances", "added", "repeated", "waiting", "left_out", "skipped")
    counts, skipped = label(folder(files))
    assert [counts[key] for key in keys] == [0, 0, 0, 0, 2, 0, 2]
    assert all("the picture is not in the dataset; its label is kept" in reason for _, reason in skipped)
    shown = folder({"one.png": pictures(1, SIZE), "two.png": pictures(2, SIZE), **files})
    for added in (2, 0):
        counts, skipped = label(shown)
        assert ([counts[key] for key in keys], skipped) == ([2, 2, added, 0, 0, 0, 0], [])


def test_a_label_that_two_files_give_is_one_instance_and_one_repeat(label, folder, pictures, rows):
    people = coco([(body(), None), (body(60), None)])
    source = folder({"one.png": pictures(1, SIZE), "a.json": people, "b.json": people})
    for added in (2, 0):
        counts, skipped = label(source, "coco17")
        assert (counts["images"], counts["instances"], counts["added"], counts["repeated"]) == (1, 2, added, 2)
        assert skipped == []
    assert len(rows(Instance)) == 2


def test_what_a_human_has_corrected_since_stays_and_is_listed(label, folder, pictures, rows, workspace, author):
    source = folder({"one.png": pictures(1, SIZE), "one.pts": pts()})
    label(source)
    (instance,) = rows(Instance)
    save_edit(workspace, Edit("e1", instance.id, instance.revision_id, ((0, 3.0, 4.0, 2),)), author_id=author)
    counts, skipped = label(source)
    assert (counts["images"], counts["instances"], counts["added"], counts["kept"]) == (0, 0, 0, 1)
    assert labelled(counts).text().endswith("; 1 does not replace what is here already, which stays; 1 skipped")
    assert skipped == [("one.*", "a human has corrected or accepted this; that stays (one.pts)")]
    assert len(rows(KeypointRevision)) == 2
    assert rows(Instance)[0].revision_id == rows(KeypointRevision)[1].id


def test_other_labels_of_the_same_face_do_not_replace_the_first(label, folder, pictures, rows):
    label(folder({"one.png": pictures(1, SIZE), "one.pts": pts()}))
    _, skipped = label(folder({"one.pts": pts(shift=1)}))
    assert skipped == [("one.*", "other labels of it are here already (imported from one.pts); those stay (one.pts)")]
    assert len(rows(Instance)) == 1


def test_points_of_a_model_give_way_to_a_label_and_stay_below_it(label, folder, pictures, rows, do, workspace):
    source = folder({"one.png": pictures(1, SIZE)})
    do("import", source)
    with writing(workspace.engine) as session:
        image = session.exec(select(Image)).one()
        found = Instance(
            dataset_id=image.dataset_id, image_id=image.id, kind="face", left=8, top=5, right=80, bottom=60
        )
        session.add(found)
        session.flush()
        guess = KeypointRevision(
            instance_id=found.id,
            skeleton="face68",
            points=Keypoints.of(FACE + 2).to_bytes(),
            source=Source.MODEL,
            review=Review.OPEN,
        )
        session.add(guess)
        session.flush()
        found.revision_id = guess.id
    counts, _ = label(folder({"one.pts": pts()}))
    (instance,) = rows(Instance)
    before, after = rows(KeypointRevision)
    assert counts["added"] == 1
    assert (instance.revision_id, after.base_id, after.source) == (after.id, before.id, Source.HUMAN)
    assert (instance.left, instance.right) == (8, 80)  # its box stays


def test_a_box_that_a_human_drew_gets_the_label(label, folder, pictures, rows, do, workspace, author):
    do("import", folder({"one.png": pictures(1, SIZE)}))
    (image,) = rows(Image)
    add_instances(workspace, image.id, [(5, 0, 85, 75), (90, 0, 110, 20)], "face", author_id=author)
    label(folder({"one.pts": pts()}))
    drawn, other = rows(Instance)
    assert drawn.revision_id is not None  # all points lie in it, though the boxes share less than half
    assert other.revision_id is None


def test_what_a_human_has_taken_out_does_not_come_back(label, folder, pictures, rows, workspace):
    source = folder({"one.png": pictures(1, SIZE), "one.pts": pts()})
    label(source)
    with writing(workspace.engine) as session:
        session.exec(select(Instance)).one().removed = True
    counts, skipped = label(source)
    assert counts["added"] == 0
    assert skipped == [("one.*", "a human has taken this face out of the picture (one.pts)")]


def test_two_people_who_overlap_are_two_and_stay_two(label, folder, pictures, rows):
    close = [(body(), [18, 8, 40, 60]), (body(22, 11), [19, 9, 40, 60])]
    source = folder({"one.png": pictures(1, SIZE), "a.json": coco(close)})
    counts, _ = label(source, "coco17")
    assert (counts["instances"], len(rows(Instance))) == (2, 2)
    again, skipped = label(source, "coco17")
    assert (again["added"], again["instances"], skipped) == (0, 2, [])


def test_two_names_for_one_picture_are_not_two_people(label, folder, pictures, rows):
    header = "image," + ",".join(f"{name}_{axis}" for name in SKELETONS["coco17"].point_names for axis in "xy")
    table = [
        header,
        *(f"{name},{','.join(f'{x},{y}' for x, y in body(x))}" for name, x in (("a.png", 20), ("b.png", 21))),
    ]
    same = pictures(1, SIZE)
    counts, skipped = label(folder({"l.csv": "\n".join(table).encode(), "a.png": same, "b.png": same}), "coco17")
    assert (counts["instances"], len(rows(Image)), len(rows(Instance))) == (1, 1, 1)
    assert skipped == [("b.png", "other labels of it are here already (imported from l.csv); those stay (l.csv)")]


def test_what_the_export_wrote_is_read_as_labels_point_for_point(label, do, folder, pictures, rows, tmp_path):
    label(folder({"one.png": pictures(1, SIZE), "a.json": coco([(body(), [18, 8, 40, 60])])}), "coco17")
    before = shown_points(rows)[0]
    do("export", "", format="coco", folder=str(tmp_path / "out"))
    content = (tmp_path / "out" / "annotations.json").read_bytes()
    counts, skipped = label(folder({"annotations.json": content}), "coco17")
    assert (counts["instances"], counts["added"], skipped) == (1, 0, [])
    (row,) = read_label_file("annotations.json", content, SKELETONS["coco17"]).rows
    np.testing.assert_array_equal(row.keypoints.points, before)


def test_17_and_24_points_of_one_person_do_not_hide_each_other(label, folder, pictures, rows):
    source = folder({"one.png": pictures(1, SIZE), "a.json": coco([(body(), [18, 8, 40, 60])])})
    label(source, "coco17")
    header = "image," + ",".join(f"{name}_{axis}" for name in SKELETONS["body24"].point_names for axis in "xy")
    cells = ",".join(f"{x},{y}" for x, y in [*body(), *body()[:7]])
    label(folder({"b.csv": f"{header}\none.png,{cells}\n".encode()}), "body24")
    assert [revision.skeleton for revision in rows(KeypointRevision)] == ["coco17", "body24"]
    heads = {instance.revision_id for instance in rows(Instance)}
    assert heads == {revision.id for revision in rows(KeypointRevision)}


def test_a_label_that_does_not_fit_its_picture_is_listed(label, folder, pictures, rows):
    picture = pictures(1, SIZE)
    far = FACE.copy()
    far[3] = (9000, 5)
    _, skipped = label(folder({"one.png": picture, "one.pts": pts(far)}))
    assert skipped == [("one.*", "jaw_4 at (9000, 5) lies outside of the picture, which is 120 × 100 pixels (one.pts)")]
    _, skipped = label(folder({"a.json": coco([(body(), None)], size=(240, 200))}), "coco17")
    assert skipped == [
        ("one.png", "the labels are of a picture of 240 × 200 pixels, but one.png has 120 × 100 (a.json)")
    ]
    assert rows(KeypointRevision) == []


def test_a_face_that_reaches_over_the_border_is_taken_but_the_motion_form_promises_otherwise(label, folder, pictures):
    over = FACE.copy()
    over[0] = (-12, 30)
    counts, skipped = label(folder({"one.png": pictures(1, SIZE), "one.pts": pts(over)}))
    assert (counts["added"], skipped) == (1, [])
    header = "image," + ",".join(f"{name}_{axis}" for name in SKELETONS["body24"].point_names for axis in "xy")
    cells = ",".join(f"{x},{y}" for x, y in [(-12, 30), *body(), *body()[:6]])
    counts, skipped = label(folder({"b.csv": f"{header}\none.png,{cells}\n".encode()}), "body24")
    assert counts["added"] == 0
    assert "nose at (-12, 30) lies outside of the picture" in skipped[0][1]


def test_labels_without_pictures_wait_are_listed_once_and_go_on_when_the_pictures_come(
    label, do, folder, pictures, rows, workspace, dataset
):
    counts, skipped = label(folder({"sub/one.pts": pts(), "two.pts": pts(shift=2)}))
    assert (counts["images"], counts["instances"], counts["waiting"]) == (0, 0, 2)
    assert skipped == [
        ("sub/one.*", "the picture is not in the dataset; its label is kept until it comes (sub/one.pts)"),
        ("two.*", "the picture is not in the dataset; its label is kept until it comes (two.pts)"),
    ]
    label(folder({"sub/one.pts": pts()}))
    with reading(workspace.engine) as session:
        assert count_waiting(dataset, session=session) == 2
        assert [tuple(row) for row in waiting_pictures(dataset, session=session)] == [
            ("sub/one.*", "sub/one.pts", 1),
            ("two.*", "two.pts", 1),
        ]
    came, _ = do("import", folder({"deep/sub/one.png": pictures(1, SIZE)}))
    assert came["labels"] == 1
    np.testing.assert_allclose(shown_points(rows)[0], FACE, atol=1e-5)
    assert [row.picture for row in rows(WaitingLabel)] == ["two.*"]
    none, _ = do("import", folder({"other.png": pictures(9, SIZE)}))
    assert "labels" not in none


def test_a_waiting_label_that_does_not_fit_is_listed_by_the_import_that_brings_its_picture(
    label, do, folder, pictures, rows
):
    label(folder({"a.json": coco([(body(), None)], size=(240, 200))}), "coco17")
    counts, skipped = do("import", folder({"one.png": pictures(1, SIZE)}))
    assert (counts["added"], counts["skipped"], counts["labels"]) == (1, 1, 0)
    assert "the labels are of a picture of 240 × 200 pixels" in skipped[0][1]
    assert rows(WaitingLabel) == []


def test_what_waits_keeps_all_that_it_says(label, do, folder, pictures, rows):
    label(folder({"a.json": coco([(body(), [18, 8, 60, 70])])}), "coco17")
    (kept,) = rows(WaitingLabel)
    assert (kept.left, kept.top, kept.right, kept.bottom, kept.width, kept.height) == (18, 8, 78, 78, 120, 100)
    do("import", folder({"one.png": pictures(1, SIZE)}))
    (instance,) = rows(Instance)
    assert (instance.kind, instance.left, instance.bottom) == ("person", 18, 78)


def test_motion_pictures_carry_their_action_as_sequence(label, folder, pictures, rows):
    header = "image," + ",".join(f"{name}_{axis}" for name in SKELETONS["body24"].point_names for axis in "xy")
    cells = ",".join(f"{x},{y}" for x, y in [*body(), *body()[:7]])
    names = ["002-1-1-01-Z17_A-0000001", "002-1-1-01-Z17_B-0000001", "033-1-1-02-Z17_A-0000001"]
    table = "\n".join([header, *(f"{name}.png,{cells}" for name in names)])
    files = {f"{name}.png": pictures(number, SIZE) for number, name in enumerate(names)}
    counts, skipped = label(folder({"train.csv": table.encode(), **files}), "body24")
    assert (counts["instances"], skipped) == (3, [])
    assert [image.sequence for image in rows(Image)] == ["002-1-1-01-Z17", "002-1-1-01-Z17", "033-1-1-02-Z17"]


def test_one_file_finds_the_pictures_beside_it(label, folder, pictures):
    source = folder({"labels.json": coco([(body(), None)], name="imgs/one.png"), "imgs/one.png": pictures(1, SIZE)})
    counts, skipped = label(source / "labels.json", "coco17")
    assert (counts["pictures"], counts["instances"], skipped) == (1, 1, [])


def test_why_a_picture_could_not_be_looked_for_beside_its_labels_is_listed(label, folder):
    name = "n" * 300 + ".png"
    counts, skipped = label(folder({"labels.json": coco([(body(), None)], name=name)}) / "labels.json", "coco17")
    assert (counts["pictures"], counts["waiting"]) == (0, 1)
    assert (name, "it could not be looked for beside the labels (File name too long)") in skipped


def test_a_folder_that_is_not_there_holds_no_pictures(label, folder):
    source = folder({"labels.json": coco([(body(), None)], name="gone/one.png"), "one.pts": pts()})
    _, skipped = label(source / "labels.json", "coco17")
    assert [reason for _, reason in skipped] == [
        "the picture is not in the dataset; its label is kept until it comes (labels.json)"
    ]


def test_a_zip_of_labels_and_pictures_is_one_import(label, tmp_path, pictures):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("set/one.png", pictures(1, SIZE))
        archive.writestr("set/one.pts", pts())
        archive.writestr("set/other.png", pictures(2, SIZE))
    counts, skipped = label(tmp_path / "set.zip")
    assert (counts["pictures"], counts["instances"], skipped) == (1, 1, [])


def test_ambiguous_names_are_listed_with_the_pictures_that_they_may_be(label, do, folder, pictures, rows):
    do("import", folder({"a/one.png": pictures(1, SIZE), "b/one.png": pictures(2, SIZE)}))
    counts, skipped = label(folder({"one.pts": pts()}))
    assert counts["instances"] == 0
    assert skipped == [
        (
            "one.*",
            "one.* may be any of a/one.png, b/one.png; give more of its path; its label is kept until somebody says "
            "which picture it is, or it comes (one.pts)",
        )
    ]
    assert [row.picture for row in rows(WaitingLabel)] == ["one.*"]


def test_two_files_of_one_name_do_not_share_the_only_picture_of_that_name(label, do, folder, pictures, rows):
    do("import", folder({"one.png": pictures(1, SIZE)}))
    _, skipped = label(folder({"a/one.pts": pts(), "b/one.pts": pts(shift=3)}))
    assert [path for path, _ in skipped] == ["a/one.*", "b/one.*"]
    assert "a/one.* and b/one.* have the same name, and only one such picture is here" in skipped[0][1]
    assert rows(KeypointRevision) == []


def test_a_file_that_cannot_be_read_does_not_stop_the_others(label, folder, pictures):
    counts, skipped = label(
        folder(
            {
                "one.png": pictures(1, SIZE),
                "one.pts": pts(),
                "two.pts": pts()[:99],
                "three.json": b"{}",
                "four.pts": pts(FACE[:29]),
            }
        )
    )
    assert counts["instances"] == 1
    assert skipped == [
        ("four.pts", "it has 29 points, but face68 has 68; choose the skeleton that the file is of."),
        ("three.json", "it is not an object with 'images' and 'annotations'"),
        ("two.pts", "the points should stand between '{' and '}', but a brace is missing"),
    ]


def test_the_only_file_that_cannot_be_read_ends_the_run_with_its_sentence(workspace, folder):
    with pytest.raises(BadInput, match=r"two\.pts: it has 29 points"):
        read_label_files(workspace, folder({"two.pts": pts(FACE[:29])}), "face68")
    with pytest.raises(BadInput, match="there is no label file in it"):
        read_label_files(workspace, folder({"readme.txt": b""}), "face68")
    with pytest.raises(NotFound, match="no skeleton is called 'hand21'"):
        read_label_files(workspace, folder({"one.pts": pts()}), "hand21")
    with pytest.raises(BadInput, match="no such file"):
        read_label_files(workspace, Path("/nowhere"), "face68")


@pytest.fixture
def clip(workspace, dataset, do, folder, pictures):
    """A clip of three frames, the last of which looks like the second; a fourth was removed."""
    do("import", folder({f"talk.mp4/{i:06d}.png": pictures(i, SIZE) for i in range(2)}))
    with writing(workspace.engine) as session:
        ids = session.exec(select(Image.id).order_by(Image.path)).all()
        video = Video(
            dataset_id=dataset,
            path="clips/talk.mp4",
            sha256="v",
            width=120,
            height=100,
            frames=4,
            frames_per_second=25,
            original="x",
        )
        session.add(video)
        session.flush()
        for index, image_id in enumerate([ids[0], ids[1], ids[1], None]):
            session.add(Frame(video_id=video.id, index=index, seconds=index / 25, image_id=image_id))


def tracks(folder, name, frames):
    root = folder({})
    root.mkdir()
    np.save(root / f"{name}.npy", np.stack([FACE + i for i in range(frames)]).astype(np.float32))
    return root


def test_tracks_go_onto_the_frames_of_the_clip_of_their_name(label, folder, rows, clip):
    counts, skipped = label(tracks(folder, "talk", 5))
    assert (counts["images"], counts["instances"], counts["waiting"], counts["repeated"]) == (2, 2, 1, 1)
    assert counts["left_out"] == 0
    assert skipped == [
        ("talk", "the clip has 4 frames; there is no frame 4 (from 0) (talk.npy)"),
        ("talk", "the clip, or the frame, is not in the dataset; its label is kept until it comes (talk.npy)"),
    ]
    np.testing.assert_allclose(shown_points(rows), np.stack([FACE, FACE + 1]), atol=1e-5)
    assert {image.sequence for image in rows(Image)} == {"talk"}


def test_tracks_without_their_clip_wait_in_one_line(label, folder, rows, workspace, dataset):
    counts, skipped = label(tracks(folder, "walk", 7))
    assert (counts["waiting"], len(rows(WaitingLabel))) == (7, 7)
    assert skipped == [
        ("walk", "the clip, or the frame, is not in the dataset; its 7 labels are kept until it comes (walk.npy)")
    ]
    assert apply_waiting(workspace, dataset) == (0, 0, ())


def test_a_run_that_is_done_again_after_a_crash_lists_nothing_twice(workspace, dataset, author, folder):
    with writing(workspace.engine) as session:
        run = Run(kind="labels", dataset_id=dataset, author_id=author)
        session.add(run)
        session.flush()
    found = read_label_files(workspace, folder({"one.pts": pts()}), "face68")
    for _ in range(2):
        counts = import_labels(workspace, found, dataset_id=dataset, author_id=author, run_id=run.id)
    assert counts["skipped"] == 1
    with reading(workspace.engine) as session:
        assert session.exec(select(func.count()).select_from(SkippedInput)).one() == 1
        assert session.exec(select(func.count()).select_from(WaitingLabel)).one() == 1
        assert session.exec(select(col(Dataset.id))).all() == [dataset]


def test_what_files_are_is_said_before_anything_is_imported(workspace, folder):
    source = folder({"one.pts": pts(), "a.json": coco([]), "b.json": b"[]", "one.png": b""})
    assert formats_in(workspace, source) == {"COCO keypoints": 1, "no labels": 1, "300-W .pts": 1}
    many = formats_of((f"{i}.pts", lambda: pts()) for i in range(300))
    assert many == {"300-W .pts": 200, "not looked at": 100}
    assert formats_of([]) == {}


def test_the_editor_shows_and_corrects_17_points(label, folder, pictures, rows, workspace, author):
    label(folder({"one.png": pictures(1, SIZE), "a.json": coco([(body(), [18, 8, 40, 60])])}), "coco17")
    (instance,) = rows(Instance)
    (shown,) = editor_instances(workspace, instance.image_id)
    assert (shown["skeleton"], len(shown["points"]), shown["source"]) == ("coco17", 17, "human")
    save_edit(workspace, Edit("e1", instance.id, instance.revision_id, ((16, 3.0, 4.0, 1),)), author_id=author)
    assert [revision.skeleton for revision in rows(KeypointRevision)] == ["coco17", "coco17"]
    with pytest.raises(BadInput, match="coco17 has 17 points; there is no point 17"):
        save_edit(workspace, Edit("e2", instance.id, None, ((17, 3.0, 4.0, 1),)), author_id=author)


def test_a_name_in_other_capitals_finds_the_picture_beside_it_and_that_is_told(label, folder, pictures):
    files = {"labels.json": coco([(body(), None)], name="imgs/ONE.PNG"), "imgs/one.png": pictures(1, SIZE)}
    counts, skipped = label(folder(files), "coco17")
    assert (counts["pictures"], counts["instances"], skipped) == (1, 1, [])
    assert [worded(doubt) for doubt in counts["doubts"]] == [
        "labels.json: 1 label is of pictures that are called otherwise here, such as imgs/ONE.PNG, taken for "
        "imgs/one.png, in other capitals"
    ]


def test_a_clip_beside_labels_of_its_frames_comes_in_with_them(label, folder, rows):
    source = folder({f"001/annot/{number:06d}.pts": pts(shift=number) for number in range(1, 5)})
    with VideoWriter(source / "001" / "vid.mp4", *SIZE, 25) as writer:
        for number in range(4):
            writer.write(np.full((SIZE[1], SIZE[0], 3), 60 * number, np.uint8))
    counts, skipped = label(source)
    assert (counts["frames"], counts["instances"], counts["waiting"], skipped) == (4, 4, 0, [])
    paths = {image.id: image.path for image in rows(Image)}
    of_frame = {paths[instance.image_id]: instance.left for instance in rows(Instance)}
    assert of_frame == {f"001/vid.mp4/{number:06d}.jpg": 11 + number for number in range(4)}
    assert [worded(doubt) for doubt in counts["doubts"]] == [
        "001/imgs: 4 labels are of the frames of 001/vid.mp4, whose first is number 1 there"
    ]


def test_a_folder_with_pictures_a_clip_and_labels_of_any_points_is_one_import(do, folder, pictures, rows):
    source = folder(
        {
            "one.png": pictures(1, SIZE),
            "one.pts": pts(),
            "two.png": pictures(2, SIZE),
            "people.json": coco([(body(), None)], name="two.png"),
            "notes.csv": b"a,b\n",
            "broken.json": b'{"images": 1, "annotations": []}',
        }
    )
    with VideoWriter(source / "talk.mp4", *SIZE, 25) as writer:
        for number in range(2):
            writer.write(np.full((SIZE[1], SIZE[0], 3), 60 * number, np.uint8))
    np.save(source / "talk.npy", np.stack([FACE, FACE + 1]).astype(np.float32))
    counts, skipped = do("import", source)
    assert (counts["added"], counts["clips"], counts["frames"]) == (2, 1, 2)
    placed = counts["label_files"]
    assert (placed["files"], placed["instances"], placed["added"], placed["waiting"]) == (3, 4, 4, 0)
    assert sorted(row.skeleton for row in rows(KeypointRevision)) == ["coco17", "face68", "face68", "face68"]
    assert [path for path, _ in skipped] == ["broken.json", "notes.csv"]
    assert counts["skipped"] == 2
    again, _ = do("import", source)
    assert (again["duplicates"], again["label_files"]["added"], again["label_files"]["instances"]) == (2, 0, 4)


def test_labels_come_in_with_an_import_before_their_pictures_too(do, folder, pictures, rows):
    counts, _ = do("import", folder({"one.pts": pts()}) / "one.pts")
    assert (counts["images"], counts["label_files"]["waiting"]) == (0, 1)
    came, _ = do("import", folder({"one.png": pictures(1, SIZE)}))
    assert (came["labels"], len(rows(KeypointRevision))) == (1, 1)


@pytest.mark.parametrize("frames", [3, 5])
def test_a_track_that_waited_is_as_long_as_it_was_though_its_last_frames_have_no_points(do, label, folder, frames):
    source = tracks(folder, "talk", frames)
    points = np.load(source / "talk.npy")
    points[2:] = np.nan
    np.save(source / "talk.npy", points)
    label(source)
    came = folder({})
    came.mkdir(exist_ok=True)
    with VideoWriter(came / "talk.mp4", *SIZE, 25) as writer:
        for number in range(3):
            writer.write(np.full((SIZE[1], SIZE[0], 3), 60 * number, np.uint8))
    counts, _ = do("import", came / "talk.mp4")
    assert counts["labels"] == 2
    told = [worded(doubt) for doubt in counts.get("doubts", [])]
    assert len(told) == (frames != 3)
    assert all("the track has 5 frames, but talk.mp4 has 3: it is of another cut" in doubt for doubt in told)


def test_how_labels_that_waited_found_their_clip_is_told_when_it_comes(do, label, folder, rows):
    label(folder({f"001/annot/{number:06d}.pts": pts(shift=number) for number in range(1, 4)}))
    came = folder({})
    (came / "001").mkdir(parents=True)
    with VideoWriter(came / "001" / "vid.mp4", *SIZE, 25) as writer:
        for number in range(3):
            writer.write(np.full((SIZE[1], SIZE[0], 3), 60 * number, np.uint8))
    counts, _ = do("import", came)
    assert (counts["labels"], rows(WaitingLabel)) == (3, [])
    assert [worded(doubt) for doubt in counts["doubts"]] == [
        "001/imgs: 3 labels are of the frames of 001/vid.mp4, whose first is number 1 there"
    ]
    assert [instance.left for instance in rows(Instance)] == [11, 12, 13]


def test_labels_of_one_folder_never_land_on_another_folders_picture(do, label, folder, pictures, rows):
    do("import", folder({"train/img_7.png": pictures(1, SIZE), "clipA/000001.png": pictures(2, SIZE)}))
    counts, _ = label(folder({"val/img_7.pts": pts(), "clipB/000001.pts": pts(shift=2)}))
    assert (counts["instances"], counts["waiting"]) == (0, 2)
    label(folder({"labels.json": coco([(body(), None)], name="val/img_7.png")}), "coco17")
    assert rows(KeypointRevision) == []


def test_a_file_of_points_of_no_set_here_says_so_and_does_not_ask_for_another_one(do, folder):
    _, skipped = do("import", folder({"one.pts": pts(FACE[:29]), "two.pts": pts()[:99]}))
    assert skipped == [
        ("one.pts", "it has 29 points, and no set of points here has as many (face68, body24, coco17, mesh468)"),
        ("two.pts", "the points should stand between '{' and '}', but a brace is missing"),
    ]
