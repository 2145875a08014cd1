"""Reading identities.csv and images.csv of our own exports: nothing that the files claim is believed."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from core.formats.dataset import PERSON_SOURCES, Box, LabelledDataset, LabelledImage, LabelledInstance, LabelledPerson
from core.formats.export import OpenedExport, assembled, listed_picture
from core.formats.names import inside, unguard
from core.formats.records import blaming
from core.foundation.errors import UnreadableLabels

FACES: Final = "identities.csv"
PICTURES: Final = "images.csv"
COLUMNS: Final = ("person", "name", "image", "left", "top", "right", "bottom", "source", "crop", "crop_sha256")
IMAGE_COLUMNS: Final = ("image", "width", "height", "identity", "state", "reason")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.ASCII)
_WHOLE: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True)
class _Row:
    cells: dict[str, str]
    place: str

    def wrong(self, message: str) -> UnreadableLabels:
        return UnreadableLabels(f"{self.place}: {message}.")

    def text(self, column: str) -> str:
        value = unguard(self.cells[column])
        if value is None:
            raise self.wrong(f"{column} is empty")
        return value

    def number(self, column: str) -> float:
        cell = self.cells[column]
        value = float(cell) if _NUMBER.fullmatch(cell) else np.nan
        if not abs(value) <= float(np.finfo(np.float32).max):
            raise self.wrong(f"{column} should be a finite number, not {cell!r}")
        return value

    def whole(self, column: str) -> int:
        cell = self.cells[column]
        if not _WHOLE.fullmatch(cell):
            raise self.wrong(f"{column} should be a whole number of at least 1, not {cell!r}")
        return int(cell)


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
            raise row.wrong(f"the image {path!r} is not in {PICTURES}")
        _check_crop(row, opened, crops)
        person = _person(row, people)
        with blaming(row.place):
            faces[path].append(_face(row, person))
    found = (replace(image, instances=tuple(faces[path])) for path, image in images.items())
    return assembled(opened, found, people.values(), FACES)


def _rows(opened: OpenedExport, name: str, columns: tuple[str, ...]) -> Iterator[_Row]:
    try:
        with open(opened.folder / name, encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = tuple(next(reader, ()))
            if header != columns:
                raise UnreadableLabels(f"{name}: line 1 should be {','.join(columns)}, not {','.join(header)[:200]!r}.")
            for cells in reader:
                place = f"{name}: line {reader.line_num}"
                if len(cells) != len(columns):
                    raise UnreadableLabels(f"{place} should have {len(columns)} cells, not {len(cells)}.")
                yield _Row(dict(zip(columns, cells, strict=True)), place)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableLabels(f"{name} is not a CSV file in UTF-8: {error}.") from error
    except OSError as error:
        raise UnreadableLabels(f"{name} cannot be read: {error.strerror}.") from error


def _images(opened: OpenedExport) -> Iterator[LabelledImage]:
    seen: set[str] = set()
    for row in _rows(opened, PICTURES, IMAGE_COLUMNS):
        path = row.text("image")
        entry = listed_picture(opened, path, row.place)
        if path in seen:
            raise row.wrong(f"the image {path!r} occurs twice")
        seen.add(path)
        with blaming(row.place):
            yield LabelledImage(
                path=path,
                sha256=entry.sha256,
                size_bytes=entry.size,
                width=row.whole("width"),
                height=row.whole("height"),
                file=opened.picture(path),
                identity=unguard(row.cells["identity"]),
                state=row.text("state"),
                reason=unguard(row.cells["reason"]),
            )


def _person(row: _Row, people: dict[str, LabelledPerson]) -> str:
    person = LabelledPerson(row.text("person"), unguard(row.cells["name"]))
    known = people.setdefault(person.key, person)
    if known != person:
        raise row.wrong(f"{person.key} is called {person.name!r} here, but {known.name!r} above")
    return person.key


def _check_crop(row: _Row, opened: OpenedExport, crops: set[str]) -> None:
    crop = unguard(row.cells["crop"])
    if crop is None:  # this face could not be cut out
        return
    inside(opened.folder, crop, row.place)
    if crop not in opened.manifest.files or not crop.startswith("people/"):
        raise row.wrong(f"the crop {crop!r} is not in the export")
    if row.cells["crop_sha256"] != opened.manifest.files[crop].sha256:
        raise row.wrong("crop_sha256 is not the one in manifest.json")
    if crop in crops:
        raise row.wrong(f"the crop {crop!r} occurs twice")
    crops.add(crop)


def _face(row: _Row, person: str) -> LabelledInstance:
    source = row.text("source")
    if source not in PERSON_SOURCES:
        raise row.wrong(f"source should be one of {', '.join(PERSON_SOURCES)}, not {source!r}")
    left, top, right, bottom = (row.number(column) for column in ("left", "top", "right", "bottom"))
    box: Box = (left, top, right, bottom)
    return LabelledInstance(kind="face", box=box, origin="import", person=person, person_source=source)
