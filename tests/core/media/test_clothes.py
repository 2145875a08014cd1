"""What somebody wears: the region below the face, its colours and its texture."""

import colorsys

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.media.clothes import LENGTH, ColoursAndTexture, clothes_area, clothes_region
from core.media.clothes import clothes_descriptor as of_region

WHOLE = (-0.5, -0.5, 47.5, 63.5)


def clothes_descriptor(picture: np.ndarray, area: tuple[float, float, float, float]) -> np.ndarray:
    return of_region(clothes_region(picture, area))


def _plain(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((64, 48, 3), colour, np.uint8)


def _noisy(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (64, 48, 3), np.uint8)


def test_the_region_lies_below_the_face() -> None:
    assert clothes_area((100.0, 50.0, 160.0, 130.0), (640, 480)) == pytest.approx((59.5, 146.0, 200.5, 290.0))


def test_the_region_ends_where_the_picture_does() -> None:
    assert clothes_area((0.0, 0.0, 100.0, 100.0), (150, 250)) == pytest.approx((-0.5, 120.0, 149.5, 249.5))


@pytest.mark.parametrize(
    ("face", "size"),
    [
        pytest.param((100.0, 50.0, 160.0, 130.0), (640, 190), id="a third of it is not in the picture"),
        pytest.param((100.0, 50.0, 160.0, 130.0), (640, 120), id="below the picture"),
        pytest.param((100.0, 50.0, 103.0, 54.0), (640, 480), id="too small to tell anything"),
        pytest.param((900.0, 50.0, 960.0, 130.0), (640, 480), id="beside the picture"),
    ],
)
def test_a_region_that_cannot_be_seen_says_nothing(
    face: tuple[float, float, float, float], size: tuple[int, int]
) -> None:
    assert clothes_area(face, size) is None


def test_plain_red_is_one_colour_without_texture() -> None:
    found = clothes_descriptor(_plain((255, 0, 0)), WHOLE)
    # Hue 0, saturation 3, value 3 of 8 x 4 x 4 is the bin 15; eight neighbours are as bright: the pattern 8.
    expected = np.zeros(LENGTH)
    expected[[15, 128 + 8, 138 + 15, 138 + 128 + 8]] = 0.5
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == np.float32


def test_the_same_colours_in_the_other_half_are_something_else() -> None:
    shirt, trousers = _plain((255, 0, 0)), _plain((0, 0, 255))
    one = np.concatenate([shirt[:32], trousers[32:]])
    assert clothes_descriptor(one, WHOLE) @ clothes_descriptor(one[::-1].copy(), WHOLE) < 0.6


def test_the_middle_counts_more_than_the_background_at_the_sides() -> None:
    shirt = _plain((0, 0, 255))
    shirt[:, 20:28] = (255, 0, 0)  # a sixth of the region
    red = clothes_descriptor(_plain((255, 0, 0)), WHOLE)
    share = clothes_descriptor(shirt, WHOLE)[15] ** 2 / (red[15] ** 2)
    assert share > 8 / 48


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_counting_pixel_by_pixel(seed: int) -> None:
    pixels = _noisy(seed)
    np.testing.assert_allclose(clothes_descriptor(pixels, WHOLE), _counted(pixels), atol=0.02)


def _counted(pixels: np.ndarray) -> np.ndarray:
    weight = np.exp(-0.5 * (np.linspace(-0.5, 0.5, 48) / 0.28) ** 2)
    grey = np.round(pixels @ np.array([0.299, 0.587, 0.114])).astype(int)
    shares = np.zeros((2, 138))
    for y in range(64):
        for x in range(48):
            h, s, v = colorsys.rgb_to_hsv(*(pixels[y, x] / 255))
            tone, strength, light = int(h * 180) * 8 // 180, int(s * 255) * 4 // 256, int(v * 255) * 4 // 256
            if strength == 0 or light == 0:
                tone = strength = 0
            shares[y // 32, (tone * 4 + strength) * 4 + light] += weight[x]
            ring = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)]
            bright = [grey[min(max(y + i, 0), 63), min(max(x + j, 0), 47)] >= grey[y, x] for i, j in ring]
            changes = sum(bright[i] != bright[i - 1] for i in range(8))
            shares[y // 32, 128 + (sum(bright) if changes <= 2 else 9)] += weight[x]
    blocks = [block / block.sum() for half in shares for block in (half[:128], half[128:])]
    return np.sqrt(np.concatenate(blocks)) / 2


def test_it_is_of_unit_length_and_no_two_are_opposed() -> None:
    one, other = (clothes_descriptor(_noisy(seed), WHOLE) for seed in (4, 5))
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-6)
    assert 0 <= one @ other <= 1 + 1e-6


@pytest.mark.parametrize(
    ("picture", "area", "word"),
    [
        (np.zeros((10, 10), np.uint8), (0.0, 0.0, 5.0, 5.0), "10"),
        (np.zeros((10, 10, 3), np.uint8), (20.0, 20.0, 30.0, 30.0), "20"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    picture: np.ndarray, area: tuple[float, float, float, float], word: str
) -> None:
    with pytest.raises(BadInput, match=word):
        clothes_descriptor(picture, area)


def test_of_several_regions_each_is_as_by_itself_and_of_none_there_is_nothing() -> None:
    pictures = [_noisy(1), _plain((255, 0, 0)), _noisy(2)[:20, :30]]
    found = ColoursAndTexture().describe(pictures)
    np.testing.assert_array_equal(found, [of_region(picture) for picture in pictures])
    assert ColoursAndTexture().describe([]).shape == (0, LENGTH)
