"""The project's first metric: the points' displacements, assumed normal; and how far they are from that."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy

from core.foundation.arrays import Floats

MAD_TO_STD: Final = 1.4826022185056018  # 1 / Phi^-1(3/4): makes the MAD of normal values their standard deviation
_TRIM: Final = 0.1  # of the values, left out on each side
_FEWEST: Final = 3  # values that Shapiro-Wilk takes
_FEWEST_FOR_MOMENTS: Final = 20  # values from which on kurtosis is near enough normal to be tested


@dataclass(frozen=True)
class Normality:
    """Displacements along one axis, all points and pairs together.

    Attributes
    ----------
    mean, std
        Of the normal distribution assumed: pixels; `std` divides by the count (maximum likelihood).
    median, robust_std
        The same read off the median and the MAD: one wild frame in a thousand does not move them.
    trimmed_mean
        Without the outer tenth on each side.
    kurtosis
        In excess of a normal distribution's; 0 is normal, large is rare but huge jumps.
    p
        Of D'Agostino and Pearson's test (Biometrika 1973) from 20 values on, else of Shapiro and Wilk's. It takes the
        values for independent. The points of one frame are not, so a small p says less than the kurtosis does.
    test
        Which one it was.
    """

    mean: float
    std: float
    median: float
    robust_std: float
    trimmed_mean: float
    kurtosis: float
    p: float
    test: str


def normality(values: Floats) -> Normality:
    """Judge displacements of any shape; NaN among them is left out. NaN where there are too few, or all are equal."""
    present = values[~np.isnan(values)]
    undefined = float("nan")
    if not present.size:
        return Normality(
            undefined, undefined, undefined, undefined, undefined, kurtosis=undefined, p=undefined, test="none"
        )
    middle = float(np.median(present))
    trimmed = float(scipy.stats.trim_mean(present, _TRIM))
    robust = MAD_TO_STD * float(np.median(np.abs(present - middle)))
    centre, spread = float(present.mean()), float(present.std())
    # scipy loses all digits where all are nearly equal.
    if len(present) < _FEWEST or spread <= 1e-9 * max(1.0, float(np.abs(present).max())):
        return Normality(centre, spread, middle, robust, trimmed, undefined, undefined, "none")
    kurtosis = float(scipy.stats.kurtosis(present))
    if len(present) < _FEWEST_FOR_MOMENTS:
        p, test = float(scipy.stats.shapiro(present).pvalue), "Shapiro-Wilk"
    else:
        p, test = float(scipy.stats.normaltest(present).pvalue), "D'Agostino-Pearson"
    return Normality(centre, spread, middle, robust, trimmed, kurtosis, p, test)
