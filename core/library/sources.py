"""What lies in a folder or a zip: every file is either offered for reading or refused with a reason."""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from core.foundation.errors import BadInput
from core.foundation.messages import Message, message
from core.foundation.settings import Settings
from core.library.zip_names import member_names
from core.media.videos import is_clip

_CHUNK: Final = 2**20
_DRIVE: Final = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class OfferedFile:
    """A file that may be a picture: `path` relative and posix, `file` where it lies."""

    path: str
    contents: Callable[[int | None], bytes]
    file: Path | None = None

    def read(self, most: int | None = None) -> bytes:
        """The content, or only so many of its first bytes. Raises BadInput if it cannot be read."""
        return self.contents(most)


@dataclass(frozen=True)
class RefusedFile:
    """A file or member that is not even opened, and why."""

    path: str
    reason: Message


@dataclass(frozen=True)
class Limits:
    """What an import takes in at most."""

    file_bytes: int
    archive_bytes: int
    archive_files: int
    clip_bytes: int = 0

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Those that somebody set."""
        archive = settings.max_archive_bytes, settings.max_archive_files
        return cls(settings.max_file_bytes, *archive, settings.max_clip_bytes)


SourceFile = OfferedFile | RefusedFile


def list_source(source: Path, limits: Limits) -> list[SourceFile]:
    """List what `source` (a folder, a zip or one picture) holds, in the order of the paths.

    Raises
    ------
    BadInput
        If `source` is not there, is a damaged zip, or holds more than `limits` allow.
    """
    if source.is_dir():
        return _folder(source, limits)
    if not source.is_file():
        raise BadInput("files.none", of=_text(source))
    if zipfile.is_zipfile(source):
        return _archive(source, limits)
    if source.suffix.lower() == ".zip":
        raise BadInput("files.zip_damaged", of=_text(source.name))
    return [_file(source, _relative(source.parent, source), limits)]


def _folder(root: Path, limits: Limits) -> list[SourceFile]:
    return sorted(_walk(root, limits), key=lambda item: item.path)


def _walk(root: Path, limits: Limits) -> Iterator[SourceFile]:
    waiting = [root]
    while waiting:  # not recursive: folders may be nested deeper than Python's stack
        folder = waiting.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            yield RefusedFile(_relative(root, folder), message("files.folder_not_read", reason=error.strerror))
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink():
                yield RefusedFile(_relative(root, path), message("files.link"))
            elif entry.is_dir():
                waiting.append(path)
            elif entry.is_file():
                yield _file(path, _relative(root, path), limits)
            else:
                yield RefusedFile(_relative(root, path), message("files.not_regular"))


def _relative(root: Path, path: Path) -> str:
    return _text(path.relative_to(root).as_posix())


def _text(name: str | Path) -> str:
    # a name that is not valid UTF-8 reaches us with surrogates, which neither the store nor JSON can hold
    return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _file(file: Path, path: str, limits: Limits) -> SourceFile:
    try:
        size = file.stat().st_size
    except OSError as error:
        return RefusedFile(path, message("files.not_read", reason=error.strerror))
    if limits.clip_bytes and is_clip(path):  # which is never in memory as a whole
        if size > limits.clip_bytes:
            return RefusedFile(path, message("files.clip_too_large", size=size, limit=limits.clip_bytes))
    elif size > limits.file_bytes:
        return RefusedFile(path, _too_large(size, limits))
    return OfferedFile(path, lambda most: _read(file, most), file)


def _read(file: Path, most: int | None) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(-1 if most is None else most)
    except OSError as error:
        raise BadInput("files.not_read", reason=error.strerror) from error


def _too_large(size: int, limits: Limits) -> Message:
    return message("files.file_too_large", size=size, limit=limits.file_bytes)


def _archive(source: Path, limits: Limits) -> list[SourceFile]:
    name = _text(source.name)
    try:
        archive = zipfile.ZipFile(source)  # stays open while its members are read; several threads may read at once
        members = [member for member in archive.infolist() if not member.filename.endswith(("/", "\\"))]
        names = member_names(members)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise BadInput("files.zip_damaged_because", of=name, reason=error) from error
    if len(members) > limits.archive_files:
        raise BadInput("files.too_many", of=name, count=len(members), limit=limits.archive_files)
    total = sum(member.file_size for member in members)
    if total > limits.archive_bytes:
        raise BadInput("files.too_large", of=name, size=total, limit=limits.archive_bytes)
    listed = (_member(archive, member, name, limits) for member, name in zip(members, names, strict=True))
    return sorted(listed, key=lambda item: item.path)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, limits: Limits) -> SourceFile:
    path = name.replace("\\", "/")  # as old Windows packers write them
    if _escapes(path):
        return RefusedFile(path, message("files.leaves_archive"))
    if stat.S_ISLNK(member.external_attr >> 16):
        return RefusedFile(path, message("files.link"))
    if member.flag_bits & 0x1:
        return RefusedFile(path, message("files.encrypted"))
    if member.file_size > limits.file_bytes:
        return RefusedFile(path, _too_large(member.file_size, limits))
    return OfferedFile(PurePosixPath(path).as_posix(), lambda most: _unpack(archive, member, most, limits))


def _escapes(path: str) -> bool:
    return path.startswith("/") or _DRIVE.match(path) is not None or ".." in path.split("/")


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int | None, limits: Limits) -> bytes:
    # The header's size is a claim; what really comes out is counted.
    content = io.BytesIO()
    try:
        with archive.open(member) as stream:
            if most is not None:
                return stream.read(most)
            while part := stream.read(_CHUNK):
                content.write(part)
                if content.tell() > limits.file_bytes:
                    raise BadInput.saying(_too_large(content.tell(), limits))
    except BadInput:
        raise
    except Exception as error:  # BadZipFile, zlib.error, lzma.LZMAError, ...: what a compressor raises on damaged data
        raise BadInput("files.member_damaged", reason=error) from error
    return content.getvalue()
