from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.codecs import CODECS, build_codec
from core.models.codecs.codec import full_precision, usable
from tests.builders.points_everywhere import everyone, places


def codec_for(name: str, size: tuple[int, int], stride: int, count: int):
    if name == "regression":
        return build_codec(name, size)
    if name != "pip":
        return build_codec(name, size, {"stride": stride})
    neighbours = [[(k + 1) % count, (k + 5) % count] for k in range(count)]
    return build_codec(name, size, {"stride": min(size) // 2 if min(size) < 64 else 32, "neighbours": neighbours})


@pytest.mark.parametrize("name", CODECS)
def test_absent_points_and_points_outside_the_input_have_no_weight(name):
    size = (64, 96)
    points = torch.tensor([[[5.0, 5.0], [9.0, 9.0], [torch.nan, torch.nan], [-0.51, 5.0], [5.0, 95.51], [-0.5, 95.5]]])
    present = torch.tensor([[True, False, True, True, True, True]])
    codec = codec_for(name, size, 4, 6)
    targets = codec.encode(points, present)
    assert targets["weight"].tolist() == [[1, 0, 0, 0, 0, 1]]
    for value in targets.values():
        assert torch.isfinite(value).all()
        assert value.dtype == torch.float32
    if name != "regression":  # whose zeros are a point
        found = codec.decode(targets)
        assert found.points.isnan().all(dim=-1).tolist() == [[False, True, True, True, True, False]]
        assert found.confidence[0, 1:5].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("name", CODECS)
def test_decoding_is_in_full_precision_under_autocast(name):
    codec = codec_for(name, (64, 96), 4, 7)
    points = places(64, 96)[:, :7]
    outputs = codec.encode(points, everyone(points))
    plain = codec.decode(outputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = codec.decode(outputs)
    half = codec.decode({key: value.bfloat16() for key, value in outputs.items()})
    assert torch.equal(plain.points, cast.points)
    assert half.points.dtype == torch.float32


COORDINATE = st.floats(-5, 105, width=32) | st.sampled_from([-0.5, 63.5, 95.5, float("nan"), float("inf")])


@settings(max_examples=30)
@given(st.lists(st.tuples(COORDINATE, COORDINATE, st.booleans()), min_size=1, max_size=8))
def test_a_point_and_its_mirror_image_are_judged_alike(rows):
    width, height = 64, 96
    points = torch.tensor([[row[:2] for row in rows]])
    present = torch.tensor([[row[2] for row in rows]])
    mirrored = torch.stack([width - 1 - points[..., 0], points[..., 1]], dim=-1)
    counts = usable(points, present, (width, height))
    assert torch.equal(counts, usable(mirrored, present, (width, height)))
    by_hand = [there and -0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5 for x, y, there in rows]
    assert counts[0].tolist() == by_hand


def test_full_precision_is_given_inside_only():
    left = torch.ones(2, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with full_precision("cpu"):
            assert (left @ left).dtype == torch.float32
        assert (left @ left).dtype == torch.bfloat16
    with full_precision("cpu"):
        assert (left @ left).dtype == torch.float32
