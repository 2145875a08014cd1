"""Whatever comes from outside becomes upright RGB pixels or one sentence."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from core.foundation.errors import UnreadableImage
from core.media.images import crop_suffix, decode, decoding, face_crop, jpeg, may_be_picture, thumbnail
from tests.builders.places import ROOT

LIMIT = 1_000_000


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def corners() -> np.ndarray:
    """(16, 24, 3): red, green, blue and white quarters: each orientation puts another one at the top left."""
    pixels = np.zeros((16, 24, 3), dtype=np.uint8)
    pixels[:8, :12] = (255, 0, 0)
    pixels[:8, 12:] = (0, 255, 0)
    pixels[8:, :12] = (0, 0, 255)
    pixels[8:, 12:] = (255, 255, 255)
    return pixels


# What a viewer does to the stored pixels for each value of the tag 0x0112 (EXIF 2.32, table 4.6.4).
UPRIGHT = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    8: lambda p: np.rot90(p, 1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_every_exif_orientation_comes_out_upright(orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    picture = decode(saved(Image.fromarray(corners()), kind, exif=exif, **options), "a", LIMIT)
    assert np.array_equal(picture.pixels, UPRIGHT[orientation](corners()))
    assert (picture.width, picture.height) == ((16, 24) if orientation >= 5 else (24, 16))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_is_turned_as_a_phone_means_it(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(saved(Image.fromarray(corners()), "JPEG", exif=exif, quality=95, subsampling=0), "a.jpg", LIMIT)
    assert np.abs(picture.pixels.astype(int) - UPRIGHT[orientation](corners())).mean() < 8


def test_an_orientation_that_does_not_exist_is_ignored():
    exif = Image.Exif()
    exif[0x0112] = 42
    assert np.array_equal(decode(saved(Image.fromarray(corners()), "PNG", exif=exif), "a", LIMIT).pixels, corners())


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_does_not_cost_the_picture():
    content = saved(Image.fromarray(corners()), "JPEG", exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff\0\1\2\3")
    assert decode(content, "a.jpg", LIMIT).pixels.shape == (16, 24, 3)


def test_cmyk_keeps_its_colours():
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # magenta and yellow ink: red
    for kind in ("TIFF", "JPEG"):
        red, green, blue = decode(saved(cmyk, kind), "a", LIMIT).pixels[8, 8].tolist()
        assert red > 240, kind
        assert max(green, blue) < 15, kind


def test_adobe_jpegs_with_inverted_inks_look_as_in_opencv():
    inks = np.zeros((16, 48, 4), dtype=np.uint8)
    inks[:, :16], inks[:, 16:32], inks[:, 32:] = (0, 255, 255, 0), (200, 30, 0, 40), (0, 0, 0, 255)
    content = saved(Image.fromarray(inks, "CMYK"), "JPEG", quality=95)
    assert b"Adobe" in content[:64]  # the marker that says: the inks are stored inverted
    seen = cv2.cvtColor(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    pixels = decode(content, "a.jpg", LIMIT).pixels
    assert np.abs(pixels.astype(int) - seen)[:, [4, 8, 24, 40]].max() < 6
    assert pixels[8, 40].max() < 6  # black ink is black


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_of_grey_are_scaled_not_clipped(kind):
    values = np.array([[0, 256, 257, 32768, 65534, 65535]], dtype=np.uint16)
    picture = decode(saved(Image.fromarray(values), kind), "a", LIMIT)
    assert picture.pixels[0, :, 0].tolist() == [0, 0, 1, 127, 254, 255]
    assert (picture.pixels == picture.pixels[:, :, :1]).all()


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_fewer_bits_in_a_picture_of_sixteen_are_shown_with_their_own_range(kind, bits):
    white = 2**bits - 1
    values = np.array([[0, white // 3, white]], dtype=np.uint16)
    pixels = decode(saved(Image.fromarray(values), kind), "a", LIMIT).pixels
    assert pixels[0, :, 0].tolist() == [0, white // 3 * 255 // white, 255]


@pytest.mark.parametrize("kind", [".png", ".tif"])
def test_twelve_bits_of_colour_in_sixteen_are_shown_with_their_own_range(kind):
    values = np.array([[[4095, 2048, 0], [0, 1365, 4095]]], dtype=np.uint16)  # blue, green, red
    content = cv2.imencode(kind, values)[1].tobytes()
    assert decode(content, "a", LIMIT).pixels[0].tolist() == [[0, 127, 255], [255, 85, 0]]


def test_twelve_bits_of_a_large_turned_picture_are_shown_with_their_own_range_too(tmp_path, monkeypatch):
    monkeypatch.setattr("core.media.images._LARGE", 100)
    monkeypatch.setattr("core.media.images._STRIP", 64)  # several strips
    values = np.random.default_rng(0).integers(0, 4096, (20, 31, 3), dtype=np.uint16)
    values[0, 0] = 4095
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", values)[1].tobytes())
    turned = decode(_with_orientation(tmp_path / "a.png", 6), "a", LIMIT).pixels
    expected = np.rot90(values[:, :, ::-1].astype(np.int64) * 255 // 4095, -1)
    np.testing.assert_array_equal(turned, expected)


def _with_orientation(file, orientation):
    """The bytes of a PNG with an EXIF block that turns it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    block = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(block) - 4) + block + struct.pack(">I", zlib.crc32(block))
    content = file.read_bytes()
    return content[:33] + chunk + content[33:]  # behind the header


