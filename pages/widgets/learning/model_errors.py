"""Where models that are compared err: by point, region and group, alone and less the first; a difference in words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, Final

import streamlit as st

from core.foundation.skeletons import Skeleton
from core.learning.errors_on_held_out import Breakdown, PairedDifference
from core.learning.evaluating import differences_as_json
from core.learning.verdicts import verdict_message
from db.queries.library import videos
from pages.widgets.learning.model_charts import (
    ced_chart,
    group_chart,
    group_difference_chart,
    point_chart,
    point_difference_chart,
)
from pages.widgets.learning.model_versions import interval
from pages.widgets.shared.resources import read
from pages.widgets.shared.text import plain

_PLAIN: Final = {"displayModeBar": False}


def difference_text(difference: Mapping[str, Any] | None, *, percent: bool) -> str:
    """A paired difference with its interval, and whether it is clear; of few groups in how many it points that way."""
    if not difference or difference["verdict"] == "undefined":
        return "undefined"
    return f"{interval(difference, percent=percent, difference=True)}: {verdict_message(difference).text()}"


def where_they_err(
    breakdowns: Mapping[str, Breakdown],
    differences: Mapping[str, PairedDifference],
    skeleton: Skeleton,
    dataset_id: int,
    names: Sequence[str],
) -> None:
    """Charts and a table of where each model errs, and of each but the first less the first.

    `breakdowns` are of all of `names`, `differences` of all but the first.
    """
    clips = read(lambda session: {f"clip {video.id}": video.path for video in videos(dataset_id, session=session)})

    def called(groups: Mapping[str, float]) -> dict[str, float]:
        return {clips.get(group, group): error for group, error in groups.items()}

    parts = {name: replace(part, groups=called(part.groups)) for name, part in breakdowns.items()}
    less_first = {name: replace(part, groups=called(part.groups)) for name, part in differences.items()}
    left, right = st.columns(2)
    left.plotly_chart(ced_chart(parts), key="ced", config=_PLAIN)
    right.plotly_chart(group_chart(parts), key="by-group", config=_PLAIN)
    st.plotly_chart(point_chart(parts, skeleton), key="by-point", config=_PLAIN)
    if less_first:
        left, right = st.columns([3, 2])
        left.plotly_chart(point_difference_chart(less_first, skeleton, names[0]), key="points-apart", config=_PLAIN)
        right.plotly_chart(group_difference_chart(less_first, names[0]), key="groups-apart", config=_PLAIN)
    st.table(region_rows(parts, less_first, names), hide_index=True)
    if less_first:
        st.caption(
            "Differences are over the points that both models gave, and paired: both on the same draws of groups. One "
            f"group has no interval of its own. Of {len(skeleton)} points about {max(1, round(0.05 * len(skeleton)))} "
            "would seem to differ by chance alone."
        )


def region_rows(
    parts: Mapping[str, Breakdown], less_first: Mapping[str, PairedDifference], names: Sequence[str]
) -> list[dict[str, str]]:
    """The mean error of each region: of each model, and of each but the first less the first."""
    rows = []
    for region in parts[names[0]].regions:
        row = {"Region": f"**{plain(region.replace('_', ' ').capitalize())}**"}
        for name in names:
            error = parts[name].regions[region]
            row[plain(name)] = f"{error:.2%}" if isfinite(error) else "undefined"
        for name, part in less_first.items():
            difference = differences_as_json({region: part.regions[region]})[region]
            row[f"{plain(name)} − {plain(names[0])}"] = difference_text(difference, percent=True)
        rows.append(row)
    return rows
