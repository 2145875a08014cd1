"""Surgery: the right rows go to the right points, what is resized is resized right, and the rest is told."""

import pytest
import torch
from torch.nn import functional

from core.foundation.errors import BadInput
from core.models.pose import configure
from core.models.pose.fitting import Fit, fit_weights, head_output, matching_rows
from core.models.pose.network import build

COCO_ROWS = {k: k for k in range(17)}
SIZE = (64, 64)


def made(name, skeleton, seed, **more):
    network = build(configure(name, skeleton, input_size=more.pop("input_size", SIZE), **more), empty=True)
    generator = torch.Generator().manual_seed(seed)
    for value in network.state_dict().values():
        value.uniform_(generator=generator) if value.is_floating_point() else value.zero_()
    return network


def copied_state(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


@pytest.mark.parametrize(
    ("name", "codec", "tensors"),
    [
        ("hrnet-w18-small", "udp", ["head.maps.heatmaps"]),
        ("hrnet-w18-small", "udp-combined", ["head.maps.heatmaps", "head.maps.offsets"]),
        ("vitpose-s", "udp", ["head.maps.heatmaps"]),
        ("resnet18-regression", "regression", ["head.points"]),
        ("pipnet-r18", "pip", ["head.maps.cls", "head.maps.x", "head.maps.y"]),
    ],
)
def test_17_points_become_24_with_coco_s_rows_and_fresh_ones(name, codec, tensors):
    old, new = made(name, "coco17", 1, codec=codec), made(name, "body24", 2, codec=codec)
    fresh = copied_state(new)
    fit = fit_weights(new, old.state_dict(), COCO_ROWS)
    given, now = old.state_dict(), new.state_dict()
    for tensor in tensors:
        for part in (f"{tensor}.weight", f"{tensor}.bias"):
            per_point = len(now[part]) // 24
            assert torch.equal(now[part][: 17 * per_point], given[part])
            assert torch.equal(now[part][17 * per_point :], fresh[part][17 * per_point :])
    assert set(fit.by_rows) == {f"{tensor}.{part}" for tensor in tensors for part in ("weight", "bias")}
    others = [key for key in now if key.startswith("backbone.")]
    assert all(torch.equal(now[key], given[key]) for key in others)
    assert (fit.reinitialised, fit.unexpected, fit.resized) == ((), (), ())
    assert fit.copied == len(now)


def test_rows_go_where_they_are_sent():
    old, new = made("resnet18-regression", "coco17", 1), made("resnet18-regression", "body24", 2)
    fresh = copied_state(new)["head.points.weight"]
    fit_weights(new, old.state_dict(), {0: 16, 23: 3})
    now, given = new.state_dict()["head.points.weight"], old.state_dict()["head.points.weight"]
    assert torch.equal(now[0:2], given[32:34])  # x and y of old point 16
    assert torch.equal(now[46:48], given[6:8])
    assert torch.equal(now[2:46], fresh[2:46])


def test_no_rows_leave_the_whole_head_fresh():
    old, new = made("hrnet-w18-small", "coco17", 1), made("hrnet-w18-small", "coco17", 2)
    fresh = copied_state(new)
    fit = fit_weights(new, old.state_dict(), {})
    assert torch.equal(new.state_dict()["head.maps.heatmaps.weight"], fresh["head.maps.heatmaps.weight"])
    assert fit.reinitialised == ("head.maps.heatmaps.weight", "head.maps.heatmaps.bias")


def test_the_same_points_are_copied_whole_without_rows():
    old, new = made("hrnet-w18-small", "coco17", 1), made("hrnet-w18-small", "coco17", 2)
    fit = fit_weights(new, old.state_dict())
    assert fit == Fit(len(new.state_dict()))
    assert all(torch.equal(value, old.state_dict()[name]) for name, value in new.state_dict().items())


def test_another_number_of_points_without_rows_starts_anew():
    old, new = made("hrnet-w18-small", "coco17", 1), made("hrnet-w18-small", "body24", 2)
    fresh = copied_state(new)
    fit = fit_weights(new, old.state_dict())
    assert fit.reinitialised == ("head.maps.heatmaps.weight", "head.maps.heatmaps.bias")
    assert torch.equal(new.state_dict()["head.maps.heatmaps.weight"], fresh["head.maps.heatmaps.weight"])


def neighbours(count, *steps):
    return {"neighbours": [[(k + step) % count for step in steps] for k in range(count)]}


def test_neighbours_are_carried_over_by_what_they_mean():
    old = made("pipnet-r18", "coco17", 1, codec_settings=neighbours(17, 1, 2))
    new = made("pipnet-r18", "body24", 2, codec_settings=neighbours(24, 3, 1))
    fresh = copied_state(new)["head.maps.nb_x.weight"]
    fit = fit_weights(new, old.state_dict(), COCO_ROWS, source=old.config)
    now, given = new.state_dict()["head.maps.nb_x.weight"], old.state_dict()["head.maps.nb_x.weight"]
    for k in range(24):
        assert torch.equal(now[2 * k], fresh[2 * k])  # "3 further" was never learnt
        if k + 1 < 17:
            assert torch.equal(now[2 * k + 1], given[2 * k])  # "1 further" was the first, and is the second
        else:
            assert torch.equal(now[2 * k + 1], fresh[2 * k + 1])
    assert "head.maps.nb_x.weight" in fit.by_rows


def test_neighbours_in_another_order_are_not_mistaken_for_one_another():
    old = made("pipnet-r18", "coco17", 1, codec_settings=neighbours(17, 1, 2))
    new = made("pipnet-r18", "coco17", 2, codec_settings=neighbours(17, 2, 1))
    fit_weights(new, old.state_dict(), source=old.config)
    now, given = new.state_dict()["head.maps.nb_y.bias"], old.state_dict()["head.maps.nb_y.bias"]
    assert torch.equal(now.reshape(17, 2), given.reshape(17, 2).flip(1))


def test_neighbours_of_unknown_meaning_start_anew():
    old = made("pipnet-r18", "coco17", 1, codec_settings=neighbours(17, 1))
    new = made("pipnet-r18", "body24", 2, codec_settings=neighbours(24, 1))
    fit = fit_weights(new, old.state_dict(), COCO_ROWS)
    assert {name for name in fit.reinitialised if "nb_" in name} == {
        f"head.maps.nb_{axis}.{part}" for axis in "xy" for part in ("weight", "bias")
    }


def test_position_embeddings_are_resized_bilinearly():
    old, new = (
        made("vitpose-s", "body24", 1, input_size=(192, 256)),
        made("vitpose-s", "body24", 2, input_size=(96, 64)),
    )
    fit = fit_weights(new, old.state_dict())
    name = "backbone.net.embeddings.position_embeddings"
    assert fit.resized == (name,)
    given, now = old.state_dict()[name], new.state_dict()[name]
    assert now.shape == (1, 1 + 4 * 6, 384)
    assert torch.equal(now[:, 0], given[:, 0])
    grid = given[:, 1:].reshape(16, 12, 384).permute(2, 0, 1)[None]
    expected = functional.interpolate(grid, size=(4, 6), mode="bilinear", align_corners=False)
    torch.testing.assert_close(now[0, 1:], expected[0].permute(1, 2, 0).reshape(24, 384))


def test_position_embeddings_of_a_known_source_keep_its_shape():
    old, new = made("vitpose-s", "body24", 1, input_size=(64, 128)), made("vitpose-s", "body24", 2)
    name = "backbone.net.embeddings.position_embeddings"
    assert fit_weights(new, old.state_dict(), source=old.config).resized == (name,)
    fresh = copied_state(new)[name]
    fit = fit_weights(new, old.state_dict())  # 32 tokens are neither COCO's grid nor a square
    assert name in fit.reinitialised
    assert torch.equal(new.state_dict()[name], fresh)


def test_what_does_not_fit_is_told():
    new = made("resnet18-regression", "face68", 1)
    state = copied_state(new)
    del state["backbone.conv1.weight"], state["backbone.bn1.num_batches_tracked"]
    state["backbone.layer1.0.conv1.weight"] = torch.zeros(1)
    state["fc.weight"] = torch.zeros(3)
    fit = fit_weights(new, state)
    assert fit.reinitialised == ("backbone.conv1.weight", "backbone.layer1.0.conv1.weight")
    assert fit.unexpected == ("fc.weight",)
    assert fit.summary().text() == (
        f"{len(state) - 2} tensors copied; 2 start anew (backbone.conv1.weight, backbone.layer1.0.conv1.weight); "
        "1 not used (fc.weight)"
    )


@pytest.mark.parametrize("rows", [{0: 1, 1: 1}, {24: 0}, {-1: 0}, {0: -1}, {0: 17}])
def test_rows_out_of_range_or_twice_are_refused(rows):
    old, new = made("resnet18-regression", "coco17", 1), made("resnet18-regression", "body24", 2)
    with pytest.raises(BadInput, match=r"there is no point|same old point"):
        fit_weights(new, old.state_dict(), rows, source=old.config)


def test_only_the_last_layer_s_tensors_have_rows_for_points():
    assert head_output("head.points.weight") == "points"
    assert head_output("head.maps.nb_x.bias") == "nb_x"
    assert [head_output(name) for name in ("head.hidden.weight", "head.before.0.weight", "backbone.x.weight")] == [
        None,
        None,
        None,
    ]


def config(name="pipnet-r18", skeleton="body24", neighbours=()):
    return configure(name, skeleton, codec_settings={"neighbours": neighbours} if neighbours else {})


def test_rows_of_coordinates_come_in_pairs_by_hand():
    """Point 0 is the old point 2: its x and y are the old rows 4 and 5; point 1 has no source."""
    pairs = matching_rows("head.points.weight", config("resnet18-regression"), None, {0: 2}, 34)
    assert pairs == [(0, 4), (1, 5)]


def test_rows_of_maps_are_the_points_themselves():
    body = config("hrnet-w18-small")
    assert matching_rows("head.maps.heatmaps.weight", body, None, {3: 1, 5: 0}, 17) == [(3, 1), (5, 0)]
    assert matching_rows("head.maps.heatmaps.bias", body, body, None, 24) == [(row, row) for row in range(24)]


def test_a_row_beyond_the_old_tensor_is_not_taken():
    assert matching_rows("head.maps.heatmaps.weight", config("hrnet-w18-small"), None, {0: 40}, 17) == []


def test_a_neighbours_row_needs_both_points_and_the_same_neighbour():
    new = config(neighbours=[[(point + 1) % 24] for point in range(24)])
    old = config(neighbours=[[(point + 1) % 24] if point % 2 else [(point + 2) % 24] for point in range(24)])
    same = matching_rows("head.maps.nb_x.weight", new, old, None, 24)
    assert same == [(row, row) for row in range(1, 24, 2)]
    assert matching_rows("head.maps.nb_x.weight", new, old, {1: 1}, 24) == [], "its neighbour is new"
    assert matching_rows("head.maps.nb_x.weight", new, None, None, 24) == [], "what the old rows mean is unknown"
