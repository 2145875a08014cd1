"""Labels from files onto a picture: which instance each belongs to, and what a human has said there before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from sqlmodel import Session, select

from core.formats.labels.doubts import Doubt
from core.formats.labels.rows import LabelledRow, tight_box
from core.foundation.arrays import ABSENT, Box, Floats, Keypoints
from core.foundation.geometry import boxes_of, iou
from core.foundation.messages import Message, message
from core.foundation.skeletons import find_skeleton
from db.queries.points import ShownInstance, shown_instances
from db.tables import BoxSource, Image, Instance, KeypointRevision, Review, Source, sides
from db.writes.library import refresh_picture
from db.writes.points import append_revision, settled_before

_SAME: Final = 0.5  # IoU from which two boxes are of the same face or person
_WITHIN: Final = 0.9  # share of the points' box that lies in an instance's box, for its being of that instance
_LEAST_FILLED: Final = 0.2  # share of the instance's box that the points' box then fills: no child on a parent's arm
_EQUAL: Final = 2.0  # better than any overlap
_TOLERANCE: Final = 1.0  # pixels; some tools count the picture's border as a place
_IMPORTED: Final = "edits.imported_from"
_STAYS: Final = ("labels.imported_before", "labels.corrected_since", "labels.taken_out")


@dataclass(frozen=True, eq=False)
class FileLabel:
    """A row with the file that it stands in, and who vouches for it."""

    row: LabelledRow
    source: str
    author_id: int


@dataclass
class WriteReport:
    """What became of labels: how many of each author are new, how many were here already, which were refused.

    `repeated` says again what another of these labels says of the same picture: it counts neither as new nor as here.
    `asked` wait for the answer to a question, `dropped` are left out by an answer.
    """

    by_author: Counter[int] = field(default_factory=Counter)
    unchanged: int = 0
    repeated: int = 0
    refused: list[tuple[FileLabel, Message]] = field(default_factory=list)
    asked: list[tuple[FileLabel, Doubt]] = field(default_factory=list)
    dropped: list[FileLabel] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """How many of those refused gave way to what a human or an earlier file has said here."""
        return sum(reason.code in _STAYS for _, reason in self.refused)

    @property
    def added(self) -> int:
        """How many are new."""
        return self.by_author.total()

    def include(self, other: WriteReport) -> None:
        """Count what became of others too."""
        self.by_author.update(other.by_author)
        self.unchanged += other.unchanged
        self.repeated += other.repeated
        self.refused += other.refused
        self.asked += other.asked
        self.dropped += other.dropped


def apply_labels(image: Image, labels: Sequence[FileLabel], run_id: int | None, *, session: Session) -> WriteReport:
    """Store labels of one picture as imported revisions, work in progress as that; never commits, and leaves counting
    the work to the caller.

    Each goes to the instance of its kind that has these very points, or whose box it shares (IoU of 0.5), or in whose
    box its points lie; no instance gets two, and where there is none a new one is made. What a human has said otherwise
    stays, and so does what a human has taken out: the label is refused then.
    """
    problems = [(label, label_problem(label.row, image)) for label in labels]
    report = WriteReport(refused=[(label, problem) for label, problem in problems if problem is not None])
    fitting = [label for label, problem in problems if problem is None]
    for kind in sorted({find_skeleton(label.row.skeleton).kind for label in fitting}):
        of_kind = _without_repeats(
            [label for label in fitting if find_skeleton(label.row.skeleton).kind == kind], report
        )
        # two labels that one file gives for one name are of two people; those of two files, or of two names for the
        # same content, may be of one
        for origin in dict.fromkeys(_name_in_file(label) for label in of_kind):
            together = [label for label in of_kind if _name_in_file(label) == origin]
            _write_together(image, together, kind, run_id, report, session=session)
    if report.added:
        refresh_picture(image.id, session=session)
    if report.added or report.unchanged:
        image.sequence = image.sequence or next((label.row.sequence for label in fitting if label.row.sequence), None)
    return report


def label_problem(row: LabelledRow, image: Image) -> Message | None:
    """Why a label cannot be of this picture: of another size, or a point lies outside; None if it can."""
    if row.size is not None and row.size != (image.width, image.height):
        return message(
            "labels.other_size",
            labelled_width=row.size[0],
            labelled_height=row.size[1],
            path=image.path,
            width=image.width,
            height=image.height,
        )
    slack = _TOLERANCE if row.inside else max(image.width, image.height) / 2  # faces reach over the border
    low, high = -0.5 - slack, np.array([image.width, image.height]) - 0.5 + slack
    points = row.keypoints.points
    outside = ((points < low) | (points > high)).any(axis=1)
    if not outside.any():
        return None
    first = int(np.flatnonzero(outside)[0])
    x, y = points[first].tolist()
    name = find_skeleton(row.skeleton).point_names[first]
    more = int(outside.sum()) - 1
    which = message("words.and_more", names=name, count=more) if more else name
    return message("labels.point_outside", points=which, x=x, y=y, width=image.width, height=image.height)


def _name_in_file(label: FileLabel) -> tuple[str, str, int | None]:
    return label.source, label.row.picture, label.row.frame


def _write_together(
    image: Image, labels: Sequence[FileLabel], kind: str, run_id: int | None, report: WriteReport, *, session: Session
) -> None:
    shown = [row for row in shown_instances(image.id, session=session) if row.instance.kind == kind]
    of_kind = select(Instance).where(Instance.image_id == image.id, Instance.kind == kind)
    taken_out = boxes_of([instance for instance in session.exec(of_kind) if instance.removed])
    partner = _pairs(_scores(labels, shown))
    for number, label in enumerate(labels):
        if number in partner:
            _onto(shown[partner[number]], label, report, session=session)
        elif len(taken_out) and _box_overlap(label, taken_out).max() >= _SAME:
            report.refused.append((label, message("labels.taken_out", kind=kind)))
        else:
            _add(image, label, kind, run_id, session=session)
            report.by_author[label.author_id] += 1


def _without_repeats(labels: Sequence[FileLabel], report: WriteReport) -> list[FileLabel]:
    """The same label in two files is one."""
    first: dict[tuple[str, bytes], FileLabel] = {}
    for label in labels:
        first.setdefault((label.row.skeleton, _content(label.row.keypoints)), label)
    report.repeated += len(labels) - len(first)
    return list(first.values())


def _content(keypoints: Keypoints) -> bytes:
    """Places and visibility, without the confidence."""
    return Keypoints.of(keypoints.points, keypoints.visibility).to_bytes()


def _box_overlap(label: FileLabel, corners: Floats) -> Floats:
    """(M,) IoU with each box, of the file's box or of the points' own, whichever is more."""
    boxes = [tight_box(label.row.keypoints.points), *([label.row.box] if label.row.box else [])]
    return iou(np.array(boxes), corners).max(axis=0)


def _scores(labels: Sequence[FileLabel], shown: Sequence[ShownInstance]) -> Floats:
    """(N, M): how well each label fits each instance; 0 where it does not."""
    scores = np.zeros((len(labels), len(shown)))
    corners = boxes_of(row.instance for row in shown)
    for number, label in enumerate(labels):
        if not shown:
            break
        overlap = _box_overlap(label, corners)
        within = _within(tight_box(label.row.keypoints.points), corners)
        scores[number] = np.where(overlap >= _SAME, overlap, within * (_SAME / 2))
        for column, row in enumerate(shown):
            revision = row.revision
            if revision is None or revision.source != Source.HUMAN:
                continue
            if revision.skeleton != label.row.skeleton:
                scores[number, column] = 0  # points of another skeleton by a human stay what counts there
            elif _content(Keypoints.from_bytes(revision.points)) == _content(label.row.keypoints):
                scores[number, column] = _EQUAL
    return scores


def _within(points_box: Box, corners: Floats) -> Floats:
    """(M,) share of the points' box inside each box; 0 where it is not nearly all, or fills too little of the box."""
    own = np.array(points_box)
    sides = np.minimum(own[2:], corners[:, 2:]) - np.maximum(own[:2], corners[:, :2])
    shared = np.maximum(sides, 0).prod(axis=1)
    share = shared / (own[2:] - own[:2]).prod()
    areas = np.maximum((corners[:, 2:] - corners[:, :2]).prod(axis=1), 1e-9)
    filled = shared / areas
    # of boxes that hold all of it the tightest is the best
    return np.where((share >= _WITHIN) & (filled >= _LEAST_FILLED), np.minimum(share, 1) * (0.5 + filled / 2), 0.0)


