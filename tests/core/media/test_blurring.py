"""Faces that nobody shall recognise."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.media.blurring import with_blurred


def noise(seed=0, height=48, width=60):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_what_is_left_of_a_face_are_the_mean_colours_of_its_cells():
    pixels = np.zeros((36, 36, 3), np.uint8)
    pixels[:, 18:] = 200
    stripes = np.where((np.arange(36) % 2)[:, None, None], pixels, 255 - pixels).astype(np.uint8)
    blurred = with_blurred(stripes, [(0, 0, 36, 36)])
    assert blurred[:, :3].min() > 120, "lines of one pixel are one grey"
    assert blurred[:, :3].max() < 135
    assert abs(int(blurred[3, 33, 0]) - 127) <= 3


def test_what_is_around_it_stays_and_the_picture_itself_is_not_changed():
    pixels, before = noise(), noise()
    blurred = with_blurred(pixels, [(20, 16, 36, 32)])
    np.testing.assert_array_equal(pixels, before)
    changed = (blurred != pixels).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (12, 36, 16, 40), "the box and a quarter around it"
    np.testing.assert_array_equal(with_blurred(pixels, []), pixels)


sides = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(st.tuples(sides, sides, sides, sides), max_size=3))
def test_any_box_is_taken_also_one_of_no_size_or_outside(boxes):
    assert with_blurred(noise(), boxes).shape == (48, 60, 3)


def test_pictures_that_differ_only_within_the_cells_of_a_face_can_not_be_told_apart():
    pixels = noise(1)
    other = pixels.copy()
    other[12:36:2, 16:40], other[13:37:2, 16:40] = pixels[13:37:2, 16:40], pixels[12:36:2, 16:40]  # lines swapped
    region = np.s_[12:36, 16:40]
    assert not np.array_equal(pixels[region], other[region])
    one, two = (with_blurred(each, [(20, 16, 35, 31)])[region].astype(int) for each in (pixels, other))
    assert np.abs(one - two).max() <= 45
