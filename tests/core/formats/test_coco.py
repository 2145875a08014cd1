import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core.formats import READERS, WRITERS
from core.formats.dataset import LabelledDataset, LabelledImage, LabelledInstance, LabelledPerson, RemovedInstance
from core.foundation.arrays import Keypoints
from core.foundation.skeletons import SKELETONS
from tests.builders.labelled_examples import CARDS, picture
from tests.builders.places import DATA

WHEN = "2026-11-20T12:00:00Z"


def test_box_whose_width_cannot_say_its_end_still_comes_back_exactly(small_dataset, tmp_path):
    boxes = [(-10, 3.3, 5.5e-17, 20.123), (-0.0, 0, -0.0, 0.1), (1e8, -7.7, 1e9, -7.6999), (-1e-30, 0.1, 0.3, 0.1)]
    found = tuple(LabelledInstance("face", box, "human", person="p", person_source="human") for box in boxes)
    image = replace(small_dataset.images[0], instances=found)
    WRITERS["facet"](LabelledDataset("x", (image,), (LabelledPerson("p"),)), tmp_path / "out", exported_at=WHEN)
    back = READERS["facet"](tmp_path / "out").images[0]
    assert [instance.box for instance in back.instances] == [instance.box for instance in found]


COCO_DATA = DATA / "coco"
SIGMAS = (
    np.array(
        [26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89, 79, 62, 62, 107, 107, 89, 89],
        dtype=np.float64,
    )
    / 1000
)


def load(file: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(file))


def hand_worked(tmp_path: Path) -> LabelledDataset:
    """A body with a visible nose, a hidden left eye and nothing else; a face without points."""
    xy = np.full((24, 2), np.nan)
    xy[0], xy[1] = (10.5, 20.25), (0.1, 7)
    confidence = np.ones(24)
    confidence[1:3] = 0.3, np.nan
    body = LabelledInstance(
        kind="person",
        box=(1.5, 2, 11.75, 22.5),
        origin="model",
        score=0.9,
        skeleton="body24",
        keypoints=Keypoints.of(xy, np.array([2, 1] + [0] * 22), confidence),
        points_source="human",
        points_model="points",
        person="person-0001",
        person_source="automatic",
    )
    five = np.array([[1, 2], [3, 4], [np.nan, np.nan], [5.5, 6], [0.7, 8]])
    face = LabelledInstance(
        kind="face", box=(-0.1, 0.2, 0.3, 0.4), origin="human", five_points=five, not_people=("person-0001",)
    )
    gone = (RemovedInstance("face", (2, 3, 6.5, 4)), RemovedInstance("person", (-10, 0, 1e-16, 1)))
    plain = picture(tmp_path / "one.png", np.random.default_rng(0), 30, 40)
    people = (LabelledPerson("person-0001", "Ann"),)
    return LabelledDataset("Hand", (replace(plain, instances=(body, face), removed=gone),), people, CARDS)


def test_annotations_are_written_as_worked_out_by_hand(tmp_path):
    WRITERS["coco"](hand_worked(tmp_path), tmp_path / "out", exported_at="now")
    lines = (tmp_path / "out" / "annotations.json").read_text().splitlines()
    start = lines.index('"annotations": [') + 1
    assert lines[start:] == (COCO_DATA / "hand_worked_annotations.txt").read_text().splitlines()


def test_image_entry_is_written_as_worked_out_by_hand(tmp_path):
    dataset = hand_worked(tmp_path)
    WRITERS["coco"](dataset, tmp_path / "out", exported_at="now")
    (image,) = json.loads((tmp_path / "out" / "annotations.json").read_text())["images"]
    assert image == {
        "id": 1,
        "file_name": "one.png",
        "width": 30,
        "height": 40,
        "sha256": dataset.images[0].sha256,
        "state": "new",
        "reason": None,
        "identity": None,
    }


