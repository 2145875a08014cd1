"""Labels whose meaning is open are asked about, wait, and are put on as answered."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image as Pixels
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.foundation.messages import worded
from core.foundation.progress import Progress
from core.foundation.skeletons import COCO17
from core.jobs.inline import run_here
from core.media.videos import VideoWriter
from core.points.label_importing import read_label_files
from db.engine import reading
from db.queries.points import count_waiting, open_label_questions
from db.tables import Instance, KeypointRevision, SkippedInput, WaitingLabel

SIZE = (64, 48)  # as stored
BODY = np.stack([20 + np.arange(17.0), 10 + 2 * np.arange(17.0)], axis=1)
SHARES = (BODY / SIZE).tolist()


@pytest.fixture
def do(workspace, dataset):
    def run(kind, source=None, **parameters):
        given = parameters if source is None else {"source": str(source), **parameters}
        return run_here(workspace, kind, dataset, given, Progress()).counts

    return run


@pytest.fixture
def folder(tmp_path):
    """Writes a photo of an orientation and COCO labels of it."""

    def write(points, *, orientation=1, size=None, thirds=2, box=None, names=(), picture=True, info=None):
        made = tmp_path / "set"
        made.mkdir(exist_ok=True)
        if picture:
            exif = Pixels.Exif()
            exif[0x0112] = orientation
            noise = np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
            Pixels.fromarray(noise).save(made / "one.png", exif=exif)
        image = {"id": 1, "file_name": "one.png", **({} if size is None else {"width": size[0], "height": size[1]})}
        annotation = {"image_id": 1, "category_id": 1, "keypoints": [v for x, y in points for v in (x, y, thirds)]}
        annotation |= {} if box is None else {"bbox": list(box)}
        content = {"images": [image], "annotations": [annotation], "categories": [{"id": 1, "keypoints": list(names)}]}
        (made / "labels.json").write_text(json.dumps({**content, "info": info or {}}))
        return made

    return write


def placed(workspace):
    with reading(workspace.engine) as session:
        rows = session.exec(
            select(Instance, KeypointRevision).join(KeypointRevision, Instance.revision_id == KeypointRevision.id)
        ).all()
    return [(instance, Keypoints.from_bytes(revision.points)) for instance, revision in rows]


def questions(workspace, dataset):
    with reading(workspace.engine) as session:
        return {row.kind: row.labels for row in open_label_questions(dataset, session=session)}


def test_shares_of_the_picture_are_put_nowhere_until_somebody_says_that_they_are(workspace, dataset, do, folder):
    source = folder(SHARES, size=SIZE, box=(0.25, 0.2, 0.5, 0.7))
    counts = do("labels", source, skeleton="coco17")
    assert (counts["instances"], counts["asked"], counts["waiting"]) == (0, {"scale": 1}, 0)
    (doubt,) = map(worded, counts["doubts"])
    assert "all points lie between 0 and 1, but the picture has 64 × 48 pixels" in doubt
    assert (placed(workspace), questions(workspace, dataset)) == ([], {"scale": 1})
    with reading(workspace.engine) as session:
        assert count_waiting(dataset, session=session) == 0  # not for its picture
    assert do("answers", answers={"scale": "share"}) == {"labels": 1, "skipped": 0}
    ((instance, keypoints),) = placed(workspace)
    np.testing.assert_allclose(keypoints.points, BODY, atol=1e-4)
    assert (instance.left, instance.bottom) == pytest.approx((16, 0.9 * 48))
    assert questions(workspace, dataset) == {}


@pytest.mark.parametrize("again", [True, False])
def test_the_same_file_with_the_answer_puts_its_labels_on_once(workspace, dataset, do, folder, again):
    source = folder(SHARES)
    if again:
        do("labels", source, skeleton="coco17")
    counts = do("labels", source, skeleton="coco17", answers={"scale": "share"})
    assert (counts["added"], counts["asked"]) == (1, {})
    assert "(answered: share)" in worded(counts["doubts"][0])
    with reading(workspace.engine) as session:
        assert session.exec(select(WaitingLabel)).all() == []
    assert len(placed(workspace)) == 1


def test_pixels_are_pixels_where_somebody_says_so_and_dropped_labels_are_gone(workspace, dataset, do, folder):
    do("labels", folder(SHARES), skeleton="coco17")
    do("answers", answers={"scale": "pixels"})
    np.testing.assert_allclose(placed(workspace)[0][1].points, SHARES, atol=1e-6)
    do("labels", folder((BODY / SIZE / 2).tolist()), skeleton="coco17")
    assert do("answers", answers={"scale": "drop"}) == {"labels": 0, "skipped": 0}
    assert (len(placed(workspace)), questions(workspace, dataset)) == (1, {})


@pytest.mark.parametrize("mark", [(0, 0), (-1, -1)])
def test_points_where_tools_put_what_they_did_not_find_are_asked_about(workspace, dataset, do, folder, mark):
    points = [mark if i in (1, 4) else tuple(point) for i, point in enumerate(BODY.tolist())]
    counts = do("labels", folder(points), skeleton="coco17")
    assert (counts["instances"], counts["asked"]) == (0, {"corner": 1})
    assert "2 points lie exactly at (0, 0) or (-1, -1)" in worded(counts["doubts"][0])
    assert (placed(workspace), questions(workspace, dataset)) == ([], {"corner": 1})
    assert do("answers", answers={"corner": "absent"}) == {"labels": 1, "skipped": 0}
    ((instance, keypoints),) = placed(workspace)
    assert np.flatnonzero(keypoints.visibility == 0).tolist() == [1, 4]
    np.testing.assert_allclose(keypoints.points[[0, 2, 16]], BODY[[0, 2, 16]])
    assert instance.box == (20, 10, 36, 42)


def test_points_in_the_corner_stay_there_where_that_is_the_answer_or_the_file_is_of_ours(workspace, do, folder):
    points = [(0, 0), *map(tuple, BODY[1:].tolist())]
    do("labels", folder(points), skeleton="coco17", answers={"corner": "there"})
    assert placed(workspace)[0][1].points[0].tolist() == [0, 0]
    counts = do("labels", folder(points, info={"version": "facet coco 1"}), skeleton="coco17")
    assert (counts["instances"], counts["asked"]) == (1, {})


def test_absent_points_of_shares_are_two_questions_one_after_the_other(workspace, dataset, do, folder):
    do("labels", folder([(0, 0), *SHARES[1:]]), skeleton="coco17")
    assert do("answers", answers={"scale": "share"}) == {"labels": 0, "skipped": 1}
    do("answers", answers={"corner": "absent"})
    ((_, keypoints),) = placed(workspace)
    assert np.flatnonzero(keypoints.visibility == 0).tolist() == [0]
    np.testing.assert_allclose(keypoints.points[1:], BODY[1:], atol=1e-4)


def test_tracks_in_shares_are_asked_about_too(workspace, dataset, do, tmp_path):
    with VideoWriter(tmp_path / "clip.mp4", *SIZE, 25) as writer:
        for number in range(3):
            writer.write(np.full((SIZE[1], SIZE[0], 3), 80 * number, np.uint8))
    np.save(tmp_path / "clip.npy", np.repeat(np.array(SHARES, np.float32)[None], 3, axis=0))
    do("import", tmp_path / "clip.mp4")
    counts = do("labels", tmp_path / "clip.npy", skeleton="coco17")
    assert (counts["instances"], counts["asked"]) == (0, {"scale": 3})
    assert do("answers", answers={"scale": "share"})["labels"] == 3
    np.testing.assert_allclose(placed(workspace)[2][1].points, BODY, atol=1e-4)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_points_of_the_stored_pixels_of_a_turned_photo_are_turned_with_it(workspace, do, folder, orientation):
    counts = do("labels", folder(BODY.tolist(), orientation=orientation), skeleton="coco17")
    assert (counts["instances"], counts["asked"]) == (0, {"turned": 1})
    assert f"turned by EXIF ({orientation})" in worded(counts["doubts"][0])
    do("answers", answers={"turned": "stored"})
    ((_, keypoints),) = placed(workspace)
    right, bottom = 63 - BODY[:, 0], 47 - BODY[:, 1]
    x, y = {
        2: (right, BODY[:, 1]),
        3: (right, bottom),
        4: (BODY[:, 0], bottom),
        5: (BODY[:, 1], BODY[:, 0]),
        6: (bottom, BODY[:, 0]),
        7: (bottom, right),
        8: (BODY[:, 1], right),
    }[orientation]
    names = list(COCO17.point_names)
    if orientation in (2, 4, 5, 7):  # mirrored: who was labelled left is right
        swap = {"left": "right", "right": "left"}
        names = ["_".join([swap.get(name.split("_")[0], name.split("_")[0]), *name.split("_")[1:]]) for name in names]
    order = [names.index(point) for point in COCO17.point_names]
    np.testing.assert_allclose(keypoints.points, np.column_stack([x, y])[order], atol=1e-4)


def test_a_size_says_which_of_the_two_a_turned_photo_is_labelled_on(workspace, do, folder):
    upright = BODY[:, ::-1].tolist()
    counts = do("labels", folder(upright, orientation=6, size=(48, 64)), skeleton="coco17")
    assert (counts["added"], counts["asked"], counts["doubts"]) == (1, {}, [])
    counts = do("labels", folder(BODY.tolist(), orientation=6, size=SIZE), skeleton="coco17")
    assert counts["asked"] == {"turned": 1}
    counts = do("labels", folder(BODY.tolist(), orientation=6, size=(99, 99)), skeleton="coco17")
    assert (counts["asked"], counts["skipped"]) == ({}, 1)


def test_our_own_export_is_of_the_upright_picture_without_a_question(do, folder):
    source = folder(BODY.tolist(), orientation=3, info={"version": "facet coco 1"})
    counts = do("labels", source, skeleton="coco17")
    assert (counts["added"], counts["asked"], counts["doubts"]) == (1, {}, [])


def test_shares_of_a_turned_photo_are_two_questions_one_after_the_other(workspace, dataset, do, folder):
    do("labels", folder(SHARES, orientation=6), skeleton="coco17")
    assert do("answers", answers={"scale": "share"}) == {"labels": 0, "skipped": 1}
    assert questions(workspace, dataset) == {"turned": 1}
    do("answers", answers={"turned": "stored"})
    ((_, keypoints),) = placed(workspace)
    np.testing.assert_allclose(keypoints.points, np.column_stack([47 - BODY[:, 1], BODY[:, 0]]), atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "answer", "changes"),
    [
        ("scores", "score", {"thirds": 0.9}),
        ("names", "order", {"names": [f"punkt {'abc'[i % 3]}{i * i}" for i in range(17)]}),
    ],
)
def test_what_the_file_makes_doubtful_waits_for_its_answer_also_before_the_picture_comes(
    workspace, dataset, do, folder, kind, answer, changes
):
    source = folder(BODY.tolist(), picture=False, **changes)
    counts = do("labels", source, skeleton="coco17")
    assert (counts["waiting"], counts["asked"]) == (1, {kind: 1})
    do("import", folder(BODY.tolist(), **changes) / "one.png")
    assert placed(workspace) == []
    assert do("answers", answers={kind: answer}) == {"labels": 1, "skipped": 0}
    np.testing.assert_allclose(placed(workspace)[0][1].points, BODY)
    assert (placed(workspace)[0][1].visibility == 2).all()


def test_an_answer_given_before_the_picture_comes_is_kept_for_it(workspace, dataset, do, folder):
    counts = do("labels", folder(SHARES, picture=False), skeleton="coco17", answers={"scale": "share"})
    assert (counts["waiting"], counts["asked"]) == (1, {})
    counts = do("import", folder(SHARES) / "one.png")
    assert counts["labels"] == 1
    np.testing.assert_allclose(placed(workspace)[0][1].points, BODY, atol=1e-4)


def test_a_picture_that_comes_later_may_raise_a_question_which_is_listed_once(workspace, dataset, do, folder):
    do("labels", folder(SHARES, picture=False), skeleton="coco17")
    assert do("import", folder(SHARES) / "one.png")["skipped"] == 1
    assert questions(workspace, dataset) == {"scale": 1}
    assert do("import", folder(SHARES) / "one.png")["skipped"] == 0
    with reading(workspace.engine) as session:
        assert [row.reason["code"] for row in session.exec(select(SkippedInput))][-1] == "labels.of_file"


def test_a_box_with_none_of_the_points_in_it_gives_way_to_theirs(workspace, do, folder):
    counts = do("labels", folder(BODY.tolist(), box=(0, 0, 4, 4)), skeleton="coco17")
    assert "none of its points lies in its box (0, 0, 4, 4)" in worded(counts["doubts"][0])
    ((instance, _),) = placed(workspace)
    assert (instance.left, instance.top, instance.right, instance.bottom) == (20, 10, 36, 42)


@pytest.mark.parametrize("box", [(-1e6, -1e6, 2e6, 2e6), (10, 5, 1e5, 40), (10, 5, 40, 200), (-65, 5, 120, 40)])
def test_a_box_far_beyond_the_picture_gives_way_to_that_of_the_points(workspace, do, folder, box):
    counts = do("labels", folder(BODY.tolist(), box=box), skeleton="coco17")
    assert "goes beyond the picture by more than" in worded(counts["doubts"][0])
    ((instance, _),) = placed(workspace)
    assert instance.box == (20, 10, 36, 42)


def test_a_box_of_somebody_who_is_cut_off_by_the_border_is_taken_as_it_is(workspace, do, folder):
    counts = do("labels", folder(BODY.tolist(), box=(-30, -40, 100, 90)), skeleton="coco17")
    assert (counts["added"], counts["doubts"]) == (1, [])
    assert placed(workspace)[0][0].box == (-30, -40, 70, 50)


def test_a_small_picture_and_a_label_in_pixels_raise_no_question(do, folder):
    counts = do("labels", folder((BODY / 10).tolist()), skeleton="coco17")
    assert (counts["added"], counts["doubts"]) == (1, [])


def test_an_unknown_answer_is_refused_and_nothing_changes(workspace, dataset, do, folder):
    do("labels", folder(SHARES), skeleton="coco17")
    with pytest.raises(Exception, match="the question scale has no answer 'percent'"):
        do("answers", answers={"scale": "percent"})
    assert questions(workspace, dataset) == {"scale": 1}


def test_files_of_other_tools_are_named_in_a_folder_too(workspace, folder):
    source = folder(BODY.tolist())
    (source / "a.xml").write_text("<annotations><version>1.1</version></annotations>")
    ((path, reason),) = read_label_files(workspace, source, "coco17").skipped
    assert (path, reason.fields["tool"]) == ("a.xml", "CVAT XML")
