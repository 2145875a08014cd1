"""AP of an export, as pycocotools computes it from the files alone, is the AP that is shown here."""

from __future__ import annotations

import contextlib
import hashlib
import io

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from sqlmodel import select

from core.exchange.exporting import gather
from core.formats import WRITERS
from core.foundation.arrays import Keypoints, Uncertainty
from core.learning.evaluating import evaluate
from core.learning.held_out import held_out
from db.tables import Image, Instance, Prediction
from db.writing import writing
from tests.builders.learning_rows import Shelf
from tests.builders.random_poses import BODY24_SIGMAS


@pytest.fixture
def shelf(workspace, dataset, author):
    """People of many sizes with a model's points of them, some far off; the pictures have files."""
    shelf = Shelf(workspace, dataset, author)
    shelf.split({"person a": "test", "person b": "test", "person c": "train"})
    version = shelf.model("walker", "body24")
    rng = np.random.default_rng(4)
    for name in "aaaaaaabbbbbbbbc":
        image = shelf.image(f"{shelf._number}.png", identity=name)
        for _ in range(2):
            corner, side = rng.uniform(0, 60, 2), rng.uniform(40, 120, 2)
            points = corner + side * rng.random((24, 2))
            one = shelf.instance(image, points, kind="person", skeleton="body24")
            with writing(workspace.engine) as session:
                row = session.get(Instance, one)
                (row.left, row.top), (row.right, row.bottom) = corner.tolist(), (corner + side).tolist()
            spread = rng.choice([0.02, 0.05, 0.08, 0.12]) * np.sqrt(side.prod())
            found = Keypoints.of(points + rng.normal(0, spread, points.shape), confidence=np.full(24, rng.random()))
            unknown = Uncertainty.unknown(24).to_bytes()
            with writing(workspace.engine) as session:
                session.add(
                    Prediction(
                        instance_id=one,
                        model_version_id=version,
                        skeleton="body24",
                        points=found.to_bytes(),
                        uncertainty=unknown,
                    )
                )
    with writing(workspace.engine) as session:
        for row in session.exec(select(Image)):
            content = cv2.imencode(".png", np.full((150, 200, 3), row.id, np.uint8))[1].tobytes()
            row.sha256, row.size_bytes = hashlib.sha256(content).hexdigest(), len(content)
            file = workspace.original(row.original)
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
    return shelf


def test_pycocotools_finds_the_ap_in_an_export_that_is_shown_here(shelf, tmp_path):
    WRITERS["coco"](gather(shelf.workspace, shelf.dataset), tmp_path / "out", exported_at="now")
    held = held_out(shelf.workspace, shelf.dataset, ["walker"])
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(tmp_path / "out" / "annotations.json"))
        (category,) = (row["id"] for row in truth.dataset["categories"] if row["skeleton_name"] == "body24")
        number = {image["file_name"]: key for key, image in truth.imgs.items()}
        rows = zip(held.names, held.predicted["walker"], held.scores["walker"], strict=True)
        found = [
            {
                "image_id": number[name],
                "category_id": category,
                "score": float(score),
                "keypoints": np.c_[points, np.ones(24)].ravel().tolist(),
            }
            for name, points, score in rows
        ]
        judge = COCOeval(truth, truth.loadRes(found), "keypoints")
        judge.params.kpt_oks_sigmas = np.array(BODY24_SIGMAS)
        judge.params.imgIds, judge.params.catIds = sorted({row["image_id"] for row in found}), [category]
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    ap = evaluate(shelf.workspace, shelf.dataset, "walker")["metrics"]["ap"]["value"]
    assert 0.2 < ap < 0.9
    assert judge.stats[0] == pytest.approx(ap, abs=1e-9)
