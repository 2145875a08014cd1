import io

import numpy as np
import pytest
from PIL import Image

from core.formats.face_crops import CropFailed, crop_jpeg, upright


def gradient() -> np.ndarray:
    x, y = np.meshgrid(np.arange(100), np.arange(80))
    return np.stack([x * 2, y * 2, 0 * x + 50], axis=2).astype(np.uint8)


def test_crop_is_the_box_grown_by_thirty_percent_and_clipped():
    # Centre 30, half of 20 × 1.3 = 13: [17, 43] touches the pixels 17 (up to 17.5) to 43 (from 42.5).
    inner = Image.open(io.BytesIO(crop_jpeg(gradient(), (20, 20, 40, 40))))
    assert inner.size == (27, 27)
    np.testing.assert_allclose(np.asarray(inner)[0, 0], [34, 34, 50], atol=6)
    np.testing.assert_allclose(np.asarray(inner)[26, 26], [86, 86, 50], atol=6)
    # Centre 5, half 6.5: [-1.5, 11.5] is clipped to the pixels 0 to 11.
    assert Image.open(io.BytesIO(crop_jpeg(gradient(), (0, 0, 10, 10)))).size == (12, 12)
    assert Image.open(io.BytesIO(crop_jpeg(gradient(), (-500, -500, 500, 500)))).size == (100, 80)


def test_crop_has_the_same_bytes_every_time_and_no_metadata():
    first, second = (crop_jpeg(gradient(), (20, 20, 40, 40)) for _ in range(2))
    assert first == second
    opened = Image.open(io.BytesIO(first))
    assert set(opened.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert not opened.getexif()
    # libjpeg scales the standard table's 16 by 0.1 at quality 95: 1.6, rounded
    assert opened.quantization[0][0] == 2


def test_crop_of_a_turned_photo_is_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: turn clockwise to see it upright
    Image.fromarray(gradient()).transpose(Image.Transpose.ROTATE_90).save(
        tmp_path / "turned.jpg", exif=exif, quality=95
    )
    opened = upright(tmp_path / "turned.jpg", (100, 80))
    np.testing.assert_allclose(opened.astype(int), gradient().astype(int), atol=8)


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [("L", 7, 7), ("I;16", 257 * 90, 90), ("RGBA", (9, 9, 9, 0), 255), ("1", 1, 255), ("CMYK", (0, 0, 0, 255), 0)],
)
def test_every_kind_of_pixel_becomes_rgb(tmp_path, mode, value, expected):
    file = tmp_path / "picture.tif"
    Image.new(mode, (5, 4), value).save(file)
    assert upright(file, (5, 4))[1, 1].tolist() == [expected] * 3


@pytest.mark.parametrize("box", [(200, 10, 220, 30), (10, 200, 30, 220)])
def test_face_outside_the_picture_has_no_crop(box):
    with pytest.raises(CropFailed, match="its box lies outside the picture"):
        crop_jpeg(gradient(), box)


def test_picture_of_another_size_than_its_labels_has_no_crop(tmp_path):
    Image.fromarray(gradient()).save(tmp_path / "a.png")
    with pytest.raises(CropFailed, match=r"100 × 80.*80 × 100"):
        upright(tmp_path / "a.png", (80, 100))
