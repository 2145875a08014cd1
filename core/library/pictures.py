"""Keeping pictures in the home folder, named by their content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.foundation.errors import BadInput
from core.foundation.workspace import Workspace
from core.media.files import write_atomically
from core.media.images import SUFFIXES, decoding, thumbnail


@dataclass(frozen=True)
class StoredFile:
    """A picture that was read and kept, not yet in the store; the fields are those of `db.tables.Image`.

    `count` is no field: how many pages or frames the file has, of which this is the first.
    """

    path: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    format: str
    original: str
    count: int = 1

    def columns(self) -> dict[str, Any]:
        """The fields of a row."""
        return {name: value for name, value in vars(self).items() if name != "count"}


def place_of(file: Path) -> str:
    """What the store remembers of a file that stays where it is. Raises BadInput if its name is not valid UTF-8."""
    original = str(file.resolve())
    if original.encode("utf-8", "replace").decode() != original:
        raise BadInput("files.name_not_utf8")
    return original


def store_picture(workspace: Workspace, content: bytes, path: str, reference: Path | None = None) -> StoredFile:
    """Check a picture by decoding it fully, keep it and its thumbnail.

    With `reference` the file stays where it is, and only the place is remembered.

    Raises
    ------
    UnreadableImage
        If it is no picture, damaged or too large.
    BadInput
        If it has a name that cannot be remembered.
    OSError
        If the disk is full.
    """
    with decoding(content, path, workspace.settings.max_pixels) as picture:
        small = thumbnail(picture.pixels)
        kind, width, height, count = picture.format, picture.width, picture.height, picture.count
    sha256 = hashlib.sha256(content).hexdigest()
    if reference is not None:
        original = place_of(reference)
    else:
        original = workspace.original_name(sha256, SUFFIXES[kind])
        target = workspace.original(original)
        if not target.is_file():
            write_atomically(target, content, durable=True)
    thumbnail_file = workspace.derived("thumbnails", sha256)
    if not thumbnail_file.is_file():
        write_atomically(thumbnail_file, small)
    return StoredFile(path, sha256, len(content), width, height, kind, original, count)