def _pairs(scores: Floats) -> dict[int, int]:
    """Label -> instance, the best fitting first; each at most once."""
    order = np.argsort(-scores, axis=None, kind="stable")
    partner: dict[int, int] = {}
    for flat in order.tolist():
        label, instance = divmod(flat, scores.shape[1])
        if scores[label, instance] <= 0:
            break
        if label not in partner and instance not in partner.values():
            partner[label] = instance
    return partner


def _onto(shown: ShownInstance, label: FileLabel, report: WriteReport, *, session: Session) -> None:
    head = shown.revision
    if head is not None and head.source == Source.HUMAN:
        if _is_said(label.row, head):
            report.unchanged += 1
        else:
            report.refused.append((label, _why_it_stays(head)))
        return
    _append(shown.instance, head, label, session=session)
    report.by_author[label.author_id] += 1


def _is_said(row: LabelledRow, head: KeypointRevision) -> bool:
    """Whether a human has said the same here; of work in progress, of each point that it sets."""
    here = Keypoints.from_bytes(head.points)
    if row.in_progress and head.skeleton == row.skeleton:
        here = here.only(row.keypoints.visibility > ABSENT)
    return _content(here) == _content(row.keypoints)


def _why_it_stays(head: KeypointRevision) -> Message:
    if head.review == Review.IMPORTED and head.note is not None and head.note["code"] == _IMPORTED:
        return message("labels.imported_before", file=head.note["fields"]["file"])
    return message("labels.corrected_since")


def _add(image: Image, label: FileLabel, kind: str, run_id: int | None, *, session: Session) -> None:
    instance = Instance(
        dataset_id=image.dataset_id,
        image_id=image.id,
        kind=kind,
        **sides(label.row.box or tight_box(label.row.keypoints.points)),
        origin=Source.HUMAN,
        box_source=BoxSource.FILE if label.row.box else BoxSource.POINTS,
        author_id=label.author_id,
        run_id=run_id,
    )
    session.add(instance)
    session.flush()
    _append(instance, None, label, session=session)


def _append(instance: Instance, head: KeypointRevision | None, label: FileLabel, *, session: Session) -> None:
    """Imported points take the place of a model's; work in progress goes on from them."""
    row, keypoints, start_id = label.row, label.row.keypoints, None
    if row.in_progress and head is not None and head.skeleton == row.skeleton:
        keypoints = Keypoints.from_bytes(head.points).taking(row.keypoints, row.keypoints.visibility > ABSENT)
        start_id = settled_before(head)
    append_revision(
        instance,
        row.skeleton,
        keypoints.to_bytes(),
        Review.IN_PROGRESS if row.in_progress else Review.IMPORTED,
        start_id=start_id,
        author_id=label.author_id,
        note=message(_IMPORTED, file=PurePosixPath(label.source).name).to_json(),
        session=session,
    )
