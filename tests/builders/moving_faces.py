"""A made face of 68 points that turns its head, talks and blinks in a few sinusoids: motion that is known exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def moving_face(
    frames: int = 300, frames_per_second: float = 30.0, size: float = 200.0, *, rests: bool = False
) -> NDArray[np.float64]:
    """(frames, 68, 2) pixels; the outer eye corners and the nose keep their places in the head.

    With `rests`, everything comes to a halt once in two seconds.
    """
    t = np.arange(frames)[:, None] / frames_per_second
    if rests:
        t = t - np.sin(np.pi * t) / np.pi
    rng = np.random.default_rng(68)
    face = rng.uniform(-0.45, 0.45, (68, 2)) * size
    face[36], face[45] = (-0.24 * size, -0.12 * size), (0.24 * size, -0.12 * size)
    face[27], face[33] = (0.0, -0.1 * size), (0.0, 0.15 * size)
    amplitudes = rng.uniform(0.002, 0.02, 68) * size
    amplitudes[[36, 45, 27, 33]] = 0
    rates, phases = rng.uniform(0.3, 1.2, 68), rng.uniform(0, 2 * np.pi, 68)
    play = amplitudes * np.sin(2 * np.pi * rates * t + phases)
    turn = 0.1 * np.sin(2 * np.pi * 0.2 * t[:, 0])
    across = face[:, 0] + play
    down = face[:, 1] + 0.7 * play[:, ::-1]
    x = across * np.cos(turn)[:, None] - down * np.sin(turn)[:, None] + 320 + 30 * np.sin(2 * np.pi * 0.15 * t)
    y = across * np.sin(turn)[:, None] + down * np.cos(turn)[:, None] + 240 + 15 * np.sin(2 * np.pi * 0.25 * t + 1)
    return np.stack([x, y], axis=2)


def gappy(seed: int = 0, frames: int = 60) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A face with absent points, an absent frame, and noise; and its truth."""
    rng = np.random.default_rng(seed)
    truth = moving_face(frames)
    tracks = truth + rng.normal(0, 1, truth.shape)
    tracks[rng.random(tracks.shape[:2]) < 0.03] = np.nan
    truth[rng.random(tracks.shape[:2]) < 0.03] = np.nan
    tracks[20] = np.nan
    return tracks, truth


def square(*corners: tuple[float, float]) -> NDArray[np.float64]:
    """(K, 2) points at these places."""
    return np.array(corners, float)
