"""COCO keypoints as any tool writes them (https://cocodataset.org/#format-data), COCO-WholeBody's faces among them.

Coordinates are taken as they are, as in our own export (`core.formats.coco`): pixels counted from 0, `bbox` is x, y,
width, height. Points go by name where all names of the category are the skeleton's (in any order), by order where the
category has no names or none of them is known. Where only some are known the file is of another point set (PoseTrack
has 17 points too, but a top of the head in place of an eye), and it is refused.

Visibility 0 is absent, whatever x and y are; 1 hidden; 2 visible. Files made of 300-W labels mark every point 1: where
no point of a file with face68 is 2, 1 means visible. `num_keypoints` and `segmentation` are not looked at. Crowds,
ignored annotations, annotations without points, those of other categories and, in our own exports, points that a
model set are left out and counted.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

import numpy as np

from core.formats.labels.rows import LabelFile, LabelledRow, posix, refuse_count, text_of
from core.formats.records import Record, parse_json, record_of
from core.foundation.arrays import HIDDEN, VISIBLE, Box, Floats, Keypoints
from core.foundation.errors import UnreadableLabels
from core.foundation.messages import message
from core.foundation.skeletons import SKELETONS, Skeleton

FORMAT: Final = "coco-keypoints"
_POINT: Final = 3  # x, y, visibility
_WHOLE_BODY_FACE: Final = "face_kpts"
_NOT_LETTERS: Final = re.compile(r"\([^)]*\)|[^a-z0-9]+")


@dataclass(frozen=True)
class _Picture:
    """An entry of `images`."""

    path: str
    size: tuple[int, int] | None
    sequence: str | None


@dataclass
class _CocoFile(LabelFile):
    """`counts` are the numbers of points of annotations that do not fit."""

    counts: set[int] = field(default_factory=set)


def read(name: str, content: bytes, skeleton: Skeleton) -> LabelFile:
    """Read every annotation of the skeleton; parameters as `core.formats.labels.pts.read`.

    Raises
    ------
    UnreadableLabels
        If it is no JSON or no COCO file, if all its annotations have another number of points than the skeleton, or
        if its points have other names.
    """
    try:
        document = record_of(parse_json(text_of(name, content)), name)
    except (ValueError, RecursionError) as error:
        raise UnreadableLabels("labels.not_json", of=name, reason=error) from error
    pictures = dict(_pictures(document))
    orders = dict(_orders(document, skeleton))
    file = _CocoFile(FORMAT)
    for record in document.records("annotations"):
        try:
            _take(record, pictures, orders, skeleton, file)
        except UnreadableLabels as error:
            file.skipped.append((record.place.removeprefix(f"{name}: "), error.message.nowhere()))
    if file.counts and not file.rows:
        raise refuse_count(name, message("labels.annotations_have", count=max(file.counts)), skeleton)
    file.rows = _all_visible(file.rows, skeleton)
    return file


def _pictures(document: Record) -> Iterator[tuple[int, _Picture]]:
    clips = dict(_clips(document)) if document.has("videos") else {}
    for record in document.records("images"):
        path = posix(record.text("file_name"))
        has_size = record.has("width") and record.has("height")
        size = (record.whole("width", 1), record.whole("height", 1)) if has_size else None
        yield record.whole("id", 0), _Picture(path, size, _sequence(record, path, clips))


def _clips(document: Record) -> Iterator[tuple[int | str, str]]:
    for record in document.records("videos"):
        number = record.content.get("id")
        label = record.content.get("name") or record.content.get("file_name") or number
        if isinstance(number, int | str) and isinstance(label, int | str):
            yield number, str(label)


def _sequence(record: Record, path: str, clips: Mapping[int | str, str]) -> str | None:
    """The clip of a picture: named, referred to, or the folder of what says that it is a frame."""
    content = record.content
    if isinstance(content.get("video_id"), int | str) and content["video_id"] in clips:
        return clips[content["video_id"]]
    for key in ("video", "video_id", "vid_id"):
        if isinstance(content.get(key), int | str):
            return str(content[key])
    frame = any(record.has(key) for key in ("frame_id", "frame_index", "nframes"))
    folder = PurePosixPath(path).parent.as_posix()
    return folder if frame and folder != "." else None


def _orders(document: Record, skeleton: Skeleton) -> Iterator[tuple[int, list[int] | None]]:
    """For each category where its points go (our index of each of its points), or None if it is of other points."""
    if not document.has("categories"):
        return
    for record in document.records("categories"):
        names = record.sequence("keypoints") if record.has("keypoints") else []
        own = record.content.get("skeleton_name")  # our export names the skeleton
        if isinstance(own, str) and own in SKELETONS and own != skeleton.name:
            yield record.whole("id", 0), None
        else:
            yield record.whole("id", 0), _order([str(label) for label in names], record, skeleton)


def _order(names: list[str], record: Record, skeleton: Skeleton) -> list[int] | None:
    """By name, or by order where the names say nothing."""
    plain = list(range(len(skeleton)))
    if len(names) != len(skeleton):
        return plain  # no names, or another count, which each annotation is checked for
    index = {_letters(point): i for i, point in enumerate(skeleton.point_names)}
    shared = [label for label in names if _letters(label) in index]
    if not shared:
        return plain
    if len(shared) < len(names):
        others = ", ".join(label for label in names if label not in shared)
        raise record.wrong("labels.other_keypoints", name=skeleton.name, names=others[:80])
    order = [index[_letters(label)] for label in names]
    if len(set(order)) < len(order):
        raise record.wrong("labels.keypoint_twice")
    return order


def _letters(name: str) -> str:
    """A name without what tools write differently: capitals, blanks, underscores, explanations in brackets."""
    return _NOT_LETTERS.sub("", name.lower())


def _take(
    record: Record,
    pictures: Mapping[int, _Picture],
    orders: Mapping[int, list[int] | None],
    skeleton: Skeleton,
    file: _CocoFile,
) -> None:
    if record.content.get("iscrowd") or record.content.get("ignore"):
        file.leave_out("crowds and ignored ones")
        return
    if record.content.get("points_source") == "model":
        file.leave_out("points of a model")
        return
    number = record.whole("image_id", 0)
    if number not in pictures:
        raise record.wrong("labels.no_such_image", number=number)
    category = record.whole("category_id", 0) if record.has("category_id") else -1
    order = orders.get(category, list(range(len(skeleton))))
    key, box_key = ("keypoints", "bbox")
    if skeleton.kind == "face" and record.has(_WHOLE_BODY_FACE):
        key, box_key = _WHOLE_BODY_FACE, "face_box"
        order = list(range(len(skeleton)))
    if order is None or not record.has(key) or not record.sequence(key):
        file.leave_out("of other categories" if order is None else "without points")
        return
    keypoints = _keypoints(record, key, order, skeleton, file)
    if keypoints is None:
        return
    picture = pictures[number]
    file.rows.append(
        LabelledRow(
            picture.path,
            keypoints,
            skeleton.name,
            size=picture.size,
            box=_box(record, box_key),
            sequence=picture.sequence,
        )
    )


def _keypoints(record: Record, key: str, order: list[int], skeleton: Skeleton, file: _CocoFile) -> Keypoints | None:
    """The points in our order; None where none is labelled, or there are more or fewer of them."""
    flat = record.sequence(key)
    if len(flat) != _POINT * len(skeleton):
        if len(flat) % _POINT:
            raise record.wrong("labels.no_triples", key=key, count=len(flat))
        file.counts.add(len(flat) // _POINT)
        file.leave_out(f"of {len(flat) // _POINT} points")
        return None
    table = np.array(record.numbers(key, len(flat)), np.float64).reshape(-1, _POINT)
    if not np.isin(table[:, 2], (0, 1, 2)).all():
        raise record.wrong("labels.visibility", key=key)
    if not table[:, 2].any():
        file.leave_out("without points")
        return None
    ordered: Floats = np.zeros_like(table)
    ordered[order] = table
    return Keypoints.of(ordered[:, :2], ordered[:, 2])


def _box(record: Record, key: str) -> Box | None:
    """Corners; None where there is no box, or one without an area."""
    if not record.has(key):
        return None
    x, y, width, height = record.numbers(key, 4)
    if min(width, height) < 0:
        raise record.wrong("labels.negative_box", key=key)
    return (x, y, x + width, y + height) if width > 0 and height > 0 else None


def _all_visible(rows: list[LabelledRow], skeleton: Skeleton) -> list[LabelledRow]:
    """Rows of 300-W's kind: every 1 becomes a 2."""
    if skeleton.name != "face68" or any((row.keypoints.visibility == VISIBLE).any() for row in rows):
        return rows
    return [
        replace(row, keypoints=Keypoints.of(row.keypoints.points, np.where(seen == HIDDEN, VISIBLE, seen)))
        for row in rows
        for seen in [row.keypoints.visibility]
    ]
