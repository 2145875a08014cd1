"""The motion competition's CSV: a picture's file name, then x and y of each point, one person a picture.

The header is ``image,nose_x,nose_y,...``; what a name has in brackets (``spine2(back)_x``) is an explanation. Columns
are found by name, so another order is read right. Coordinates are pixels counted from 0 and are taken as they are; the
form promises that every point lies in the picture. Both cells empty or NaN: the point is absent. The file name is
``subject-..-action_camera-frame`` (``002-1-1-01-Z17_A-0000001.jpg``): everything before the camera's letter is one
action, filmed by five cameras at once, and becomes the sequence, so that a split never parts it.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from core.formats.checks import LARGEST
from core.formats.labels.point_names import PointMap, map_points
from core.formats.labels.rows import LabelFile, LabelledRow, posix, text_of
from core.formats.names import guard, unguard
from core.foundation.arrays import ABSENT, VISIBLE, Keypoints
from core.foundation.errors import BadInput, UnreadableLabels
from core.foundation.messages import message
from core.foundation.skeletons import BODY24, Skeleton
from core.media.files import write_atomically

FORMAT: Final = "motion-csv"
IMAGE: Final = "image"
_ACTION: Final = re.compile(r"(?P<action>.+)_[A-Z]-\d+")
_INDEX: Final = ("", "index", "unnamed: 0")  # pandas' own first column
_NOTHING: Final = ("", "nan", "na", "n/a", "null", "none")  # what tools write for a number that is not there
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
_BRACKETS: Final = re.compile(r"\([^)]*\)")
_EXPLAINED: Final = {"spine2": "spine2(back)", "spine1": "spine1(waist)"}  # as the form spells them


def read(name: str, content: bytes, skeleton: Skeleton) -> LabelFile:
    """Read one row for each picture; parameters as `core.formats.labels.pts.read`.

    A line with another number of cells, a cell that is no number, and a picture that a line before has named are
    listed with the line's number.

    Raises
    ------
    UnreadableLabels
        If it is no CSV, has a column that is no x or y of a point, or the points of another set.
    """
    separator, ((_, header), *lines) = _cells(name, content)
    columns = _columns(name, header, skeleton, comma_between=separator == ",")
    file = LabelFile(FORMAT)
    seen: dict[str, int] = {}
    for number, cells in lines:
        try:
            row = _row(cells, columns, skeleton)
        except BadInput as error:
            file.skipped.append((f"line {number}", error.message))
            continue
        if row.picture in seen:
            earlier = message("labels.line_has_picture", line=seen[row.picture], picture=row.picture)
            file.skipped.append((f"line {number}", earlier))
        elif (row.keypoints.visibility == ABSENT).all():
            file.leave_out("lines without points")
        else:
            seen[row.picture] = number
            file.rows.append(row)
    return file


def write(rows: Sequence[tuple[str, Keypoints]], path: Path, skeleton: Skeleton = BODY24) -> None:
    """Write the competition's submission form: UTF-8, header, one line for each picture, in the order given.

    A file name that a spreadsheet would take for a formula gets an apostrophe in front, which `read` removes.

    Parameters
    ----------
    rows
        File name and points of each picture.
    path
        File to write; replaced as a whole or not at all.

    Raises
    ------
    BadInput
        If a picture occurs twice, has another number of points, or lacks one: the form has no empty cells.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    names = [_EXPLAINED.get(point, point) for point in skeleton.point_names]
    writer.writerow([IMAGE, *(f"{point}_{axis}" for point in names for axis in "xy")])
    written: set[str] = set()
    for picture, keypoints in rows:
        if picture in written:
            raise BadInput("labels.picture_twice", picture=picture)
        if len(keypoints) != len(skeleton):
            raise BadInput(
                "labels.points_of_picture",
                picture=picture,
                count=len(keypoints),
                skeleton=skeleton.name,
                wanted=len(skeleton),
            )
        if (keypoints.visibility == ABSENT).any():
            absent = skeleton.point_names[int(np.flatnonzero(keypoints.visibility == ABSENT)[0])]
            raise BadInput("labels.points_missing", picture=picture, points=absent)
        written.add(picture)
        # the shortest decimals that give back the same float32
        writer.writerow([guard(picture), *map(str, keypoints.points.ravel())])
    write_atomically(path, out.getvalue().encode())


