"""Files that appear complete or not at all, and are on the disk when it is said so."""

from __future__ import annotations

import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

_PART: Final = re.compile(r"\.partial-(?P<host>.+)-(?P<process>\d+)-[0-9a-f]{16}(\..*)?")
_ABANDONED_SECONDS: Final = 24 * 3600.0  # since the last byte, for a part that another machine writes


def open_partial(folder: Path, ending: str = "") -> tuple[int, Path]:
    """Make a new file of a name of its own; unlike `tempfile.mkstemp`'s it may be read by whom the umask lets read."""
    while True:
        path = folder / f".partial-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(8)}{ending}"
        with suppress(FileExistsError):
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666), path


def sweep_partials(home: Path) -> int:
    """Remove the parts of files that processes left which were killed; returns how many there were.

    A part of this machine goes when its process is gone, one of another machine when nothing came for a day.
    """
    swept = 0
    for path in _partials(home):
        with suppress(FileNotFoundError):  # finished, or swept by somebody else
            if _is_abandoned(path):
                path.unlink()
                swept += 1
    return swept


def _partials(home: Path) -> Iterator[Path]:
    for folder, _, files in os.walk(home):
        yield from (Path(folder, file) for file in files if file.startswith(".partial-"))


def _is_abandoned(path: Path) -> bool:
    owner = _PART.fullmatch(path.name)
    if owner is not None and owner["host"] == socket.gethostname():
        return not psutil.pid_exists(int(owner["process"]))
    return time.time() - path.stat().st_mtime > _ABANDONED_SECONDS


def write_atomically(target: Path, content: bytes, *, durable: bool = False) -> None:
    """Write a file so that nobody ever sees half of it; `durable` also waits until it is on the disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = open_partial(target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Wait until a folder's entries are on the disk."""
    if os.name != "posix":  # elsewhere a folder cannot be opened to be synced
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
