"""Labels that wait: put by a human onto the picture (or the clip) that they are of, or dropped."""

from sqlalchemy import ColumnElement
from sqlmodel import col, delete, select

from core.foundation.errors import NotFound
from core.foundation.messages import message
from core.foundation.workspace import Workspace
from core.points.label_importing import write_labels
from core.points.label_placing import PictureIndex, forget_waiting, keep_waiting, waiting_label
from core.points.label_writing import WriteReport
from db.engine import reading
from db.tables import WaitingLabel
from db.writing import writing


def point_waiting(workspace: Workspace, dataset_id: int, *, picture: str, source: str, path: str) -> WriteReport:
    """Put what waits for `picture` in the file `source` onto the picture (or the clip) of that path.

    What cannot be put there goes on waiting, with the reason among the refused of the report: also where the picture
    raises a question, which is then one of those to answer.

    Raises
    ------
    NotFound
        If nothing waits by that name, or the dataset has no picture (or clip) of that path.
    """
    with reading(workspace.engine) as session:
        rows = session.exec(select(WaitingLabel).where(*_named(dataset_id, picture, source))).all()
        if not rows:
            raise NotFound("labels.none_waits", picture=picture, file=source)
        labels = {waiting_label(row): row.id for row in rows}
        placement = PictureIndex(dataset_id, session=session).place_on(path, list(labels))
    _, report = write_labels(workspace, placement, dataset_id)
    questions = dict(report.asked)
    gone = [(label, message("labels.picture_removed")) for label, _ in placement.absent]
    report.refused[:0] = [*placement.refused, *gone]
    report.refused += [(label, question.about) for label, question in questions.items()]
    kept = {id(label) for label, _ in report.refused}
    with writing(workspace.engine) as session:
        forget_waiting([number for label, number in labels.items() if id(label) not in kept], session=session)
        keep_waiting(dataset_id, list(questions), questions=questions, session=session)
    return report


def drop_waiting(workspace: Workspace, dataset_id: int, *, picture: str, source: str) -> int:
    """Forget what waits for `picture` in the file `source`; returns how many labels.

    Raises
    ------
    NotFound
        If nothing waits by that name.
    """
    with writing(workspace.engine) as session:
        dropped = session.exec(delete(WaitingLabel).where(*_named(dataset_id, picture, source))).rowcount
    if not dropped:
        raise NotFound("labels.none_waits", picture=picture, file=source)
    return dropped


def _named(dataset_id: int, picture: str, source: str) -> tuple[ColumnElement[bool], ...]:
    return (
        col(WaitingLabel.dataset_id) == dataset_id,
        col(WaitingLabel.picture) == picture,
        col(WaitingLabel.source) == source,
    )
