from __future__ import annotations

from core.models.codecs import build_codec
from tests.builders.points_everywhere import everyone, places


def test_dark_errs_little():
    points = places(192, 256, seed=2)
    codec = build_codec("dark", (192, 256))
    assert (codec.decode(codec.encode(points, everyone(points))).points - points).norm(dim=-1).mean() < 0.002
