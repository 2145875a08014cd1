"""Scores of pairs of faces: six by hand, and many drawn."""

from __future__ import annotations

import numpy as np

from core.metrics.verification import Pairing

# By hand: falling scores .9 same, .8 same, .7 different, .6 same, .3 different, .1 different.
SCORES = np.array([0.3, 0.9, 0.7, 0.8, 0.1, 0.6])
SAME = np.array([False, True, False, True, False, True])
# Twelve by hand: .9 .8 .8 .6 .5 of one person, .8 .7 .5 .4 .4 .2 .1 of two.
ALIKE, UNLIKE = np.array([0.6, 0.9, 0.8, 0.5, 0.8]), np.array([0.4, 0.8, 0.1, 0.7, 0.4, 0.2, 0.5])
TWELVE, TWELVE_SAME = np.concatenate([ALIKE, UNLIKE]), np.arange(12) < 5


def pairs(seed, count=400, ties=True):
    rng = np.random.default_rng(seed)
    same = rng.random(count) < 0.4
    scores = rng.normal(np.where(same, 0.6, 0.3), 0.2)
    return (np.round(scores, 2) if ties else scores), same


def people_pairs(seed, people=40, count=3000):
    rng = np.random.default_rng(seed)
    left = rng.integers(0, people, count)
    right = np.where(rng.random(count) < 0.4, left, rng.integers(0, people, count))
    same = left == right
    return rng.normal(np.where(same, 0.6, 0.2), 0.2), same, left, right


def every_pair(counts):
    """The two people of every pair of faces, for people with so many faces each."""
    people = np.repeat(np.arange(len(counts)), counts)
    first, second = np.triu_indices(len(people), 1)
    return people[first], people[second]


def paired(seed, people=40, count=3000):
    scores, same, left, right = people_pairs(seed, people=people, count=count)
    return scores, same, Pairing.of(left, right)
