"""Reading identities.csv and images.csv of our own exports: nothing that the files claim is believed."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.formats.checks import LARGEST
from core.formats.dataset import PERSON_SOURCES, LabelledDataset, LabelledImage, LabelledInstance, LabelledPerson
from core.formats.export import OpenedExport, assembled, listed_picture, open_export
from core.formats.names import path_inside, unguard
from core.formats.records import blaming
from core.foundation.arrays import Box
from core.foundation.errors import UnreadableLabels

FACES: Final = "identities.csv"
PICTURES: Final = "images.csv"
TABLES: Final = (FACES, PICTURES)
COLUMNS: Final = ("person", "name", "image", "left", "top", "right", "bottom", "source", "crop", "crop_sha256")
IMAGE_COLUMNS: Final = ("image", "width", "height", "identity", "state", "reason")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.ASCII)
_WHOLE: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True)
class _Row:
    cells: dict[str, str]
    place: str

    def wrong(self, code: str, /, **fields: Any) -> UnreadableLabels:
        return UnreadableLabels(code, of=self.place, **fields)

    def text(self, column: str) -> str:
        value = unguard(self.cells[column])
        if value is None:
            raise self.wrong("exports.cell_empty", column=column)
        return value

    def number(self, column: str) -> float:
        cell = self.cells[column]
        value = float(cell) if _NUMBER.fullmatch(cell) else np.nan
        if not abs(value) <= LARGEST:
            raise self.wrong("exports.cell_not_finite", column=column, value=cell)
        return value

    def whole(self, column: str) -> int:
        cell = self.cells[column]
        if not _WHOLE.fullmatch(cell):
            raise self.wrong("exports.cell_not_whole", column=column, value=cell)
        return int(cell)


def read(folder: Path) -> LabelledDataset:
    """Read people, pictures, boxes and who named the faces; raises as `read_tables`, or if the manifest is wrong.

    The crops are not imported, and the faces' origin is ``import``.
    """
    return read_tables(open_export(folder, "identities", TABLES))


def read_tables(opened: OpenedExport) -> LabelledDataset:
    """Read both tables of an open export.

    Raises
    ------
    UnreadableLabels
        With the line: a missing column, a wrong number, a picture or crop that is not in the export, a doubled row.
    """
    images = {image.path: image for image in _images(opened)}
    people: dict[str, LabelledPerson] = {}
    faces: dict[str, list[LabelledInstance]] = {path: [] for path in images}
    crops: set[str] = set()
    for row in _rows(opened, FACES, COLUMNS):
        path = row.text("image")
        if path not in images:
            raise row.wrong("exports.image_not_in", path=path, table=PICTURES)
        _check_crop(row, opened, crops)
        person = _person(row, people)
        with blaming(row.place):
            faces[path].append(_face(row, person))
    complete = (replace(image, instances=tuple(faces[path])) for path, image in images.items())
    return assembled(opened, complete, people.values(), FACES)


def _rows(opened: OpenedExport, name: str, columns: tuple[str, ...]) -> Iterator[_Row]:
    try:
        with open(opened.folder / name, encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = tuple(next(reader, ()))
            if header != columns:
                raise UnreadableLabels(
                    "exports.header", of=name, wanted=",".join(columns), found=",".join(header)[:200]
                )
            for cells in reader:
                line = f"{name}: line {reader.line_num}"
                if len(cells) != len(columns):
                    raise UnreadableLabels("exports.cells", place=line, count=len(columns), found=len(cells))
                yield _Row(dict(zip(columns, cells, strict=True)), line)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableLabels("exports.not_csv", name=name, reason=error) from error
    except OSError as error:
        raise UnreadableLabels("exports.not_read", name=name, reason=error.strerror) from error


def _images(opened: OpenedExport) -> Iterator[LabelledImage]:
    seen: set[str] = set()
    for row in _rows(opened, PICTURES, IMAGE_COLUMNS):
        path = row.text("image")
        listed_picture(opened, path, row.place)
        entry, file = opened.as_imported(path)
        if path in seen:
            raise row.wrong("exports.image_twice", path=path)
        seen.add(path)
        with blaming(row.place):
            yield LabelledImage(
                path=path,
                sha256=entry.sha256,
                size_bytes=entry.size,
                width=row.whole("width"),
                height=row.whole("height"),
                file=file,
                identity=unguard(row.cells["identity"]),
                state=row.text("state"),
                reason=unguard(row.cells["reason"]),
            )


def _person(row: _Row, people: dict[str, LabelledPerson]) -> str:
    person = LabelledPerson(row.text("person"), unguard(row.cells["name"]))
    earlier = people.setdefault(person.key, person)
    if earlier != person:
        raise row.wrong("exports.called_twice", key=person.key, name=person.name, other=earlier.name)
    return person.key


def _check_crop(row: _Row, opened: OpenedExport, crops: set[str]) -> None:
    crop = unguard(row.cells["crop"])
    if crop is None:  # this face could not be cut out
        return
    path_inside(opened.folder, crop, row.place)
    if crop not in opened.manifest.files or not crop.startswith("people/"):
        raise row.wrong("exports.no_such_crop", crop=crop)
    if row.cells["crop_sha256"] != opened.manifest.files[crop].sha256:
        raise row.wrong("exports.crop_differs")
    if crop in crops:
        raise row.wrong("exports.crop_twice", crop=crop)
    crops.add(crop)


def _face(row: _Row, person: str) -> LabelledInstance:
    source = row.text("source")
    if source not in PERSON_SOURCES:
        raise row.wrong("exports.source", choices=list(PERSON_SOURCES), value=source)
    left, top, right, bottom = (row.number(column) for column in ("left", "top", "right", "bottom"))
    box: Box = (left, top, right, bottom)
    return LabelledInstance(kind="face", box=box, origin="import", person=person, person_source=source)
