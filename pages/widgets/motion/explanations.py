"""What each figure of stability measures, and what it cannot see, in one sentence each."""

from typing import Final, NamedTuple

from pages.widgets.shared.words import words


class FigureRow(NamedTuple):
    """A line of the table: a figure, or the same one in x and in y (`{}` in the key), its format, unit and words."""

    label: str
    key: str
    form: str
    unit: str
    measures: str
    blind: str

    def keys(self) -> list[str]:
        """The figures that it shows."""
        return [self.key.format(axis) for axis in "xy"] if "{}" in self.key else [self.key]


class FigureGroup(NamedTuple):
    """A table: its title, a sentence, and its lines."""

    title: str
    says: str
    rows: tuple[FigureRow, ...]


_PX: Final = ("{:.3f}", "px")
_PCT: Final = ("{:.4f}", "%")
_RATIO: Final = ("{:.4f}", "")
_COUNT: Final = ("{:.2f}", "")
_FRAMES: Final = ("{:.2f}", "frames")

# The figures of each table in their order, with format and unit.
_FIGURES: Final = {
    "displacement": {
        "displacement_mean_{}_px": _PX,
        "displacement_median_{}_px": _PX,
        "displacement_trimmed_mean_{}_px": _PX,
        "displacement_std_{}_px": _PX,
        "displacement_robust_std_{}_px": _PX,
        "displacement_kurtosis_{}": ("{:,.1f}", ""),
        "displacement_normality_p_{}": ("{:.2g}", ""),
    },
    "deviation": {
        "median_dev_{}_pct": _PCT,
        "mean_dev_{}_pct": _PCT,
        "robust_dev_{}_pct": _PCT,
        "eye_over_nose": _RATIO,
    },
    "length_ratio": {
        "indicator": _RATIO,
        "length_ratio_{}": ("{:.5f}", ""),
        "length_ratio_spread_{}_pct": _PCT,
        "length_ratio_mean_of_ratios_{}": _RATIO,
    },
    "smoothness": {"non_smooth_1_pct": _PCT, "non_smooth_2_pct": _PCT},
    "truth": {
        "nme_pct": _PCT,
        "mse_px2": ("{:,.2f}", "px²"),
        "sta_error_pct": _PCT,
        "motion_ratio_{}": _RATIO,
        "motion_ratio_robust_{}": _RATIO,
        "motion_ratio_mean_of_ratios_{}": _RATIO,
        "delay_frames": _FRAMES,
        "delay_robust_frames": _FRAMES,
        "nmf": _COUNT,
        "nmf_robust": _COUNT,
        "accel_error_px": ("{:.3f}", "px/frame²"),
        "accel_error_pct": ("{:.4f}", "% of face/frame²"),
    },
}
_ROWS: Final = words("stability_figures")
PARTS: Final = tuple(
    FigureGroup(
        text["title"],
        text["says"],
        tuple(FigureRow(key=key, form=form, unit=unit, **_ROWS[key]) for key, (form, unit) in _FIGURES[group].items()),
    )
    for group, text in words("groups_of_stability").items()
)

# Columns of the ranking: format, and how near to the exact one (in its unit) counts as fooled.
_FOOLED: Final = {
    "nme_pct": ("{:.2f}", 0.05),
    "motion_ratio_x": ("{:.2f}", 0.05),
    "motion_ratio_y": ("{:.2f}", 0.05),
    "delay_robust_frames": ("{:.2f}", 0.1),
    "nmf": ("{:.0f}", 0.5),
    "accel_error_px": ("{:.2f}", 0.01),
}
RANKED: Final = tuple(
    (key, heading, *_FOOLED.get(key, ("{:.2f}", 0.0))) for key, heading in words("ranked_figures").items()
)
PREDICTORS: Final = words("predictors")
SMOOTHERS: Final = words("smoothers")
