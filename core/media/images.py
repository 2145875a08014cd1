"""Reading pictures that come from outside, and the small ones that are made from them.

Nothing that a file claims is believed: the kind is read from the content, the size is checked before the pixels are
unpacked, and whatever goes wrong becomes one sentence with the file's name. A picture takes seven bytes for each of its
pixels while it is unpacked (nine where 10 to 14 bits of colour lie in 16) and three after that; of large ones a process
unpacks one at a time.
"""

import codecs
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from core.foundation.arrays import Box
from core.foundation.errors import UnreadableImage
from core.foundation.messages import Message, message

# Our own limit is checked as soon as the header is read; Pillow's would be a warning, and one for the whole process.
Image.MAX_IMAGE_PIXELS = None

SUFFIXES: Final = {
    "JPEG": ".jpg",
    "MPO": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "BMP": ".bmp",
    "TIFF": ".tif",
    "GIF": ".gif",
    "PPM": ".ppm",
    "AVIF": ".avif",
}
OPENERS: Final = tuple(kind for kind in SUFFIXES if kind != "MPO")  # the JPEG opener gives MPO for a phone's pairs
_BEGINNINGS: Final = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"BM", b"II", b"MM", b"GIF8", b"P")
_LARGE: Final = 16_000_000  # pixels from which on a picture is unpacked alone
_STRIP: Final = 1 << 21  # pixels that are turned into RGB together
_LONGEST_SIDE: Final = 65_535  # what a JPEG can have; Pillow keeps an address for each row
_ORIENTATION: Final = 0x0112
_DEPTHS: Final = (8, 10, 12, 14, 16)  # bits of a sensor
_DARK: Final = 64  # upper bytes of at most 14 bits
_one_large = Lock()
# The view of an upright picture that has the order of the stored pixels, for each orientation but the usual one.
_STORED: Final[dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]]] = {
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright),
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}
_THUMBNAIL: Final = 256  # longest side, pixels
_CROP: Final = 160
_MARGIN: Final = 0.25
_KNOWN: Final = (
    (b"%PDF", message("images.pdf")),
    (b"PK\x03\x04", message("images.zip")),
    (b"\x1f\x8b", message("images.archive")),
    (b"\x7fELF", message("images.program")),
)
_MARKUP: Final = (
    (b"<svg", message("images.svg")),
    (b"<?xml", message("images.xml")),
    (b"<!doctype html", message("images.web_page")),
    (b"<html", message("images.web_page")),
)


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes
    ----------
    pixels
        (height, width, 3) uint8, RGB, upright (EXIF orientation applied).
    format
        Pillow's name of the kind that the *content* is, a key of `SUFFIXES`.
    count
        How many pages or frames the file has, of which this is the first.
    """

    pixels: NDArray[np.uint8]
    format: str
    count: int = 1

    @property
    def width(self) -> int:
        """Pixels across, upright."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels down, upright."""
        return int(self.pixels.shape[0])


def decode(content: bytes | Path, name: str, max_pixels: int) -> Picture:
    """Decode one picture: any EXIF orientation, CMYK, grey, palette, transparency (over white), 8 to 16 bits.

    In 16 bits the white is that of the fewest bits (8, 10, 12, 14, 16) that hold the largest value: a camera's 12 bits
    in a file of 16 are not black.

    Raises as `decoding`.
    """
    with decoding(content, name, max_pixels) as picture:
        return picture


@contextmanager
def decoding(content: bytes | Path, name: str, max_pixels: int) -> Iterator[Picture]:
    """A decoded picture, as `decode` gives it; while the block lasts, this process unpacks no other large one.

    Raises
    ------
    UnreadableImage
        With the file's name and the reason: empty, no picture, damaged, too large, floating point.
    """
    if isinstance(content, bytes) and not content:
        raise UnreadableImage("images.empty", of=name)
    with as_unreadable(content, name):
        source = io.BytesIO(content) if isinstance(content, bytes) else content
        opened = Image.open(source, formats=OPENERS)
    with opened:
        with as_unreadable(content, name):
            _check_size(opened, name, max_pixels)
        with alone_if_large(opened):
            with as_unreadable(content, name):
                deep = any(";16" in str(tile.args) for tile in opened.tile)
                picture = Picture(_upright_rgb(opened, name), opened.format or "", _count(opened))
                orientation = _orientation(opened)
            opened.close()
            if deep and picture.pixels.max() < _DARK:
                _fill_from_sixteen(picture.pixels, content, orientation)
            yield picture


def may_be_picture(head: bytes) -> bool:
    """Whether the first bytes of a file are how some kind of picture begins, so that it is worth reading."""
    return head.startswith(_BEGINNINGS) or head[4:8] == b"ftyp"


def alone_if_large(opened: Image.Image) -> AbstractContextManager[object]:
    """As long as this is held, this process unpacks no other large picture."""
    return _one_large if opened.width * opened.height > _LARGE else nullcontext()


@contextmanager
def as_unreadable(content: bytes | Path, name: str) -> Iterator[None]:
    """Whatever a decoder raises, as `UnreadableImage`."""
    try:
        yield
    except UnreadableImage:
        raise
    except UnidentifiedImageError:
        raise UnreadableImage.saying(_what_it_is(content).within(name)) from None
    except MemoryError as error:
        raise UnreadableImage("images.no_memory", of=name) from error
    except Exception as error:  # decoders raise OSError, ValueError, SyntaxError, struct.error, ... on damaged files
        if isinstance(error, OSError) and error.errno is not None:
            raise UnreadableImage("images.not_read", of=name, reason=error.strerror) from error
        raise UnreadableImage("images.damaged", of=name, reason=error) from error


