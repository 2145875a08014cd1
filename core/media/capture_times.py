"""When a photo was taken, as its camera has written into the file."""

import re
import struct
from datetime import datetime
from os import SEEK_CUR
from pathlib import Path
from typing import Final

from PIL import ExifTags, Image

from core.media.images import OPENERS

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_TELLING: Final = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")
_WRITTEN: Final = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)


def capture_time(file: Path) -> datetime | None:
    """The time of a photo by its camera's clock, without a time zone; None where the file says none that can be.

    EXIF 2.3 has when the picture was taken (0x9003) and when it became numbers (0x9004), as of a scanned print; else
    when the file was changed last (0x0132) is what is left. Only the head of the file is read; of a PNG with a block of
    text or EXIF behind its pixels, all.

    Raises
    ------
    OSError
        If the file is missing or cannot be opened as a picture.
    """
    with Image.open(file, formats=OPENERS) as opened:
        try:
            plain_png = opened.format == "PNG" and not _tells_behind_pixels(file)
            whole = Image.Image.getexif(opened) if plain_png else opened.getexif()
            taken = whole.get_ifd(ExifTags.IFD.Exif)
        except Exception:  # an EXIF block that cannot be read says no time
            return None
    tags = ExifTags.Base
    written = [taken.get(tags.DateTimeOriginal), taken.get(tags.DateTimeDigitized), whole.get(tags.DateTime)]
    return next((time for text in written if (time := _time(text)) is not None), None)


def _tells_behind_pixels(file: Path) -> bool:
    """Whether a PNG has a chunk behind its pixels that may say a time: Pillow unpacks the pixels to get there."""
    behind = False
    with file.open("rb") as source:
        source.seek(len(_PNG))
        while len(head := source.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if behind and kind in _TELLING:
                return True
            behind = behind or kind == b"IDAT"
            source.seek(length + 4, SEEK_CUR)
    return False


def _time(text: object) -> datetime | None:
    match = _WRITTEN.match(text.strip()) if isinstance(text, str) else None
    try:
        return datetime(*map(int, match.groups())) if match else None  # type: ignore[arg-type]
    except ValueError:  # cameras without a clock write zeros
        return None
