"""When a photo was taken, as its camera has written into the file."""

import re
from datetime import datetime
from pathlib import Path
from typing import Final

from PIL import ExifTags, Image

from core.media.images import OPENERS

_WRITTEN: Final = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)


def capture_time(file: Path) -> datetime | None:
    """The time of a photo by its camera's clock, without a time zone; None where the file says none that can be.

    EXIF 2.3 has when the picture was taken (0x9003) and when it became numbers (0x9004), as of a scanned print; else
    when the file was changed last (0x0132) is what is left. Only the head of the file is read.

    Raises
    ------
    OSError
        If the file is missing or cannot be opened as a picture.
    """
    with Image.open(file, formats=OPENERS) as opened:
        try:
            whole = opened.getexif()
            taken = whole.get_ifd(ExifTags.IFD.Exif)
        except Exception:  # an EXIF block that cannot be read says no time
            return None
    tags = ExifTags.Base
    written = [taken.get(tags.DateTimeOriginal), taken.get(tags.DateTimeDigitized), whole.get(tags.DateTime)]
    return next((time for text in written if (time := _time(text)) is not None), None)


def _time(text: object) -> datetime | None:
    match = _WRITTEN.match(text.strip()) if isinstance(text, str) else None
    try:
        return datetime(*map(int, match.groups())) if match else None  # type: ignore[arg-type]
    except ValueError:  # cameras without a clock write zeros
        return None
