"""Pictures that nobody should learn from or be measured on, by file name: never by position in some list."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.formats.labels.rows import posix, text_of
from core.formats.names import unguard
from core.foundation.errors import BadInput, UnreadableLabels
from core.foundation.workspace import Workspace
from core.library.lookup import find_dataset
from db.queries.library import excluded_names, picture_paths
from db.tables import Exclusion
from db.writing import writing

_HEADERS: Final = frozenset({"image", "images", "file", "file_name", "filename", "name", "path", "img_id"})
_LONGEST: Final = 1000  # signs of a name


@dataclass(frozen=True)
class ExclusionReport:
    """How many names a list has, how many of them are of pictures here, and those that are not."""

    listed: int
    matched: int
    unknown: Sequence[str]


def listed_names(name: str, content: bytes) -> list[str]:
    """The file names in a list: one a line, or the first column of a CSV (its header is no name).

    Empty lines and lines that begin with ``#`` are nobody's name; the same name twice is one.

    Raises
    ------
    UnreadableLabels
        If it is no text, a CSV that cannot be read, or holds no name, or if all of them are plain numbers: positions in
        a list that nobody knows the order of.
    """
    text = text_of(name, content)
    cells = _first_column(name, text) if name.lower().endswith(".csv") else text.splitlines()
    plain = [(unguard(cell.strip()) or "").strip() for cell in cells]
    names = [posix(cell) for cell in plain if cell and not cell.startswith("#")]
    if names and names[0].lower() in _HEADERS:
        names = names[1:]
    if not names:
        raise UnreadableLabels("exclusions.no_picture", of=name)
    if all(cell.isdigit() for cell in names):
        raise UnreadableLabels("exclusions.numbers", of=name)
    if long := next((cell for cell in names if len(cell) > _LONGEST), None):
        raise UnreadableLabels("exclusions.too_long", of=name, name=long[:40])
    return list(dict.fromkeys(names))


def _first_column(name: str, text: str) -> list[str]:
    try:
        return [row[0] for row in csv.reader(io.StringIO(text, newline="")) if row]
    except csv.Error as error:
        raise UnreadableLabels("exclusions.not_csv", of=name, reason=error) from error


def exclude(
    workspace: Workspace, dataset_id: int, names: Sequence[str], *, author_id: int, reason: str = ""
) -> ExclusionReport:
    """Leave pictures out, by their file name or whole path; names of pictures that are not here count once they come.

    A name that was listed before stays as it was.

    Raises
    ------
    NotFound
        If there is no such dataset.
    BadInput
        If there is no name.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        raise BadInput("exclusions.none")
    with writing(workspace.engine) as session:
        find_dataset(dataset_id, session=session)
        known = excluded_names(dataset_id, session=session)
        session.add_all(
            Exclusion(dataset_id=dataset_id, name=name, reason=reason, author_id=author_id)
            for name in wanted
            if name not in known
        )
        paths = {path for _, path in picture_paths(dataset_id, session=session)}
    here = paths | {path.rpartition("/")[2] for path in paths}
    unknown = [name for name in wanted if name not in here]
    return ExclusionReport(len(wanted), len(wanted) - len(unknown), unknown)


def include_again(workspace: Workspace, dataset_id: int, names: Sequence[str]) -> int:
    """Take names off the list; returns how many were on it."""
    removed = 0
    with writing(workspace.engine) as session:
        for name in names:
            row = session.get(Exclusion, (dataset_id, name))
            if row is not None:
                session.delete(row)
                removed += 1
    return removed