def test_categories_follow_the_skeletons_with_edges_counted_from_one(small_dataset, tmp_path):
    WRITERS["coco"](small_dataset, tmp_path / "out", exported_at="now")
    categories = load(tmp_path / "out" / "annotations.json").loadCats([1, 2, 3])
    assert [(c["id"], c["name"], c["skeleton_name"]) for c in categories] == [
        (1, "face", "face68"),
        (2, "person", "body24"),
        (3, "coco17", "coco17"),
    ]
    for category in categories:
        shape = SKELETONS[category["skeleton_name"]]
        names = category["keypoints"]
        assert [(names[a - 1], names[b - 1]) for a, b in category["skeleton"]] == [
            (shape.point_names[a], shape.point_names[b]) for a, b in shape.edges
        ]


@pytest.mark.parametrize("seed", range(3))
def test_pycocotools_reads_the_same_points_boxes_and_areas(make_dataset, tmp_path, seed):
    dataset = make_dataset(seed)
    WRITERS["coco"](dataset, tmp_path / "out", exported_at="now")
    loaded = load(tmp_path / "out" / "annotations.json")
    by_name = {image["file_name"]: number for number, image in loaded.imgs.items()}
    checked = 0
    for image in dataset.images:
        entries = loaded.loadAnns(loaded.getAnnIds(imgIds=[by_name[image.path]]))
        for ours, theirs in zip(image.instances, entries, strict=True):
            left, top, right, bottom = ours.box
            np.testing.assert_allclose(theirs["bbox"], [left, top, right - left, bottom - top], rtol=1e-6, atol=1e-6)
            assert theirs["area"] == pytest.approx(0.53 * (right - left) * (bottom - top), rel=1e-5)
            table = np.array(theirs["keypoints"]).reshape(-1, 3)
            if ours.keypoints is None:
                assert not table.any()
                continue
            seen = ours.keypoints.visibility > 0
            np.testing.assert_array_equal(table[:, 2], ours.keypoints.visibility)
            np.testing.assert_array_equal(table[seen, :2].astype(np.float32), ours.keypoints.points[seen])
            assert not table[~seen].any()
            assert theirs["num_keypoints"] == seen.sum()
            checked += 1
    assert checked > 5


def test_cocoeval_gives_a_body_set_an_average_precision_of_one_against_itself(tmp_path):
    rng = np.random.default_rng(5)
    images = []
    for i in range(4):
        plain = picture(tmp_path / f"{i}.png", rng, 300, 200)
        bodies = []
        for j in range(3):
            xy = rng.random((24, 2)) * (80, 150) + (90 * j, 10)
            keypoints = Keypoints.of(xy, rng.choice([0, 1, 2], 24, p=[0.2, 0.3, 0.5]))
            box = (90 * j, 10, 90 * j + 80, 160)
            bodies.append(
                LabelledInstance("person", box, "model", 0.5 + j / 10, "body24", keypoints, points_source="human")
            )
        images.append(replace(plain, instances=tuple(bodies)))
    WRITERS["coco"](LabelledDataset("bodies", tuple(images)), tmp_path / "out", exported_at="now")
    truth = load(tmp_path / "out" / "annotations.json")
    same = json.loads(json.dumps(truth.dataset["annotations"]))
    shifted = json.loads(json.dumps(same))
    for annotation in shifted:
        annotation["keypoints"] = [v + 40 if i % 3 != 2 else v for i, v in enumerate(annotation["keypoints"])]
    assert average_precision(truth, same) == 1.0
    assert average_precision(truth, shifted) < 0.1


def average_precision(truth: COCO, found: list[dict]) -> float:
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(found), "keypoints")
        evaluation.params.kpt_oks_sigmas = SIGMAS
        evaluation.params.catIds = [2]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0])


def test_turned_photo_keeps_its_bytes_while_size_and_points_are_upright(tmp_path):
    plain = picture(tmp_path / "turned.jpg", np.random.default_rng(0), 60, 40)
    WRITERS["coco"](LabelledDataset("x", (plain,)), tmp_path / "out", exported_at="now")
    back: LabelledImage = READERS["coco"](tmp_path / "out").images[0]
    assert (back.width, back.height) == (60, 40)
    assert back.file is not None
    assert back.file.read_bytes() == (tmp_path / "turned.jpg").read_bytes()
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert "upright" in manifest["conventions"]["pictures"]
    assert "centre of the top-left pixel is (0, 0)" in manifest["conventions"]["coordinates"]
