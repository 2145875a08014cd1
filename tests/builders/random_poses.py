import contextlib
import io
from dataclasses import astuple, dataclass

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core.foundation.skeletons import SKELETONS
from core.metrics.pose import AREAS, FoundPoses, Matches, TruePoses, match, precision_recall

COCO17_SIGMAS, BODY24_SIGMAS = SKELETONS["coco17"].sigmas, SKELETONS["body24"].sigmas


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


@dataclass(frozen=True)
class PoseScores:
    """COCO's ten figures, each in [0, 1]; NaN (pycocotools says -1) where no person is asked for.

    Attributes
    ----------
    ap, ar
        Mean over the similarity thresholds .50, .55, ... .95.
    ap_50, ap_75, ar_50, ar_75
        At one threshold.
    ap_medium, ap_large, ar_medium, ar_large
        People of 32² to 96² square pixels, and above.
    people, detections
        People asked for, and detections scored (at most 20 a picture).
    """

    ap: float
    ap_50: float
    ap_75: float
    ap_medium: float
    ap_large: float
    ar: float
    ar_50: float
    ar_75: float
    ar_medium: float
    ar_large: float
    people: int
    detections: int


def average_precision(truth: TruePoses, found: FoundPoses, sigmas) -> PoseScores:
    """COCO's figures of a set of detections: `match`, then `pose_scores`."""
    return pose_scores(match(truth, found, sigmas))


def pose_scores(matches: Matches, weights=None) -> PoseScores:
    """COCO's figures out of the matches; `weights` as in `precision_recall`."""
    (ap, ar), medium, large = (precision_recall(matches, area, weights) for area in AREAS)
    at_50, at_75 = 0, 5
    return PoseScores(
        ap=float(ap.mean()),
        ap_50=float(ap[at_50]),
        ap_75=float(ap[at_75]),
        ap_medium=float(medium[0].mean()),
        ap_large=float(large[0].mean()),
        ar=float(ar.mean()),
        ar_50=float(ar[at_50]),
        ar_75=float(ar[at_75]),
        ar_medium=float(medium[1].mean()),
        ar_large=float(large[1].mean()),
        people=int((~matches.not_asked[0]).sum()),
        detections=len(matches.found_image),
    )
