"""What is doubtful about labels once their picture is known, and what answers make of them.

Told and asked is the closed list of `core.formats.labels.doubts`. A label with an open question is put nowhere: it
waits in the store for its answer.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.formats.labels.doubts import DROP, Doubt, DoubtKind
from core.formats.labels.rows import LabelledRow
from core.foundation.arrays import ABSENT, Box, Keypoints
from core.foundation.messages import Message, message
from core.foundation.skeletons import find_skeleton
from core.media.turning import MIRRORED, UPRIGHT, stored_size, upright_points
from core.points.label_writing import FileLabel

_SHARES: Final = (-1.0, 2.0)  # no label in pixels lies within three pixels of a corner, shares reach over the border
_NOWHERE: Final = (0.0, -1.0, -2.0)  # x and y of what tools did not find; -1 where the first pixel counts as 1
_LEAST_SIDE: Final = 16  # pixels; of a smaller picture a label may be as small as that


@dataclass(frozen=True)
class PictureAsStored:
    """What doubts depend on: (width, height) of the upright picture, and its file's EXIF orientation."""

    size: tuple[int, int]
    orientation: int = UPRIGHT


@dataclass
class DoubtReport:
    """Doubts of many labels: of each kind how many, the first, and how many labels wait for an answer.

    `given` are answers for all of these labels; what a file answers by itself is not told.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    counts: Counter[DoubtKind] = field(default_factory=Counter)
    first: dict[DoubtKind, tuple[Doubt, FileLabel]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def add(self, doubt: Doubt, label: FileLabel) -> None:
        """Count a doubt about a label, unless its file has answered it."""
        if doubt.kind not in label.row.answers or doubt.kind in self.given:
            self.counts[doubt.kind] += 1
            self.first.setdefault(doubt.kind, (doubt, label))

    def told(self) -> list[Message]:
        """A message for each kind: how many labels, the first of them, why, and what was answered."""
        told = []
        for kind, (doubt, label) in self.first.items():
            count, picture = self.counts[kind], label.row.picture
            why: Message = doubt.about
            if kind in self.given:
                why = message("label_doubts.answered", why=why, answer=self.given[kind])
            told.append(message("label_doubts.of_labels", of=label.source, count=count, picture=picture, why=why))
        return told


@dataclass
class SettledLabels:
    """Labels of one picture: those to be put on (as given, and as answered), those asked about, those dropped."""

    ready: list[tuple[FileLabel, FileLabel]] = field(default_factory=list)
    asked: list[tuple[FileLabel, Doubt]] = field(default_factory=list)
    dropped: list[FileLabel] = field(default_factory=list)


def open_question(label: FileLabel) -> Doubt | None:
    """The first question about a label that nobody has answered, whatever its picture is."""
    return next((doubt for doubt in label.row.doubts if doubt.answers and doubt.kind not in label.row.answers), None)


def is_dropped(label: FileLabel) -> bool:
    """Whether an answer drops a label, whatever its picture is."""
    return any(label.row.answers.get(doubt.kind) == DROP for doubt in label.row.doubts)


def settle(labels: Sequence[FileLabel], picture: PictureAsStored, report: DoubtReport) -> SettledLabels:
    """Take labels of one picture as their answers say; what the picture makes doubtful goes to the report."""
    settled = SettledLabels()
    for label in labels:
        answers = label.row.answers
        doubts = _of_picture(label.row, picture)
        for doubt in doubts:
            report.add(doubt, label)
        question = open_question(label) or next((doubt for doubt in doubts if doubt.kind not in answers), None)
        if question is not None:
            settled.asked.append((label, question))
            report.asked[question.kind] += 1
        elif any(answers[doubt.kind] == DROP for doubt in doubts):
            settled.dropped.append(label)
        else:
            taken = {doubt.kind: answers[doubt.kind] for doubt in doubts}
            settled.ready.append(_boxed(label, _taken(label.row, picture, taken), picture.size, report))
    return settled


def _of_picture(row: LabelledRow, picture: PictureAsStored) -> list[Doubt]:
    """The questions that a picture raises."""
    doubts = []
    if _in_shares(row.keypoints.points) and min(picture.size) >= _LEAST_SIDE:
        width, height = picture.size
        doubts.append(Doubt(message("label_doubts.scale", width=width, height=height)))
    if count := int(_in_corner(row.keypoints.points).sum()):
        doubts.append(Doubt(message("label_doubts.corner", count=count)))
    stored = stored_size(picture.size, picture.orientation)
    unsaid = row.size in (None, stored)  # a size of its own says which of the two it is of
    if row.frame is None and picture.orientation != UPRIGHT and unsaid:
        doubts.append(
            Doubt(
                message(
                    "label_doubts.turned",
                    orientation=picture.orientation,
                    width=stored[0],
                    height=stored[1],
                    outside=_outside(row, picture.size),
                    outside_stored=_outside(row, stored),
                )
            )
        )
    return doubts


def _in_shares(places: NDArray) -> bool:
    """Whether all of (K, 2) that are not NaN lie between 0 and 1, or little beyond."""
    present = places[np.isfinite(places).all(axis=1)]
    low, high = _SHARES
    return bool(len(present) and (present >= low).all() and (present <= high).all())


def _in_corner(places: NDArray) -> NDArray[np.bool_]:
    """Which of (K, 2) lie exactly where tools put a point that they did not find; none where all do."""
    there = np.isfinite(places).all(axis=1)
    found: NDArray[np.bool_] = np.isin(places[:, 0], _NOWHERE) & (places[:, 0] == places[:, 1])
    return found if (there & ~found).any() else np.zeros_like(found)


def _outside(row: LabelledRow, size: tuple[int, int]) -> int:
    """How many points lie outside of a picture of that size."""
    points = row.keypoints.points
    return int(((points < -1) | (points > size)).any(axis=1).sum())


def _taken(row: LabelledRow, picture: PictureAsStored, answers: Mapping[DoubtKind, str]) -> LabelledRow:
    """A row in pixels of the upright picture, by the answers to what its picture makes doubtful."""
    points, seen = row.keypoints.points.astype(np.float64), row.keypoints.visibility
    if answers.get(DoubtKind.CORNER) == "absent":
        seen = np.where(_in_corner(points), ABSENT, seen)
    corners = None if row.box is None else np.array(row.box).reshape(2, 2)
    stored = answers.get(DoubtKind.TURNED) == "stored"
    size = stored_size(picture.size, picture.orientation) if stored else picture.size
    if answers.get(DoubtKind.SCALE) == "share":
        points = points * size
        corners = corners * size if corners is not None and _in_shares(corners) else corners
    order = np.arange(len(points))
    if stored:
        points = upright_points(points, picture.orientation, size)
        corners = None if corners is None else upright_points(corners, picture.orientation, size)
        order = _mirrored(row.skeleton) if picture.orientation in MIRRORED else order
    keypoints = Keypoints.of(points[order], seen[order], row.keypoints.confidence[order])
    size_said = picture.size if DoubtKind.TURNED in answers else row.size
    return replace(row, keypoints=keypoints, box=_box(corners), size=size_said)


def _mirrored(skeleton_name: str) -> NDArray[np.intp]:
    """Who labels a mirrored face calls its left eye the right one: the order that gives each point its name back."""
    skeleton = find_skeleton(skeleton_name)
    order = np.arange(len(skeleton))
    for one, other in skeleton.flip_pairs:
        order[[one, other]] = other, one
    return order


def _box(corners: NDArray | None) -> Box | None:
    if corners is None:
        return None
    left, top = corners.min(axis=0).tolist()
    right, bottom = corners.max(axis=0).tolist()
    return left, top, right, bottom


def _boxed(
    label: FileLabel, row: LabelledRow, size: tuple[int, int], report: DoubtReport
) -> tuple[FileLabel, FileLabel]:
    """A box in which none of the points lies, or that goes far beyond the picture, is of something else: the points'
    own counts, and that is told.
    """
    if row.box is None:
        return label, replace(label, row=row)
    points, box = row.keypoints.points, np.array(row.box)
    holds_points = ((points >= box[:2]) & (points <= box[2:])).all(axis=1).any()
    near = (box[:2] >= -max(size)).all() and (box[2:] <= np.add(size, max(size))).all()
    if holds_points and near:
        return label, replace(label, row=row)
    given = ", ".join(f"{side:g}" for side in row.box)
    code = "label_doubts.box_beyond" if holds_points else "label_doubts.box_elsewhere"
    report.add(Doubt(message(code, value=given)), label)
    return label, replace(label, row=replace(row, box=None))
