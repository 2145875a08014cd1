import numpy as np
import pytest

from core.metrics import resampling
from core.metrics.intervals import bootstrap, median, paired
from tests.builders.videos_of_values import videos


@pytest.mark.parametrize(
    ("groups", "at_most", "step"), [(2, 4, 0), (7, 900, 0), (12, 30, 0.2), (300, 3, 0), (40, 2, 1)]
)
def test_the_quick_median_is_numpys_on_every_draw_also_with_ties_and_infinities(groups, at_most, step):
    values, place = videos(groups, groups, at_most)
    values = np.round(values / step) * step if step else values
    values[::9] = np.inf
    for table in (1 << 22, groups * 3):  # many bins and few
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(resampling, "_TABLE", table)
            of_draws = resampling.medians_of(values, place, groups)
        block = np.random.default_rng(1).integers(0, groups, (60, groups))
        expected = [np.median(np.concatenate([values[place == one] for one in row])) for row in block]
        np.testing.assert_array_equal(of_draws(block), expected)
    assert bootstrap(values, place, median, draws=80) == bootstrap(values, place, np.median, draws=80)
    other = np.abs(values)
    assert paired(values, other, place, median, draws=80) == paired(values, other, place, np.median, draws=80)


def test_the_draws_do_not_depend_on_how_many_are_held_at_a_time(monkeypatch):
    values, groups = videos(13)
    whole = bootstrap(values, groups, draws=101)
    monkeypatch.setattr(resampling, "_DRAWN_AT_ONCE", 7 * 12)
    assert bootstrap(values, groups, draws=101) == whole
    assert bootstrap(values, groups, draws=101, seed=1) != whole
