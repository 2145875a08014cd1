"""manifest.json: what an export holds, by which conventions, and the hash of every other file of it."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.formats.checks import SHA256
from core.formats.dataset import MODEL_KINDS, LabelledDataset, LeftOut, ModelCard
from core.formats.names import path_inside
from core.formats.records import Record, blaming, load_json
from core.formats.staging import FileEntry
from core.foundation.errors import UnreadableLabels
from core.foundation.skeletons import exported_skeletons
from core.media.turning import UPRIGHT

NAME: Final = "manifest.json"
_GENERATOR: Final = "facet"
VERSION: Final = 1
_VISIBILITY: Final = ("absent", "hidden", "visible")

_CONVENTIONS: Final = {
    "area": (
        "In annotations.json area is 0.53 of the box, as usual for people without a mask: the same with which OKS and "
        "AP are measured here."
    ),
    "boxes": "left, top, right, bottom; in annotations.json x, y, width, height. They may reach over the picture.",
    "coordinates": (
        "Pixels of the upright picture (its EXIF orientation applied), x to the right, y down; the centre of the "
        "top-left pixel is (0, 0). Nothing was shifted: where a tool wants (0, 0) at that pixel's corner, as for "
        "COCO's boxes, add 0.5 to x and y."
    ),
    "crops": (
        "people/ holds each face upright, its box grown to 1.3 times its width and height around its centre, clipped "
        "to the picture, as JPEG of quality 95. identities.csv gives the box that was not grown."
    ),
    "clips": (
        "In annotations.json videos lists the clips: frames has the number (from 0), the time in seconds and the image "
        "of each frame. The video files are not part of an export. video of an image names its clip or action."
    ),
    "numbers": "Measured numbers are the shortest decimals that give back the same float32.",
    "objections": (
        "In annotations.json not_people names people of whom a human said that a face is not theirs, and removed lists "
        "the boxes that a human took out."
    ),
    "split": (
        "In annotations.json split says which group is for train, validation or test: a clip, a sequence, a person (by "
        "name, or as person-id by key), a folder or a single picture. excluded names pictures, by path or by a file "
        "name that only one of them has, that nobody should learn from or be measured on."
    ),
    "text_cells": (
        "In the CSV files a text that begins with = + - @ ' a tab or a line break has one apostrophe in front, so that "
        "no spreadsheet takes it for a formula; take one leading apostrophe away to get the text."
    ),
    "visibility": "0 absent (x and y mean nothing), 1 hidden (labelled, but covered), 2 visible.",
}
_UPRIGHT: Final = (
    "images/ holds every picture upright in its pixels, as width, height and all coordinates say: the bytes as "
    "imported, but for a picture that an EXIF orientation turns. That is written anew without the tag (JPEG of quality "
    "95, AVIF likewise, other kinds without loss), says exif_orientation in annotations.json, and lies as it was "
    "imported in originals/ under the same path: that is what Facet takes back."
)
_UNTOUCHED: Final = (
    "images/ holds the bytes as imported, unchanged: the EXIF orientation is still in the files, while width, height "
    "and every coordinate are those of the upright picture."
)


@dataclass(frozen=True)
class Manifest:
    """The content of manifest.json.

    Attributes
    ----------
    format, version
        The export format and its version.
    dataset, exported_at
        The dataset's name; the only time in the export.
    counts
        What the export holds: see `count`.
    models, left_out
        Model cards by name; what did not come along, with reasons.
    files
        Hash and size of every file but the manifest, by relative posix path.
    untouched
        Whether all pictures are as imported, also those that an EXIF orientation turns.
    """

    format: str
    version: int
    dataset: str
    exported_at: str
    counts: dict[str, Any]
    models: tuple[ModelCard, ...]
    left_out: tuple[LeftOut, ...]
    files: dict[str, FileEntry]
    untouched: bool = False

    def text(self) -> str:
        """Return the file's text: sorted keys, two spaces of indentation, a newline at the end."""
        keys = ("kind", "point_names", "edges", "flip_pairs")
        used = self.counts.get("keypoints", {})
        skeletons = {
            name: {key: getattr(skeleton, key) for key in keys} for name, skeleton in exported_skeletons(used).items()
        }
        conventions = _CONVENTIONS | {"pictures": _UNTOUCHED if self.untouched else _UPRIGHT}
        content = asdict(self) | {"generator": _GENERATOR, "conventions": conventions, "skeletons": skeletons}
        return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def count(dataset: LabelledDataset) -> dict[str, Any]:
    """Count images, instances by kind, points by skeleton and visibility and by source, people, confirmed faces."""
    instances = [instance for image in dataset.images for instance in image.instances]
    kinds = Counter(instance.kind for instance in instances)
    faces = [instance for instance in instances if instance.kind == "face"]
    sources = Counter(instance.points_source for instance in instances if instance.keypoints is not None)
    used = {instance.skeleton for instance in instances}
    seen = {name: np.zeros(len(_VISIBILITY), np.int64) for name in exported_skeletons(used)}
    for instance in instances:
        if instance.skeleton is not None and instance.keypoints is not None:
            seen[instance.skeleton] += np.bincount(instance.keypoints.visibility, minlength=len(_VISIBILITY))
    return {
        "images": len(dataset.images),
        "turned": sum(image.orientation != UPRIGHT for image in dataset.images),
        "instances": {"face": kinds["face"], "person": kinds["person"]},
        "keypoints": {name: dict(zip(_VISIBILITY, seen[name].tolist(), strict=True)) for name in seen},
        "instances_with_keypoints": {"human": sources["human"], "model": sources["model"]},
        "people": len(dataset.people),
        "people_with_name": sum(person.name is not None for person in dataset.people),
        "faces_with_person": sum(face.person is not None for face in faces),
        "faces_confirmed_by_human": sum(face.person_source == "human" for face in faces),
        "clips": len(dataset.clips),
        "left_out": len(dataset.left_out),
    }


