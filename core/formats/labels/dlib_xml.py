"""The XML of dlib's imglab and its training tools (http://dlib.net/imaging.html#shape_predictor_trainer).

``<images>`` holds ``<image file width height>``, each with ``<box top left width height>``, each with
``<part name="00" x y>``. Pixels count from 0, so the points are taken as they are; a box is left, top, left + width,
top + height. A part's name is its index; a part that is missing is absent. Boxes with ``ignore="1"`` and boxes without
parts are left out and counted; where a box's own numbers are none, the points' box is taken.

The parser builds nothing and declares no entities: a document type is refused, so no entity can be expanded.
"""

import math
from dataclasses import dataclass, field
from typing import Final, NoReturn
from xml.parsers import expat

import numpy as np

from core.formats.checks import LARGEST
from core.formats.labels.doubts import Doubt
from core.formats.labels.rows import LabelFile, LabelledRow, posix, refuse_count
from core.foundation.arrays import Box, Keypoints
from core.foundation.errors import UnreadableLabels
from core.foundation.messages import Message, message
from core.foundation.skeletons import Skeleton

FORMAT: Final = "dlib-xml"


def read(name: str, content: bytes, skeleton: Skeleton) -> LabelFile:
    """Read every box with parts; parameters as `core.formats.labels.pts.read`.

    Raises
    ------
    UnreadableLabels
        If it is not well-formed, declares a document type or an entity, is not dlib's, or all its boxes have another
        number of points: a part beyond the last point, or only the first ones (5, 51) in the whole file.
    """
    reading = _Reading(name, skeleton)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.StartDoctypeDeclHandler = reading.refuse
    parser.EntityDeclHandler = reading.refuse
    parser.ExternalEntityRefHandler = reading.refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the latter two: an encoding that is none
        raise UnreadableLabels("labels.not_xml", of=name, reason=error) from error
    return reading.result()


@dataclass
class _Reading:
    """Where the parser is, and what it has found."""

    name: str
    skeleton: Skeleton
    file: LabelFile = field(default_factory=lambda: LabelFile(FORMAT))
    parts: set[int] = field(default_factory=set)
    depth: int = 0
    images: int = 0
    boxes: int = 0
    image: dict[str, str] | None = None
    box: dict[str, str] | None = None
    points: dict[int, tuple[float, float]] = field(default_factory=dict)
    trouble: Message | None = None

    def refuse(self, *_: object) -> NoReturn:
        raise UnreadableLabels("labels.xml_entity", of=self.name)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.depth == 0 and tag != "dataset":
            raise UnreadableLabels("labels.outermost", of=self.name, tag=tag[:40])
        self.depth += 1
        if tag == "image":
            self.images, self.image, self.boxes = self.images + 1, attributes, 0
        elif tag == "box" and self.image is not None:
            self.boxes, self.box, self.points, self.trouble = self.boxes + 1, attributes, {}, None
        elif tag == "part" and self.box is not None:
            self._part(attributes)

    def end(self, tag: str) -> None:
        self.depth -= 1
        if tag == "box" and self.box is not None:
            self._finish(self.box)
            self.box = None
        elif tag == "image":
            self.image = None

    def _part(self, attributes: dict[str, str]) -> None:
        label = attributes.get("name", "")
        if not (label.isascii() and label.isdigit() and len(label) <= 6):
            self.trouble = message("labels.part_no_number", part=label[:40])
            return
        point = _numbers(attributes, ("x", "y"))
        if point is None:
            self.trouble = message("labels.part_no_place", part=label, x=attributes.get("x"), y=attributes.get("y"))
        elif int(label) in self.points:
            self.trouble = message("labels.part_twice", part=label)
        else:
            self.points[int(label)] = (point[0], point[1])
            self.parts.add(int(label))

    def _finish(self, box: dict[str, str]) -> None:
        assert self.image is not None
        if box.get("ignore", "0").strip().lower() not in ("0", "", "false", "no"):
            self.file.leave_out("ignored boxes")
        elif self.trouble is None and not self.points:
            self.file.leave_out("boxes without points")
        else:
            self._add(box, self.image)

    def _add(self, box: dict[str, str], image: dict[str, str]) -> None:
        picture = posix(image.get("file", ""))
        corners = _corners(box)
        trouble = self.trouble
        if picture in ("", "."):
            trouble = trouble or message("labels.image_without_file")
        if max(self.points, default=0) >= len(self.skeleton):
            count = message("labels.box_has", count=max(self.points) + 1)
            trouble = trouble or message(
                "labels.point_count", points=count, skeleton=self.skeleton.name, wanted=len(self.skeleton)
            )
        if trouble is not None:
            self.file.skipped.append((f"image {self.images} ({picture}), box {self.boxes}", trouble))
            return
        doubts: tuple[Doubt, ...] = ()
        if corners is None:
            given = ", ".join(f"{side}={box.get(side)}" for side in ("left", "top", "width", "height"))
            doubts = (Doubt(message("label_doubts.box", value=given[:60])),)
        table = np.full((len(self.skeleton), 2), np.nan)
        for index, point in self.points.items():
            table[index] = point
        size = _size(image)
        keypoints = Keypoints.of(table)
        row = LabelledRow(picture, keypoints, self.skeleton.name, size=size, box=corners, doubts=doubts)
        self.file.rows.append(row)

    def result(self) -> LabelFile:
        last = max(self.parts, default=-1) + 1
        only_first = last < len(self.skeleton) - 1 and self.parts == set(range(last))
        beyond = last > len(self.skeleton) and not self.file.rows
        if last and (beyond or only_first):
            raise refuse_count(self.name, message("labels.boxes_have", count=last), self.skeleton)
        return self.file


def _numbers(attributes: dict[str, str], names: tuple[str, ...]) -> list[float] | None:
    try:
        if any("_" in attributes[name] for name in names):  # Python takes 1_000 for a number
            return None
        values = [float(attributes[name]) for name in names]
    except (KeyError, ValueError):
        return None
    return values if all(math.isfinite(value) and abs(value) <= LARGEST for value in values) else None


def _corners(box: dict[str, str]) -> Box | None:
    values = _numbers(box, ("left", "top", "width", "height"))
    if values is None or min(values[2:]) <= 0:
        return None
    left, top, width, height = values
    return left, top, left + width, top + height


def _size(image: dict[str, str]) -> tuple[int, int] | None:
    values = _numbers(image, ("width", "height"))
    return None if values is None or min(values) < 1 else (int(values[0]), int(values[1]))
