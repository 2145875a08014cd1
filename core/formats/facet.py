"""Everything in one folder: the COCO keypoints and the identities of the same pictures; the two have to agree."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from core.formats.coco_reading import ANNOTATIONS, read_annotations
from core.formats.dataset import LabelledDataset, LabelledImage
from core.formats.export import open_export
from core.formats.identities import has_person
from core.formats.identities_reading import FACES, PICTURES, TABLES, read_tables
from core.foundation.arrays import Box
from core.foundation.errors import UnreadableLabels


def read(folder: Path) -> LabelledDataset:
    """Read an export that holds everything.

    Raises
    ------
    UnreadableLabels
        With file and place, if a file is not what the format requires or the two halves contradict each other.
    """
    opened = open_export(folder, "facet", (ANNOTATIONS, *TABLES))
    whole, faces = read_annotations(opened), read_tables(opened)
    _agree([_header(image) for image in whole.images], [_header(image) for image in faces.images], PICTURES)
    names = {person.key: person.name for person in whole.people}
    for person in faces.people:
        if person.key not in names or names[person.key] != person.name:
            raise UnreadableLabels(
                "exports.name_differs", file=FACES, key=person.key, name=person.name, other=ANNOTATIONS
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
        if has_person(face)
    ]


def _agree(ours: Sequence[object], theirs: Sequence[object], name: str) -> None:
    for row, other in zip_longest(ours, theirs):
        if row != other:
            raise UnreadableLabels("exports.tables_differ", file=name, other=other, other_file=ANNOTATIONS, one=row)
