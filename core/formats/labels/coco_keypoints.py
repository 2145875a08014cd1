"""COCO keypoints as any tool writes them (https://cocodataset.org/#format-data), COCO-WholeBody's faces among them.

Coordinates are taken as they are, as in our own export (`core.formats.coco`): pixels counted from 0, `bbox` is x, y,
width, height. Points go by the names of their category (`core.formats.labels.point_names`), by order where it has none.

Visibility 0 is absent, whatever x and y are; 1 occluded, 2 visible. Files of 300-W labels mark every point 1: where
no point of a file with face68 is 2, 1 means visible. Numbers between those are scores, which is a question for the
whole file. `num_keypoints` and `segmentation` are not looked at. Crowds, ignored annotations, annotations without
points, those of other categories and, in our own exports, points that a model set are left out and counted. Of work in
progress in them the points come in that a human has set, and stay in progress.

Tools write the same thing differently: an id may be 7, 7.0 or "7", a width 640.0, a number a text, a missing one null
or NaN. An entry that cannot be used is listed with its reason, and so are the annotations that need it; the rest comes
in.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, Final

import numpy as np

from core.formats.labels.doubts import Doubt, DoubtKind
from core.formats.labels.point_names import NAMELESS_SETS, PointMap, by_order, map_points
from core.formats.labels.rows import LabelFile, LabelledRow, posix, refuse_count, text_of
from core.formats.labels.values import Id, flag_of, found_by_id, id_of, numbers_of, other_form, size_of
from core.formats.names import printable
from core.formats.records import Record, parse_json, record_of, shortened
from core.foundation.arrays import ABSENT, HIDDEN, VISIBLE, Box, Floats, Keypoints
from core.foundation.errors import BadInput, UnreadableLabels
from core.foundation.messages import Message, message
from core.foundation.skeletons import SKELETONS, Skeleton

FORMAT: Final = "coco-keypoints"
_POINT: Final = 3  # x, y, visibility
_WHOLE_BODY_FACE: Final = "face_kpts"
_OWN: Final = "facet coco"  # what the version of our exports begins with


@dataclass(frozen=True)
class _Picture:
    """An entry of `images`."""

    path: str
    size: tuple[int, int] | None
    sequence: str | None


@dataclass
class _ParsedAnnotation:
    """An annotation of the skeleton: its picture, (K, 3) points in the skeleton's order, its box, what is doubtful."""

    place: str
    picture: _Picture
    table: Floats
    box: Box | None
    doubts: tuple[Doubt, ...]


def read(name: str, content: bytes, skeleton: Skeleton) -> LabelFile:
    """Read every annotation of the skeleton; parameters as `core.formats.labels.pts.read`.

    Raises
    ------
    UnreadableLabels
        If it is no JSON or no COCO file, or if all its annotations have another number of points than the skeleton, or
        points of other names.
    """
    try:
        document = record_of(parse_json(text_of(name, content), not_a_number=True), name)
    except (ValueError, RecursionError) as error:
        raise UnreadableLabels("labels.not_json", of=name, reason=error) from error
    reading = _Reading(name, document, skeleton)
    reading.take()
    return reading.result()


