"""How the scores are spread, with a threshold that is dragged in the plot, typed or moved by keys.

Every figure follows at once: the browser has the counts of pairs at every ten-thousandth. The page hears where the hand
has rested. What a page gives as ``data`` is described in ``plot.js`` (``PlotData``).
"""

import base64
from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st

from core.foundation.errors import BadInput
from core.verification import GridCounts, VerificationReport

_HERE: Final = Path(__file__).parent

_mount: Final = st.components.v2.component(
    "facet_threshold_plot",
    css=(_HERE / "plot.css").read_text(encoding="utf-8"),
    js=(_HERE / "plot.js").read_text(encoding="utf-8"),
)


def threshold_plot(
    report: VerificationReport,
    counts: GridCounts,
    value: float,
    *,
    named: Mapping[str, tuple[str, float]],
    figures: Mapping[str, Mapping[str, str]],
    intervals: Mapping[str, str],
    logarithmic: bool,
    key: str,
    on_change: Callable[[float], None],
) -> None:
    """Show the plot with the figures at the threshold.

    Parameters
    ----------
    value
        Where the threshold stands.
    named
        Label and threshold of each that has a name of its own.
    figures
        Name and explanation of each figure.
    logarithmic
        Whether densities are drawn so that the tails are seen.
    intervals
        What is said of the spread of some of them at `value`.
    on_change
        Gets the threshold that a hand has chosen, before the page's body runs.
    """

    def changed() -> None:
        told = st.session_state.get(key)
        if told is not None:
            on_change(parse_threshold(told["threshold"]))

    data = {
        **_counts(counts),
        **_spread(report),
        "value": value,
        "exact": [[at, *counts.at(at)] for at in {value, *(at for _, at in named.values())}],
        "named": [{"label": label, "value": at} for label, at in named.values()],
        "figures": {name: dict(text) for name, text in figures.items()},
        "intervals": dict(intervals),
        "logarithmic": logarithmic,
    }
    _mount(key=key, data=data, height="content", default={"threshold": value}, on_threshold_change=changed)


def parse_threshold(value: object) -> float:
    """Check the threshold that the browser sent.

    Raises
    ------
    BadInput
        If it is no number in [-1, 1].
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and -1 <= value <= 1:
        return float(value)
    raise BadInput("arrays.threshold", found=repr(value))


def _counts(counts: GridCounts) -> dict[str, Any]:
    parts = (
        counts.fmr.astype("<f8"),
        counts.fnmr.astype("<f8"),
        counts.same_accepted.astype("<u4"),
        counts.different_accepted.astype("<u4"),
    )
    return {
        "first": counts.first,
        "step": counts.step,
        "count": len(counts.fmr),
        "packed": base64.b64encode(b"".join(part.tobytes() for part in parts)).decode(),
        "same": counts.same,
        "different": counts.different,
        "mixture": counts.different_per_same,
    }


def _spread(report: VerificationReport) -> dict[str, Any]:
    histogram, density = report.histogram, report.density
    width = float(histogram.edges[1] - histogram.edges[0])
    curves = [None if curve is None else curve.round(5).tolist() for curve in (density.same, density.different)]
    return {
        "edges": histogram.edges.tolist(),
        "bars": [(shares / width).tolist() for shares in (histogram.same_share, histogram.different_share)],
        "pairs": [np.asarray(each).tolist() for each in (histogram.same, histogram.different)],
        "x": density.x.tolist(),
        "curves": curves,
        "bandwidths": [density.same_bandwidth, density.different_bandwidth],
    }
