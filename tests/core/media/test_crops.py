"""Crops move points exactly where they move pixels; the order of points in a mirrored picture."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.errors import BadInput
from core.foundation.skeletons import SKELETONS
from core.media.crops import Crop, mirror_order

TURNS = [0.0, 17.0, -48.0, 90.0, 163.0]


def blob(x: float, y: float, sigma: float = 5.0, size: tuple[int, int] = (200, 160)) -> np.ndarray:
    """A white Gaussian on black, centred between pixels: (H, W, 3) uint8."""
    columns, rows = np.arange(size[0]), np.arange(size[1])[:, None]
    value = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))
    return np.repeat(np.round(value).astype(np.uint8)[..., None], 3, axis=2)


def centroid(image: np.ndarray) -> np.ndarray:
    value = image[..., 0].astype(float)
    rows, columns = np.indices(value.shape)
    return np.array([(value * columns).sum(), (value * rows).sum()]) / value.sum()


@pytest.mark.parametrize(("rotation", "mirrored"), list(itertools.product(TURNS, [False, True])))
def test_pixels_go_where_points_go(rotation, mirrored):
    point = (93.37, 71.81)
    crop = Crop((98.2, 76.4), (150.0, 118.0), (128, 101), rotation, mirrored)
    seen = centroid(crop.cut(blob(*point)))
    assert seen == pytest.approx(crop.to_crop(point), abs=0.05)


def test_an_enlarging_crop_also_moves_pixels_with_points():
    crop = Crop((90.0, 70.0), (60.0, 60.0), (181, 181), 31.0)
    assert centroid(crop.cut(blob(93.37, 71.81, sigma=3))) == pytest.approx(crop.to_crop((93.37, 71.81)), abs=0.1)


def test_a_crop_of_a_pictures_own_size_is_the_picture():
    image = np.random.default_rng(0).integers(0, 256, (33, 47, 3), dtype=np.uint8)
    crop = Crop((23.0, 16.0), (46.0, 32.0), (47, 33))
    assert np.array_equal(crop.cut(image), image)
    mirrored = Crop((23.0, 16.0), (46.0, 32.0), (47, 33), mirrored=True)
    assert np.array_equal(mirrored.cut(image), image[:, ::-1])


def test_a_quarter_turn_by_hand():
    """A frame turned clockwise has its x axis down and its y axis to the left of the picture."""
    crop = Crop((10.0, 20.0), (8.0, 8.0), (9, 9), rotation=90.0)
    assert crop.to_crop((10.0, 20.0)) == pytest.approx((4.0, 4.0))
    assert crop.to_crop((10.0, 23.0)) == pytest.approx((7.0, 4.0))  # further down is further right
    assert crop.to_crop((8.0, 20.0)) == pytest.approx((4.0, 6.0))  # further left is further down


def test_the_corners_of_the_frame_are_the_outermost_pixel_centres():
    crop = Crop.around((100.0, 50.0, 220.0, 110.0), (64, 48), padding=1.0)
    assert crop.to_picture((0, 23.5))[0] == pytest.approx(100.0)
    assert crop.to_picture((63, 23.5))[0] == pytest.approx(220.0)
    assert crop.size[0] / crop.size[1] == pytest.approx(63 / 47)  # pixels stay square
    tall = Crop.around((0.0, 0.0, 10.0, 100.0), (64, 48), padding=1.0)
    assert tall.size[1] == pytest.approx(100.0)
    assert tall.centre == (5.0, 50.0)


def test_padding_multiplies_the_box():
    assert Crop.around((0.0, 0.0, 40.0, 40.0), (33, 33), padding=1.5).size == pytest.approx((60.0, 60.0))


@pytest.mark.parametrize(("rotation", "mirrored"), list(itertools.product(TURNS, [False, True])))
def test_points_come_back(rotation, mirrored):
    crop = Crop((311.7, 93.2), (213.4, 555.5), (192, 256), rotation, mirrored)
    points = np.random.default_rng(1).uniform(-500, 900, (4, 7, 2))
    assert np.abs(crop.to_picture(crop.to_crop(points)) - points).max() < 1e-9


def test_the_scale_is_pixels_of_the_picture_for_one_of_the_crop():
    assert Crop((0.0, 0.0), (126.0, 94.0), (64, 48)).picture_scale() == pytest.approx(2.0)


def test_absent_points_stay_absent():
    crop = Crop((5.0, 5.0), (4.0, 4.0), (8, 8), 30.0)
    found = crop.to_crop([[np.nan, np.nan], [5.0, 5.0]])
    assert np.isnan(found[0]).all()
    assert found[1] == pytest.approx((3.5, 3.5))
    assert crop.to_crop(np.zeros((0, 2))).shape == (0, 2)


def test_outside_the_picture_is_black():
    white = np.full((20, 20, 3), 255, np.uint8)
    cut = Crop((-50.0, -50.0), (10.0, 10.0), (16, 16)).cut(white)
    assert cut.shape == (16, 16, 3)
    assert not cut.any()


@pytest.mark.parametrize("box", [(10, 10, 10, 20), (30, 10, 10, 20), (0, 0, np.nan, 5), (0, 0, 5), (0, 0, np.inf, 5)])
def test_a_box_without_an_area_is_refused(box):
    with pytest.raises(BadInput, match="a box is left, top, right, bottom"):
        Crop.around(box, (64, 64))


def test_a_crop_that_cannot_be_is_refused():
    with pytest.raises(BadInput, match="above 0"):
        Crop((0.0, 0.0), (0.0, 5.0), (8, 8))
    with pytest.raises(BadInput, match="finite"):
        Crop((np.nan, 0.0), (5.0, 5.0), (8, 8))
    for output in ((1, 8), (8, 0)):
        with pytest.raises(BadInput, match="at least 2 x 2"):
            Crop.around((0, 0, 5, 5), output)
        with pytest.raises(BadInput, match="at least 2 x 2"):
            Crop((0.0, 0.0), (5.0, 5.0), output)


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_what_is_no_picture_is_refused(image):
    with pytest.raises(BadInput, match="a picture should be"):
        Crop((1.0, 1.0), (2.0, 2.0), (4, 4)).cut(image)


def test_points_of_another_shape_are_refused():
    with pytest.raises(BadInput, match="points should have the shape"):
        Crop((1.0, 1.0), (2.0, 2.0), (4, 4)).to_crop(np.zeros((3, 3)))


@pytest.mark.parametrize("name", SKELETONS)
def test_every_skeletons_mirror_order_is_an_involution(name):
    one = SKELETONS[name]
    order = mirror_order(len(one), one.flip_pairs)
    assert np.array_equal(order[order], np.arange(len(one)))
    assert (order != np.arange(len(one))).sum() == 2 * len(one.flip_pairs)


def test_the_mirror_order_by_hand():
    assert mirror_order(5, [(0, 3), (1, 2)]).tolist() == [3, 2, 1, 0, 4]
    assert mirror_order(3, []).tolist() == [0, 1, 2]


@pytest.mark.parametrize("pairs", [[(0, 1), (1, 2)], [(2, 2)], [(0, 1), (0, 1)]])
def test_pairs_that_share_a_point_are_refused(pairs):
    with pytest.raises(BadInput, match="more than once"):
        mirror_order(4, pairs)


@pytest.mark.parametrize("pairs", [[(0, 4)], [(-1, 2)]])
def test_pairs_beyond_the_points_are_refused(pairs):
    with pytest.raises(BadInput, match="points run from 0 to 3"):
        mirror_order(4, pairs)


def test_a_fine_picture_is_averaged_down_before_it_is_cut():
    stripes = np.zeros((1200, 1200, 3), np.uint8)
    stripes[:, ::2] = 255  # bilinear alone would show a moiré of black and white
    cut = Crop.around((100, 100, 1100, 1100), (64, 64), 1.0).cut(stripes)
    assert np.abs(cut.astype(int) - 127).max() <= 8


def test_a_crop_that_shows_nothing_of_the_picture_is_black():
    cut = Crop.around((500, 500, 600, 600), (32, 32)).cut(np.full((100, 100, 3), 200, np.uint8))
    assert cut.shape == (32, 32, 3)
    assert not cut.any()


@pytest.mark.parametrize("rotation", [0.0, 33.0])
def test_a_fine_picture_keeps_its_blobs_where_its_points_go(rotation):
    y, x = np.mgrid[:900, :1000]
    point = np.array([431.3, 512.7])
    blob = 255 * np.exp(-((x - point[0]) ** 2 + (y - point[1]) ** 2) / (2 * 30.0**2))
    image = np.repeat(blob.astype(np.uint8)[..., None], 3, axis=2)
    crop = Crop((450.0, 500.0), (600.0, 600.0), (64, 64), rotation)
    cut = crop.cut(image)[..., 0].astype(float)
    v, u = np.mgrid[:64, :64]
    found = np.array([(cut * u).sum(), (cut * v).sum()]) / cut.sum()
    assert np.allclose(found, crop.to_crop(point), atol=0.05)


CROPS = st.builds(
    Crop,
    centre=st.tuples(st.floats(-500, 2000), st.floats(-500, 2000)),
    size=st.tuples(st.floats(1, 3000), st.floats(1, 3000)),
    output=st.tuples(st.integers(2, 512), st.integers(2, 512)),
    rotation=st.floats(-360, 360),
    mirrored=st.booleans(),
)


@settings(max_examples=80)
@given(CROPS, st.lists(st.tuples(st.floats(-1000, 3000), st.floats(-1000, 3000)), max_size=5))
def test_every_point_comes_back_from_every_crop(crop, points):
    there = np.array(points).reshape(-1, 2)
    np.testing.assert_allclose(crop.to_picture(crop.to_crop(there)), there, atol=1e-6)
    np.testing.assert_allclose(crop.to_crop(crop.centre), (np.array(crop.output) - 1) / 2, atol=1e-6)


@settings(max_examples=40)
@given(CROPS)
def test_a_mirrored_crop_is_the_mirror_image_without_a_shift(crop):
    points = np.array([[0.0, 0.0], [17.3, 250.0], [900.0, 31.0]])
    plain, mirrored = (replace(crop, mirrored=way).to_crop(points) for way in (False, True))
    np.testing.assert_allclose(mirrored[:, 0], crop.output[0] - 1 - plain[:, 0], atol=1e-6)
    np.testing.assert_allclose(mirrored[:, 1], plain[:, 1], atol=1e-6)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_every_mirror_order_is_an_involution(seed, count):
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(count)[: 2 * rng.integers(0, count // 2 + 1)]
    order = mirror_order(count, [tuple(pair) for pair in shuffled.reshape(-1, 2).tolist()])
    assert order[order].tolist() == list(range(count))
    assert (order != np.arange(count)).sum() == len(shuffled)