def read_manifest(folder: Path, format_name: str) -> Manifest:
    """Read and check the manifest of an export of that format.

    Raises
    ------
    UnreadableLabels
        If it is absent, damaged, of another program, format or version, or names a file outside the folder.
    """
    content = load_json(path_inside(folder, NAME, NAME))
    if content.text("generator") != _GENERATOR:
        raise content.wrong("exports.generator", name=content.text("generator"), wanted=_GENERATOR)
    name = content.text("format")
    if name != format_name:
        raise content.wrong("exports.format", name=name, wanted=format_name)
    version = content.whole("version", 1)
    if version != VERSION:
        raise content.wrong("exports.version", version=version, wanted=VERSION)
    return Manifest(
        format=name,
        version=version,
        dataset=content.text("dataset"),
        exported_at=content.text("exported_at"),
        counts=content.record("counts").content,
        models=tuple(_model(record) for record in content.records("models")),
        left_out=tuple(LeftOut(r.text("path"), r.text("reason")) for r in content.records("left_out")),
        files=_files(folder, content.record("files")),
        untouched=not content.has("untouched") or content.flag("untouched"),  # as all were before
    )


def sniff(folder: Path) -> str | None:
    """Return the format of an export of ours, of any version, in that folder; None for anything else."""
    try:
        content = load_json(path_inside(folder, NAME, NAME))
        ours = content.text("generator") == _GENERATOR and content.whole("version", 1) > 0
        return content.text("format") if ours else None
    except UnreadableLabels:
        return None


def _model(record: Record) -> ModelCard:
    kind = record.choice("kind", MODEL_KINDS)
    with blaming(record.place):
        return ModelCard(record.text("name"), kind, record.text("weights_sha256"), record.record("settings").content)


def _files(folder: Path, record: Record) -> dict[str, FileEntry]:
    files = {}
    for path in record.content:
        path_inside(folder, path, record.place)
        entry = record.record(path)
        sha256 = entry.text("sha256")
        if not SHA256.fullmatch(sha256):
            raise entry.wrong("exports.digest", value=sha256)
        files[path] = FileEntry(sha256, entry.whole("size", 0))
    return files
