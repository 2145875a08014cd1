"""A folder into which pictures arrive: which may be watched, and which files of it are new and whole."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from core.foundation.errors import BadInput
from core.foundation.workspace import Workspace
from core.library.sources import Limits, OfferedFile, list_source

_UNFINISHED: Final = (".part", ".partial", ".tmp", ".crdownload", ".download")  # what programs call a file meanwhile


class FileMark(NamedTuple):
    """A file of a watched folder: its relative path, size in bytes, and when it was changed last, in nanoseconds."""

    path: str
    size: int
    modified: int


def folder_to_watch(workspace: Workspace, folder: Path) -> Path:
    """The folder, absolute and without links, as it is to be watched.

    Raises
    ------
    BadInput
        If it is no folder, or holds the home folder or lies in it: Facet would take in what it writes itself.
    """
    resolved, home = folder.resolve(), workspace.home.resolve()
    if not resolved.is_dir():
        raise BadInput("files.no_folder", of=folder)
    if resolved == home or home in resolved.parents or resolved in home.parents:
        raise BadInput("files.watches_home", of=folder)
    return resolved


def files_there(folder: Path, limits: Limits) -> list[FileMark]:
    """The files below a folder, by path; links are named and never followed, and what is hidden or unfinished waits.

    A folder that is not there now, or has become a link to another place, has none.
    """
    if folder.resolve() != folder or not folder.is_dir():
        return []
    marks = []
    for file in list_source(folder, limits):
        name = file.path.rpartition("/")[2]
        if any(part.startswith(".") for part in file.path.split("/")) or name.lower().endswith(_UNFINISHED):
            continue
        try:
            stated = (file.file if isinstance(file, OfferedFile) and file.file else folder / file.path).lstat()
        except OSError:  # it is gone again
            continue
        marks.append(FileMark(file.path, stated.st_size, stated.st_mtime_ns))
    return marks


class ArrivingFiles:
    """Tells which files are new and whole: not known, and as large and as old as when they were looked at before."""

    def __init__(self, known: Iterable[FileMark] = ()) -> None:
        self._known = set(known)
        self._before: set[FileMark] = set()

    def look(self, there: Iterable[FileMark]) -> list[FileMark]:
        """The files that have arrived since, each once; an empty one is not whole yet."""
        now = set(there) - self._known
        arrived = sorted(mark for mark in now & self._before if mark.size)
        self._before = now
        return arrived

    def take(self, marks: Iterable[FileMark]) -> None:
        """From now on these are known."""
        self._known.update(marks)

    def forget(self, mark: FileMark) -> None:
        """It may arrive once more."""
        self._known.discard(mark)
