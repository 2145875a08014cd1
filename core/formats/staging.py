"""Writing a folder so that it appears complete or not at all."""

import errno
import hashlib
import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from core.foundation.errors import BadInput, FacetError
from core.media.files import sync_folder

_CHUNK: Final = 1 << 20
_MARK: Final = ".facet-unfinished"  # tells our own leftovers from a folder that merely has the name
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_BAD_NAME: Final = (errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.EILSEQ)


class NotCopied(FacetError):
    """One picture could not come along; the text says why."""


@dataclass(frozen=True)
class FileEntry:
    """SHA-256 (hex) and size in bytes of one file of an export."""

    sha256: str
    size: int


class HashedFile:
    """A file open for writing that hashes what passes."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, text: str) -> int:
        """Write text as UTF-8; returns the number of characters, as text files do."""
        self.write_bytes(text.encode())
        return len(text)

    def write_bytes(self, data: bytes) -> None:
        """Write bytes."""
        self._raw.write(data)
        self._hash.update(data)
        self._size += len(data)

    def entry(self) -> FileEntry:
        """Return hash and size of what was written so far."""
        return FileEntry(self._hash.hexdigest(), self._size)


@dataclass
class Stage:
    """The unfinished folder: its place, and the hashes of the files written into it."""

    root: Path
    files: dict[str, FileEntry] = field(default_factory=dict)

    @contextmanager
    def open(self, relative: str) -> Iterator[HashedFile]:
        """Write one new file; it is on the disk afterwards, and gone again if the block raises."""
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb") as raw:
            try:
                hashed = HashedFile(raw)
                yield hashed
                raw.flush()
                os.fsync(raw.fileno())
            except BaseException:
                path.unlink()
                raise
        self.files[relative] = hashed.entry()

    def copy(self, source: Path, relative: str, sha256: str) -> None:
        """Copy a file's bytes while hashing them.

        Raises
        ------
        NotCopied
            If the source cannot be read, is no longer the file with that SHA-256, or its name cannot be written here.
        OSError
            If the target's disk fails.
        """
        with self._named(relative) as out, closing(_chunks(source)) as chunks:
            for chunk in chunks:
                out.write_bytes(chunk)
            if out.entry().sha256 != sha256:
                raise NotCopied("exports.copy_changed")

    def put(self, content: bytes, relative: str) -> None:
        """Write a file of that content; NotCopied if its name cannot be written here, OSError if the disk fails."""
        with self._named(relative) as out:
            out.write_bytes(content)

    def take_out(self, relative: str) -> None:
        """Remove a file that was written."""
        (self.root / relative).unlink()
        del self.files[relative]

    @contextmanager
    def _named(self, relative: str) -> Iterator[HashedFile]:
        try:
            with self.open(relative) as out:
                yield out
        except OSError as error:
            if error.errno not in _BAD_NAME:
                raise
            raise NotCopied("exports.copy_not_written", reason=error.strerror) from error


def _chunks(source: Path) -> Generator[bytes, None, None]:
    """A generator of its own, so that the source's errors are told from those of the disk written to."""
    try:
        with open(source, "rb") as reader:
            while chunk := reader.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise NotCopied("exports.copy_not_read", reason=error.strerror) from error


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Write into ``<folder>.partial``, and give it the final name when the block ends well.

    Raises
    ------
    BadInput
        If the target is not empty, or ``<folder>.partial`` is a folder of somebody else.
    FacetError
        If the disk is full or cannot be written; nothing is left under either name then.
    """
    partial = folder.with_name(f"{folder.name}.partial")
    try:
        _make_room(folder, partial)
        try:
            yield Stage(partial)
            _finish(partial, folder)
        except BaseException:
            with suppress(OSError):  # what then stays is known by its mark
                _remove(partial)
            raise
    except OSError as error:
        if error.errno in _FULL:
            raise FacetError("exports.disk_full", folder=folder) from error
        raise FacetError("exports.not_written", folder=folder, reason=error.strerror or error) from error


def is_unfinished(path: Path) -> bool:
    """Whether a folder is what an export left behind whose process was killed."""
    return not path.is_symlink() and (path / _MARK).is_file()


def _make_room(folder: Path, partial: Path) -> None:
    for path in filter(is_unfinished, (folder, partial)):
        _remove(path)
    if not _is_free(folder):
        raise BadInput("exports.folder_not_empty", folder=folder)
    if not _is_free(partial):
        raise BadInput("exports.in_the_way", path=partial)
    partial.mkdir(parents=True, exist_ok=True)
    (partial / _MARK).touch()


def _is_free(path: Path) -> bool:
    return not path.is_symlink() and (not path.exists() or (path.is_dir() and not any(path.iterdir())))


def _remove(path: Path) -> None:
    """Remove an unfinished folder, its mark last: killed in between it is still known as ours."""
    for entry in list(path.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != _MARK:
            os.unlink(entry)
    shutil.rmtree(path)


def _finish(partial: Path, folder: Path) -> None:
    for path, _, _ in os.walk(partial):
        sync_folder(Path(path))
    os.replace(partial, folder)
    sync_folder(folder.parent)
    (folder / _MARK).unlink()  # last, so that whatever was killed before this is known as unfinished
    sync_folder(folder)
