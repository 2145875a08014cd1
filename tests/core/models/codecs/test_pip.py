"""PIP: targets, decoding against a plain loop, any number of points and neighbours, the coarse tasks."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.foundation.errors import BadInput
from core.models.codecs import build_codec
from core.models.codecs.pip import nearest_neighbours


def loop_reference(outputs, neighbours, stride):
    """The method for one instance and point after the other, in floats: points and disagreement in pixels."""
    maps = {key: value.double().numpy() for key, value in outputs.items()}
    count, _, width = maps["cls"].shape[1:]
    points, doubts = [], []
    for n in range(len(maps["cls"])):
        votes: list[list[np.ndarray]] = [[] for _ in range(count)]
        for k in range(count):
            row, column = divmod(int(maps["cls"][n, k].argmax()), width)
            cell = np.array([column, row])
            votes[k].insert(0, cell + np.array([maps["x"][n, k, row, column], maps["y"][n, k, row, column]]))
            for j, other in enumerate(neighbours[k] if neighbours else []):
                channel = k * len(neighbours[k]) + j
                place = [maps["nb_x"][n, channel, row, column], maps["nb_y"][n, channel, row, column]]
                votes[other].append(cell + place)
        means = [np.mean(own, axis=0) for own in votes]
        points.append([mean * stride - 0.5 for mean in means])
        doubts.append(
            [
                stride * math.sqrt(np.mean([((vote - mean) ** 2).sum() for vote in own])) if len(own) > 1 else math.nan
                for own, mean in zip(votes, means, strict=True)
            ]
        )
    return np.array(points), np.array(doubts)


def random_outputs(codec, count, batch=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {key: torch.rand(batch, *shape, generator=generator) for key, shape in codec.channels(count).items()}


@pytest.mark.parametrize(("count", "wanted"), [(4, 10), (4, 1), (68, 10), (24, 5), (12, 2), (5, 0), (1, 10)])
def test_decoding_equals_a_plain_loop(count, wanted):
    shape = np.random.default_rng(count).random((count, 2))
    neighbours = nearest_neighbours(shape, wanted)
    codec = build_codec("pip", (256, 192), {"neighbours": neighbours})
    outputs = random_outputs(codec, count)
    found = codec.decode(outputs)
    points, doubts = loop_reference(outputs, neighbours, 32)
    assert np.abs(found.points.numpy() / 32 - points / 32).max() < 1e-5
    np.testing.assert_allclose(found.neighbours.numpy(), doubts, atol=1e-3, equal_nan=True)


def test_a_batch_is_its_samples():
    codec = build_codec(
        "pip", (256, 256), {"neighbours": nearest_neighbours(np.random.default_rng(0).random((9, 2)), 3)}
    )
    outputs = random_outputs(codec, 9, batch=5)
    whole = codec.decode(outputs)
    for n in range(5):
        one = codec.decode({key: value[n : n + 1] for key, value in outputs.items()})
        assert torch.equal(one.points[0], whole.points[n])


def test_a_point_that_nobody_predicts_is_its_own_prediction():
    codec = build_codec("pip", (64, 64), {"neighbours": [[1], [0], [0]]})
    outputs = random_outputs(codec, 3, batch=1)
    found = codec.decode(outputs)
    cell = int(outputs["cls"][0, 2].argmax())
    own = torch.stack([cell % 2 + outputs["x"][0, 2].flatten()[cell], cell // 2 + outputs["y"][0, 2].flatten()[cell]])
    assert torch.allclose(found.points[0, 2], own * 32 - 0.5)
    assert found.neighbours[0, 2].isnan()
    assert found.neighbours[0, :2].isfinite().all()


def test_targets_by_hand():
    """Pixel 41.7 is at 1.31875 cells of 32 pixels, pixel 5.5 at 0.1875."""
    codec = build_codec("pip", (96, 64), {"neighbours": [[1], [0]]})
    points = torch.tensor([[[41.7, 5.5], [80.0, 40.0]]])
    targets = codec.encode(points, torch.tensor([[True, True]]))
    assert targets["cls"][0, 0].tolist() == [[0, 1, 0], [0, 0, 0]]
    assert targets["cls"][0, 1].tolist() == [[0, 0, 0], [0, 0, 1]]
    assert targets["x"][0, 0, 0, 1].item() == pytest.approx(0.31875)
    assert targets["y"][0, 0, 0, 1].item() == pytest.approx(0.1875)
    assert targets["nb_x"][0, 0, 0, 1].item() == pytest.approx(80.5 / 32 - 1)
    assert targets["nb_y"][0, 0, 0, 1].item() == pytest.approx(40.5 / 32)
    assert targets["nb_x"][0, 1, 1, 2].item() == pytest.approx(1.31875 - 2)
    assert targets["nb_weight"].tolist() == [[1, 1]]


def test_an_absent_neighbour_has_no_weight():
    codec = build_codec("pip", (96, 64), {"neighbours": [[1, 2], [0, 2], [0, 1]]})
    points = torch.tensor([[[41.7, 5.5], [80.0, 40.0], [torch.nan, torch.nan]]])
    targets = codec.encode(points, torch.ones(1, 3, dtype=torch.bool))
    assert targets["weight"].tolist() == [[1, 1, 0]]
    assert targets["nb_weight"].tolist() == [[1, 0, 1, 0, 0, 0]]
    assert targets["nb_x"][0, 1].abs().sum() == 0


def test_a_predictor_without_a_peak_does_not_take_part():
    codec = build_codec("pip", (96, 64), {"neighbours": [[1], [0]]})
    points = torch.tensor([[[41.7, 5.5], [80.0, 40.0]]])
    outputs = codec.encode(points, torch.ones(1, 2, dtype=torch.bool))
    outputs["cls"][0, 1] = 0
    outputs["nb_x"][0, 1] += 5
    found = codec.decode(outputs)
    assert torch.allclose(found.points[0, 0], points[0, 0], atol=1e-4)
    assert found.points[0, 1].isnan().all()


def test_doubt_is_the_rms_distance_from_the_mean_in_pixels():
    """One predictor that is half a cell off in x: both lie a quarter of a cell, 8 pixels, from their mean."""
    codec = build_codec("pip", (96, 64), {"neighbours": [[1], [0]]})
    points = torch.tensor([[[41.7, 5.5], [80.0, 40.0]]])
    outputs = codec.encode(points, torch.ones(1, 2, dtype=torch.bool))
    assert codec.decode(outputs).neighbours.abs().max() < 1e-4
    outputs["nb_x"][0, 1] += 0.5
    found = codec.decode(outputs)
    assert found.neighbours[0, 0].item() == pytest.approx(8.0, abs=1e-4)
    assert found.points[0, 0].tolist() == pytest.approx([41.7 + 8, 5.5], abs=1e-4)


def test_the_spread_is_0_where_one_cell_has_it_all_and_half_a_cell_where_two_share():
    codec = build_codec("pip", (96, 64))
    maps = torch.zeros(1, 2, 2, 3)
    maps[0, 0, 0, 0] = 1.0
    maps[0, 1, 0, :2] = 0.5
    empty = torch.zeros(1, 2, 2, 3)
    spread = codec.decode({"cls": maps, "x": empty, "y": empty}).spread
    assert spread[0].tolist() == pytest.approx([0.0, 16 / math.sqrt(2)])  # averaged over x and y


def test_a_flip_keeps_the_neighbours_that_have_a_mirror_image():
    """The middle point predicts only its left mate: the mirrored input has no such prediction of the left one."""
    codec = build_codec("pip", (64, 64), {"neighbours": [[2], [2], [0]]})
    order = torch.tensor([1, 0, 2])
    back = codec.mirror(random_outputs(codec, 3), order)
    assert back["nb_x"].isnan().flatten(2).all(dim=-1)[0].tolist() == [False, False, True]
    assert codec.decode(back).points.isfinite().all()


@pytest.mark.parametrize("size", [(256, 256), (256, 384)])
def test_maps_that_pooling_divides_have_coarse_tasks(size):
    build_codec("pip", size).check_coarse_maps()


def test_coarse_tasks_that_do_not_fit_are_refused():
    with pytest.raises(BadInput, match="divides by 4"):
        build_codec("pip", (256, 192)).check_coarse_maps()


def test_neighbours_by_hand():
    line = [[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [7.0, 0.0]]
    assert nearest_neighbours(line, 2) == [[1, 2], [0, 2], [1, 0], [2, 1]]
    assert nearest_neighbours(line, 10) == [[1, 2, 3], [0, 2, 3], [1, 0, 3], [2, 1, 0]]  # cut to K - 1
    assert nearest_neighbours(line, 0) == [[], [], [], []]
    assert nearest_neighbours([[5.0, 5.0]], 10) == [[]]


def test_neighbours_equal_a_tree_search():
    spatial = pytest.importorskip("scipy.spatial")
    shape = np.random.default_rng(7).random((40, 2))
    _, found = spatial.KDTree(shape).query(shape, 11)
    assert nearest_neighbours(shape, 10) == found[:, 1:].tolist()


def test_points_on_one_spot_are_neighbours_of_one_another_and_never_of_themselves():
    found = nearest_neighbours(np.zeros((4, 2)), 3)
    assert found == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_a_point_that_was_never_labelled_is_the_last_neighbour():
    shape = [[0.0, 0.0], [np.nan, np.nan], [5.0, 0.0]]
    assert nearest_neighbours(shape, 2) == [[2, 1], [0, 2], [0, 1]]


def test_a_symmetric_shape_gives_symmetric_neighbours():
    rng = np.random.default_rng(3)
    left = rng.random((6, 2))
    right = left * [-1, 1] + rng.normal(0, 0.05, (6, 2))
    pairs = [(k, k + 6) for k in range(6)]
    order = np.array([*range(6, 12), *range(6)])
    found = nearest_neighbours(np.concatenate([left, right]), 3, pairs)
    for k, row in enumerate(found):
        assert sorted(order[row]) == sorted(found[order[k]])


@pytest.mark.parametrize(
    ("neighbours", "sentence"),
    [
        ([[1], []], "as many neighbours"),
        ([[0], [0]], "different other points"),
        ([[1, 1], [0, 0]], "different other points"),
        ([[2], [0]], "different other points"),
    ],
)
def test_neighbours_that_cannot_be_are_refused(neighbours, sentence):
    with pytest.raises(BadInput, match=sentence):
        build_codec("pip", (64, 64), {"neighbours": neighbours})


def test_neighbours_of_another_skeleton_are_refused():
    codec = build_codec("pip", (64, 64), {"neighbours": [[1], [0]]})
    with pytest.raises(BadInput, match="2 points, but the skeleton has 3"):
        codec.channels(3)


def test_a_mean_shape_that_is_none_is_refused():
    with pytest.raises(BadInput, match="a mean shape"):
        nearest_neighbours(np.zeros((0, 2)), 3)
    with pytest.raises(BadInput, match="at least 0"):
        nearest_neighbours(np.zeros((3, 2)), -1)


def test_the_highest_cell_counts_also_where_the_whole_map_is_below_zero():
    codec = build_codec("pip", (64, 64), {"stride": 32})
    outputs = {name: torch.full((1, 1, 2, 2), 0.5) for name in ("x", "y")}
    empty = torch.zeros(1, 0, 2, 2)
    cls = torch.tensor([[[[-3.0, -2.0], [-0.25, -1.0]]]])
    found = codec.decode({**outputs, "cls": cls, "nb_x": empty, "nb_y": empty})
    assert found.points[0, 0].tolist() == [15.5, 47.5]  # the middle of the cell at the lower left
    assert found.confidence.item() == 0.0
    flat = codec.decode({**outputs, "cls": torch.full((1, 1, 2, 2), -1.0), "nb_x": empty, "nb_y": empty})
    assert torch.isnan(flat.points).all()
