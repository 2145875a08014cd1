"""Keeping a threshold, and going back: the similarity from which two faces count as one person.

Thresholds are appended and never changed: the one that was saved last is in force, the others are its history.
"""

from typing import Any, Final

import numpy as np
from sqlmodel import Session, insert

from core.foundation.arrays import Indices
from core.foundation.errors import BadInput, NotFound
from core.foundation.messages import Message, message
from core.foundation.workspace import Workspace
from core.models import encoder_threshold
from core.verification.pairs import PairSet
from core.verification.report import figures_at
from db.queries.verification import newest_threshold
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
        earlier = session.get(Threshold, threshold_id)
        if earlier is None:
            raise NotFound("thresholds.none_such", number=threshold_id)
        first = Message.from_json(earlier.chosen)
        if first.code != "thresholds.again":
            saved_by = session.get_one(User, earlier.author_id).name
            day = f"{earlier.at:%Y-%m-%d}"
            first = message("thresholds.again", chosen=first, author=saved_by, day=day)
        where = (earlier.dataset_id, earlier.model_version_id)
        return _append(*where, earlier.value, first, earlier.metrics, author_id, session=session).id


def use_own(workspace: Workspace, dataset_id: int, encoder_id: int, *, author_id: int) -> int:
    """Go back to the encoder's own threshold; the new row's id.

    Raises
    ------
    NotFound
        If there is no such encoder, or nobody has saved another threshold.
    """
    with writing(workspace.engine) as session:
        version = session.get(ModelVersion, encoder_id)
        if version is None or newest_threshold(dataset_id, encoder_id, session=session) is None:
            raise NotFound("thresholds.own_in_force")
        own = encoder_threshold(version.name, workspace.weights)
        return _append(
            dataset_id, encoder_id, own, message("thresholds.the_encoders_own"), {}, author_id, session=session
        ).id
