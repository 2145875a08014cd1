"""Where models err: differences in words, a row for each region, groups by their clips' names."""

from types import SimpleNamespace

import numpy as np
import plotly.graph_objects as go
import pytest

from core.learning.errors_on_held_out import Breakdown
from core.metrics.landmark_curves import ced
from core.metrics.resampling import Interval
from pages.widgets.learning import model_errors
from pages.widgets.learning.model_errors import difference_text, region_rows
from tests.builders.learning_rows import Shelf


def figure(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


@pytest.mark.parametrize(
    ("said", "groups", "shown"),
    [
        ("better", 8, "−1.00 pp (−2.00 to −0.50): better"),
        ("no clear difference", 6, "−1.00 pp (−2.00 to −0.50): no clear difference"),
        ("too few groups to tell", 5, "−1.00 pp (−2.00 to −0.50): better in 4 of 5 groups"),
    ],
)
def test_a_difference_is_shown_with_its_verdict_or_in_how_many_of_few_groups_it_points_that_way(said, groups, shown):
    found = figure(-0.01, -0.02, -0.005) | {"verdict": said, "groups": groups, "way": "better", "same_way": 4}
    assert difference_text(found, percent=True) == shown


def test_an_undefined_difference_is_said_to_be():
    assert difference_text(figure(None) | {"verdict": "undefined", "groups": 0}, percent=True) == "undefined"
    assert difference_text(None, percent=True) == "undefined"


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


def test_groups_of_a_clip_are_called_by_its_path_and_a_model_alone_has_no_differences(
    shown, workspace, dataset, author, monkeypatch
):
    shelf = Shelf(workspace, dataset, author)
    clip = shelf.clip("talk.mp4", [shelf.image("talk/0.png")])
    part = Breakdown(
        np.full(68, 0.05), {"nose": 0.05}, {f"clip {clip}": 0.05, "Ada": 0.02}, ced(np.array([0.05]), 0.08)
    )
    drawn = {}
    monkeypatch.setattr(model_errors, "group_chart", lambda parts: drawn.update(parts) or go.Figure())

    def draw(dataset_id, parts):
        from core.foundation.skeletons import FACE68
        from pages.widgets.learning.model_errors import where_they_err

        where_they_err(parts, {}, FACE68, dataset_id, list(parts))

    page = shown(draw, dataset_id=dataset, parts={"x": part})
    assert drawn["x"].groups == {"talk.mp4": 0.05, "Ada": 0.02}
    assert page.table[0].value.to_dict("records") == [{"Region": "**Nose**", "x": "5.00%"}]
    assert len(page.get("plotly_chart")) == 3
    assert not page.caption
