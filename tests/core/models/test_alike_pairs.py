"""Pairs that a device of torch finds are those of the processor, and groups by them are the very same."""

import numpy as np
import pytest
import torch

from core.clustering.linkage import merge_tree
from core.clustering.neighbours import pairs_by_numpy
from core.foundation.errors import BadInput, FacetError
from core.models import pair_finder
from core.models.alike_pairs import pairs_by_torch
from tests.builders.scattered_faces import people, random_limits

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
ALL = slice(0, 300)


@pytest.mark.parametrize("device", DEVICES)
def test_the_pairs_of_two_runs_of_rows_are_those_of_a_plain_product(device):
    faces, _ = people(np.random.default_rng(0), 300, 20)
    row, column, similarity = pairs_by_torch(device)(faces)(slice(40, 90), slice(10, 300), 0.2)
    alike = faces.astype(np.float64) @ faces.T.astype(np.float64)
    wanted = {(a, b) for a in range(40, 90) for b in range(10, 300) if alike[a, b] >= 0.2}
    assert set(zip(row.tolist(), column.tolist(), strict=True)) == wanted
    assert np.abs(similarity - alike[row, column]).max() < 1e-5
    assert (np.diff(row) >= 0).all()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("seed", range(3))
def test_groups_are_the_same_to_the_last_bit(device, seed):
    rng = np.random.default_rng(seed)
    faces, _ = people(rng, 400, 30)
    limits = random_limits(rng, 400)
    one = merge_tree(faces, 0.2, limits)
    other = merge_tree(faces, 0.2, limits, finder=pairs_by_torch(device))
    assert np.array_equal(one.joins, other.joins)
    assert np.array_equal(one.similarity, other.similarity)


@pytest.mark.parametrize("at", ["matrix", "block"])
def test_what_finds_no_memory_is_done_by_the_processor_and_said(monkeypatch, caplog, at):
    faces, _ = people(np.random.default_rng(1), 300, 20)

    def full(*_):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(torch, *{"matrix": ("from_numpy", full), "block": ("nonzero", lambda *_, **__: full())}[at])
    found = pairs_by_torch("cpu")(faces)(ALL, ALL, 0.2)
    for mine, numpys in zip(found, pairs_by_numpy(faces)(ALL, ALL, 0.2), strict=True):
        assert np.array_equal(mine, numpys)
    assert "the processor compares them: CUDA out of memory" in caplog.text


def test_a_device_that_fails_is_a_sentence(monkeypatch):
    def gone(*_, **__):
        raise torch.AcceleratorError("unspecified launch failure")

    monkeypatch.setattr(torch, "nonzero", gone)
    faces, _ = people(np.random.default_rng(1), 300, 20)
    with pytest.raises(FacetError, match="choose the device cpu"):
        pairs_by_torch("cpu")(faces)(ALL, ALL, 0.2)


@pytest.mark.parametrize(
    ("device", "faces", "there", "by_processor"),
    [
        ("auto", 19_999, True, True),
        ("auto", 20_000, True, False),
        ("auto", 20_000, False, True),
        ("cuda", 20_000, True, False),
        ("cpu", 1_000_000, True, True),
    ],
)
def test_a_gpu_compares_where_it_is_there_and_wanted_and_faces_are_many(
    monkeypatch, device, faces, there, by_processor
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert (pair_finder(device, faces) is pairs_by_numpy) == by_processor


def test_a_gpu_that_is_asked_for_and_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BadInput, match="no GPU can be reached"):
        pair_finder("cuda", 20_000)
