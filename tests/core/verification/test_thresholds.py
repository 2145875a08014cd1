"""A threshold that is saved keeps who saved it, its figures and the pairs behind them."""

from __future__ import annotations

import pytest
from sqlmodel import select

from core import verification
from core.foundation.errors import BadInput
from core.foundation.messages import message, worded
from db.engine import reading
from db.queries.dashboard import daily_work
from db.queries.verification import thresholds
from db.tables import Pair, Threshold
from tests.builders.staged_people import group, noisy_faces


def test_a_saved_threshold_keeps_author_figures_and_pairs_and_is_used_by_the_next_grouping(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset)
    saved = verification.save_threshold(workspace, pairs, 0.4321, author_id=author, chosen=message("thresholds.eer"))
    with reading(workspace.engine) as session:
        ((row, encoder, name),) = thresholds(dataset, session=session)
        evidence = session.exec(select(Pair).where(Pair.threshold_id == saved)).all()
        work = [(item.kind, item.count) for item in daily_work(dataset, session=session)]
    assert (row.value, worded(row.chosen), encoder, name) == (0.4321, "eer", "dlib-resnet", "ada")
    assert row.metrics == {**verification.figures_at(pairs, 0.4321), "same": 20, "different": 20}
    accepted = sum(pair.score >= 0.4321 and pair.same for pair in evidence)
    assert (len(evidence), accepted) == (40, row.metrics["tp"])
    assert ("thresholds_saved", 1) in work
    assert group(workspace, dataset, threshold=None)["threshold"] == 0.4321


@pytest.mark.parametrize("value", [1.01, -1.5, float("nan")])
def test_a_threshold_outside_the_cosine_range_is_not_saved(workspace, dataset, author, value):
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset)
    with pytest.raises(BadInput, match="a threshold is a cosine similarity between -1 and 1"):
        verification.save_threshold(workspace, pairs, value, author_id=author)
    with reading(workspace.engine) as session:
        assert session.exec(select(Threshold)).all() == []
