from __future__ import annotations

import torch

from core.models.codecs import build_codec


def test_a_regressed_point_that_is_not_finite_is_absent_and_the_others_have_no_confidence():
    codec = build_codec("regression", (64, 96))
    found = codec.decode({"points": torch.tensor([[[torch.nan, 0.5], [0.5, 0.5], [0.2, torch.inf]]])})
    assert found.points.isnan().all(dim=-1).tolist() == [[True, False, True]]
    assert found.points[0, 1].tolist() == [31.5, 47.5]
    assert found.confidence[0, [0, 2]].tolist() == [0, 0]
    assert found.confidence[0, 1].isnan()
    assert found.spread.isnan().all()
    assert found.neighbours.isnan().all()