def test_a_black_picture_of_sixteen_bits_stays_black():
    assert decode(saved(Image.fromarray(np.zeros((2, 2), np.uint16)), "PNG"), "a", LIMIT).pixels.max() == 0


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "WEBP", "PNG"])
def test_pages_and_frames_after_the_first_are_counted(kind):
    pages = [Image.fromarray(np.full((8, 8, 3), value, np.uint8)) for value in (0, 90, 200)]
    picture = decode(saved(pages[0], kind, save_all=True, append_images=pages[1:]), "a", LIMIT)
    assert (picture.count, int(picture.pixels[0, 0, 0])) == (3, 0)
    assert decode(saved(pages[0], kind), "a", LIMIT).count == 1


def test_a_second_page_that_is_damaged_does_not_cost_the_first():
    pages = [Image.fromarray(np.full((8, 8, 3), value, np.uint8)) for value in (40, 90)]
    whole = saved(pages[0], "GIF", save_all=True, append_images=pages[1:])
    assert int(decode(whole[:-20], "a.gif", LIMIT).pixels[0, 0, 0]) == 40


def test_sixteen_bit_pgm_is_scaled_not_clipped():
    content = b"P5 3 1 65535\n" + np.array([0, 32768, 65535], dtype=">u2").tobytes()
    assert decode(content, "a.pgm", LIMIT).pixels[0, :, 0].tolist() == [0, 127, 255]


def _png(width: int, height: int, depth: int, colour: int, raw: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def test_sixteen_bits_of_colour_are_read():
    raw = b"\0" + np.array([65535, 32768, 0], dtype=">u2").tobytes()
    assert decode(_png(1, 1, 16, 2, raw), "a.png", LIMIT).pixels[0, 0].tolist() in ([255, 128, 0], [255, 127, 0])


def test_grey_and_one_bit_pictures_become_rgb():
    grey = np.array([[0, 100, 255]], dtype=np.uint8)
    assert decode(saved(Image.fromarray(grey), "PNG"), "a", LIMIT).pixels[0].tolist() == [
        [v] * 3 for v in (0, 100, 255)
    ]
    bits = Image.fromarray(grey).convert("1", dither=Image.Dither.NONE)
    assert decode(saved(bits, "PNG"), "a", LIMIT).pixels[0].tolist() == [[0] * 3, [0] * 3, [255] * 3]


def test_transparency_is_laid_over_white():
    half = Image.new("RGBA", (2, 2), (0, 0, 0, 0))
    half.putpixel((0, 0), (200, 100, 50, 255))
    half.putpixel((1, 0), (0, 0, 0, 128))
    pixels = decode(saved(half, "PNG"), "a", LIMIT).pixels
    assert pixels[0].tolist() == [[200, 100, 50], [127, 127, 127]]
    assert pixels[1].tolist() == [[255, 255, 255]] * 2


@pytest.mark.parametrize("transparency", [1, b"\xff\x00"])
def test_a_palette_with_a_transparent_colour_is_laid_over_white(transparency):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 90, 90, 90])
    image.putpixel((1, 0), 1)
    pixels = decode(saved(image, "PNG", transparency=transparency), "a", LIMIT).pixels
    assert pixels[0].tolist() == [[10, 20, 30], [255, 255, 255]]


