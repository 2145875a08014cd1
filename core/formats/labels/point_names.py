"""Which point of a skeleton a name in a label file means, however the tool writes it.

``left_eye`` is also ``l_eye``, ``LEye``, ``eye_left``, ``Eye.L``, ``left eye (his)`` or ``lefteye``: the side is the
first or the last part of a name; capitals, blanks, marks and explanations in brackets say nothing. Sets with other
points (AIC, CrowdPose, MPII, Halpe, PoseTrack, JHMDB, COCO-WholeBody) give those that they share by name. What is only
similar is not taken: a pelvis is no hip, the top of a head no nose.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from core.formats.labels.doubts import Doubt
from core.foundation.arrays import Floats
from core.foundation.errors import BadInput
from core.foundation.messages import message, or_none, some
from core.foundation.skeletons import COCO17, Skeleton

_BRACKETS: Final = re.compile(r"\([^)]*\)")
_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SIDES: Final = {"left": "left", "right": "right", "l": "left", "r": "right"}
_SHORT: Final = {"sho": "shoulder", "elb": "elbow", "wri": "wrist", "kne": "knee", "ank": "ankle"}  # OpenPose's kin
_NUMBERED: Final = re.compile(r"\D*(\d+)\D*")
_LEAST_SHARED: Final = 0.5  # share of a skeleton's points that another set must have
_NAMED: Final = 6  # names that a sentence gives
_FACE_POINTS: Final = 68
# Halpe's and COCO-WholeBody's files give no names: the numbers of their points are nobody else's. Both begin with
# COCO's 17 (https://github.com/Fang-Haoshu/Halpe-FullBody, https://github.com/jin-s13/COCO-WholeBody)
# and have hands, which have no place here.
_COCO: Final = tuple(COCO17.point_names)
_FACE: Final = tuple(f"face-{i}" for i in range(_FACE_POINTS))
_HANDS: Final = tuple(f"hand-{i}" for i in range(42))
_FEET: Final = ("big toe", "small toe", "heel")
_HALPE: Final = (*_COCO, "head", "neck", "pelvis", *(f"{side} {part}" for part in _FEET for side in ("left", "right")))
_WHOLE: Final = (*_COCO, *(f"{side} {part}" for side in ("left", "right") for part in _FEET), *_FACE, *_HANDS)
NAMELESS_SETS: Final = {len(names): names for names in (_HALPE, (*_HALPE, *_FACE, *_HANDS), _WHOLE)}


@dataclass(frozen=True)
class PointMap:
    """Where the points of a file go: for each of its points the index in the skeleton, None where it has no place."""

    places: tuple[int | None, ...]
    doubts: tuple[Doubt, ...] = ()

    def __len__(self) -> int:
        return len(self.places)

    def ordered(self, table: Floats, count: int) -> Floats:
        """Rows (n, C) of the file in the order of a skeleton of `count` points: (count, C), 0 where it has none."""
        taken, places = self._pairs
        ordered: Floats = np.zeros((count, table.shape[1]))
        ordered[places] = table[taken]
        return ordered

    @cached_property
    def _pairs(self) -> tuple[list[int], list[int]]:
        taken = [i for i, place in enumerate(self.places) if place is not None]
        return taken, [self.places[i] for i in taken]  # type: ignore[misc]


def by_order(count: int) -> PointMap:
    """Points that stand in the skeleton's own order."""
    return PointMap(tuple(range(count)))


def map_points(names: Sequence[str], skeleton: Skeleton) -> PointMap:
    """Find the place of each named point.

    By name where names are known: all of the skeleton's, or at least half of them. By order where the names are numbers
    in a row. As many names as points of which none is known are taken by order with a question.

    Raises
    ------
    BadInput
        If the points are of another set, or two names mean one point.
    """
    known = _meanings(skeleton, names)
    places = tuple(_place(name, known) for name in names)
    used = [place for place in places if place is not None]
    if len(set(used)) < len(used):
        raise BadInput("labels.keypoint_twice")
    if len(used) == len(names) == len(skeleton):
        return PointMap(places)
    if len(used) >= _LEAST_SHARED * len(skeleton):
        return PointMap(places, (_other_set(names, places, skeleton),))
    if used or len(names) != len(skeleton):
        others = [name for name, place in zip(names, places, strict=True) if place is None]
        raise BadInput("labels.other_keypoints", name=skeleton.name, names=some(others, _NAMED))
    if _in_a_row(names):
        return by_order(len(skeleton))
    doubt = message("label_doubts.names", skeleton=skeleton.name, names=some(list(names), _NAMED))
    return PointMap(tuple(range(len(skeleton))), (Doubt(doubt),))


def _other_set(names: Sequence[str], places: Sequence[int | None], skeleton: Skeleton) -> Doubt:
    missing = [point for i, point in enumerate(skeleton.point_names) if i not in places]
    without_place = [name for name, place in zip(names, places, strict=True) if place is None]
    return Doubt(
        message(
            "label_doubts.set",
            count=len(names),
            mapped=len(names) - len(without_place),
            skeleton=skeleton.name,
            missing=some(missing, _NAMED) if missing else or_none(missing),
            unused=some(without_place, _NAMED) if without_place else or_none(without_place),
        )
    )


def _meanings(skeleton: Skeleton, names: Iterable[str]) -> dict[str, int]:
    """What each plain name means; of a face within a whole body ``face-0`` is the first of 68 points."""
    known = {plain_name(point): i for i, point in enumerate(skeleton.point_names)}
    if skeleton.name == "face68" and "face0" in {plain_name(name) for name in names}:
        known |= {f"face{i}": i for i in range(_FACE_POINTS)}
    return known


def _place(name: str, known: dict[str, int]) -> int | None:
    plain = plain_name(name)
    if plain in known:
        return known[plain]
    side = _SIDES.get(plain[:1])  # "leye": no mark parts the side from the rest
    return known.get(f"{side} {_SHORT.get(plain[1:], plain[1:])}") if side else None


def plain_name(name: str) -> str:
    """A name as all tools would write it: ``left eye`` for ``Eye_L``; parts without a side in one word."""
    text = _BRACKETS.sub("", name)
    parts = [part.lower() for part in _PARTS.findall(text)]
    if not parts:
        return text.strip().lower()
    if len(parts) == 1:
        return _one_word(parts[0])
    for end in (0, -1):
        side = _SIDES.get(parts[end])
        if side:
            del parts[end]
            return f"{side} {_joined(parts)}"
    return _joined(parts)


def _one_word(word: str) -> str:
    for side in ("left", "right"):
        rest = word.removeprefix(side) if word.startswith(side) else word.removesuffix(side)
        if rest and rest != word:
            return f"{side} {_SHORT.get(rest, rest)}"
    return word


def _joined(parts: Iterable[str]) -> str:
    return "".join(_SHORT.get(part, part) for part in parts)


def _in_a_row(names: Sequence[str]) -> bool:
    """Whether the names only count: 0, 1, 2 or kp_1, kp_2, kp_3."""
    numbers = [_NUMBERED.fullmatch(name) for name in names]
    if not all(numbers):
        return False
    counted = [int(number[1]) for number in numbers if number]
    return counted[0] in (0, 1) and counted == list(range(counted[0], counted[0] + len(counted)))
