"""Where a stored pixel of a turned photo is in the upright picture."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from core.media.turning import orientation_of, stored_size, upright_points

SIZE = (7, 5)


def photo(path, orientation, pixels):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, exif=exif)
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
def test_points_go_where_pillow_puts_their_pixels(orientation, tmp_path):
    for x, y in ((0, 0), (2, 1), (6, 4), (5, 0)):
        pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
        pixels[y, x] = 255
        file = photo(tmp_path / "a.png", orientation, pixels)
        assert orientation_of(file) == orientation
        with Image.open(file) as opened:
            upright = np.asarray(ImageOps.exif_transpose(opened))
        assert stored_size((upright.shape[1], upright.shape[0]), orientation) == SIZE
        ((row, column),) = np.argwhere(upright[:, :, 0] > 0)
        np.testing.assert_array_equal(upright_points(np.array([[x, y]]), orientation, SIZE), [[column, row]])


def test_absent_points_stay_absent_and_a_file_without_a_tag_is_upright(tmp_path):
    assert np.isnan(upright_points(np.array([[np.nan, np.nan]]), 6, SIZE)).all()
    Image.new("RGB", SIZE).save(tmp_path / "plain.jpg")
    assert orientation_of(tmp_path / "plain.jpg") == 1
    assert orientation_of(photo(tmp_path / "odd.png", 9, np.zeros((5, 7, 3), np.uint8))) == 1


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        orientation_of(tmp_path / "none.jpg")
