"""Whether `dlib-68` gets the frame that it was trained on, from boxes of every origin.

    python -m tests.bench.bench_box_origins [--json]

On the labelled real faces of ``../shared/data/landmarks68``. Mean NME in percent of the inter-ocular distance: with
each box taken for MTCNN's, with each as it is, and as the product does. The frames of boxes from MTCNN and around
points are numbers of the product that were chosen on few faces, so they are chosen once more for each picture on all
others, from a grid, and measured on that picture: no face has a part in the choice it is measured with.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from core.formats.labels import read_label_file
from core.foundation.arrays import Floats
from core.foundation.errors import MissingWeights
from core.foundation.settings import settings
from core.models import load_detector, load_landmarker
from core.models.faces import dlib_landmarks
from core.models.faces.dlib_landmarks import Dlib68Landmarker
from core.models.faces.interfaces import Detector
from core.training.samples import Sample
from tests.bench.bench_dlib68 import FACE, LANDMARKS, Face, box_of, nme
from tests.bench.machine import Row, facts, table

LABELS: Final = ("300vw/**/*.pts", "menpo/*.pts", "300w/*.json", "300wlp/*.json", "dlib_training/*.xml")
SIDES: Final = np.arange(0.9, 1.31, 0.05)
DOWN: Final = np.arange(-0.15, 0.151, 0.03)
TOPS: Final = (0.0, 0.15, 0.25, 0.4)  # how far above the points a hand begins, in their height
HAND_SPREAD: Final = 0.04  # standard deviation of each side, in the box's longer side
SEED: Final = 7


def labelled() -> list[tuple[Face, NDArray[np.float32] | None]]:
    """Each face, and the box that its label file gives it; `Face.who` is its picture."""
    found = []
    for file in (file for pattern in LABELS for file in sorted(LANDMARKS.glob(pattern))):
        for row in read_label_file(file.name, file.read_bytes(), FACE).rows:
            stem = Path(row.picture).with_suffix("").name
            place = next(one for one in file.parents[1].rglob(f"{stem}.*") if one.suffix in (".jpg", ".png", ".ppm"))
            stored = cv2.imread(str(place))
            if stored is None:
                raise FileNotFoundError(f"{file} labels {row.picture}, which is not beside it")
            pixels = cv2.cvtColor(stored, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
            box = None if row.box is None else np.array(row.box, np.float32)
            found.append((Face(pixels, row.keypoints, place.name), box))
    return found


def around(face: Face, above: float = 0.0) -> NDArray[np.float32]:
    """The smallest box around the points, its top raised by a part of their height."""
    seen = face.keypoints.points[face.keypoints.visibility > 0]
    low, high = seen.min(axis=0), seen.max(axis=0)
    return np.array([low[0], low[1] - above * (high[1] - low[1]), *high], np.float32)


def boxes_by_origin(
    faces: Sequence[tuple[Face, NDArray[np.float32] | None]], detector: Detector
) -> dict[str, tuple[str, list[Sample]]]:
    """By what the table says: the origin as the store has it, and the faces in such boxes."""
    rng = np.random.default_rng(SEED)
    makers: dict[str, tuple[str, Callable[[Face, NDArray[np.float32] | None], NDArray[np.float32] | None]]] = {
        "MTCNN's": ("detector", lambda face, _: box_of(face, detector.detect([face.pixels])[0])),
        "of a label file": ("file", lambda _, box: box),
        "around the points of a file": ("points", lambda face, _: around(face)),
    }
    for top in TOPS:
        drawn = lambda face, _, top=top: _by_hand(around(face, top), rng)  # noqa: E731
        makers[f"by hand, {top:.0%} of the height above the brows"] = ("drawn", drawn)
    return {
        what: (origin, [_sample(face, made) for face, box in faces if (made := make(face, box)) is not None])
        for what, (origin, make) in makers.items()
    }


def _by_hand(box: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    longer = (box[2:] - box[:2]).max()
    return (box + HAND_SPREAD * longer * rng.standard_normal(4)).astype(np.float32)


def _sample(face: Face, box: NDArray[np.float32]) -> Sample:
    return Sample(face.pixels, tuple(box.tolist()), face.keypoints, 0, "", face.who)


def scored(landmarker: Dlib68Landmarker, faces: Sequence[Sample], origin: str) -> Floats:
    """(N,) NME of each face whose box is said to be of an origin."""
    located = [landmarker.locate(np.asarray(one.picture), np.array([one.box]), [origin])[0].points for one in faces]
    return nme(np.stack(located), faces)


def chosen_without_it(landmarker: Dlib68Landmarker, faces: Sequence[Sample], origin: str) -> Floats:
    """(N,) NME of each face in the frame that is best on all other pictures."""
    usual = dlib_landmarks._FRAMES[origin]
    grid = [(float(side), float(down)) for side in SIDES for down in DOWN]
    by_frame = []
    try:
        for frame in grid:
            dlib_landmarks._FRAMES[origin] = frame
            by_frame.append(scored(landmarker, faces, origin))
    finally:
        dlib_landmarks._FRAMES[origin] = usual
    errors, pictures = np.stack(by_frame), np.array([one.group for one in faces])
    best = [errors[:, pictures != mine].mean(axis=1).argmin() for mine in pictures]
    return np.asarray(errors[best, np.arange(len(faces))])


def measure(detector: Detector, landmarker: Dlib68Landmarker) -> list[Row]:
    """Each origin's four figures."""
    rows = []
    for what, (origin, faces) in boxes_by_origin(labelled(), detector).items():
        figures = {"taken for MTCNN's": "detector", "as they are": "file", "as done": origin}
        of = f"boxes {what}, {len(faces)} faces"
        for how, told in figures.items():
            rows.append(Row(f"{of}, {how}", "% inter-ocular", float(scored(landmarker, faces, told).mean())))
        if origin in dlib_landmarks._FRAMES:
            held_out = float(chosen_without_it(landmarker, faces, origin).mean())
            rows.append(Row(f"{of}, frame chosen on the other pictures", "% inter-ocular", held_out))
    return rows


def main() -> int:
    """Print the table, or JSON; 1 and a sentence where the weights or the faces are not on this machine."""
    parser = argparse.ArgumentParser(description="dlib-68 in boxes of every origin.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    folder = settings().home / "weights"
    try:
        detector, landmarker = load_detector("mtcnn", "cpu", folder), load_landmarker("dlib-68", "cpu", folder)
    except MissingWeights as problem:
        print(f"nothing was measured: {problem}", file=sys.stderr)
        return 1
    assert isinstance(landmarker, Dlib68Landmarker)
    if not LANDMARKS.is_dir():
        print(f"nothing was measured: no labelled faces in {LANDMARKS}", file=sys.stderr)
        return 1
    rows = measure(detector, landmarker)
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
