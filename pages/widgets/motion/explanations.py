"""What each figure of stability measures, and what it cannot see, in one sentence each."""

from __future__ import annotations

from typing import Final, NamedTuple


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

PARTS: Final = (
    FigureGroup(
        "1 · Displacement, assumed normal",
        "How far points move from a frame to the next, all points and pairs of frames together.",
        (
            FigureRow(
                "Mean",
                "displacement_mean_{}_px",
                *_PX,
                "The drift of the face through the picture.",
                "Everything else: jitter to and fro cancels out.",
            ),
            FigureRow(
                "Median",
                "displacement_median_{}_px",
                *_PX,
                "The same, unmoved by jumps.",
                "Everything else: jitter to and fro cancels out.",
            ),
            FigureRow(
                "Trimmed mean",
                "displacement_trimmed_mean_{}_px",
                *_PX,
                "The mean without the outer tenth on each side.",
                "Everything else, and every jump.",
            ),
            FigureRow(
                "Standard deviation",
                "displacement_std_{}_px",
                *_PX,
                "Movement and jitter together.",
                "Whether it was the face or the model that moved; one jump can make up most of it.",
            ),
            FigureRow(
                "Robust standard deviation",
                "displacement_robust_std_{}_px",
                *_PX,
                "The same from the median distance to the median (× 1.4826).",
                "Rare jumps, however large, and whether the face or the model moved.",
            ),
            FigureRow(
                "Excess kurtosis",
                "displacement_kurtosis_{}",
                "{:,.1f}",
                "",
                "How far from normal: 0 is normal, large means rare but huge jumps.",
                "How large ordinary jitter is: it does not change when everything is scaled.",
            ),
            FigureRow(
                "Normality, p",
                "displacement_normality_p_{}",
                "{:.2g}",
                "",
                "The chance of such a shape if they were normal (D’Agostino–Pearson, or Shapiro–Wilk for few).",
                "That the points of one frame move together: it takes them for independent and is too sure.",
            ),
        ),
    ),
    FigureGroup(
        "2 · Deviation",
        "What is left of each point’s displacement when the mean over the points is taken off: in x by |P37 P46|, "
        "in y by |P28 P34| of the later frame. (Bodies: both by shoulder to hip. Other points: by the root of their "
        "box’s area.)",
        (
            FigureRow(
                "Median over the pairs",
                "median_dev_{}_pct",
                *_PCT,
                "How much points move against one another.",
                "Lag, bias, freezing (a frozen face has 0), and jitter that all points share.",
            ),
            FigureRow(
                "Mean over the pairs",
                "mean_dev_{}_pct",
                *_PCT,
                "The same, with every bad frame at its full weight.",
                "The same; and speech and expression count like jitter.",
            ),
            FigureRow(
                "Robust",
                "robust_dev_{}_pct",
                *_PCT,
                "The same from medians over the points.",
                "Also a few points that fly off.",
            ),
            FigureRow(
                "Eyes over nose",
                "eye_over_nose",
                *_RATIO,
                "|P37 P46| / |P28 P34|: y looks larger than x by this much, only for its unit.",
                "Stability: it is a property of face and pose.",
            ),
        ),
    ),
    FigureGroup(
        "3 · Length ratio and the indicator",
        "Each frame’s shape, (x − mean x) / length, against the frame before. Rigid faces have 1, however they move.",
        (
            FigureRow(
                "Indicator",
                "indicator",
                *_RATIO,
                "With a truth: predicted over true deviation. Without: the length ratio. Best at 1.",
                "With a truth: lag and bias. Without: also a frozen face, which has exactly 1.",
            ),
            FigureRow(
                "Length ratio",
                "length_ratio_{}",
                "{:.5f}",
                "",
                "Mean over pairs of the ratio of means; noise lifts it.",
                "A frozen, lagged, biased or halved face: each has 1.",
            ),
            FigureRow(
                "Spread about 1",
                "length_ratio_spread_{}_pct",
                *_PCT,
                "How far the ratio is from 1 in a usual pair.",
                "The same, and every rare jump.",
            ),
            FigureRow(
                "Mean of ratios",
                "length_ratio_mean_of_ratios_{}",
                *_RATIO,
                "The ratio point by point, as the project first wrote it.",
                "Nearly everything: points near the middle divide by almost nothing and drown the rest.",
            ),
        ),
    ),
    FigureGroup(
        "Smoothness (FHR-STA)",
        "In percent of the face’s longer side. No truth is needed.",
        (
            FigureRow(
                "Non-smoothness 1",
                "non_smooth_1_pct",
                *_PCT,
                "Distance to the middle of the frames before and after.",
                "Lag, bias, freezing; real quick movement counts as jitter.",
            ),
            FigureRow(
                "Non-smoothness 2",
                "non_smooth_2_pct",
                *_PCT,
                "Distance to the way between them: pace does not count.",
                "Lag, bias, freezing, and a face that stops and starts.",
            ),
        ),
    ),
    FigureGroup(
        "Beside the truth",
        "Only points that both the track and the truth have are compared.",
        (
            FigureRow(
                "NME", "nme_pct", *_PCT, "Mean distance to the truth by |P37 P46|.", "Jitter: it weighs like a bias."
            ),
            FigureRow(
                "STA error",
                "sta_error_pct",
                *_PCT,
                "Root mean square distance to the truth by the face’s size.",
                "Jitter: it weighs like a bias.",
            ),
            FigureRow(
                "Motion ratio",
                "motion_ratio_{}",
                *_RATIO,
                "Mean predicted over mean true deviation: 0 is frozen, 1 right, more jitters.",
                "Lag and bias; and jitter that makes up for damped motion.",
            ),
            FigureRow(
                "Motion ratio, robust",
                "motion_ratio_robust_{}",
                *_RATIO,
                "The same from medians over the pairs.",
                "Also what happens in less than half of the pairs.",
            ),
            FigureRow(
                "Motion ratio, mean of ratios",
                "motion_ratio_mean_of_ratios_{}",
                *_RATIO,
                "The mean of the pairs’ own ratios.",
                "The track, where the truth is nearly still: such pairs alone make it large.",
            ),
            FigureRow(
                "Delay",
                "delay_frames",
                *_FRAMES,
                "How far behind, in frames of true motion (STA).",
                "Noise and damping; it is upset by a bias, and wild where the truth is almost still.",
            ),
            FigureRow(
                "Delay, robust",
                "delay_robust_frames",
                *_FRAMES,
                "The same as a ratio of sums.",
                "Noise; a frozen or halved face has a delay too, though it is not late.",
            ),
            FigureRow(
                "NMF",
                "nmf",
                *_COUNT,
                "How much the error changes from frame to frame (RMS).",
                "A constant bias, by design; a frozen face beats a noisy one.",
            ),
            FigureRow("NMF, robust", "nmf_robust", *_COUNT, "The median over the pairs instead.", "Also rare jumps."),
            FigureRow(
                "Acceleration error",
                "accel_error_px",
                "{:.3f}",
                "px/frame²",
                "How much the error bends.",
                "Bias, steady drift; it depends on the frame rate and on the picture’s size.",
            ),
            FigureRow(
                "Acceleration error",
                "accel_error_pct",
                "{:.4f}",
                "% of face/frame²",
                "The same by the face’s size.",
                "Bias, steady drift; it depends on the frame rate.",
            ),
        ),
    ),
)

