from __future__ import annotations

from dataclasses import replace

import pytest

from core.training.dry_run import dry_run
from core.training.recipes import RECIPES


@pytest.mark.parametrize("name", ["quick-pipnet", "quick-hrnet", "vitpose-s", "baseline-stable"])
def test_a_dry_run_says_more_for_a_larger_batch(name: str) -> None:
    small, large = (dry_run(replace(RECIPES[name], batch=batch), "face68", "cpu") for batch in (32, 64))
    assert 2**20 < small < large < 2**40


def test_a_window_of_the_stability_loss_counts_where_it_is_larger_than_the_batch() -> None:
    few = replace(RECIPES["quick-stable"], batch=2)
    assert dry_run(few, "face68", "cpu") == dry_run(replace(few, batch=20), "face68", "cpu")
    assert dry_run(few, "face68", "cpu") > dry_run(replace(few, stability=None), "face68", "cpu")