def _check_size(opened: Image.Image, name: str, max_pixels: int) -> None:
    width, height = opened.size
    if width * height > max_pixels:
        raise UnreadableImage("images.too_large", of=name, width=width, height=height, limit=max_pixels)
    if max(width, height) > _LONGEST_SIDE:
        raise UnreadableImage("images.too_long", of=name, width=width, height=height, limit=_LONGEST_SIDE)


def _upright_rgb(opened: Image.Image, name: str) -> NDArray[np.uint8]:
    """(H, W, 3), made strip by strip: Pillow's own conversions each hold the whole picture once more."""
    opened.load()
    width, height = opened.size
    stored_as = _STORED.get(_orientation(opened), lambda upright: upright)
    turned = stored_as(np.empty((1, 2, 0), np.uint8)).shape[0] == 2
    upright = np.empty((width, height, 3) if turned else (height, width, 3), np.uint8)
    stored, rows = stored_as(upright), max(1, _STRIP // width)
    white = _white(opened.getextrema()[1]) if opened.mode.startswith("I") else 0
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        stored[top:bottom] = _to_rgb(opened.crop((0, top, width, bottom)), name, white)
    return upright


def _white(largest: Any) -> int:
    """The largest number of the fewest bits that hold the largest value."""
    return next((2**bits - 1 for bits in _DEPTHS if largest < 2**bits), 65535)


def _fill_from_sixteen(pixels: NDArray[np.uint8], content: bytes | Path, orientation: int) -> None:
    """Set upright pixels from all their 16 bits, of which Pillow keeps the upper eight; not where it cannot be."""
    raw = np.frombuffer(content, np.uint8) if isinstance(content, bytes) else np.fromfile(content, np.uint8)
    values = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16 or values.ndim != 3 or values.shape[2] != 3:
        return
    stored, white = _STORED.get(orientation, lambda upright: upright)(pixels), _white(values.max())
    rows = max(1, _STRIP // values.shape[1])
    for top in range(0, len(values), rows):
        strip = values[top : top + rows, :, ::-1].astype(np.uint32)
        stored[top : top + rows] = strip * 255 // white


def _count(opened: Image.Image) -> int:
    """How many pages or frames a file has; of one that is damaged behind its first, those that are sure."""
    if opened.format == "MPO":
        return 1  # a phone's second picture is for its own use
    try:
        return int(getattr(opened, "n_frames", 1))
    except Exception:  # decoders raise whatever they like; the first picture is good
        return 1


def _orientation(opened: Image.Image) -> int:
    try:
        return int(opened.getexif().get(_ORIENTATION, 1))
    except Exception:  # an EXIF block that cannot be read names no orientation; the pixels are good
        return 1


def _to_rgb(opened: Image.Image, name: str, white: int) -> NDArray[np.uint8]:
    if opened.mode == "F":
        raise UnreadableImage("images.floating_point", of=name)
    if opened.mode.startswith("I"):  # 16 bits of grey; Pillow's own conversion would clip at 255
        grey = np.clip(np.asarray(opened), 0, white).astype(np.uint32) * 255 // white
        return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)
    if opened.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in opened.info:
        ground = Image.new("RGBA", opened.size, (255, 255, 255, 255))
        opened = Image.alpha_composite(ground, opened.convert("RGBA"))
    return np.array(opened.convert("RGB"))


def _what_it_is(content: bytes | Path) -> Message:
    if isinstance(content, Path):
        with content.open("rb") as file:
            head = file.read(512)
    else:
        head = content[:512]
    if not head:
        return message("images.empty")
    text = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for marks, start in ((_KNOWN, head), (_MARKUP, text)):
        if kind := next((kind for mark, kind in marks if start.startswith(mark)), None):
            return message("images.is_other", what=kind)
    if head[4:8] == b"ftyp":
        return message("images.heic")
    if b"\0" not in head and _is_text(head):
        return message("images.is_other", what=message("images.a_text"))
    return message("images.unknown_kind")


def _is_text(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the last character may be cut off
    except UnicodeDecodeError:
        return False
    return True


def shrunk(pixels: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    """(H, W, 3), reduced by averaging areas so that the longest side is at most `longest` pixels; never enlarged."""
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1.0:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def thumbnail(pixels: NDArray[np.uint8]) -> bytes:
    """A JPEG of `pixels` (H, W, 3) RGB whose longest side is at most 256 pixels; never enlarged."""
    return jpeg(shrunk(pixels, _THUMBNAIL), quality=85)


def face_crop(pixels: NDArray[np.uint8], box: Box, side: int = _CROP) -> NDArray[np.uint8]:
    """A square (side, side, 3) cut around a box with a quarter of margin; what lies beyond the picture is grey."""
    left, top, right, bottom = box
    half = max(right - left, bottom - top, 1.0) * (0.5 + _MARGIN)
    scale = side / (2 * half)
    centre_x, centre_y = (left + right) / 2, (top + bottom) / 2
    transform = np.array([[scale, 0, side / 2 - centre_x * scale], [0, scale, side / 2 - centre_y * scale]])
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    cut = cv2.warpAffine(pixels, transform, (side, side), flags=flags, borderValue=(128, 128, 128))
    return np.asarray(cut, dtype=np.uint8)


def crop_suffix(box: Box) -> str:
    """What tells one face's crop from another's in a file name."""
    return "-" + "_".join(f"{value:.1f}" for value in box)


def jpeg(pixels: NDArray[np.uint8], quality: int = 90) -> bytes:
    """Encode (H, W, 3) RGB as a JPEG without any metadata."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
