"""FINCH: by hand, and against the paper's equation on the whole matrix."""

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from core.clustering.methods import first_neighbours
from core.clustering.methods.first_neighbours import finch
from tests.builders.scattered_faces import people, unit


def by_equation(faces, threshold):
    """Equation 1 as it is written, over the whole adjacency matrix, level by level."""
    labels = np.arange(len(faces))
    means = faces.astype(np.float64)
    while len(means) > 1:
        alike = means @ means.T
        np.fill_diagonal(alike, -np.inf)
        first = alike.argmax(axis=1)
        adjacent = np.zeros(alike.shape, bool)
        for i in range(len(means)):
            if alike[i, first[i]] >= threshold:
                adjacent[i, first[i]] = True  # j is the first neighbour of i
                for j in range(len(means)):
                    if first[j] == first[i] and alike[j, first[j]] >= threshold:
                        adjacent[i, j] = True  # they share it
        count, joined = connected_components(adjacent, directed=False)
        labels = joined[labels]
        if count == len(means):
            break
        means = np.stack([faces[labels == label].mean(axis=0) for label in range(count)]).astype(np.float64)
        means /= np.linalg.norm(means, axis=1, keepdims=True)
    return labels


def test_first_neighbours_and_then_their_means_by_hand():
    turned = np.radians([0, 4, 10, 14, 90, 94])
    faces = unit(np.stack([np.cos(turned), np.sin(turned)], axis=1))
    # First 0-4, 10-14, 90-94; then the means at 2 and 12; those at 7 and 92 are 85 degrees apart.
    assert finch(faces, np.cos(np.radians(5))).tolist() == [0, 0, 1, 1, 2, 2]
    assert finch(faces, np.cos(np.radians(11))).tolist() == [0, 0, 0, 0, 1, 1]
    assert finch(faces, np.cos(np.radians(86))).tolist() == [0] * 6


@pytest.mark.parametrize("rows", [1, 16, 1024])
@pytest.mark.parametrize("threshold", [-1.0, 0.2, 0.5, 0.8])
def test_it_is_the_equation_of_the_paper(threshold, rows, monkeypatch):
    monkeypatch.setattr(first_neighbours, "_ROWS", rows)
    faces, _ = people(np.random.default_rng(rows), 60, 7)
    found, expected = finch(faces, threshold).tolist(), by_equation(faces, threshold).tolist()
    assert len(set(zip(found, expected, strict=True))) == len(set(found)) == len(set(expected))
