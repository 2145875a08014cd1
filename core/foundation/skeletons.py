"""Named point sets: what each point is called, what is joined by a line, what swaps when a picture is mirrored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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
        The two indices whose distance normalises an error (for a face the outer eye corners), or None.
    sigmas
        How far apart two people put each point, relative to the root of the instance's area: the K constants of the
        object keypoint similarity (https://cocodataset.org/#keypoints-eval), or None where nobody measured any.
    sigmas_borrowed
        Whether some of them were taken over from points nearby and not measured on these.
    """

    name: str
    kind: str
    point_names: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    flip_pairs: tuple[tuple[int, int], ...]
    regions: dict[str, tuple[int, ...]]
    normaliser: tuple[int, int] | None = None
    sigmas: tuple[float, ...] | None = None
    sigmas_borrowed: bool = False

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
    flip_pairs=(
        *((i, 16 - i) for i in range(8)),
        *((17 + i, 26 - i) for i in range(5)),
        (31, 35),
        (32, 34),
        (36, 45),
        (37, 44),
        (38, 43),
        (39, 42),
        (40, 47),
        (41, 46),
        (48, 54),
        (49, 53),
        (50, 52),
        (55, 59),
        (56, 58),
        (60, 64),
        (61, 63),
        (65, 67),
    ),
    regions={name: tuple(range(first, end)) for name, (first, end) in _FACE_REGIONS.items()},
    normaliser=(36, 45),
)

_BODY24_NAMES: Final = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
    "neck",
    "left_palm",
    "right_palm",
    "spine2",
    "spine1",
    "left_instep",
    "right_instep",
)


def _left_right(names: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    pairs = ((i, f"right_{name[5:]}") for i, name in enumerate(names) if name.startswith("left_"))
    return tuple((i, names.index(other)) for i, other in pairs)


def _edges(names: tuple[str, ...], *pairs: str) -> tuple[tuple[int, int], ...]:
    split = (pair.split("-") for pair in pairs)
    return tuple((names.index(a), names.index(b)) for a, b in split)


# Measured by COCO on pictures that several people labelled, in the order of its 17 points.
_COCO_SIGMAS: Final = (
    0.026,
    0.025,
    0.025,
    0.035,
    0.035,
    0.079,
    0.079,
    0.072,
    0.072,
    0.062,
    0.062,
    0.107,
    0.107,
    0.087,
    0.087,
    0.089,
    0.089,
)

# The motion competition's 24 columns, in its order. Nobody measured the last seven sigmas: the neck has the shoulder's,
# a palm the wrist's, the spine the hip's, an instep the ankle's.
BODY24: Final = Skeleton(
    name="body24",
    kind="person",
    point_names=_BODY24_NAMES,
    edges=_edges(
        _BODY24_NAMES,
        "nose-left_eye",
        "nose-right_eye",
        "left_eye-left_ear",
        "right_eye-right_ear",
        "nose-neck",
        "neck-left_shoulder",
        "neck-right_shoulder",
        "left_shoulder-left_elbow",
        "right_shoulder-right_elbow",
        "left_elbow-left_wrist",
        "right_elbow-right_wrist",
        "left_wrist-left_palm",
        "right_wrist-right_palm",
        "neck-spine2",
        "spine2-spine1",
        "spine1-left_hip",
        "spine1-right_hip",
        "left_hip-left_knee",
        "right_hip-right_knee",
        "left_knee-left_ankle",
        "right_knee-right_ankle",
        "left_ankle-left_instep",
        "right_ankle-right_instep",
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
    sigmas=(*_COCO_SIGMAS, 0.079, 0.062, 0.062, 0.107, 0.107, 0.089, 0.089),
    sigmas_borrowed=True,
)

# COCO's 17 points, in its order, with the lines that it draws. They are the first 17 of BODY24.
COCO17: Final = Skeleton(
    name="coco17",
    kind="person",
    point_names=_BODY24_NAMES[:17],
    edges=_edges(
        _BODY24_NAMES,
        "left_eye-right_eye",
        "nose-left_eye",
        "nose-right_eye",
        "left_eye-left_ear",
        "right_eye-right_ear",
        "left_ear-left_shoulder",
        "right_ear-right_shoulder",
        "left_shoulder-right_shoulder",
        "left_shoulder-left_elbow",
        "right_shoulder-right_elbow",
        "left_elbow-left_wrist",
        "right_elbow-right_wrist",
        "left_shoulder-left_hip",
        "right_shoulder-right_hip",
        "left_hip-right_hip",
        "left_hip-left_knee",
        "right_hip-right_knee",
        "left_knee-left_ankle",
        "right_knee-right_ankle",
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
    sigmas=_COCO_SIGMAS,
)

# The first of a kind is the one that an instance without points gets.
SKELETONS: Final = {skeleton.name: skeleton for skeleton in (FACE68, BODY24, COCO17)}


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
