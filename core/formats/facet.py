"""Everything in one folder: the COCO keypoints and the identities of the same pictures; the two have to agree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final

from core.formats import coco, identities
from core.formats.dataset import Box, LabelledDataset, LabelledImage
from core.formats.export import open_export, write_export
from core.formats.identities_reading import FACES, PICTURES, read_tables
from core.formats.manifest import Manifest
from core.foundation.errors import UnreadableLabels
from core.foundation.progress import Progress

FORMAT: Final = "facet"


def write(dataset: LabelledDataset, folder: Path, *, exported_at: str, progress: Progress | None = None) -> Manifest:
    """Write the whole dataset into a new or empty folder, all or nothing.

    Raises
    ------
    BadInput
        If the folder is not empty.
    FacetError
        If the disk is full or cannot be written.
    """
    payloads = (coco.write_annotations, identities.write_tables)
    return write_export(
        dataset, folder, format_name=FORMAT, payloads=payloads, exported_at=exported_at, progress=progress
    )


def read(folder: Path) -> LabelledDataset:
    """Read what `write` wrote.

    Raises
    ------
    UnreadableLabels
        With file and place, if a file is not what the format requires or the two halves contradict each other.
    """
    opened = open_export(folder, FORMAT, (coco.ANNOTATIONS, *identities.TABLES))
    whole, faces = coco.read_annotations(opened), read_tables(opened)
    _agree([_header(image) for image in whole.images], [_header(image) for image in faces.images], PICTURES)
    names = {person.key: person.name for person in whole.people}
    for person in faces.people:
        if person.key not in names or names[person.key] != person.name:
            raise UnreadableLabels(
                "exports.name_differs", file=FACES, key=person.key, name=person.name, other=coco.ANNOTATIONS
            )
    _agree(_faces(whole), _faces(faces), FACES)
    return whole


def _header(image: LabelledImage) -> tuple[str, int, int, str | None, str, str | None]:
    return image.path, image.width, image.height, image.identity, image.state, image.reason


def _faces(dataset: LabelledDataset) -> list[tuple[str, Box, str | None, str | None]]:
    return [
        (image.path, face.box, face.person, face.person_source)
        for image in dataset.images
        for face in image.instances
        if identities.has_person(face)
    ]


def _agree(ours: Sequence[object], theirs: Sequence[object], name: str) -> None:
    for one, other in zip_longest(ours, theirs):
        if one != other:
            raise UnreadableLabels(
                "exports.tables_differ", file=name, other=other, other_file=coco.ANNOTATIONS, one=one
            )
