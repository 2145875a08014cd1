"""Pairs that are alike enough: by hand, against the whole matrix, of nobody, and too many of them."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage

from core.clustering.methods import links as links_module
from core.clustering.methods.links import links, numbered_parts, spanning_forest
from core.foundation.errors import BadInput
from tests.builders.scattered_faces import people, unit


def test_each_pair_is_found_once_by_hand():
    found = links(unit([[1, 0], [3, 4], [0, 1]]), 0.7)
    assert (found.row.tolist(), found.col.tolist(), found.data.tolist()) == ([1], [2], [pytest.approx(0.8)])


@pytest.mark.parametrize("block", [1, 7, 64])
def test_blocks_find_what_the_whole_matrix_has(block, monkeypatch):
    monkeypatch.setattr(links_module, "_BLOCK", block)
    faces, _ = people(np.random.default_rng(block), 50, 6)
    expected = np.argwhere(np.triu(faces @ faces.T >= 0.5, 1)).tolist()
    found = links(faces, 0.5)
    assert sorted(zip(found.row.tolist(), found.col.tolist(), strict=True)) == [tuple(pair) for pair in expected]


def test_too_many_pairs_are_refused(monkeypatch):
    monkeypatch.setattr(links_module, "_MOST_LINKS", 5)
    with pytest.raises(BadInput, match=r"more than 5 pairs of faces are at least 0\.500 alike"):
        links(np.tile(unit([[1, 0]]), (4, 1)), 0.5)


def test_nobody_has_no_links():
    found = links(np.zeros((0, 4), np.float32), 0.5)
    assert found.shape == (0, 0)
    assert numbered_parts(0, found.row, found.col).tolist() == []


def test_the_forest_has_the_heights_of_single_linkage():
    faces, _ = people(np.random.default_rng(1), 40, 5)
    faces[7] = faces[3]  # a link of no length
    near = links(faces, -1.0)
    _, _, length = spanning_forest(40, near.row, near.col, np.maximum(0, 1 - near.data))
    assert length == pytest.approx(linkage(faces.astype(float), "single", metric="cosine")[:, 2], abs=1e-5)