# Columns of the ranking: key, heading, format, and how near to the exact one (in its unit) counts as fooled.
RANKED: Final = (
    ("nme_pct", "NME %", "{:.2f}", 0.05),
    ("motion_ratio_x", "Ratio x", "{:.2f}", 0.05),
    ("motion_ratio_y", "Ratio y", "{:.2f}", 0.05),
    ("delay_robust_frames", "Delay", "{:.2f}", 0.1),
    ("nmf", "NMF", "{:.0f}", 0.5),
    ("accel_error_px", "Accel. px", "{:.2f}", 0.01),
    ("non_smooth_1_pct", "Non-sm. 1 %", "{:.2f}", 0.0),
    ("non_smooth_2_pct", "Non-sm. 2 %", "{:.2f}", 0.0),
    ("median_dev_x_pct", "Dev. x %", "{:.2f}", 0.0),
    ("median_dev_y_pct", "Dev. y %", "{:.2f}", 0.0),
)

PREDICTORS: Final = {
    "exact": "The track itself",
    "noisy": "Noise, 0.75 % of the face",
    "averaged": "The noise, 5-frame mean",
    "one-euro": "The noise, One-Euro 1 Hz",
    "lagged by 1": "1 frame late",
    "lagged by 3": "3 frames late",
    "held": "Every 2nd frame repeated",
    "halved": "Half the motion",
    "frozen": "Frozen",
    "biased": "Off by 2.5 % of the face",
    "dropped": "A tenth of the frames missing",
}

SMOOTHERS: Final = {"none": "None", "one-euro": "One-Euro", "savitzky-golay": "Savitzky–Golay"}
