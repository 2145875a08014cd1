"""When a photo was taken, as its file says."""

from __future__ import annotations

from datetime import datetime

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from core.media.capture_times import capture_time

TAKEN, SCANNED, CHANGED = "2024:05:01 18:30:05", "2019:01:01 00:00:00", "2025:12:24 08:00:00"


@pytest.fixture
def photo(tmp_path):
    """Writes a photo with some tags: of the camera's own, and of the file."""

    def write(inner, outer=None, kind="JPEG"):
        exif = Image.Exif()
        exif.get_ifd(ExifTags.IFD.Exif).update(inner)
        if outer is not None:
            exif[ExifTags.Base.DateTime] = outer
        file = tmp_path / f"photo.{kind.lower()}"
        Image.new("RGB", (8, 6), (9, 90, 200)).save(file, kind, exif=exif)
        return capture_time(file)

    return write


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_time_is_that_of_the_camera_then_of_the_scan_then_of_the_file(photo, kind):
    original, digitized = ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized
    assert photo({original: TAKEN, digitized: SCANNED}, CHANGED, kind) == datetime(2024, 5, 1, 18, 30, 5)
    assert photo({digitized: SCANNED}, CHANGED, kind) == datetime(2019, 1, 1)
    assert photo({}, CHANGED, kind) == datetime(2025, 12, 24, 8)


_ZEROS, _BLANKS, _WIDE = "0000:00:00 00:00:00", "    :  :     :  :  ", "２０２４:05:01 00:00:00"


@pytest.mark.parametrize("text", [_ZEROS, _BLANKS, _WIDE, "2024:13:01 00:00:00", "yesterday", ""])
def test_what_cannot_be_a_time_is_none(photo, text):
    assert photo({ExifTags.Base.DateTimeOriginal: text}) is None


def test_a_photo_without_exif_has_no_time_and_what_is_no_photo_is_an_error(tmp_path):
    Image.new("RGB", (8, 6)).save(tmp_path / "plain.png")
    assert capture_time(tmp_path / "plain.png") is None
    (tmp_path / "text.jpg").write_text("2024:05:01 18:30:05")
    for name in ("text.jpg", "nowhere.jpg"):
        with pytest.raises(OSError, match=name):
            capture_time(tmp_path / name)


def test_the_pixels_of_a_png_are_unpacked_only_where_something_is_said_behind_them(tmp_path, monkeypatch):
    exif, file = Image.Exif(), tmp_path / "a.png"
    exif[ExifTags.Base.DateTime] = CHANGED
    Image.new("RGB", (8, 6)).save(file, exif=exif)
    content = file.read_bytes()
    length = int.from_bytes(content[33:37], "big")
    block = content[33 : 45 + length]  # eXIf follows IHDR
    assert block[4:8] == b"eXIf"
    plain = content.replace(block, b"")
    file.write_bytes(plain[:-12] + block + plain[-12:])
    assert capture_time(file) == datetime(2025, 12, 24, 8)
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda _: pytest.fail("the pixels were unpacked"))
    file.write_bytes(content)
    assert capture_time(file) == datetime(2025, 12, 24, 8)
    file.write_bytes(plain)
    assert capture_time(file) is None


def test_a_damaged_exif_block_says_no_time(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = CHANGED
    Image.new("RGB", (8, 6)).save(tmp_path / "a.jpg", exif=exif)
    content = bytearray((tmp_path / "a.jpg").read_bytes())
    at = content.index(b"Exif\0\0") + 6
    content[at : at + 8] = b"XX\xff\xff\xff\xff\xff\xff"
    (tmp_path / "a.jpg").write_bytes(content)
    assert capture_time(tmp_path / "a.jpg") is None
