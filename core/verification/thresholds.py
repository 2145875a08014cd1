"""Keeping a threshold, and going back: the similarity from which two faces count as one person.

Thresholds are appended and never changed: the one that was saved last is in force, the others are its history.
"""

from typing import Any, Final

import numpy as np
from sqlmodel import Session, insert

from core.foundation.arrays import Indices
from core.foundation.errors import BadInput, Conflict, FacetError, NotFound
from core.foundation.messages import Message, message
from core.foundation.workspace import Workspace
from core.models import encoder_threshold
from core.verification.pairs import PairSet
from core.verification.report import figures_at
from db.queries.verification import newest_threshold, threshold_before
from db.tables import ModelVersion, Pair, Threshold, User, WorkKind
from db.writes.dashboard import record_work
from db.writing import writing

MOST_EVIDENCE: Final = 20_000  # pairs of each kind


def save_threshold(
    workspace: Workspace, pairs: PairSet, value: float, *, author_id: int, chosen: Message | None = None
) -> int:
    """Keep a threshold with its author, its figures and the pairs behind them; the next grouping uses it.

    Of more than 20,000 pairs of either kind that many are kept, drawn by a seed; the figures are of all.

    Raises
    ------
    BadInput
        If `value` is not a cosine similarity.
    """
    if not -1.0 <= value <= 1.0:
        raise BadInput("arrays.threshold", found=value)
    counts = {"same": int(pairs.same.sum()), "different": int((~pairs.same).sum()), "people": pairs.people}
    with writing(workspace.engine) as session:
        row = _append(
            pairs.dataset_id,
            pairs.encoder_id,
            value,
            chosen or message("thresholds.by_hand"),
            {**figures_at(pairs, value), **counts},
            author_id,
            session=session,
        )
        session.exec(insert(Pair), params=_evidence(pairs, row.id))
        return row.id


def _append(
    dataset_id: int,
    encoder_id: int,
    value: float,
    chosen: Message,
    metrics: dict[str, Any],
    author_id: int,
    *,
    session: Session,
) -> Threshold:
    row = Threshold(
        dataset_id=dataset_id,
        model_version_id=encoder_id,
        value=float(value),
        chosen=chosen.to_json(),
        metrics=metrics,
        author_id=author_id,
    )
    session.add(row)
    session.flush()
    record_work(author_id, dataset_id, WorkKind.THRESHOLDS_SAVED, session=session)
    return row


def _evidence(pairs: PairSet, threshold_id: int) -> list[dict[str, Any]]:
    rows = np.concatenate([_some(np.flatnonzero(kind)) for kind in (pairs.same, ~pairs.same)])
    columns = (column[rows].tolist() for column in (pairs.left, pairs.right, pairs.same, pairs.scores))
    return [
        {"threshold_id": threshold_id, "left_id": left, "right_id": right, "same": same, "score": score}
        for left, right, same, score in zip(*columns, strict=True)
    ]


def _some(rows: Indices) -> Indices:
    if len(rows) <= MOST_EVIDENCE:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, MOST_EVIDENCE, replace=False, shuffle=False))


def use_again(workspace: Workspace, threshold_id: int, *, author_id: int) -> int:
    """Go back to an earlier threshold: it is in force again, with the figures that it had; the new row's id.

    Raises
    ------
    NotFound
        If there is no such threshold.
    """
    with writing(workspace.engine) as session:
        return _again(_threshold(threshold_id, session=session), author_id, session=session)


def use_own(workspace: Workspace, dataset_id: int, encoder_id: int, *, author_id: int) -> int:
    """Go back to the encoder's own threshold; the new row's id.

    Raises
    ------
    NotFound
        If there is no such encoder, or nobody has saved another threshold.
    """
    with writing(workspace.engine) as session:
        if newest_threshold(dataset_id, encoder_id, session=session) is None:
            raise NotFound("thresholds.own_in_force")
        return _own(workspace, dataset_id, encoder_id, author_id, session=session)


def is_own(workspace: Workspace, threshold: Threshold, *, session: Session) -> bool:
    """Whether a threshold is the one that its encoder comes with by now; False where the encoder's file is gone."""
    encoder = session.get_one(ModelVersion, threshold.model_version_id)
    try:
        return threshold.value == encoder_threshold(encoder.name, workspace.weights)
    except FacetError:
        return False


def withdraw(workspace: Workspace, threshold_id: int, *, author_id: int) -> int:
    """Take back the threshold in force: what was before it, the encoder's own at last, is in force again.

    Returns the new row's id.

    Raises
    ------
    NotFound
        If there is no such threshold.
    Conflict
        If another one is in force by now.
    """
    with writing(workspace.engine) as session:
        row = _threshold(threshold_id, session=session)
        newest = newest_threshold(row.dataset_id, row.model_version_id, session=session)
        if newest is not None and newest.id != row.id:
            raise Conflict("thresholds.another_in_force", value=newest.value)
        before = threshold_before(row, session=session)
        if before is not None:
            return _again(before, author_id, session=session)
        return _own(workspace, row.dataset_id, row.model_version_id, author_id, session=session)


def _threshold(threshold_id: int, *, session: Session) -> Threshold:
    row = session.get(Threshold, threshold_id)
    if row is None:
        raise NotFound("thresholds.none_such", number=threshold_id)
    return row


def _again(earlier: Threshold, author_id: int, *, session: Session) -> int:
    first = Message.from_json(earlier.chosen)
    if first.code != "thresholds.again":
        saved_by = session.get_one(User, earlier.author_id).name
        first = message("thresholds.again", chosen=first, author=saved_by, day=f"{earlier.at:%Y-%m-%d}")
    where = (earlier.dataset_id, earlier.model_version_id)
    return _append(*where, earlier.value, first, earlier.metrics, author_id, session=session).id


def _own(workspace: Workspace, dataset_id: int, encoder_id: int, author_id: int, *, session: Session) -> int:
    own = encoder_threshold(session.get_one(ModelVersion, encoder_id).name, workspace.weights)
    chosen = message("thresholds.the_encoders_own")
    return _append(dataset_id, encoder_id, own, chosen, {}, author_id, session=session).id
