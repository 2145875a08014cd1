"""Scores of every pair of people's faces, where some are more like everybody, and some less like themselves."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

NOISE = 0.12
SAME, DIFFERENT = 0.7, 0.25


def effects_pairs(rng, people, faces, effect=0.05, of_two=0.05):
    """Scores and the two people of every pair of `faces` faces each.

    A person adds N(0, effect) to their own pairs and another to those with others, every two people N(0, of_two).
    """
    person = np.repeat(np.arange(people), faces)
    first, second = np.triu_indices(len(person), 1)
    left, right = person[first], person[second]
    own, other = rng.normal(0, effect, (2, people))
    two = np.triu(rng.normal(0, of_two, (people, people)))[left, right]
    mean = np.where(left == right, SAME + own[left], DIFFERENT + other[left] + other[right] + two)
    return rng.normal(mean, NOISE), left, right


class TrueFigures:
    """What the figures are among all people of whom `effects_pairs` draws some."""

    def __init__(self, effect=0.05, of_two=0.05):
        self.same = float(np.hypot(NOISE, effect))
        self.different = float(np.sqrt(NOISE**2 + 2 * effect**2 + of_two**2))

    def fmr(self, threshold):
        return norm.sf(threshold, DIFFERENT, self.different)

    def fnmr(self, threshold):
        return norm.cdf(threshold, SAME, self.same)

    def fnmr_at(self, fmr):
        return self.fnmr(norm.isf(fmr, DIFFERENT, self.different))

    @property
    def auc(self):
        return norm.cdf((SAME - DIFFERENT) / np.hypot(self.same, self.different))

    @property
    def eer(self):
        return norm.cdf((DIFFERENT - SAME) / (self.same + self.different))

    @property
    def d_prime(self):
        return (SAME - DIFFERENT) / np.sqrt((self.same**2 + self.different**2) / 2)
