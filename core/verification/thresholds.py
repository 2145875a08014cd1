"""Keeping a threshold: the similarity from which two faces count as one person."""

from typing import Any

from sqlmodel import insert

from core.foundation.errors import BadInput
from core.foundation.messages import Message, message
from core.foundation.workspace import Workspace
from core.verification.pairs import PairSet
from core.verification.report import figures_at
from db.tables import Pair, Threshold, WorkKind
from db.writes.dashboard import record_work
from db.writing import writing


def save_threshold(
    workspace: Workspace, pairs: PairSet, value: float, *, author_id: int, chosen: Message | None = None
) -> int:
    """Keep a threshold with its author, its figures and the pairs behind them; the next grouping uses it.

    Raises
    ------
    BadInput
        If `value` is not a cosine similarity.
    """
    if not -1.0 <= value <= 1.0:
        raise BadInput("arrays.threshold", found=value)
    with writing(workspace.engine) as session:
        row = Threshold(
            dataset_id=pairs.dataset_id,
            model_version_id=pairs.encoder_id,
            value=float(value),
            chosen=(chosen or message("thresholds.by_hand")).to_json(),
            metrics={**figures_at(pairs, value), "same": int(pairs.same.sum()), "different": int((~pairs.same).sum())},
            author_id=author_id,
        )
        session.add(row)
        session.flush()
        columns = (pairs.left.tolist(), pairs.right.tolist(), pairs.same.tolist(), pairs.scores.tolist())
        evidence: list[dict[str, Any]] = [
            {"threshold_id": row.id, "left_id": left, "right_id": right, "same": same, "score": score}
            for left, right, same, score in zip(*columns, strict=True)
        ]
        session.connection().execute(insert(Pair), evidence)
        record_work(author_id, pairs.dataset_id, WorkKind.THRESHOLDS_SAVED, session=session)
        return row.id
