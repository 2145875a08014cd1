"""The ways in which a name from outside may have to be read: as it is written, then as tools write names."""

import posixpath
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, unquote

from core.formats.labels.rows import ANY_ENDING

_ENDINGS: Final = frozenset(
    [
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm", ".pgm", ".pnm"),
        *(".avif", ".heic", ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm"),
    ]
)
_HOST: Final = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:/+[^/]*/")  # a drive has one letter
_UPWARD: Final = re.compile(r"^(?:\.\./)+")
_UPLOAD: Final = re.compile(r"(?:.*/)?[0-9a-f]{8}-([^/]+)")
_KEPT_IN: Final = re.compile(
    r"annot(ation)?s?|labels?|landmarks?|key_?points?|points|pts|tracks?|json|xml|csv|npy|mat|gt|ground_?truth", re.I
)


class Spelling(StrEnum):
    """How a name from outside differs from that of the picture that it means: each is the code of its sentence."""

    DOUBLE_ENDING = "labels.by_double_ending"  # p0.jpg.pts is of p0.jpg
    ADDRESS = "labels.by_address"  # a host, %20, ?query
    UPLOAD = "labels.by_upload"  # Label Studio puts eight hex digits before each upload
    CASE = "labels.by_case"
    ENDING = "labels.by_ending"


@dataclass(frozen=True)
class Reading:
    """One way to read a name.

    Attributes
    ----------
    spelling
        How it differs from what is written; None where it does not.
    paths
        What it may be: from its file's folder, then as it is.
    any_ending, any_case
        What of the pictures' paths is not compared.
    """

    spelling: Spelling | None
    paths: tuple[str, ...]
    any_ending: bool = False
    any_case: bool = False

    @property
    def stem(self) -> str:
        """The last part without its ending, in small letters."""
        name = posixpath.basename(self.paths[-1])
        return (name if self.any_ending else posixpath.splitext(name)[0]).casefold()

    def wanted(self) -> Iterator[str]:
        """The paths as they are compared."""
        return (path.casefold() if self.any_case else path for path in self.paths)

    def compared(self, path: str) -> str:
        """A picture's path as it is compared."""
        kept = posixpath.splitext(path)[0] if self.any_ending else path
        return kept.casefold() if self.any_case else kept


@dataclass(frozen=True)
class Readings:
    """The ways to read a name: as it is written, then otherwise, the stricter first.

    `home` is the folder of a file whose names give none: their pictures are looked for below it first.
    """

    exact: Sequence[Reading]
    loose: Sequence[Reading]
    home: str = ""


def readings(name: str, folder: str = "") -> Readings:
    """The ways to read a name that a file in `folder` gives; ``name.*`` is the name of the label's own file.

    Of the latter, folders that only say that labels are kept there (``annotations``, ``pts``) are no part of the name.
    """
    given = composed(name)
    if given.endswith(ANY_ENDING):
        return _of_file_name(given.removesuffix(ANY_ENDING))
    home = without_kept_in(folder)

    def placed(path: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(composed(posixpath.join(start, path)) for start in (folder, home, "")))

    ways = [Reading(None, placed(given))]
    if (address := _address(given)) != given:
        ways.append(Reading(Spelling.ADDRESS, placed(address)))
    if upload := _UPLOAD.fullmatch(address):
        ways.append(Reading(Spelling.UPLOAD, (upload[1],)))
    case = [Reading(Spelling.CASE, way.paths, any_case=True) for way in ways]
    ending = [Reading(Spelling.ENDING, tuple(map(_stem, way.paths)), True, True) for way in ways if _is_known(way)]
    return Readings(ways[:1], [*ways[1:], *case, *ending], "" if "/" in given else home)


def _of_file_name(given: str) -> Readings:
    stripped = without_kept_in(posixpath.dirname(given))
    paths = list(dict.fromkeys((given, posixpath.join(stripped, posixpath.basename(given)))))
    exact = [Reading(None, (path,), any_ending=True) for path in paths]
    twice = [
        Reading(Spelling.DOUBLE_ENDING, (path,)) for path in paths if posixpath.splitext(path)[1].lower() in _ENDINGS
    ]
    address = [Reading(Spelling.ADDRESS, (unquote(path),), any_ending=True) for path in paths if "%" in path]
    case = [Reading(Spelling.CASE, way.paths, way.any_ending, True) for way in (*exact, *twice, *address)]
    ending = [Reading(Spelling.ENDING, tuple(map(_stem, way.paths)), True, True) for way in twice]
    return Readings(exact, [*twice, *address, *case, *ending], stripped)


def stem_of(name: str) -> str:
    """The last part of a picture's name without its ending, or endings: ``img.0001.*`` has none."""
    stem = posixpath.basename(name.removesuffix(ANY_ENDING))
    given, ending = posixpath.splitext(stem)
    return given if not name.endswith(ANY_ENDING) or ending.lower() in _ENDINGS else stem


def composed(path: str) -> str:
    """A path with composed accents (a Mac writes them as characters of their own), without ``.`` and leading ``..``."""
    return _UPWARD.sub("", unicodedata.normalize("NFC", posixpath.normpath(path))) if path else ""


def without_kept_in(folder: str) -> str:
    """A folder of labels without the last parts that only say that they are kept there."""
    parts = [part for part in composed(folder).split("/") if part != "."]
    while parts and _KEPT_IN.fullmatch(parts[-1]):
        parts.pop()
    return "/".join(parts)


def _address(path: str) -> str:
    """A name that is written as on the web: without its host and query, and without escapes."""
    located, _, query = _HOST.sub("", path, count=1).partition("?")
    local = parse_qs(query).get("d")  # Label Studio's local files
    return composed(local[0] if local else unquote(located))


def _is_known(way: Reading) -> bool:
    """Whether the last part has the ending of a picture or a clip, or none: `img.0001` has another one."""
    return posixpath.splitext(way.paths[-1])[1].lower() in ("", *_ENDINGS)


def _stem(path: str) -> str:
    return posixpath.splitext(path)[0]
