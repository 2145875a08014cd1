import contextlib
import io
from dataclasses import astuple

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core.metrics.oks import BODY24_SIGMAS
from core.metrics.pose import FoundPoses, TruePoses


def random_set(seed, *, images=40, people=90, detections=400, sigmas=BODY24_SIGMAS):
    """People of all sizes, some without points, some crowds; detections near them and nowhere."""
    rng = np.random.default_rng(seed)
    count = len(sigmas)
    corner, side = rng.uniform(0, 300, (people, 2)), rng.uniform(10, 220, (people, 2))
    points = corner[:, None] + side[:, None] * rng.random((people, count, 2))
    visibility = rng.integers(0, 3, (people, count))
    visibility[rng.random(people) < 0.1] = 0
    picture = rng.integers(0, images, people)
    truth = TruePoses(
        images=picture,
        points=points,
        visibility=visibility,
        areas=0.53 * side.prod(axis=1),
        boxes=np.concatenate([corner, corner + side], axis=1),
        crowd=rng.random(people) < 0.08,
    )
    of = rng.integers(0, people, detections)
    spread = rng.choice([0.02, 0.06, 0.12, 0.6], (detections, 1, 1)) * np.sqrt(truth.areas[of])[:, None, None]
    found = FoundPoses(
        images=np.where(rng.random(detections) < 0.95, picture[of], rng.integers(0, images, detections)),
        points=points[of] + spread * rng.normal(size=(detections, count, 2)),
        scores=rng.permutation(detections) / detections,
    )
    return truth, found


def pycocotools_says(truth, found, sigmas, images=None):
    """The ten figures of the original, NaN for its -1."""

    def flat(points, visibility):
        return np.concatenate([points, visibility[:, None]], axis=1).ravel().tolist()

    labels = [
        {
            "id": i + 1,
            "image_id": int(truth.images[i]),
            "category_id": 1,
            "area": float(truth.areas[i]),
            "bbox": [*truth.boxes[i, :2], *(truth.boxes[i, 2:] - truth.boxes[i, :2])],
            "iscrowd": int(truth.crowd[i]),
            "keypoints": flat(truth.points[i], truth.visibility[i]),
            "num_keypoints": int((truth.visibility[i] > 0).sum()),
        }
        for i in range(len(truth.images))
    ]
    results = [
        {
            "image_id": int(found.images[i]),
            "category_id": 1,
            "score": float(found.scores[i]),
            "keypoints": flat(found.points[i], np.ones(len(sigmas))),
        }
        for i in range(len(found.images))
    ]
    names = np.union1d(truth.images, found.images)
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": int(name)} for name in names],
            "annotations": labels,
            "categories": [{"id": 1}],
        }
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(results), "keypoints")
        judge.params.kpt_oks_sigmas = np.array(sigmas)
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return np.where(judge.stats < 0, np.nan, judge.stats), judge


def figures(scores):
    return np.array(astuple(scores)[:10])
