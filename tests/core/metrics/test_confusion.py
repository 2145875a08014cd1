import math

from core.metrics.confusion import Confusion


def test_rates_without_a_denominator_are_nan():
    empty = Confusion(0, 0, 0, 0)
    for name in ("accuracy", "precision", "recall", "f1", "fmr", "fnmr", "hter", "mcc"):
        assert math.isnan(getattr(empty, name)), name
    only_same = Confusion(tp=3, fp=0, tn=0, fn=1)
    assert math.isnan(only_same.fmr)
    assert math.isnan(only_same.mcc)
    assert only_same.fnmr == 0.25


def test_hter_is_the_mean_of_both_rates():
    assert Confusion(tp=3, fp=1, tn=1, fn=1).hter == (1 / 2 + 1 / 4) / 2
