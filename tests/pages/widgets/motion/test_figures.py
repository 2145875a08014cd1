"""The figures of an opened track in words: undefined ones, intervals over clips, bad predictors that fool one."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.metrics.resampling import Interval
from core.metrics.stability.vector import stability
from core.motion.stability import DatasetStability
from pages.widgets.motion import figures
from pages.widgets.motion.explanations import PARTS, RANKED, FigureRow
from pages.widgets.motion.opened_track import OpenedTrack
from tests.builders.staged_tracks import drifting_face, jittered

MEAN = FigureRow("Mean", "mean_{}_px", "{:.3f}", "px", "Drift.", "Jitter.")
DELAY = FigureRow("Delay", "delay", "{:.2f}", "", "Lag.", "Jitter.")
NORMAL = FigureRow("Normality", "displacement_normality_p_x", "{:.2g}", "", "p.", "Why.")
INDICATOR = FigureRow("Indicator", "indicator", "{:.2f}", "", "How much.", "Why.")


def test_a_figure_of_both_axes_is_one_cell_that_is_never_parted():
    assert figures._shown(MEAN, {"mean_x_px": 1.0, "mean_y_px": np.nan}) == "1.000\u00a0· –\u00a0px"
    assert figures._shown(DELAY, {"delay": 0.5}) == "0.50"


def test_a_chance_that_is_too_small_for_a_number_is_said_to_be():
    assert figures._shown(NORMAL, {NORMAL.key: 0.0}) == "< 1e-300"
    assert figures._shown(NORMAL, {NORMAL.key: 0.25}) == "0.25"


def over(against="truth", **of):
    return DatasetStability("v", 1, (), {key: Interval(*numbers, groups=2) for key, numbers in of.items()}, against)


def test_the_mean_over_clips_has_its_interval_where_there_is_one():
    known = over(delay=(0.5, 0.25, 0.75), displacement_normality_p_x=(0.1, 0.1, 0.1))
    assert figures._over_videos(DELAY, known, "truth") == "0.50 (0.25 to 0.75)"
    assert figures._over_videos(DELAY, over(delay=(0.5, np.nan, np.nan)), "truth") == "0.50"
    assert figures._over_videos(NORMAL, known, "truth") == "", "a mean of p-values means nothing"


def test_an_indicator_against_something_else_says_against_what():
    known = over("the frame before", indicator=(1.5, 1.0, 2.0))
    assert figures._over_videos(INDICATOR, known, "the frame before") == "1.50 (1 to 2)"
    assert figures._over_videos(INDICATOR, known, "truth") == "1.50, against the frame before"
    assert figures._over_videos(INDICATOR, over(indicator=(1.5, 1, 2)), "the frame before") == "1.50, against the truth"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("nme_pct", 2.0, "2.00"),
        ("nme_pct", 1.04, ":orange[1.04]"),
        ("nme_pct", 0.5, ":orange[0.50]"),
        ("motion_ratio_x", 0.5, "0.50"),
        ("motion_ratio_x", 1.04, ":orange[1.04]"),
        ("nme_pct", np.nan, "–"),
    ],
)
def test_a_figure_that_cannot_tell_a_bad_predictor_from_the_track_is_orange(key, value, said):
    """Errors fool by being low, ratios by being near the track's own."""
    rows = {"exact": {key: 1.0}, "frozen": {key: value}}
    assert figures._ranked("frozen", rows, key, "{:.2f}", 0.05) == said


def test_the_track_itself_is_never_orange():
    assert figures._ranked("exact", {"exact": {"nme_pct": 0.0}}, "nme_pct", "{:.2f}", 0.05) == "0.00"


def opened(track):
    return OpenedTrack("track.npy", "key", track, None, None, None)


def tables(opened, found, smoothed):
    from pages.widgets.motion.figures import figure_tables

    figure_tables(opened, found, smoothed)


def test_every_figure_stands_in_a_table_with_what_it_cannot_see(shown):
    face = drifting_face(12)
    rough = jittered(face)
    page = shown(tables, opened=opened(rough), found=stability(rough, face), smoothed=stability(face, face))
    assert [text.value for text in page.markdown] == [f"**{part.title}**" for part in PARTS]
    assert len(page.table) == len(PARTS)
    first = page.table[0].value.iloc[0]
    assert first["Figure"] == "Mean (x\u00a0·\u00a0y)"
    assert first["Value"] != first["Smoothed"]
    assert first["What it measures"].endswith("**Cannot see:** everything else: jitter to and fro cancels out.")
    assert "compares with the truth." in page.caption[0].value


def test_a_part_that_needs_a_truth_says_why_it_is_undefined_without_one(shown):
    page = shown(tables, opened=opened(drifting_face(12)), found=stability(drifting_face(12)), smoothed=None)
    assert len(page.table) < len(PARTS)
    assert [caption.value for caption in page.caption if caption.value.startswith("Undefined: ")]


def curves(track):
    from core.motion.stability import Smoothing
    from pages.widgets.motion.figures import curve_charts, judged

    curve_charts(judged(track.key, Smoothing(), track), None)


def test_displacements_are_judged_for_one_axis_at_a_time(shown):
    track = jittered(drifting_face(60))
    values = stability(track).values
    page = shown(curves, track=opened(track))
    assert len(page.get("plotly_chart")) == 2
    assert page.caption[-1].value.startswith(f"Excess kurtosis **{values['displacement_kurtosis_x']:,.1f}**")
    page.get("button_group")[0].set_value("y").run()
    assert page.caption[-1].value.startswith(f"Excess kurtosis **{values['displacement_kurtosis_y']:,.1f}**")


def test_where_nothing_moves_there_is_nothing_to_fit(shown):
    page = shown(curves, track=opened(np.ones((5, 68, 2)) * np.arange(68)[:, None]))
    assert page.caption[-1].value == "Nothing moves, so there is nothing to fit."
    assert len(page.get("plotly_chart")) == 1


def test_bad_predictors_stand_beside_the_track_itself(shown, monkeypatch):
    rows = {name: {key: fine for key, *_ in RANKED} for name, fine in (("exact", 0.0), ("frozen", 9.0))}
    monkeypatch.setattr(figures, "stability", SimpleNamespace(judge_bad_predictors=lambda *_: rows))

    def draw(track):
        from pages.widgets.motion.figures import bad_predictors

        bad_predictors(track)

    page = shown(draw, track=opened(drifting_face(4)))
    assert not page.table, "nobody asked for them yet"
    page.toggle[0].set_value(True).run()
    first, second = page.table[0].value.to_dict("records")
    assert first["Predictor"] == "The track itself"
    assert (first["NME %"], second["NME %"]) == ("0.00", "9.00")
