"""Files that can be made again, in a folder that stays under a bound: those that were used longest ago leave first.

Several processes may use one folder. Each looks at the whole of it when it has written a part of the bound, and leaves
room for what the others may write meanwhile.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.media.files import write_atomically

_LOOK: Final = 32  # this process writes so small a part of the bound before it looks again
_LEFT: Final = 3 / 4  # of the bound, after looking: eight processes that write at once stay under it
_written: dict[Path, int] = {}  # bytes of this process since it looked


@dataclass(frozen=True)
class FileCache:
    """Files under `folder`, which together have at most `limit` bytes."""

    folder: Path
    limit: int

    def find(self, name: str) -> Path | None:
        """The file of that name, which counts as used now; None if it is not there."""
        path = self.folder / name
        try:
            os.utime(path)
        except OSError:
            return None
        return path

    def keep(self, name: str, content: bytes) -> Path | None:
        """Keep a file; None where it cannot be: the disk is full, or it alone is larger than a part of the bound."""
        if len(content) * _LOOK > self.limit:
            return None
        if self.folder not in _written or (_written[self.folder] + len(content)) * _LOOK > self.limit:
            self.make_room()
        path = self.folder / name
        try:
            write_atomically(path, content)
        except OSError:
            return None
        _written[self.folder] += len(content)
        return path

    def make_room(self) -> None:
        """Remove what was used longest ago until three quarters of the bound are left."""
        files = sorted(self._files(), reverse=True)
        kept = 0.0
        for _, size, path in files:
            kept += size
            if kept > self.limit * _LEFT:
                with suppress(OSError):  # another process was quicker
                    path.unlink()
        _written[self.folder] = 0

    def _files(self) -> list[tuple[int, int, Path]]:
        """When each was last used, its size, and where it is."""
        found = []
        for folder, _, names in os.walk(self.folder):
            for name in names:
                path = Path(folder, name)
                with suppress(OSError):
                    state = path.stat()
                    found.append((state.st_mtime_ns, state.st_size, path))
        return found
