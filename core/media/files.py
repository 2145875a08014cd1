"""Files that appear complete or not at all, and are on the disk when it is said so."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def open_partial(folder: Path, ending: str = "") -> tuple[int, Path]:
    """Make a new file of a name of its own; unlike `tempfile.mkstemp`'s it may be read by whom the umask lets read."""
    while True:
        path = folder / f".partial-{secrets.token_hex(8)}{ending}"
        with suppress(FileExistsError):
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666), path


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
