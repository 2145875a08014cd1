"""Pictures that nobody should learn from or be measured on, by file name, or by the rows of a table that names them.

A name leaves a picture out where exactly one fits, found as the pictures of labels are (`core.library.picture_names`).
"""

import csv
import io
import posixpath
import re
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from sqlmodel import Session

from core.formats.labels.rows import posix, text_of
from core.formats.names import unguard
from core.foundation.errors import BadInput, UnreadableLabels
from core.foundation.workspace import Workspace
from core.library.lookup import find_dataset
from core.library.picture_names import PictureNames
from core.library.spellings import composed, readings
from db.queries.library import excluded_names, picture_paths
from db.tables import Exclusion
from db.writing import writing

_HEADERS: Final = frozenset({"image", "images", "file", "file_name", "filename", "name", "path", "img_id"})
# NumPy writes 7 as 7.000e+00, and pandas a column with a gap as 7.0.
_NUMBER: Final = re.compile(r"[+-]?\d{1,9}(?:\.\d{0,30}(?:e[+-]\d{1,3})?)?", re.IGNORECASE)
_NUMBERS: Final = re.compile(rf"[\[(]?\s*{_NUMBER.pattern}(?:[\s,;]+{_NUMBER.pattern})*\s*[\])]?", re.IGNORECASE)
_LONGEST: Final = 1000  # signs of a name


@dataclass(frozen=True)
class LeftOutPictures:
    """What a list of names leaves out.

    Attributes
    ----------
    ids
        Of the pictures.
    unclear
        Names that may be of several pictures, with the paths of these: none of them is left out.
    unknown
        Names of which no picture is here.
    """

    ids: Set[int] = frozenset()
    unclear: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unknown: Sequence[str] = ()


@dataclass(frozen=True)
class ExclusionReport:
    """How many names a list has, how many of them are each of one picture here, and those that are not: because they
    may be of several, with the paths of these, or of none."""

    listed: int
    matched: int
    unknown: Sequence[str]
    unclear: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class NumberedRows:
    """A table whose rows a list numbers: its file's name and content, and what number its first row has."""

    name: str
    content: bytes
    first: int = 0

    def names(self, numbers: Sequence[float], of: str) -> list[str]:
        """The pictures of the rows. Raises UnreadableLabels if the list `of` numbers has one that the table lacks."""
        rows = _without_header(_cells(self.name, text_of(self.name, self.content)))
        for number in numbers:
            if number % 1 or not 0 <= number - self.first < len(rows):
                last = self.first + len(rows) - 1
                raise UnreadableLabels(
                    "exclusions.no_row", of=of, number=f"{number:g}", table=self.name, first=self.first, last=last
                )
        return [rows[int(number) - self.first] for number in numbers]


def listed_names(name: str, content: bytes, rows: NumberedRows | None = None) -> list[str]:
    """The file names in a list: one a line, or the column of a CSV that is of files, else its first.

    Empty lines and lines that begin with ``#`` are nobody's name; the same name twice is one. A list of nothing but
    numbers is of the `rows` of a table, as that of the motion competition is of the rows of its labels.

    Raises
    ------
    UnreadableLabels
        If it is no text, a CSV that cannot be read, or holds no name, or if all of them are plain numbers: positions in
        a list that nobody knows the order of, or that is not as long.
    """
    text = text_of(name, content)
    names = _without_header([cell for cell in _cells(name, text) if cell and not cell.startswith("#")])
    if not names:
        raise UnreadableLabels("exclusions.no_picture", of=name)
    if _NUMBERS.fullmatch(" ".join(names)):
        if rows is None:
            raise UnreadableLabels("exclusions.numbers", of=name)
        names = rows.names([float(number) for number in _NUMBER.findall(" ".join(names))], name)
    if long := next((cell for cell in names if len(cell) > _LONGEST), None):
        raise UnreadableLabels("exclusions.too_long", of=name, name=long[:40])
    return list(dict.fromkeys(names))


def _without_header(cells: list[str]) -> list[str]:
    return cells[1:] if cells and cells[0].lower() in (*_HEADERS, "index") else cells


def _cells(name: str, text: str) -> list[str]:
    """One cell a line: the line, or of a CSV the cell in the column that is called as files are, else in the first."""
    if not name.lower().endswith(".csv"):
        cells = text.splitlines()
    else:
        try:
            table = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
        except csv.Error as error:
            raise UnreadableLabels("exclusions.not_csv", of=name, reason=error) from error
        header = [cell.strip().lower() for cell in table[0]] if table else []
        column = next((at for at, cell in enumerate(header) if cell in _HEADERS), 0)
        cells = [row[column] if column < len(row) else "" for row in table]
    plain = [(unguard(cell.strip()) or "").strip() for cell in cells]
    return [posix(cell) if cell else "" for cell in plain]


def exclude(
    workspace: Workspace, dataset_id: int, names: Sequence[str], *, author_id: int, reason: str = ""
) -> ExclusionReport:
    """Leave pictures out, by their file name or path; names of pictures that are not here count once they come.

    A name that was listed before stays as it was. One that may be of several pictures leaves none out until it says
    which, or only one is here.

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
        found = pictures_left_out(dataset_id, wanted, session=session)
    matched = len(wanted) - len(found.unknown) - len(found.unclear)
    return ExclusionReport(len(wanted), matched, found.unknown, found.unclear)


def excluded_pictures(dataset_id: int, *, session: Session) -> LeftOutPictures:
    """What the list of a dataset leaves out now."""
    return pictures_left_out(dataset_id, excluded_names(dataset_id, session=session), session=session)


def pictures_left_out(dataset_id: int, names: Collection[str], *, session: Session) -> LeftOutPictures:
    """What these names would leave out."""
    if not names:
        return LeftOutPictures()
    ways = (way for name in names for read in [readings(name)] for way in (*read.exact, *read.loose))
    stems = {way.stem for way in ways}
    pictures = PictureNames(pair for pair in picture_paths(dataset_id, session=session) if _stem(pair[1]) in stems)
    ids: set[int] = set()
    unclear: dict[str, Sequence[str]] = {}
    unknown: list[str] = []
    for name in names:
        fitting = _fitting(name, pictures)
        if not fitting:
            unknown.append(name)
        elif len(fitting) == 1:
            ids.update(fitting)
        else:
            unclear[name] = sorted(fitting.values())
    return LeftOutPictures(ids, unclear, unknown)


def _fitting(name: str, pictures: PictureNames) -> dict[int, str]:
    """Paths by id of the pictures that a name may be of; of clips' frames too where a bare one has no other."""
    found = pictures.candidates(name) or ([] if "/" in name else pictures.elsewhere(name))
    return {match.id: match.path for match in found}


def _stem(path: str) -> str:
    return posixpath.basename(posixpath.splitext(composed(path))[0]).casefold()


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
