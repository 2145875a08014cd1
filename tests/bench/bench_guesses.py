"""How good the first guesses are on real faces, by how far they are turned, and on real people.

    python -m tests.bench.bench_guesses [--json]

On the labels of ``../shared/data``, with the networks that `weights fetch face-mesh` brings.

- Faces: boxes are the detector's (MTCNN), as in `bench_dlib68`. Errors are means over the 68 points in percent of the
  diagonal of the box around the true ones, for the distance of the eyes means nothing in profile. How far a head is
  turned is what AFLW2000 says (`Pose_Para`), else what the mesh says. The labels of `dlib_training` came from dlib, so
  they stand in a row of their own. The mean shape is that of all other pictures.
- People: points in the labelled boxes, and people found without any; OKS with COCO's sigmas and 0.53 of the box as the
  area, over the points that a set labels. Who is found is who has an OKS of 0.5. The mean shape is as above.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from core.formats.labels import read_label_file
from core.foundation.arrays import Floats, Keypoints
from core.foundation.errors import MissingWeights
from core.foundation.geometry import outline_areas
from core.foundation.settings import settings
from core.foundation.skeletons import COCO17
from core.media.images import decode
from core.metrics.mean_shape import guesses_from_other_groups
from core.metrics.oks import oks
from core.models import load_body_detector, load_detector, load_landmarker, weights
from core.models.faces.face_mesh import FaceMesh
from core.models.faces.interfaces import Detector, Landmarker
from tests.bench.bench_box_origins import labelled
from tests.bench.bench_dlib68 import FACE, LANDMARKS, Face, box_of
from tests.bench.machine import Row, facts, table
from tests.builders.places import SHARED

BODIES: Final = SHARED / "body"
BODY_FILES: Final = {
    "COCO": "coco/test_coco.json",
    "OCHuman": "ochuman/test_ochuman.json",
    "PoseTrack18": "posetrack18/test_posetrack18_val.json",
    "AIC": "aic/test_aic.json",
    "CrowdPose": "crowdpose/test_crowdpose.json",
}
LANDMARKERS: Final = ("dlib-68", "face-mesh", "dlib-mesh")
TURNS: Final = ((0, 20), (20, 40), (40, 91))
FOUND: Final = 0.5


@dataclass(frozen=True, eq=False)
class Person:
    """A labelled person: the picture, the points, the box, and which set it is of."""

    pixels: NDArray[np.uint8]
    picture: str
    keypoints: Keypoints
    box: NDArray[np.float64]
    source: str


def faces() -> Iterator[tuple[Face, float | None, bool]]:
    """Each labelled face, by how many degrees it is turned where its set says so, and whether dlib labelled it."""
    dlib_made = {path.name for path in (LANDMARKS / "dlib_training").glob("*.jpg")}
    for face, _ in labelled():
        yield face, None, face.who in dlib_made
    for file in sorted((LANDMARKS / "aflw2000").glob("*.mat")):
        (row,) = read_label_file(file.name, file.read_bytes(), FACE).rows
        pixels = decode(file.with_suffix(".jpg"), file.name, 10**8).pixels
        yield Face(pixels, row.keypoints, file.stem), abs(float(np.degrees(loadmat(file)["Pose_Para"][0][1]))), False


def share_of_diagonal(points: NDArray, true: NDArray) -> float:
    """Mean error in percent of the diagonal of the box around the true points; both (68, 2)."""
    diagonal = np.hypot(*(true.max(axis=0) - true.min(axis=0)))
    return float(100 * np.hypot(*(points - true).T).mean() / diagonal)


def face_rows(detector: Detector, landmarkers: dict[str, Landmarker], mesh: FaceMesh) -> list[Row]:
    """The mean error of each, by how far the head is turned."""
    found = [(face, turn, made, box_of(face, detector.detect([face.pixels])[0])) for face, turn, made in faces()]
    there = [(face, turn, made, box) for face, turn, made, box in found if box is not None]
    true = np.stack([face.keypoints.points for face, *_ in there])
    boxes, who = np.stack([box for *_, box in there]), np.array([face.who for face, *_ in there])
    guesses = {
        name: np.stack([one.locate(face.pixels, box[None])[0].points for face, _, _, box in there])
        for name, one in landmarkers.items()
    }
    everyone: dict[str, NDArray] = dict(guesses)
    everyone["mean shape"] = guesses_from_other_groups(true, np.ones(true.shape[:2], int), boxes, who)
    turns = [mesh.look(face.pixels, box).turned if turn is None else turn for face, turn, _, box in there]
    by_part: dict[str, list[int]] = defaultdict(list)
    for row, ((_, _, made, _), turn) in enumerate(zip(there, turns, strict=True)):
        part = next(f"turned by {low} to {min(high, 90)}°" for low, high in TURNS if low <= turn < high)
        by_part["labelled by dlib itself" if made else part].append(row)
    rows = [Row("labelled faces that MTCNN finds", "", len(there), None, f"{len(found)} labelled")]
    for part in sorted(by_part, key=lambda part: (not part.startswith("turned"), part)):
        for name, points in everyone.items():
            errors = [share_of_diagonal(points[row], true[row]) for row in by_part[part]]
            rows.append(Row(f"{part}, {len(errors)} faces, {name}", "% of the diagonal", float(np.mean(errors))))
    return rows


def people() -> Iterator[Person]:
    """Everybody whom a set labels with a box, with what COCO's 17 points have in it."""
    for source, file in BODY_FILES.items():
        path = BODIES / file
        for row in read_label_file(path.name, path.read_bytes(), COCO17).rows:
            if row.box is None or not (row.keypoints.visibility > 0).any():
                continue
            place = next(one for one in path.parent.rglob(Path(row.picture).name) if row.picture in one.as_posix())
            pixels = cv2.cvtColor(np.asarray(cv2.imread(str(place))), cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
            yield Person(pixels, str(place), row.keypoints, np.array(row.box, np.float64), source)


def similarity(points: NDArray, everybody: Sequence[Person]) -> Floats:
    """(N,) OKS of (N, 17, 2) points with those of as many people."""
    true = np.stack([one.keypoints.points for one in everybody])
    seen = np.stack([one.keypoints.visibility for one in everybody])
    areas = outline_areas(np.stack([one.box for one in everybody]))
    assert COCO17.sigmas is not None
    return oks(points, np.nan_to_num(true), seen, areas, COCO17.sigmas)


def best_found(person: Person, candidates: Sequence[Keypoints]) -> float:
    """The OKS of whoever was found that is most like a person."""
    points = np.stack([one.points for one in candidates]) if candidates else np.zeros((0, 17, 2), np.float32)
    return float(max(similarity(points, [person] * len(points)), default=0.0)) if len(points) else 0.0


def body_rows(detector: Detector, landmarker: Landmarker) -> list[Row]:
    """OKS in labelled boxes beside the mean shape's, and who is found without one, for each set."""
    everybody = list(people())
    found: dict[str, list[Keypoints]] = {}
    for one in everybody:
        if one.picture not in found:
            found[one.picture] = landmarker.locate(one.pixels, detector.detect([one.pixels])[0].corners)
    located = np.stack([landmarker.locate(one.pixels, one.box[None])[0].points for one in everybody])
    true = np.nan_to_num(np.stack([one.keypoints.points for one in everybody]))
    seen, boxes = np.stack([one.keypoints.visibility for one in everybody]), np.stack([one.box for one in everybody])
    mean = guesses_from_other_groups(true, seen, boxes, np.array([one.picture for one in everybody]))
    in_boxes, by_mean = similarity(located, everybody), similarity(mean, everybody)
    without = np.array([best_found(one, found[one.picture]) for one in everybody])
    rows = []
    for source in (*BODY_FILES, "all"):
        mine = np.array([source in (one.source, "all") for one in everybody])
        pictures = {one.picture for one, own in zip(everybody, mine, strict=True) if own}
        of = f"{source}, {mine.sum()} people in {len(pictures)} pictures"
        rows += [
            Row(f"{of}, OKS in the labelled box, mean shape", "", float(by_mean[mine].mean())),
            Row(f"{of}, OKS in the labelled box, blazepose", "", float(in_boxes[mine].mean())),
            Row(f"{of}, found", "%", float(100 * (without[mine] >= FOUND).mean())),
        ]
    return rows


def main() -> int:
    """Print the table, or JSON; 1 and a sentence where the weights or the labels are not on this machine."""
    parser = argparse.ArgumentParser(description="First guesses on real faces and people.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    folder = settings().home / "weights"
    try:
        detector, landmarkers = (
            load_detector("mtcnn", "cpu", folder),
            {name: load_landmarker(name, "cpu", folder) for name in LANDMARKERS},
        )
        mesh = FaceMesh(weights.locate("face-mesh", folder))
        bodies = load_body_detector("blazepose", "cpu", folder), load_landmarker("blazepose-17", "cpu", folder)
    except MissingWeights as problem:
        print(f"nothing was measured: {problem}", file=sys.stderr)
        return 1
    if not (LANDMARKS.is_dir() and BODIES.is_dir()):
        print(f"nothing was measured: no labels in {SHARED}", file=sys.stderr)
        return 1
    rows = [*face_rows(detector, landmarkers, mesh), *body_rows(*bodies)]
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
