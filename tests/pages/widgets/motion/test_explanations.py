"""The Stability page leaves no figure, predictor or smoother without words."""

from core.metrics.stability.vector import FIGURES
from core.tracks.bad_predictors import PREDICTORS
from core.tracks.smoothing import SMOOTHERS
from pages.widgets.motion import explanations


def test_every_figure_is_in_the_table_once():
    keys = [key for part in explanations.PARTS for row in part.rows for key in row.keys()]  # noqa: SIM118
    assert sorted(keys) == sorted(FIGURES)
    for part in explanations.PARTS:
        for row in part.rows:
            assert row.form.format(1.5)
            assert row.measures.endswith(".")
            assert row.blind.endswith(".")


def test_every_ranked_figure_predictor_and_smoother_has_a_name():
    assert {key for key, *_ in explanations.RANKED} <= set(FIGURES)
    assert list(explanations.PREDICTORS) == list(PREDICTORS)
    assert list(explanations.SMOOTHERS) == list(SMOOTHERS)