def test_grey_with_alpha_is_laid_over_white():
    image = Image.new("LA", (1, 1), (0, 0))
    assert decode(saved(image, "PNG"), "a", LIMIT).pixels[0, 0].tolist() == [255, 255, 255]


def test_lab_becomes_the_colour_that_it_says():
    lab = ImageCms.applyTransform(
        Image.new("RGB", (2, 2), (255, 0, 0)),
        ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"),
    )
    red, green, blue = decode(saved(lab, "TIFF"), "a.tif", LIMIT).pixels[0, 0].tolist()
    assert red > 245
    assert max(green, blue) < 10


def test_floating_point_is_refused_with_advice():
    content = saved(Image.fromarray(np.zeros((2, 2), dtype=np.float32)), "TIFF")
    with pytest.raises(UnreadableImage, match=r"a\.tif: a floating-point picture has no fixed white; convert it"):
        decode(content, "a.tif", LIMIT)


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(content, "a.gif", LIMIT).pixels[0, 0].tolist() == [255, 0, 0]


def test_a_phones_picture_pair_is_a_jpeg():
    first, second = Image.new("RGB", (8, 8), (255, 0, 0)), Image.new("RGB", (8, 8))
    picture = decode(saved(first, "MPO", save_all=True, append_images=[second]), "a.jpg", LIMIT)
    assert picture.format in ("JPEG", "MPO")
    assert picture.pixels[4, 4, 0] > 240


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "PPM", "TIFF", "JPEG", "WEBP"])
def test_a_name_that_lies_about_the_kind_does_not_matter(pictures, kind):
    assert decode(pictures(kind=kind), "photo.jpg", LIMIT).format == kind


