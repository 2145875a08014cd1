"""Backgrounds fill the picture, come again from the same seed, and are developed as light and lens would."""

import numpy as np
import pytest

from core.drawn.backgrounds import BACKGROUNDS, develop, paint_ground_shadow
from core.drawn.canvas import Canvas

SIZE = (96, 72)
PLAIN = {"warmth": 0.0, "gain": 1.0, "blur": 0.0, "noise": 0.0}


def background(name: str, seed: int) -> np.ndarray:
    canvas = Canvas(*SIZE)
    BACKGROUNDS[name](canvas, np.random.default_rng(seed))
    return canvas.develop()


def grey(level: float) -> Canvas:
    canvas = Canvas(*SIZE)
    canvas.rgb[:] = level
    return canvas


@pytest.mark.parametrize("name", sorted(BACKGROUNDS))
def test_a_scene_covers_the_whole_picture_and_comes_again(name):
    first, again, other = background(name, 1), background(name, 1), background(name, 2)
    assert first.shape == (72, 96, 3)
    assert first.max(axis=2).min() > 20, "a corner was left black"
    assert first.max() <= 255
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_without_light_lens_or_noise_only_the_corners_darken():
    photo = develop(grey(100), np.random.default_rng(0), **PLAIN)
    assert photo.dtype == np.uint8
    assert photo[36, 48].tolist() == [100] * 3
    assert photo[0, 0].tolist() == [82] * 3  # 1 - 0.09 * (1 + 1) of the middle
    np.testing.assert_array_equal(photo, photo[::-1, ::-1])


def test_warm_light_makes_red_of_blue_and_gain_makes_all_brighter():
    warm = develop(grey(100), np.random.default_rng(0), **PLAIN | {"warmth": 0.1})[36, 48]
    assert warm.tolist() == [110, 100, 90]
    assert develop(grey(100), np.random.default_rng(0), **PLAIN | {"gain": 1.2})[36, 48].tolist() == [120] * 3
    assert develop(grey(250), np.random.default_rng(0), **PLAIN | {"gain": 1.2}).max() == 255, "it should not wrap"


def test_noise_has_the_strength_that_was_asked_for():
    noisy = develop(grey(100), np.random.default_rng(0), **PLAIN | {"noise": 4.0}).astype(float)
    still = develop(grey(100), np.random.default_rng(0), **PLAIN).astype(float)
    assert (noisy - still).std() == pytest.approx(4.0, rel=0.05)


def test_a_lens_out_of_focus_takes_the_detail_and_leaves_the_light():
    def striped() -> Canvas:
        canvas = grey(50)
        canvas.rgb[:, ::16] = canvas.rgb[:, 1::16] = 150
        return canvas

    sharp, soft = (
        develop(striped(), np.random.default_rng(0), **PLAIN | {"blur": blur}).astype(float) for blur in (0.0, 3.0)
    )
    assert soft.std() < 0.5 * sharp.std()
    assert soft.mean() == pytest.approx(sharp.mean(), abs=1)


def test_a_shadow_lies_under_the_feet_and_nowhere_else():
    canvas = grey(200)
    paint_ground_shadow(canvas, (48, 60), 20)
    ground = canvas.develop()[..., 0]
    assert ground[60, 48] < 140
    assert ground[10].min() == pytest.approx(200)
    assert ground[60, 48] < ground[60, 30] < 200
