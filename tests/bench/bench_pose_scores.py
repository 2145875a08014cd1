"""COCO's average precision of 50,000 poses of 24 points, against pycocotools.

    python -m tests.bench.bench_pose_scores [--images 5000] [--repeats 5] [--json]

Two people a picture and ten detections, around the people with errors from careful to lost; some people have no
labelled point, some stand for a crowd. Ours starts from arrays, pycocotools from annotations that it has loaded and
indexed: its loading is not timed. The bench fails where one of the ten figures differs by more than 0.0001.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
from dataclasses import asdict, astuple
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core.foundation.skeletons import SKELETONS
from core.metrics.pose import FoundPoses, TruePoses
from tests.bench.machine import Row, facts, summed, table
from tests.builders.random_poses import BODY24_SIGMAS, PoseScores, average_precision

PEOPLE: Final = 2  # a picture
DETECTIONS: Final = 10
TOLERANCE: Final = 1e-4
_POINTS: Final = len(SKELETONS["body24"].point_names)


def poses(images: int) -> tuple[TruePoses, FoundPoses]:
    """People and detections, the same at every call; no two scores are equal."""
    rng = np.random.default_rng(0)
    people, count = PEOPLE * images, DETECTIONS * images
    corner, side = rng.uniform(0, 400, (people, 2)), rng.uniform(20, 250, (people, 2))
    points = corner[:, None] + side[:, None] * rng.random((people, _POINTS, 2))
    visibility = rng.integers(0, 3, (people, _POINTS))
    visibility[rng.random(people) < 0.05] = 0
    areas = 0.53 * side.prod(axis=1)
    truth = TruePoses(
        np.repeat(np.arange(images), PEOPLE),
        points,
        visibility,
        areas,
        np.concatenate([corner, corner + side], axis=1),
        rng.random(people) < 0.03,
    )
    image = np.repeat(np.arange(images), DETECTIONS)
    of = PEOPLE * image + rng.integers(0, PEOPLE, count)
    spread = rng.choice([0.02, 0.05, 0.1, 0.5], (count, 1, 1)) * np.sqrt(areas[of])[:, None, None]
    found = points[of] + spread * rng.normal(size=(count, _POINTS, 2))
    return truth, FoundPoses(image, found, rng.permutation(count) / count)


def as_coco(truth: TruePoses, found: FoundPoses) -> tuple[COCO, COCO]:
    """The same in pycocotools' own form."""

    def flat(points: NDArray, visibility: NDArray) -> list[float]:
        return np.concatenate([points, visibility[:, None]], axis=1).ravel().tolist()

    assert truth.crowd is not None
    sides = truth.boxes[:, 2:] - truth.boxes[:, :2]
    labels: list[dict[str, Any]] = [
        {
            "id": i + 1,
            "image_id": int(image),
            "category_id": 1,
            "area": float(truth.areas[i]),
            "bbox": [*truth.boxes[i, :2].tolist(), *sides[i].tolist()],
            "iscrowd": int(truth.crowd[i]),
            "keypoints": flat(truth.points[i], truth.visibility[i]),
            "num_keypoints": int((truth.visibility[i] > 0).sum()),
        }
        for i, image in enumerate(truth.images)
    ]
    seen = np.ones(_POINTS)
    results: list[dict[str, Any]] = [
        {
            "image_id": int(image),
            "category_id": 1,
            "score": float(found.scores[i]),
            "keypoints": flat(found.points[i], seen),
        }
        for i, image in enumerate(found.images)
    ]
    coco = COCO()
    coco.dataset = {
        "images": [{"id": int(image)} for image in np.unique(truth.images)],
        "annotations": labels,
        "categories": [{"id": 1}],
    }
    coco.createIndex()
    return coco, coco.loadRes(results)


def peer_figures(truth: COCO, found: COCO) -> NDArray[np.float64]:
    """pycocotools' ten figures."""
    judge = COCOeval(truth, found, "keypoints")
    judge.params.kpt_oks_sigmas = np.array(BODY24_SIGMAS)
    judge.evaluate()
    judge.accumulate()
    judge.summarize()
    return judge.stats


def difference(ours: PoseScores, theirs: NDArray[np.float64]) -> float:
    """The largest between two figures."""
    return float(np.abs(np.nan_to_num(np.array(astuple(ours)[: len(theirs)]), nan=-1.0) - theirs).max())


def measure(images: int, repeats: int) -> list[Row]:
    """Both sides in turns."""
    truth, found = poses(images)
    ours: list[float] = []
    theirs: list[float] = []
    with contextlib.redirect_stdout(io.StringIO()):
        loaded = as_coco(truth, found)
        for _ in range(repeats):
            start = perf_counter()
            expected = peer_figures(*loaded)
            middle = perf_counter()
            scores = average_precision(truth, found, BODY24_SIGMAS)
            theirs.append(1000 * (middle - start))
            ours.append(1000 * (perf_counter() - middle))
    apart = difference(scores, expected)
    if apart > TOLERANCE:
        raise SystemExit(f"a figure differs from that of pycocotools by {apart:.6f}")
    peer = "pycocotools, already loaded"
    return [
        summed(f"OKS AP of {DETECTIONS * images:,} detections", ours, peer=peer, of=theirs),
        summed("the same, pycocotools", theirs),
        Row("largest difference of its ten figures", "of 0.0001", apart / TOLERANCE, None, peer),
    ]


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="Average precision of poses.")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    rows = measure(options.images, options.repeats)
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