SIDE = 50_000
BOMBS = {
    "PNG": _png(SIDE, SIDE, 8, 2, b""),
    "BMP": struct.pack("<2sIHHI", b"BM", 100, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 24, *[0] * 6),
    "GIF": struct.pack("<6sHHBBBcHHHHB", b"GIF89a", 1, 1, 0, 0, 0, b",", 0, 0, SIDE, SIDE, 0) + b"\x08\0;",
    "PPM": b"P6 50000 50000 255\n",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_from_its_header(kind, monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("the pixels were unpacked"))
    with pytest.raises(UnreadableImage, match=r"^a: 50000 × 50000 pixels are more than the limit of 100,000,000"):
        decode(BOMBS[kind], "a", 100_000_000)


def test_a_jpeg_that_claims_to_be_huge_is_refused(pictures):
    content = bytearray(pictures(kind="JPEG"))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", 50_000, 50_000)
    with pytest.raises(UnreadableImage, match=r"50000 × 50000 pixels are more than the limit"):
        decode(bytes(content), "a.jpg", 100_000_000)


def test_the_limit_counts_pixels_and_is_inclusive(pictures):
    content = pictures(size=(20, 10))
    assert decode(content, "a", 200).width == 20
    with pytest.raises(UnreadableImage, match=r"20 × 10 pixels are more than the limit of 199 \(FACET_MAX_PIXELS\)"):
        decode(content, "a", 199)


def test_no_warning_of_pillow_is_left_to_chance():
    assert Image.MAX_IMAGE_PIXELS is None  # two thirds of its limit would otherwise be a warning, twice of it an error


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_picture_is_refused(pictures, kind, share):
    content = pictures(size=(64, 64), kind=kind)
    with pytest.raises(UnreadableImage, match=r"^cut: (the picture is damaged|not a picture)"):
        decode(content[: int(len(content) * share)], "cut", LIMIT)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello\n", "not a picture but text"),
        ("é".encode() * 400, "not a picture but text"),
        (b"x" + "é".encode() * 400, "not a picture but text"),  # the 512th byte is half of a letter
        (b"Mzungu means traveller", "not a picture but text"),
        (b"\xff\xd8", "not a picture of a kind that can be read"),
        (b"\x89PNG\r\n\x1a\n", "not a picture of a kind that can be read"),
        (b"\n <!DOCTYPE html><html></html>", "not a picture but a web page"),
        (b"\xef\xbb\xbf<html>", "not a picture but a web page"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not a picture but an SVG drawing, which may carry code"),
        (b'<?xml version="1.0"?><svg/>', "not a picture but an XML file"),
        (b"%PDF-1.7", "not a picture but a PDF"),
        (b"PK\x03\x04....", "not a picture but a zip archive"),
        (b"\x1f\x8b\x08\0", "not a picture but a compressed archive"),
        (b"\x7fELF\x02", "not a picture but a program"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "a video or an HEIC picture; convert it"),
        (b"\0\1\2\3" * 10, "not a picture of a kind that can be read"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(content, reason, tmp_path):
    with pytest.raises(UnreadableImage) as from_bytes:
        decode(content, "photo.jpg", LIMIT)
    assert str(from_bytes.value).startswith(f"photo.jpg: {reason}")
    file = tmp_path / "photo.jpg"
    file.write_bytes(content)
    with pytest.raises(UnreadableImage) as from_file:
        decode(file, "photo.jpg", LIMIT)
    assert str(from_file.value) == str(from_bytes.value)


def test_kinds_that_nobody_asked_for_are_not_opened():
    content = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"  # Pillow would hand it to Ghostscript
    with pytest.raises(UnreadableImage, match="not a picture but text"):
        decode(content, "a.jpg", LIMIT)


def test_a_file_that_is_gone_is_not_called_damaged(tmp_path):
    with pytest.raises(UnreadableImage, match=r"^a\.jpg: the file cannot be read \(No such file or directory\)$"):
        decode(tmp_path / "a.jpg", "a.jpg", LIMIT)


def test_too_little_memory_is_not_called_damage(pictures, monkeypatch):
    def no_memory(self):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "convert", lambda *_: no_memory(None))
    with pytest.raises(UnreadableImage, match="a: there is not enough memory to decode it"):
        decode(pictures(), "a", LIMIT)


def test_pixels_can_be_written_to(pictures):
    assert decode(pictures(), "a", LIMIT).pixels.flags.writeable


def test_a_thumbnail_keeps_the_shape_and_never_grows():
    small = Image.open(io.BytesIO(thumbnail(np.zeros((10, 20, 3), np.uint8))))
    assert small.size == (20, 10)
    assert Image.open(io.BytesIO(thumbnail(np.zeros((1000, 2000, 3), np.uint8)))).size == (256, 128)
    assert Image.open(io.BytesIO(thumbnail(np.zeros((1, 5000, 3), np.uint8)))).size == (256, 1)


def test_a_crop_is_centred_and_grey_beyond_the_edge():
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[40:60, 40:60] = 255
    cut = face_crop(pixels, (39.5, 39.5, 59.5, 59.5), side=60)  # 20 pixels and a quarter on each side: 30 → 60
    assert cut.shape == (60, 60, 3)
    assert cut[30, 30].tolist() == [255] * 3
    assert np.abs(np.argwhere(cut[:, :, 0] > 127).mean(axis=0) - 29.5).max() <= 1.0
    beyond = face_crop(pixels, (-200.0, -200.0, -100.0, -100.0), side=20)
    assert (beyond == 128).all()


def test_a_box_without_area_still_gives_a_crop():
    assert face_crop(np.zeros((10, 10, 3), np.uint8), (5.0, 5.0, 5.0, 5.0)).shape == (160, 160, 3)


def test_crops_of_different_boxes_have_different_names():
    assert crop_suffix((1.0, 2.0, 3.0, 4.0)) != crop_suffix((1.0, 2.0, 3.0, 4.1))
    assert os.sep not in crop_suffix((-1.0, 2.0, 3.0, 4.0))


def test_what_the_browser_gets_carries_no_metadata():
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    content = saved(Image.new("RGB", (8, 8)), "JPEG", exif=exif)
    encoded = jpeg(decode(content, "a.jpg", LIMIT).pixels)
    assert not Image.open(io.BytesIO(encoded)).getexif()
    assert b"home" not in encoded


MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "I;16"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("orientation", [1, 2, 5, 6])
def test_strip_by_strip_a_picture_is_what_it_is_at_once(monkeypatch, mode, orientation):
    pixels = np.random.default_rng(0).integers(0, 256, (31, 17, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    image = Image.fromarray(pixels[..., 0].astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(image, "TIFF" if mode in ("CMYK", "PA") else "PNG", exif=exif)
    whole = decode(content, "a", LIMIT)
    monkeypatch.setattr("core.media.images._STRIP", 17 * 4)
    assert np.array_equal(decode(content, "a", LIMIT).pixels, whole.pixels)
    assert whole.pixels.flags.c_contiguous


def test_of_large_pictures_only_one_is_unpacked_at_a_time(monkeypatch):
    monkeypatch.setattr("core.media.images._LARGE", 100)
    large = saved(Image.fromarray(corners()), "PNG")
    small = saved(Image.new("RGB", (5, 5)), "PNG")
    waited = threading.Event()

    def second():
        decode(large, "b", LIMIT)
        waited.set()

    with decoding(large, "a", LIMIT):
        thread = threading.Thread(target=second)
        thread.start()
        assert decode(small, "c", LIMIT).width == 5, "small ones do not wait"
        assert not waited.wait(0.2)
    thread.join(10)
    assert waited.is_set()


def test_a_large_picture_that_is_damaged_does_not_keep_the_next_one_waiting(monkeypatch):
    monkeypatch.setattr("core.media.images._LARGE", 100)
    content = saved(Image.fromarray(corners()), "PNG")
    with pytest.raises(UnreadableImage):
        decode(content[:-30], "a", LIMIT)
    assert decode(content, "b", LIMIT).width == 24


@pytest.mark.parametrize("size", [(1, 65_536), (65_536, 1)])
def test_a_side_that_no_camera_has_is_refused_before_its_rows_are_counted(size):
    with pytest.raises(UnreadableImage, match="no side may have more than 65,535"):
        decode(saved(Image.new("L", size), "PNG"), "a", LIMIT)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "AVIF"])
def test_every_kind_that_can_be_read_is_known_by_its_first_bytes(kind):
    assert may_be_picture(saved(Image.fromarray(corners()), kind)[:512])


@pytest.mark.parametrize("head", [b"", b"\0" * 512, b"%PDF-1.7", b"text"])
def test_what_is_no_picture_is_known_by_its_first_bytes(head):
    assert not may_be_picture(head)


MEASURED = """
import sys
from pathlib import Path
from core.media.images import decode
peak = lambda: int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024
before = peak()
pixels = decode(Path(sys.argv[1]), "a", 10**9).pixels
print((peak() - before) / (pixels.size / 3))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says the peak of a process since its start")
def test_a_large_picture_takes_hardly_more_than_eight_bytes_a_pixel(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (5000, 6000), (9, 8, 7)).save(tmp_path / "a.png", compress_level=1, exif=exif)
    command = [sys.executable, "-c", MEASURED, str(tmp_path / "a.png")]
    measured = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert 3 < float(measured.stdout) < 9
