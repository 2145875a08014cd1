"""Named point sets: what each point is called, what is joined by a line, what swaps when a picture is mirrored."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.foundation import mesh468
from core.foundation.errors import NotFound


@dataclass(frozen=True)
class Skeleton:
    """A named set of K points.

    Attributes
    ----------
    name
        The key in `SKELETONS`, stored with every revision.
    kind
        What an instance of it is: ``face`` or ``person``.
    point_names
        K names, in the order of the rows of a `Keypoints`.
    edges
        Index pairs joined by a line in the editor.
    flip_pairs
        Index pairs that change places when the picture is mirrored.
    regions
        Name and indices of each group of points that moves together.
    normaliser
        The two indices whose distance normalises an error (for a face the outer eye corners, for a body the left
        shoulder and the right hip), or None.
    unit
        What that distance is called, a key of `core.metrics.landmarks.NORMALISERS`.
    sigmas
        How far apart two people put each point, relative to the root of the instance's area: the K constants of the
        object keypoint similarity (https://cocodataset.org/#keypoints-eval), or None where nobody measured any.
    """

    name: str
    kind: str
    point_names: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    flip_pairs: tuple[tuple[int, int], ...]
    regions: dict[str, tuple[int, ...]]
    normaliser: tuple[int, int] | None = None
    unit: str = "inter-ocular"
    sigmas: tuple[float, ...] | None = None

    def __len__(self) -> int:
        return len(self.point_names)


def _chain(first: int, last: int, *, closed: bool = False) -> tuple[tuple[int, int], ...]:
    edges = tuple((i, i + 1) for i in range(first, last))
    return (*edges, (last, first)) if closed else edges


_FACE_REGIONS: Final = {
    "jaw": (0, 17),
    "right_brow": (17, 22),
    "left_brow": (22, 27),
    "nose": (27, 36),
    "right_eye": (36, 42),
    "left_eye": (42, 48),
    "outer_lips": (48, 60),
    "inner_lips": (60, 68),
}

# Runs of points that swap with the points of another run: the first of one, the last of the other, how many.
_FACE_FLIPS: Final = (
    *((0, 16, 8), (17, 26, 5), (31, 35, 2), (36, 45, 4), (40, 47, 2)),
    *((48, 54, 3), (55, 59, 2), (60, 64, 2), (65, 67, 1)),
)

FACE68: Final = Skeleton(
    name="face68",
    kind="face",
    point_names=tuple(f"{name}_{i + 1}" for name, (first, end) in _FACE_REGIONS.items() for i in range(end - first)),
    edges=(
        *_chain(0, 16),
        *_chain(17, 21),
        *_chain(22, 26),
        *_chain(27, 30),
        *_chain(31, 35),
        *_chain(36, 41, closed=True),
        *_chain(42, 47, closed=True),
        *_chain(48, 59, closed=True),
        *_chain(60, 67, closed=True),
    ),
    flip_pairs=tuple((first + i, last - i) for first, last, count in _FACE_FLIPS for i in range(count)),
    regions={name: tuple(range(first, end)) for name, (first, end) in _FACE_REGIONS.items()},
    normaliser=(36, 45),
)


def _both_sides(*patterns: str) -> tuple[str, ...]:
    """Each pattern; one with a star twice, for the left and for the right."""
    return tuple(dict.fromkeys(pattern.replace("*", side) for pattern in patterns for side in ("left", "right")))


_BODY24_NAMES: Final = _both_sides(
    "nose",
    "*_eye",
    "*_ear",
    "*_shoulder",
    "*_elbow",
    "*_wrist",
    "*_hip",
    "*_knee",
    "*_ankle",
    "neck",
    "*_palm",
    "spine2",
    "spine1",
    "*_instep",
)


def _left_right(names: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    pairs = ((i, f"right_{name[5:]}") for i, name in enumerate(names) if name.startswith("left_"))
    return tuple((i, names.index(other)) for i, other in pairs)


def _edges(*patterns: str) -> tuple[tuple[int, int], ...]:
    ends = (pair.split("-") for pair in _both_sides(*patterns))
    return tuple((_BODY24_NAMES.index(a), _BODY24_NAMES.index(b)) for a, b in ends)


# Measured by COCO on pictures that several people labelled, in the order of its 17 points: the nose, then both sides.
_COCO_SIGMAS: Final = (0.026, *np.repeat((0.025, 0.035, 0.079, 0.072, 0.062, 0.107, 0.087, 0.089), 2).tolist())

# The motion competition's 24 columns, in its order. Nobody measured the last seven sigmas: the neck has the shoulder's,
# a palm the wrist's, the spine the hip's, an instep the ankle's.
BODY24: Final = Skeleton(
    name="body24",
    kind="person",
    point_names=_BODY24_NAMES,
    edges=_edges(
        "nose-*_eye",
        "*_eye-*_ear",
        "nose-neck",
        "neck-*_shoulder",
        "*_shoulder-*_elbow",
        "*_elbow-*_wrist",
        "*_wrist-*_palm",
        "neck-spine2",
        "spine2-spine1",
        "spine1-*_hip",
        "*_hip-*_knee",
        "*_knee-*_ankle",
        "*_ankle-*_instep",
    ),
    flip_pairs=_left_right(_BODY24_NAMES),
    regions={
        "head": (0, 1, 2, 3, 4),
        "torso": (5, 6, 11, 12, 17, 20, 21),
        "left_arm": (7, 9, 18),
        "right_arm": (8, 10, 19),
        "left_leg": (13, 15, 22),
        "right_leg": (14, 16, 23),
    },
    normaliser=(5, 12),
    unit="torso",
    sigmas=(*_COCO_SIGMAS, 0.079, 0.062, 0.062, 0.107, 0.107, 0.089, 0.089),
)

# COCO's 17 points, in its order, with the lines that it draws. They are the first 17 of BODY24.
COCO17: Final = Skeleton(
    name="coco17",
    kind="person",
    point_names=_BODY24_NAMES[:17],
    edges=_edges(
        "left_eye-right_eye",
        "nose-*_eye",
        "*_eye-*_ear",
        "*_ear-*_shoulder",
        "left_shoulder-right_shoulder",
        "*_shoulder-*_elbow",
        "*_elbow-*_wrist",
        "*_shoulder-*_hip",
        "left_hip-right_hip",
        "*_hip-*_knee",
        "*_knee-*_ankle",
    ),
    flip_pairs=_left_right(_BODY24_NAMES[:17]),
    regions={
        "head": (0, 1, 2, 3, 4),
        "torso": (5, 6, 11, 12),
        "left_arm": (7, 9),
        "right_arm": (8, 10),
        "left_leg": (13, 15),
        "right_leg": (14, 16),
    },
    normaliser=(5, 12),
    unit="torso",
    sigmas=_COCO_SIGMAS,
)

MESH468: Final = Skeleton(
    name="mesh468",
    kind="face",
    point_names=tuple(f"vertex_{number}" for number in range(mesh468.COUNT)),
    edges=mesh468.EDGES,
    flip_pairs=mesh468.FLIP_PAIRS,
    regions=mesh468.REGIONS,
    normaliser=(33, 263),
)

# The first of a kind is the one that an instance without points gets.
SKELETONS: Final = {skeleton.name: skeleton for skeleton in (FACE68, BODY24, COCO17, MESH468)}

_RARE: Final = (MESH468.name,)


def exported_skeletons(used: Collection[str | None]) -> dict[str, Skeleton]:
    """The skeletons that an export describes: those that are used in it, and of the others all but the rare ones."""
    return {name: skeleton for name, skeleton in SKELETONS.items() if name in used or name not in _RARE}


def find_skeleton(name: str) -> Skeleton:
    """Look a skeleton up by name.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    try:
        return SKELETONS[name]
    except KeyError:
        raise NotFound("skeletons.none_called", name=name, choices=list(SKELETONS)) from None
