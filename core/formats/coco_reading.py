"""Reading annotations.json of our own exports: nothing that the file claims is believed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.formats.checks import as_float32
from core.formats.coco_clips import read_about_clips
from core.formats.dataset import (
    INSTANCE_KINDS,
    ORIGINS,
    PERSON_SOURCES,
    POINTS_SOURCES,
    REVIEWS,
    SETTLED,
    LabelledDataset,
    LabelledImage,
    LabelledInstance,
    LabelledPerson,
    RemovedInstance,
    WorkBegan,
)
from core.formats.export import OpenedExport, assembled, listed_picture, open_export
from core.formats.records import Record, blaming, load_json
from core.foundation.arrays import BOX_SOURCES, Bools, Box, Keypoints
from core.foundation.skeletons import SKELETONS, Skeleton

ANNOTATIONS: Final = "annotations.json"
_POINT: Final = 3  # x, y, visibility


@dataclass(frozen=True)
class _References:
    """What annotations refer to by number."""

    categories: dict[int, Skeleton]
    images: dict[int, str]
    people: set[str]
    models: set[str]


def read(folder: Path) -> LabelledDataset:
    """Read an export as COCO keypoints; raises as `read_annotations`, or if the manifest is wrong."""
    return read_annotations(open_export(folder, "coco", (ANNOTATIONS,)))


def read_annotations(opened: OpenedExport) -> LabelledDataset:
    """Read annotations.json of an open export.

    Raises
    ------
    UnreadableLabels
        With the place: a missing key, a wrong count or number, an unknown or doubled id, a path that leaves the folder.
    """
    content = load_json(opened.folder / ANNOTATIONS)
    people = _people(content)
    headers = dict(_images(content, opened))
    references = _References(
        categories=dict(_categories(content)),
        images={number: image.path for number, image in headers.items()},
        people={person.key for person in people},
        models={card.name for card in opened.manifest.models},
    )
    instances: dict[int, list[LabelledInstance]] = {number: [] for number in headers}
    seen: set[int] = set()
    for record in content.records("annotations"):
        record.new_id(seen)
        instances[_image_id(record, references)].append(_instance(record, references))
    removed = _removed(content, references) if content.has("removed") else {}
    images = (
        replace(image, instances=tuple(instances[number]), removed=tuple(removed.get(number, ())))
        for number, image in headers.items()
    )
    return assembled(opened, images, people, ANNOTATIONS, *read_about_clips(content, references.images))


def _image_id(record: Record, references: _References) -> int:
    image_id = record.whole("image_id", 0)
    if image_id not in references.images:
        raise record.wrong("exports.no_such_image_id", number=image_id)
    return image_id


def _removed(content: Record, references: _References) -> dict[int, list[RemovedInstance]]:
    boxes: dict[int, list[RemovedInstance]] = {}
    for record in content.records("removed"):
        with blaming(record.place):
            removed = RemovedInstance(record.choice("kind", INSTANCE_KINDS), _box(record))
        boxes.setdefault(_image_id(record, references), []).append(removed)
    return boxes


def _people(content: Record) -> tuple[LabelledPerson, ...]:
    people: dict[str, LabelledPerson] = {}
    for record in content.records("people"):
        key = record.text("key")
        if key in people:
            raise record.wrong("exports.person_twice", key=key)
        with blaming(record.place):
            people[key] = LabelledPerson(key, record.optional_text("name"))
    return tuple(people.values())


def _categories(content: Record) -> Iterator[tuple[int, Skeleton]]:
    seen: set[int] = set()
    for record in content.records("categories"):
        number = record.new_id(seen)
        skeleton = SKELETONS[record.choice("skeleton_name", SKELETONS)]
        if record.sequence("keypoints") != list(skeleton.point_names):
            raise record.wrong("exports.point_names", count=len(skeleton), name=skeleton.name)
        yield number, skeleton


def _images(content: Record, opened: OpenedExport) -> Iterator[tuple[int, LabelledImage]]:
    ids: set[int] = set()
    paths: set[str] = set()
    for record in content.records("images"):
        number = record.new_id(ids)
        path = record.text("file_name")
        entry = listed_picture(opened, path, f"{record.place}.file_name")
        if path in paths:
            raise record.wrong("exports.file_name_twice", path=path)
        paths.add(path)
        if record.text("sha256") != entry.sha256:
            raise record.wrong("exports.digest_differs")
        entry, file = opened.as_imported(path)
        with blaming(record.place):
            image = LabelledImage(
                path=path,
                sha256=entry.sha256,
                size_bytes=entry.size,
                width=record.whole("width", 1),
                height=record.whole("height", 1),
                file=file,
                identity=record.optional_text("identity"),
                state=record.text("state"),
                reason=record.optional_text("reason"),
                sequence=record.optional_text("video"),
            )
        yield number, image


def _instance(record: Record, references: _References) -> LabelledInstance:
    category = record.whole("category_id", 0)
    if category not in references.categories:
        raise record.wrong("exports.no_such_category", number=category)
    skeleton = references.categories[category]
    seen, confidence, keypoints = _keypoints(record, skeleton)
    if record.whole("num_keypoints", 0) != seen:
        raise record.wrong("exports.num_keypoints", stated=record.whole("num_keypoints", 0), count=seen)
    source = record.choice("points_source", POINTS_SOURCES) if record.has("points_source") else None
    if source is None and (keypoints.visibility.any() or confidence):
        raise record.wrong("exports.no_points_source")
    with blaming(record.place):
        return LabelledInstance(
            kind=skeleton.kind,
            box=_box(record, record.number("area")),
            origin=record.choice("origin", ORIGINS),
            box_source=record.choice("box_source", BOX_SOURCES) if record.has("box_source") else None,
            score=record.number("score") if record.has("score") else None,
            skeleton=skeleton.name if source else None,
            keypoints=keypoints if source else None,
            points_source=source,
            points_model=_reference(record, "points_model", references.models),
            review=record.choice("review", REVIEWS) if record.has("review") else None,
            vouched=_vouched(record, len(skeleton)) if record.has("vouched") else None,
            began=_began(record.record("began"), skeleton, references) if record.has("began") else None,
            person=_reference(record, "person", references.people),
            person_source=record.choice("person_source", PERSON_SOURCES) if record.has("person_source") else None,
            not_people=_not_people(record, references.people),
            five_points=_five_points(record),
            track=record.whole("track_id", 0) if record.has("track_id") else None,
        )


def _vouched(record: Record, count: int) -> Bools:
    flags = np.array(record.numbers("vouched", count))
    if not np.isin(flags, (0, 1)).all():
        raise record.wrong("exports.vouched")
    return np.asarray(flags == 1)


def _began(record: Record, skeleton: Skeleton, references: _References) -> WorkBegan:
    *_, keypoints = _keypoints(record, skeleton)
    return WorkBegan(keypoints, record.choice("review", SETTLED), _reference(record, "points_model", references.models))


def _reference(record: Record, key: str, choices: set[str]) -> str | None:
    value = record.optional_text(key)
    if value is not None and value not in choices:
        raise record.wrong("exports.no_such_value", key=key, value=value)
    return value


def _not_people(record: Record, people: set[str]) -> tuple[str, ...]:
    keys = record.sequence("not_people") if record.has("not_people") else []
    for key in keys:
        if not isinstance(key, str) or key not in people:
            raise record.wrong("exports.not_people", key=key)
    return tuple(keys)


def _keypoints(record: Record, skeleton: Skeleton) -> tuple[int, bool, Keypoints]:
    """Return how many points are there, whether confidences are given, and the points."""
    flat = record.numbers("keypoints", _POINT * len(skeleton))
    table = np.array(flat, dtype=np.float64).reshape(len(skeleton), _POINT)
    if not np.isin(table[:, 2], (0, 1, 2)).all():
        raise record.wrong("arrays.visibility_keypoints", found=sorted(set(table[:, 2].tolist())))
    seen = int(np.count_nonzero(table[:, 2]))
    has_confidence = record.has("confidence")
    confidence = np.array(record.numbers("confidence", len(skeleton), nullable=True)) if has_confidence else None
    return seen, has_confidence, Keypoints.of(table[:, :2], table[:, 2], confidence)


def box_of(x: float, y: float, width: float, height: float) -> Box:
    """Turn COCO's x, y, width, height into left, top, right, bottom as float32."""
    left, top, right, bottom = (as_float32(value, "terms.bbox") for value in (x, y, x + width, y + height))
    return left, top, right, bottom


def _box(record: Record, area: float = 0) -> Box:
    x, y, width, height = record.numbers("bbox", 4)
    if min(width, height, area) < 0:
        raise record.wrong("exports.negative_box", box=record.value("bbox"), area=area)
    box = box_of(x, y, width, height)
    if not record.has("corners"):
        return box
    left, top, right, bottom = record.numbers("corners", 4)
    if not np.allclose((left, top, right, bottom), box):
        raise record.wrong("exports.corners", corners=record.value("corners"), box=record.value("bbox"))
    return left, top, right, bottom


def _five_points(record: Record) -> NDArray[np.float32] | None:
    if not record.has("five_points"):
        return None
    rows = record.sequence("five_points")
    pairs = Record({f"five_points[{i}]": row for i, row in enumerate(rows)}, record.place)
    return np.array([pairs.numbers(key, 2, nullable=True) for key in pairs.content], dtype=np.float32)