def is_header(line: str) -> bool:
    """Whether a file's first line is one of this format's."""
    cells = [cell.strip().strip('"').lower() for cell in re.split("[,;\t]", line.lstrip("\ufeff"))[:2]]
    named = cells[0] == IMAGE or (cells[0] in _INDEX and cells[1:] == [IMAGE])
    return named and re.search(r"_x\W", line, re.IGNORECASE) is not None


def sequence_of(picture: str) -> str | None:
    """The action that a picture of the competition is of; None for a name of another pattern."""
    match = _ACTION.fullmatch(picture.rpartition("/")[2].rpartition(".")[0])
    return match["action"] if match else None


def _cells(name: str, content: bytes) -> tuple[str, list[tuple[int, list[str]]]]:
    """What stands between cells; line number and cells of every line that is not empty."""
    text = text_of(name, content)
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        table = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise UnreadableLabels("labels.not_csv", of=name, line=reader.line_num, reason=error) from error
    if not table:
        raise UnreadableLabels("labels.empty", of=name)
    return separator, table


@dataclass(frozen=True)
class _Columns:
    """Where a table has what: the picture's column, those of x and y of each point, and where those points go.

    `comma_between`: commas stand between its cells.
    """

    count: int
    image: int
    points: tuple[tuple[int, int], ...]
    map: PointMap
    comma_between: bool


def _columns(name: str, header: Sequence[str], skeleton: Skeleton, *, comma_between: bool) -> _Columns:
    """The columns by their names; a first one without a name is the index that pandas writes."""
    titles = [_BRACKETS.sub("", cell).strip().lower() for cell in header]
    image = 1 if titles[0] in _INDEX and titles[1:2] == [IMAGE] else 0
    if titles[image] != IMAGE:
        raise UnreadableLabels("labels.first_column", of=name, found=header[0][:40])
    twice = next((title for title in titles if titles.count(title) > 1), None)
    if twice is not None:
        raise UnreadableLabels("labels.column_twice", of=name, column=twice)
    pairs: dict[str, list[int]] = {}
    for number, title in enumerate(titles[image + 1 :], start=image + 1):
        point, _, axis = title.rpartition("_")
        if axis not in ("x", "y"):
            raise UnreadableLabels("labels.unknown_column", of=name, column=header[number][:40], skeleton=skeleton.name)
        pairs.setdefault(point, [-1, -1])["xy".index(axis)] = number
    alone = next((point for point, pair in pairs.items() if -1 in pair), None)
    if alone is not None:
        raise UnreadableLabels("labels.half_a_point", of=name, point=alone)
    try:
        places = map_points(list(pairs), skeleton)
    except BadInput as error:
        raise UnreadableLabels.saying(error.message.within(name)) from error
    return _Columns(len(titles), image, tuple((x, y) for x, y in pairs.values()), places, comma_between)


def _row(cells: Sequence[str], columns: _Columns, skeleton: Skeleton) -> LabelledRow:
    if len(cells) != columns.count:
        raise BadInput("labels.cells", count=columns.count, found=len(cells))
    picture = posix(unguard(cells[columns.image].strip()) or "")
    if picture in ("", "."):
        raise BadInput("labels.no_picture")
    comma_between = columns.comma_between
    table = np.array([[_number(cells[i], comma_between=comma_between) for i in pair] for pair in columns.points])
    half = np.isnan(table).sum(axis=1) == 1
    seen = np.where(np.isnan(table).any(axis=1), ABSENT, VISIBLE)
    ordered = columns.map.ordered(np.column_stack([table, seen, half]), len(skeleton))
    if ordered[:, 3].any():
        raise BadInput("labels.half_a_point", point=skeleton.point_names[int(np.flatnonzero(ordered[:, 3])[0])])
    return LabelledRow(
        picture,
        Keypoints.of(ordered[:, :2], ordered[:, 2]),
        skeleton.name,
        sequence=sequence_of(picture),
        inside=True,
        doubts=columns.map.doubts,
    )


def _number(cell: str, *, comma_between: bool) -> float:
    text = cell.strip()
    if text.lower() in _NOTHING:
        return float("nan")
    if comma_between and _THOUSANDS.fullmatch(text):  # in quotes: 1,234 may be either
        raise BadInput("labels.no_number", value=text[:40])
    try:
        value = float(text if "." in text else text.replace(",", "."))  # decimal commas
    except ValueError:
        value = float("nan")
    if "_" in text or not abs(value) <= LARGEST:  # Python takes 1_000 for a number
        raise BadInput("labels.no_number", value=text[:40])
    return value
