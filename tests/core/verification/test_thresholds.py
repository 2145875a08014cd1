"""A threshold that is saved keeps who saved it, its figures and the pairs behind them."""

from __future__ import annotations

import pytest
from sqlmodel import select

from core import verification
from core.foundation.errors import BadInput, Conflict, NotFound
from core.foundation.messages import message, worded
from core.people.encoders import encoder_of, threshold_of
from db.engine import reading
from db.queries.dashboard import daily_work
from db.queries.verification import thresholds
from db.tables import Pair, Threshold
from db.writes.library import ensure_dataset
from db.writing import writing
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
    assert row.metrics == {**verification.figures_at(pairs, 0.4321), "same": 20, "different": 71, "people": 4}
    accepted = sum(pair.score >= 0.4321 and pair.same for pair in evidence)
    assert (len(evidence), accepted) == (91, row.metrics["tp"])
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


def rows(workspace, dataset):
    with reading(workspace.engine) as session:
        return [(row.value, worded(row.chosen), row.metrics) for row, *_ in thresholds(dataset, session=session)]


def test_an_earlier_threshold_is_used_again_with_its_figures_and_stands_in_the_history(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset)
    first = verification.save_threshold(workspace, pairs, 0.4, author_id=author, chosen=message("thresholds.eer"))
    verification.save_threshold(workspace, pairs, 0.7, author_id=author)
    again = verification.use_again(workspace, first, author_id=author)
    version = encoder_of(workspace, dataset)
    assert threshold_of(workspace, dataset, version) == 0.4
    verification.use_again(workspace, again, author_id=author)
    (twice, once, by_hand, earliest) = rows(workspace, dataset)
    assert once == twice == (0.4, once[1], earliest[2])
    assert once[1].startswith("eer, as ada saved it on 2")
    assert [by_hand[0], earliest[0]] == [0.7, 0.4]
    assert group(workspace, dataset, threshold=None)["threshold"] == 0.4


def test_the_encoders_own_threshold_is_in_force_again(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    version = encoder_of(workspace, dataset)
    own = threshold_of(workspace, dataset, version)
    pairs = verification.confirmed_pairs(workspace, dataset)
    with pytest.raises(NotFound, match="the encoder's own threshold is in force"):
        verification.use_own(workspace, dataset, version.id, author_id=author)
    verification.save_threshold(workspace, pairs, 0.7, author_id=author)
    verification.use_own(workspace, dataset, version.id, author_id=author)
    assert threshold_of(workspace, dataset, version) == own
    assert [row[:2] for row in rows(workspace, dataset)] == [(own, "the encoder's own"), (0.7, "by hand")]


def test_the_threshold_in_force_is_taken_back_to_the_one_before_and_at_last_to_the_encoders_own(
    workspace, dataset, author
):
    noisy_faces(workspace, dataset, author)
    version = encoder_of(workspace, dataset)
    own = threshold_of(workspace, dataset, version)
    pairs = verification.confirmed_pairs(workspace, dataset)
    first, second = (verification.save_threshold(workspace, pairs, value, author_id=author) for value in (0.4, 0.7))
    back = verification.withdraw(workspace, second, author_id=author)
    assert threshold_of(workspace, dataset, version) == 0.4
    forth = verification.withdraw(workspace, back, author_id=author)
    assert threshold_of(workspace, dataset, version) == 0.7, "what was taken back is done again"
    with pytest.raises(Conflict, match=r"0\.7000 is in force by now"):
        verification.withdraw(workspace, first, author_id=author)
    with pytest.raises(NotFound, match="there is no threshold 77"):
        verification.withdraw(workspace, 77, author_id=author)
    assert len(rows(workspace, dataset)) == 4
    assert forth > back

    noisy_faces(workspace, elsewhere := _dataset(workspace, author), author)
    only = verification.save_threshold(
        workspace, verification.confirmed_pairs(workspace, elsewhere), 0.4, author_id=author
    )
    verification.withdraw(workspace, only, author_id=author)
    assert threshold_of(workspace, elsewhere, version) == own


def _dataset(workspace, author):
    with writing(workspace.engine) as session:
        return ensure_dataset("elsewhere", author, session=session)


def test_a_threshold_that_is_not_there_cannot_be_used_again(workspace, author):
    with pytest.raises(NotFound, match="there is no threshold 7"):
        verification.use_again(workspace, 7, author_id=author)


def test_of_very_many_pairs_some_of_each_kind_are_kept_and_the_figures_are_of_all(
    workspace, dataset, author, monkeypatch
):
    monkeypatch.setattr("core.verification.thresholds.MOST_EVIDENCE", 15)
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset)
    verification.save_threshold(workspace, pairs, 0.4, author_id=author)
    with reading(workspace.engine) as session:
        kept = session.exec(select(Pair.left_id, Pair.right_id, Pair.same)).all()
    assert (len(set(kept)), sum(same for *_, same in kept)) == (30, 15)
    ((_, _, metrics),) = rows(workspace, dataset)
    assert (metrics["same"], metrics["different"]) == (20, 71)