@dataclass
class _Reading:
    """What a file holds, and what became of it.

    `twice` are ids of more than one picture, with two of their names; `maps` says for each category where its points
    go, or why it has no place, `unclear` are ids of more than one category whose points go elsewhere; `counts` are the
    numbers of points of annotations that do not fit.
    """

    name: str
    document: Record
    skeleton: Skeleton
    file: LabelFile = field(default_factory=lambda: LabelFile(FORMAT))
    pictures: dict[Id, _Picture] = field(default_factory=dict)
    twice: dict[Id, tuple[str, str]] = field(default_factory=dict)
    maps: dict[Id, PointMap | Message | None] = field(default_factory=dict)
    unclear: set[Id] = field(default_factory=set)
    refused: dict[str, Message] = field(default_factory=dict)
    counts: set[int] = field(default_factory=set)
    sets: dict[int, PointMap] = field(default_factory=dict)
    taken: list[_ParsedAnnotation] = field(default_factory=list)

    def take(self) -> None:
        """Read the pictures, the categories, then the annotations."""
        clips = dict(_clips(self.document)) if self.document.has("videos") else {}
        self._each("images", lambda record: self._picture(record, clips))
        if self.document.has("categories"):
            self._each("categories", self._category)
        self._each("annotations", self._annotation)

    def result(self) -> LabelFile:
        """The rows of what was taken; UnreadableLabels where all of it is of other points."""
        if not self.taken and self.refused:
            place, reason = next(iter(self.refused.items()))
            raise UnreadableLabels.saying(reason.within(f"{self.name}: {place}"))
        if not self.taken and self.counts:
            raise refuse_count(self.name, message("labels.annotations_have", count=max(self.counts)), self.skeleton)
        self.file.skipped += list(self.refused.items())
        answers = {str(DoubtKind.TURNED): "upright", str(DoubtKind.CORNER): "there"} if self._own() else {}
        rows = list(self._rows(answers))
        self.file.rows = rows if self._own() else _all_visible(rows, self.skeleton)
        return self.file

    def _own(self) -> bool:
        """Whether it is an export of ours."""
        info = self.document.content.get("info")
        return isinstance(info, dict) and str(info.get("version", "")).startswith(_OWN)

    def _each(self, key: str, take: Callable[[Record], None]) -> None:
        """Take every entry of a list; what cannot be is listed."""
        for i, item in enumerate(self.document.sequence(key)):
            place = f"{key}[{i}]"
            if not isinstance(item, dict):
                self.file.skipped.append((place, message("labels.no_entry", value=shortened(item))))
                continue
            try:
                take(Record(item, f"{self.name}: {place}"))
            except UnreadableLabels as error:
                self.file.skipped.append((place, error.message.nowhere()))

    def _picture(self, record: Record, clips: Mapping[Id, str]) -> None:
        number, path = id_of(record, "id"), posix(record.text("file_name"))
        picture = _Picture(path, size_of(record), _sequence(record, path, clips))
        earlier = self.pictures.setdefault(number, picture)
        if earlier.path != path:
            self.twice[number] = earlier.path, path

    def _category(self, record: Record) -> None:
        number, places = id_of(record, "id"), self._places(record)
        earlier = self.maps.setdefault(number, places)
        if _where(earlier) != _where(places):
            self.unclear.add(number)

    def _places(self, record: Record) -> PointMap | Message | None:
        """Where the points of a category go, or why they have no place."""
        own = record.content.get("skeleton_name")  # our export names the skeleton
        if isinstance(own, str) and own in SKELETONS and own != self.skeleton.name:
            return None
        names = [str(label) for label in record.sequence("keypoints")] if record.has("keypoints") else []
        try:
            return map_points(names, self.skeleton) if names else by_order(len(self.skeleton))
        except BadInput as error:
            return error.message.within(record.place.removeprefix(f"{self.name}: "))

    def _annotation(self, record: Record) -> None:
        if flag_of(record, "iscrowd") or flag_of(record, "ignore"):
            self.file.leave_out("crowds and ignored ones")
        elif record.content.get("points_source") == "model":
            self.file.leave_out("points of a model")
        else:
            self._person(record, self._picture_of(record))

    def _picture_of(self, record: Record) -> _Picture:
        number = id_of(record, "image_id")
        picture = found_by_id(self.pictures, number)
        if picture is None:
            raise record.wrong("labels.no_such_image", number=number)
        both = found_by_id(self.twice, number)
        if both is not None:
            raise record.wrong("labels.image_id_twice", number=number, one=both[0], other=both[1])
        return picture

    def _person(self, record: Record, picture: _Picture) -> None:
        key, box_key, places = "keypoints", "bbox", self._map(record)
        if self.skeleton.kind == "face" and record.has(_WHOLE_BODY_FACE):
            key, box_key, places = _WHOLE_BODY_FACE, "face_box", by_order(len(self.skeleton))
        if not isinstance(places, PointMap) or not record.has(key) or not record.sequence(key):
            self.file.leave_out("without points" if isinstance(places, PointMap) else "of other categories")
            if isinstance(places, Message) and places.of is not None:
                self.refused[places.of] = places.nowhere()
            return
        flat = record.sequence(key)
        places = self._of_count(places, len(flat) // _POINT)
        if len(flat) != _POINT * len(places):
            if len(flat) % _POINT:
                raise record.wrong("labels.no_triples", key=key, count=len(flat))
            self.counts.add(len(flat) // _POINT)
            self.file.leave_out(f"of {len(flat) // _POINT} points")
            return
        table, lost = _table(record, key, flat)
        table = places.ordered(table, len(self.skeleton))
        told = self._leave_vouched(record, table)
        if not table[:, 2].any():
            self.file.leave_out("without points")
            return
        box, doubts = _box(record, box_key)
        if lost:
            doubts = (*doubts, Doubt(message("label_doubts.place", count=lost)))
        place = record.place.removeprefix(f"{self.name}: ")
        self.taken.append(_ParsedAnnotation(place, picture, table, box, (*places.doubts, *doubts, *told)))

    def _leave_vouched(self, record: Record, table: Floats) -> tuple[Doubt, ...]:
        """Leave of work in progress, in an export of ours, the points alone that a human has set, and tell that."""
        if not self._own() or record.content.get("review") != "in_progress":
            return ()
        table[np.array(record.numbers("vouched", len(table))) != 1] = 0
        return (Doubt(message("label_doubts.in_progress")),)

    def _of_count(self, places: PointMap, count: int) -> PointMap:
        """Where points without names go whose number says of which set they are."""
        nameless = places.places == by_order(len(self.skeleton)).places
        if not nameless or count == len(places) or count not in NAMELESS_SETS:
            return places
        if count not in self.sets:
            self.sets[count] = map_points(NAMELESS_SETS[count], self.skeleton)
        return self.sets[count]

    def _map(self, record: Record) -> PointMap | Message | None:
        """Where an annotation's points go; by order where the file has no categories."""
        if not self.document.content.get("categories"):
            return by_order(len(self.skeleton))
        only = len(self.maps) == 1 and not record.has("category_id")
        number = next(iter(self.maps)) if only else id_of(record, "category_id")
        key = next((key for key in (number, other_form(number)) if key in self.maps), None)
        if key is None:
            raise record.wrong("labels.no_such_category", number=number)
        if key in self.unclear:
            raise record.wrong("labels.category_id_twice", number=number)
        return self.maps[key]

    def _rows(self, answers: Mapping[str, str]) -> Iterator[LabelledRow]:
        """A row of each that was taken; scores are told from visibilities by all of them together."""
        score = next((float(part) for taken in self.taken for part in taken.table[:, 2] if part % 1), None)
        asked = () if score is None else (Doubt(message("label_doubts.scores", value=score)),)
        for taken in self.taken:
            seen = taken.table[:, 2]
            if score is not None:
                seen = np.where(seen > 0, VISIBLE, ABSENT)
            if not np.isin(seen, (ABSENT, HIDDEN, VISIBLE)).all():
                self.file.skipped.append((taken.place, message("labels.visibility", key="keypoints")))
                continue
            picture = taken.picture
            yield LabelledRow(
                picture.path,
                Keypoints.of(taken.table[:, :2], seen),
                self.skeleton.name,
                size=picture.size,
                box=taken.box,
                sequence=picture.sequence,
                doubts=(*taken.doubts, *asked),
                answers=answers,
            )


def _where(places: PointMap | Message | None) -> tuple[int | None, ...] | None:
    return places.places if isinstance(places, PointMap) else None


def _clips(document: Record) -> Iterator[tuple[Id, str]]:
    for record in document.records("videos"):
        number = record.content.get("id")
        label = record.content.get("name") or record.content.get("file_name") or number
        if isinstance(number, int | str) and isinstance(label, int | str):
            yield number, printable(str(label))


def _sequence(record: Record, path: str, clips: Mapping[Id, str]) -> str | None:
    """The clip of a picture: named, referred to, or the folder of what says that it is a frame."""
    content = record.content
    if isinstance(content.get("video_id"), int | str) and content["video_id"] in clips:
        return clips[content["video_id"]]
    for key in ("video", "video_id", "vid_id"):
        if isinstance(content.get(key), int | str):
            return printable(str(content[key]))
    frame = any(record.has(key) for key in ("frame_id", "frame_index", "nframes"))
    folder = PurePosixPath(path).parent.as_posix()
    return folder if frame and folder != "." else None


def _table(record: Record, key: str, flat: list[Any]) -> tuple[Floats, int]:
    """(n, 3) x, y and the third number, and how many points are said to be there without a place: they are absent."""
    table = numbers_of(record, key, flat).reshape(-1, _POINT)
    nowhere = ~np.isfinite(table[:, :2]).all(axis=1)
    lost = int((nowhere & (table[:, 2] > 0)).sum())
    table[nowhere] = 0
    third = table[:, 2]
    if not (third >= 0).all():  # NaN is none of them either
        raise record.wrong("labels.visibility", key=key)
    return table, lost


def _box(record: Record, key: str) -> tuple[Box | None, tuple[Doubt, ...]]:
    """Corners; None where there is no box, or one without an area. What is no box is told."""
    given = record.content.get(key)
    if given is None or given == []:
        return None, ()
    try:
        x, y, width, height = numbers_of(record, key, record.sequence(key)).tolist()
        if not np.isfinite([x, y, width, height]).all() or min(width, height) < 0:
            raise ValueError
    except (UnreadableLabels, ValueError):
        return None, (Doubt(message("label_doubts.box", value=shortened(given))),)
    return ((x, y, x + width, y + height) if width > 0 and height > 0 else None), ()


def _all_visible(rows: list[LabelledRow], skeleton: Skeleton) -> list[LabelledRow]:
    """Rows of 300-W's kind: every 1 becomes a 2."""
    if skeleton.name != "face68" or any((row.keypoints.visibility == VISIBLE).any() for row in rows):
        return rows
    return [
        replace(row, keypoints=Keypoints.of(row.keypoints.points, np.where(seen == HIDDEN, VISIBLE, seen)))
        for row in rows
        for seen in [row.keypoints.visibility]
    ]
