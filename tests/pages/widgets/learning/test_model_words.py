"""What the Models page says: intervals, verdicts, what is compared at first."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.metrics.resampling import Interval
from pages.widgets.learning.model_compare import common_split, heading, usual
from pages.widgets.learning.model_errors import difference_text, region_rows
from pages.widgets.learning.model_versions import about, interval


def figure(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def row(name, **more):
    return {"name": name, "parent": None, "pre_labels": False, "split_by": "auto"} | more


def test_an_interval_has_its_ends_where_there_are_any():
    assert interval(figure(0.0341, 0.032, 0.0366), percent=True) == "3.41% (3.20 to 3.66)"
    assert interval(figure(1.5)) == "1.50"
    assert interval(figure(None)) == interval(None) == "undefined"


def test_a_difference_has_a_sign_and_percentage_points():
    assert interval(figure(-0.01, -0.02, 0.005), percent=True, difference=True) == "−1.00 pp (−2.00 to +0.50)"


@pytest.mark.parametrize(
    ("said", "groups", "shown"),
    [
        ("better", 8, "−1.00 pp (−2.00 to −0.50): better"),
        ("no clear difference", 6, "−1.00 pp (−2.00 to −0.50): no clear difference"),
        ("too few groups to tell", 5, "−1.00 pp (−2.00 to −0.50): too few groups to tell (5)"),
    ],
)
def test_a_difference_is_shown_with_its_verdict_and_how_many_groups_are_too_few(said, groups, shown):
    found = figure(-0.01, -0.02, -0.005) | {"verdict": said, "groups": groups}
    assert difference_text(found, percent=True) == shown


def test_an_undefined_difference_is_said_to_be():
    assert difference_text(figure(None) | {"verdict": "undefined", "groups": 0}, percent=True) == "undefined"
    assert difference_text(None, percent=True) == "undefined"


def test_the_heading_says_how_far_the_intervals_can_be_trusted():
    assert "one group gives no interval" in heading(3, 1)
    assert "no model is called better or worse" in heading(30, 5)
    assert "too narrow. pp: percentage points." in heading(30, 6)
    assert heading(90, 20) == (
        "90 held-out instances of 20 groups; intervals (95%) by drawing whole groups again. pp: percentage points."
    )


def test_the_newest_model_is_compared_with_the_one_before_it():
    names = ["c-3", "b-2", "a-1", "dlib-68"]
    rows = [row("c-3"), row("b-2"), row("a-1", pre_labels=True)]
    assert usual(names, rows) == ["b-2", "c-3"], "the one trained before it"
    assert usual(names, [row("c-3", parent="a-1"), *rows[1:]]) == ["a-1", "c-3"], "its parent"
    assert usual(names, [row("c-3", parent="gone"), *rows[1:]]) == ["b-2", "c-3"]
    assert usual(names, rows, asked="b-2") == ["a-1", "b-2"]
    assert usual(names, rows, asked="a-1") == ["dlib-68", "a-1"], "the first is compared with the built-in"
    assert usual(["b-2", "a-1", "dlib-68"], [row("body", skeleton="body24"), *rows[1:]]) == ["a-1", "b-2"]
    assert usual(["a-1", "dlib-68"], rows[2:]) == ["dlib-68", "a-1"]


def test_a_model_of_another_dataset_is_compared_with_the_one_in_force_or_the_built_in():
    rows = [row("b-2", pre_labels=True)]
    assert usual(["b-2", "elsewhere-1", "dlib-68"], rows, asked="elsewhere-1") == ["b-2", "elsewhere-1"]
    assert usual(["elsewhere-1", "dlib-68"], []) == ["dlib-68", "elsewhere-1"]
    assert usual(["dlib-68"], []) == ["dlib-68"]
    assert usual([], []) == []


def test_models_are_measured_on_what_the_first_trained_one_did_not_learn():
    rows = [row("a-1", split_by="person"), row("b-2", split_by="folder")]
    assert common_split(["dlib-68", "b-2+flip", "a-1"], rows) == "folder"
    assert common_split(["dlib-68"], rows) == "auto"


def test_all_about_a_model_names_its_data_and_parent_as_plain_text():
    told = about(
        row("x_1", parent="*y*", recipe="quick", epochs=1, stopped="early", rounds=[], weights_sha256="f" * 64)
        | {"labels": {"train": 5, "validation": 2, "test": 3}}
    )
    assert r"**x\_1**: recipe quick, 1 epoch, ended early" in told
    assert r"went on from \*y\*" in told
    assert "5 to learn from · 2 to stop in time · 3 held out" in told


def test_a_row_for_each_region_has_values_difference_and_verdict():
    rough = SimpleNamespace(regions={"left_eye": 0.05, "nose": np.nan})
    fine = SimpleNamespace(regions={"left_eye": 0.03, "nose": 0.02})
    lower, nothing = Interval(-0.02, -0.03, -0.01, groups=6), Interval(np.nan, np.nan, np.nan, groups=0)
    apart = SimpleNamespace(regions={"left_eye": lower, "nose": nothing})
    first, second = region_rows({"a": rough, "b": fine}, {"b": apart}, ("a", "b"))
    assert first == {"Region": "**Left eye**", "a": "5.00%", "b": "3.00%", "b − a": "−2.00 pp (−3.00 to −1.00): better"}
    assert second == {"Region": "**Nose**", "a": "undefined", "b": "2.00%", "b − a": "undefined"}
    (alone, _) = region_rows({"a": rough}, {}, ("a",))
    assert alone == {"Region": "**Left eye**", "a": "5.00%"}
