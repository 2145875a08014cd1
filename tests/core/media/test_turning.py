"""Where a stored pixel of a turned photo is in the upright picture."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from core.foundation.errors import UnreadableImage
from core.media.images import decode
from core.media.turning import orientation_of, stored_size, upright_file, upright_points

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


KINDS = ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"]


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("kind", KINDS)
def test_upright_file_shows_what_the_turned_one_does_and_says_nothing_more(kind, orientation, tmp_path):
    y, x = np.mgrid[:40, :56]
    pixels = np.stack([4 * x, 6 * y, 255 - 2 * x - 2 * y], axis=2).astype(np.uint8)
    exif, file = Image.Exif(), tmp_path / "a"
    exif[0x0112], exif[0x010E] = orientation, "where it was taken"
    Image.fromarray(pixels).save(file, kind, exif=exif, icc_profile=b"a profile", quality=100)
    wanted = decode(file, "a", 10**6)
    again = decode(upright_file(file, "a"), "a", 10**6)
    assert (again.format, again.pixels.shape) == (kind, wanted.pixels.shape)
    difference = np.abs(again.pixels.astype(int) - wanted.pixels).max()
    assert difference <= (6 if kind in ("JPEG", "AVIF") else 0)
    with Image.open(io.BytesIO(upright_file(file, "a"))) as opened:
        tags = opened.getexif()  # a TIFF says its size and the like in them
        assert (tags.get(0x0112), tags.get(0x010E), opened.info.get("icc_profile")) == (None, None, b"a profile")
        assert np.asarray(opened.convert("RGB")).shape == wanted.pixels.shape, "a reader that knows no EXIF agrees"


@pytest.mark.parametrize("mode", ["L", "I;16", "RGBA", "P", "1"])
def test_depth_and_transparency_of_a_turned_png_stay(mode, tmp_path):
    rng = np.random.default_rng(1)
    shape = (5, 7, 4) if mode == "RGBA" else (5, 7)
    values = rng.integers(0, 60_000 if mode == "I;16" else 2 if mode == "1" else 250, shape)
    made = Image.fromarray(values.astype({"I;16": np.uint16, "1": bool}.get(mode, np.uint8)))
    if mode == "P":
        made = made.convert("P")
        made.info["transparency"] = 3
    exif = Image.Exif()
    exif[0x0112] = 6
    made.save(tmp_path / "a.png", exif=exif)
    with Image.open(io.BytesIO(upright_file(tmp_path / "a.png", "a"))) as opened:
        assert opened.mode == made.mode
        assert opened.info.get("transparency") == made.info.get("transparency")
        assert np.array_equal(np.asarray(opened), np.rot90(np.asarray(made), -1))


def test_damaged_file_is_a_sentence(tmp_path):
    file = photo(tmp_path / "a.jpg", 6, np.zeros((50, 70, 3), np.uint8))
    file.write_bytes(file.read_bytes()[:-60])
    with pytest.raises(UnreadableImage, match=r"^a\.jpg: the picture is damaged"):
        upright_file(file, "a.jpg")
