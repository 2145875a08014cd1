"""Encoders are judged on the pairs that all of them have seen."""

from __future__ import annotations

import pytest

from core.foundation.errors import NotFound
from core.metrics.operating_points import roc_auc
from core.verification import confirmed_pairs, side_by_side
from tests.builders.two_encoders import two_encoders


@pytest.fixture
def two(workspace, dataset, author):
    two_encoders(workspace, dataset, author)
    return dataset


def test_the_better_one_comes_first_and_the_other_is_behind(workspace, two):
    first, second = side_by_side(workspace, two, ["facenet-casia", "dlib-resnet"])
    assert (first.encoder, second.encoder) == ("dlib-resnet", "facenet-casia")
    assert first.behind is None
    difference = second.behind["auc"]
    assert difference.first == pytest.approx(roc_auc(first.judgement.ranked), abs=5e-3)
    assert difference.difference.high < 0


def test_both_are_judged_on_the_same_pairs(workspace, two):
    rows = side_by_side(workspace, two, ["dlib-resnet", "facenet-casia"])
    assert {len(row.judgement.pairs.scores) for row in rows} == {47 * 46 // 2}
    own = confirmed_pairs(workspace, two, "dlib-resnet")
    assert len(own.scores) == 48 * 47 // 2
    lefts = [row.judgement.pairs.same.tolist() for row in rows]
    assert lefts[0] == lefts[1]


def test_an_encoder_that_has_seen_nobody_is_named(workspace, two):
    with pytest.raises(NotFound, match="facenet-vggface2"):
        side_by_side(workspace, two, ["dlib-resnet", "facenet-vggface2"])
