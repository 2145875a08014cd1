"""Embeddings scattered around people, and limits at random."""

from __future__ import annotations

import numpy as np

from core.clustering.constraints import Constraints


def unit(rows):
    rows = np.asarray(rows, np.float64)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def people(rng, faces, identities, dimensions=16, noise=0.8):
    """Faces scattered around their identities, near enough that the threshold matters."""
    centres = unit(rng.normal(size=(identities, dimensions)))
    who = rng.integers(0, identities, faces)
    return unit(centres[who] + noise * rng.normal(size=(faces, dimensions)) / np.sqrt(dimensions)), who


def random_limits(rng, faces, in_photo=2):
    """Must-links, decided groups, photos of about so many and cannot-links at random, without contradictions."""
    together = np.where(rng.random(faces) < 0.4, rng.integers(0, max(faces // 4, 1), faces), -1)
    values = np.unique(together[together >= 0])
    decided = frozenset(values[rng.random(len(values)) < 0.6].tolist())
    photos = np.where(rng.random(faces) < 0.7, rng.integers(0, max(faces // in_photo, 1), faces), -1)
    apart = rng.integers(0, faces, (faces // 5, 2))
    tied = (together[apart[:, 0]] == together[apart[:, 1]]) & (together[apart[:, 0]] >= 0)
    return Constraints(together, decided, photos, apart[~tied & (apart[:, 0] != apart[:, 1])])
