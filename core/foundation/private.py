"""Faces are personal data: what this program writes is its owner's alone, until it is handed over."""

import os
import stat
from pathlib import Path
from typing import Final

_OTHERS: Final = 0o077  # group and everybody else
_umask: int | None = None  # what the user had set, before `keep_private`


def keep_private() -> None:
    """From now on this process and its children make files that only their owner may read (0600, folders 0700)."""
    global _umask
    before = os.umask(_OTHERS)
    _umask = before if _umask is None else _umask


def hand_over(path: Path) -> None:
    """Give what was asked for at a place of the user's own the rights that the user's umask gives every file."""
    taken = _OTHERS if _umask is None else _umask
    for part in (path, *path.rglob("*")):
        part.chmod((0o777 if part.is_dir() else 0o666) & ~taken)


def mode_for_others(folder: Path) -> str | None:
    """The rights of a folder that others may enter or list, as ``chmod`` writes them; None where nobody else may."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    return f"{mode:04o}" if os.name == "posix" and mode & _OTHERS else None
