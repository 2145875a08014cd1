"""Clips of many invented people, drawn from one seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.drawn.clips import DrawnClip
from tests.builders.invented_people import random_identity


def draw_clips(
    seed: int,
    identities: int,
    frames: int = 60,
    size: tuple[int, int] = (320, 240),
    *,
    per_identity: int = 1,
    frames_per_second: float = 25.0,
) -> Iterator[DrawnClip]:
    """`per_identity` clips of each of `identities` invented people, named ``p000-0``; iterate one to paint it.

    The clip of a number does not depend on how many are asked for: every clip has its own generator.
    """
    for who in range(identities):
        identity = random_identity(np.random.default_rng((seed, who)))
        for which in range(per_identity):
            yield DrawnClip.random(
                identity,
                np.random.default_rng((seed, who, which)),
                frames=frames,
                size=size,
                frames_per_second=frames_per_second,
                name=f"p{who:03d}-{which}",
                person=f"p{who:03d}",
            )
