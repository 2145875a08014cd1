"""Labels that waited are put onto their pictures once those have come, or somebody has answered.

There may be 100,000 of them. Which have come is told by their names alone; the labels are read a batch at a time.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from sqlmodel import Session, col, select

from core.formats.labels.doubts import ANSWERS, Doubt, DoubtKind, check_answers
from core.formats.labels.rows import LabelledRow
from core.foundation.arrays import Keypoints
from core.foundation.batching import batched
from core.foundation.messages import Message, message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.points.label_doubts import DoubtReport, is_dropped
from core.points.label_importing import reason_in_file, write_batch
from core.points.label_placing import PictureIndex, folder_of, forget_waiting, keep_waiting, waiting_label
from core.points.label_writing import FileLabel
from db.batching import id_batches
from db.engine import reading
from db.queries.points import answered_labels, asked_labels, waiting_names
from db.tables import SkippedInput, WaitingLabel
from db.writes.rows import change_rows
from db.writing import writing

_PICTURES: Final = 64  # in one transaction
_ROWS: Final = 1_000
_UNREAD: Final = Keypoints.of(np.zeros((0, 2)))


class LabelArrivals(NamedTuple):
    """How many labels that waited are in place now, how many were refused, and what is not sure about the former."""

    placed: int = 0
    refused: int = 0
    doubts: Sequence[Message] = ()


@dataclass(frozen=True, eq=False)
class _Name(FileLabel):
    """The names alone of a label that waits, and its number there."""

    number: int


def apply_waiting(
    workspace: Workspace, dataset_id: int, *, run_id: int | None = None, progress: Progress = DEAF
) -> LabelArrivals:
    """Put labels that wait onto their pictures, where those have come and no question is open; ends every import.

    What does not fit its picture becomes a `SkippedInput` row of the run, and waits no longer. What raises a question
    now is listed and counted with it, and waits for its answer.
    """
    with reading(workspace.engine) as session:
        dropped = {row.number for row in _answered(dataset_id, session) if is_dropped(row)}
        names = (name for name in _names(dataset_id, session) if name.number not in dropped)
        placement = PictureIndex(dataset_id, session=session).place_arrived(names)
    if not placement.on and not dropped:
        return LabelArrivals()
    repeated = [_number(label) for label in placement.repeated]
    for part in batched([*dropped, *repeated], _ROWS):
        with writing(workspace.engine) as session:
            forget_waiting(part, session=session)
    told = {origin for origin, _ in placement.told}
    origins = told.intersection(_origins(placement.repeated))
    progress.begin(len(placement.on), message=message("progress.putting_labels"))
    placed = refused = done = 0
    for pictures in batched(sorted(placement.on), _PICTURES):
        on = {image_id: placement.on.pop(image_id) for image_id in pictures}
        arrived = _put(workspace, dataset_id, on, run_id)
        placed, refused = placed + arrived.placed, refused + arrived.refused
        origins |= told.intersection(arrived.origins)
        done += len(pictures)
        progress.advance(done)
    return LabelArrivals(
        placed, refused, [about.within(origin) for origin, about in placement.told if origin in origins]
    )


class _PlacedLabels(NamedTuple):
    """What became of the labels of some pictures; `origins` are the files and folders of those that wait no longer."""

    placed: int
    refused: int
    origins: Collection[str]


def _put(
    workspace: Workspace, dataset_id: int, on: Mapping[int, Sequence[FileLabel]], run_id: int | None
) -> _PlacedLabels:
    """Put the labels of some pictures on, and end their waiting, in one transaction: a kill loses and repeats none."""
    with writing(workspace.engine) as session:
        rows = _rows([_number(name) for names in on.values() for name in names], session=session)
        labels = {number: waiting_label(row) for number, row in rows.items()}
        read = {image_id: [labels[n] for n in map(_number, names) if n in labels] for image_id, names in on.items()}
        _, report = write_batch(workspace, read, dataset_id, run_id, DoubtReport(), session=session)
        questions = dict(report.asked)
        numbers = {label: number for number, label in labels.items()}
        new = [(label, question.about) for label, question in report.asked if rows[numbers[label]].asked is None]
        refused = [*report.refused, *new]
        arrived = [label for label in numbers if label not in questions]
        forget_waiting([numbers[label] for label in arrived], session=session)
        keep_waiting(dataset_id, list(questions), questions=questions, session=session)
        if run_id is not None:
            session.add_all(
                SkippedInput(run_id=run_id, path=label.row.picture, reason=reason_in_file(reason, label).to_json())
                for label, reason in refused
            )
        return _PlacedLabels(report.added + report.unchanged, len(refused), _origins(arrived))


def _rows(numbers: Sequence[int], *, session: Session) -> dict[int, WaitingLabel]:
    """The labels of those numbers that still wait, in this order."""
    found = {
        row.id: row
        for part in id_batches(numbers)
        for row in session.exec(select(WaitingLabel).where(col(WaitingLabel.id).in_(part)))
    }
    return {number: found[number] for number in numbers if number in found}


def _origins(labels: Sequence[FileLabel]) -> set[str]:
    return {origin for label in labels for origin in (label.source, folder_of(label.row, label.source))}


def _number(label: FileLabel) -> int:
    assert isinstance(label, _Name)
    return label.number


def _names(dataset_id: int, session: Session) -> Iterator[_Name]:
    nothing: dict[str, str] = {}
    for number, picture, frame, frames, source in waiting_names(dataset_id, session=session):
        yield _Name(LabelledRow(picture, _UNREAD, "", frame=frame, frames=frames, answers=nothing), source, 0, number)


def _answered(dataset_id: int, session: Session) -> Iterator[_Name]:
    for number, doubts, answers in answered_labels(dataset_id, session=session):
        row = LabelledRow("", _UNREAD, "", doubts=tuple(map(Doubt.from_json, doubts)), answers=answers)
        yield _Name(row, "", 0, number)


def answers_to(kind: str) -> tuple[str, ...]:
    """What may be answered to a kind of question about labels."""
    return ANSWERS[DoubtKind(kind)]


def answer_waiting(
    workspace: Workspace, dataset_id: int, answers: Mapping[str, str], *, run_id: int, progress: Progress = DEAF
) -> LabelArrivals:
    """Answer the open questions of labels that wait, and put on what can be; returns as `apply_waiting`.

    Raises
    ------
    BadInput
        If there is no such question, or no such answer to it.
    """
    check_answers(answers)
    more = True
    while more:
        with writing(workspace.engine) as session:
            rows = asked_labels(dataset_id, list(answers), limit=_ROWS, session=session)
            given = [
                {"row": number, "answers": {**before, kind: answers[kind]}, "asked": None, "question": None}
                for number, kind, before in rows
            ]
            change_rows(WaitingLabel, given, session=session)
        more = len(rows) == _ROWS
    return apply_waiting(workspace, dataset_id, run_id=run_id, progress=progress)
