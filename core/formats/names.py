"""Names from outside: paths that may not leave a folder, folder names that every file system takes, guarded cells."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Final

from core.formats.dataset import LabelledPerson
from core.foundation.errors import UnreadableLabels
from core.foundation.messages import Message, message

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_FORBIDDEN: Final = frozenset('<>:"/\\|?*')
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: also with an extension, also with superscript digits.
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)
_LONGEST: Final = 100  # bytes; the tightest common file systems take 143, and a counter is still to come
# A spreadsheet takes a cell that begins so for a formula; the apostrophe itself is guarded to be told apart again.
_FORMULA: Final = tuple("=+-@\t\r\n'")


def why_unsafe(path: str) -> Message | None:
    """Say why a relative posix path must not be used inside a folder (``climbs out with '..'``), or None."""
    parts = path.split("/")
    reasons = {
        "paths.empty": not path,
        "paths.nul": "\0" in path,
        "paths.backslash": "\\" in path,
        "paths.absolute": path.startswith("/"),
        "paths.drive": _DRIVE.match(path) is not None,
        "paths.climbs": ".." in parts,
        "paths.part": not {"", "."}.isdisjoint(parts),
        "paths.not_unicode": path != printable(path),
    }
    return next((message(code) for code, holds in reasons.items() if holds), None)


def printable(text: str) -> str:
    """Write what is not valid Unicode (a file name in another encoding) as backslash escapes."""
    return text.encode(errors="backslashreplace").decode()


def path_inside(folder: Path, relative: str, where: str) -> Path:
    """Return the file of that relative path in the folder.

    Raises
    ------
    UnreadableLabels
        If the path could leave the folder: absolute, a drive, ``..``, a backslash, NUL, a symbolic link on the way.
    """
    reason = why_unsafe(relative)
    if reason is not None:
        raise UnreadableLabels("exports.path_refused", of=where, path=relative, reason=reason)
    path = folder
    for part in relative.split("/"):
        path = path / part
        try:
            linked = path.is_symlink()
        except OSError as error:
            raise UnreadableLabels("exports.path_unusable", of=where, path=relative, reason=error.strerror) from error
        if linked:
            raise UnreadableLabels("exports.path_linked", of=where, path=relative)
    return path


def safe_name(text: str) -> str:
    """Turn any text into a file or folder name (NFC, about 100 bytes) for every file system; "" if nothing is left."""
    composed = unicodedata.normalize("NFC", text)
    plain = "".join("_" if c in _FORBIDDEN or unicodedata.category(c)[0] == "C" else c for c in composed)
    short = plain.strip(" .").encode()[:_LONGEST].decode(errors="ignore").strip(" .")
    return f"_{short}" if _RESERVED.match(short) else short


def same_name(name: str) -> str:
    """Fold a name so that two that some file system cannot tell apart (case, composition) become equal."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def folder_names(people: Iterable[LabelledPerson]) -> dict[str, str]:
    """Give each person's key a folder name of its own: the name, else the key, with ``-2``, ``-3`` ... in key order."""
    taken: set[str] = set()
    names: dict[str, str] = {}
    for person in sorted(people, key=lambda person: person.key):
        base = safe_name(person.name or "") or safe_name(person.key) or "person"
        candidates = (base if number == 1 else f"{base}-{number}" for number in count(1))
        names[person.key] = next(name for name in candidates if same_name(name) not in taken)
        taken.add(same_name(names[person.key]))
    return names


def guard(text: str | None) -> str:
    """Make a text cell that no spreadsheet takes for a formula; None becomes an empty cell."""
    if not text:
        return ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def unguard(cell: str) -> str | None:
    """Undo `guard` exactly."""
    return cell.removeprefix("'") or None
