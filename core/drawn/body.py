"""The drawn body: a pose's angles become the 24 points of BODY24 in space.

Lengths are millimetres. In the body's frame x points to the person's left, y down and z forward, the origin is the
middle of the pelvis; seen from the front the person's left is at the picture's right.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from core.foundation.arrays import Floats
from core.foundation.errors import BadInput
from core.foundation.skeletons import BODY24

Angles = tuple[float, float]  # degrees: forward and outward from hanging straight down

SHOULDER, HIP = 170.0, 88.0
UPPER_ARM, FOREARM, PALM = 290.0, 250.0, 85.0
THIGH, SHIN, INSTEP = 425.0, 410.0, 105.0
NECK, SPINE2, SPINE1, SHOULDER_LEVEL = 480.0, 300.0, 140.0, 426.0
EYES_ABOVE_NECK: Final = 166.0
HEAD_SCALE: Final = 1.26  # slightly large heads read better at this size
_SIDES: Final = (("left", 1.0), ("right", -1.0))


@dataclass(frozen=True)
class Pose:
    """Angles in degrees, each (forward, outward) from hanging straight down.

    Attributes
    ----------
    yaw
        Where the body faces: 0 to the viewer, positive to the picture's right, 180 away.
    head
        Where the head faces, likewise; the face is drawn up to 25 degrees, its back from 150.
    lean
        The trunk: forward, and towards the person's left.
    lift
        How far the lowest foot is above the ground, in mm.
    zoom, rise
        Magnification, and how far the person is moved down, in shares of the picture's height.
    limbs
        Keys such as ``left_thigh``; those left out hang straight down (a foot points forward).

    Raises
    ------
    BadInput
        If the head is turned to where neither its face nor its back is drawn.
    """

    yaw: float
    head: float
    lean: Angles = (0, 0)
    lift: float = 0
    zoom: float = 1.0
    rise: float = 0.0
    limbs: dict[str, Angles] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if 25 < abs(self.head) < 150:
            raise BadInput("drawn.head_turned", angle=self.head)


# Forward and outward of each limb, one column a pose of `POSES`.
_LIMBS: Final[dict[str, tuple[Angles, ...]]] = {
    "left_upper_arm": ((-32, 10), (8, 146), (-6, 34), (-36, 52), (-24, 22), (30, 134), (10, 84)),
    "left_forearm": ((2, 8), (10, 168), (-2, 50), (-10, 58), (-26, -74), (30, 160), (12, 164)),
    "left_thigh": ((30, 3), (38, 30), (-4, 20), (-8, 4), (2, 8), (4, 8), (2, 6)),
    "left_shin": ((6, 3), (-38, 18), (-8, 16), (-18, 4), (-2, 6), (-2, 6), (0, 0)),
    "left_foot": ((98, 0), (40, 12), (66, 8), (80, 8), (66, 16), (70, 12), (75, 8)),
    "right_upper_arm": ((24, 18), (8, 138), (24, 142), (30, 60), (-24, 22), (-6, 30), (4, 36)),
    "right_forearm": ((48, 16), (10, 160), (18, 156), (56, 52), (-26, -74), (10, -30), (40, -42)),
    "right_thigh": ((-20, 3), (14, 28), (6, 4), (66, 10), (2, 8), (-4, 9), (2, 6)),
    "right_shin": ((-44, 3), (-24, 26), (0, 2), (48, 6), (-2, 6), (-8, 7), (0, 0)),
    "right_foot": ((52, 0), (40, 12), (70, 8), (112, 6), (66, 16), (70, 12), (75, 8)),
}
POSES: Final = {
    name: Pose(yaw, head, lean, lift, zoom, rise, dict(zip(_LIMBS, angles, strict=True)))
    for (name, yaw, head, lean, lift, zoom, rise), angles in zip(
        (
            ("walk", 38, 16, (5, 0), 0, 1.0, 0.0),
            ("jump", -8, -6, (0, 2), 190, 0.84, 0.0),
            ("reach", -24, -14, (2, -13), 0, 1.0, 0.0),
            ("kick", 34, 18, (-8, -8), 0, 1.0, 0.0),
            ("hands-behind", 6, 4, (-2, 0), 0, 1.0, 0.0),
            ("window", 172, 176, (2, 3), 0, 1.0, 0.0),
            ("wave", -10, -6, (0, 3), 0, 1.5, 0.5),
        ),
        zip(*_LIMBS.values(), strict=True),
        strict=True,
    )
}


def _direction(angles: Angles, side: float) -> Floats:
    forward, outward = np.radians(angles)
    x, y, z = side * np.sin(outward), np.cos(outward) * np.cos(forward), np.cos(outward) * np.sin(forward)
    return np.array([x, y, z])


def trunk_axes(pose: Pose) -> tuple[Floats, Floats]:
    """Unit vectors up the trunk and to the person's left, (3,) each, in the body's frame."""
    forward, left = np.radians(pose.lean)
    up = np.array([np.sin(left), -np.cos(left) * np.cos(forward), np.cos(left) * np.sin(forward)])
    return up, np.array([np.cos(left), np.sin(left), 0.0])


def joints(pose: Pose) -> Floats:
    """(24, 3) mm in the order of `BODY24`; nose, eyes and ears, which the head has, stay NaN."""
    up, across = trunk_axes(pose)
    at: dict[str, Floats] = {"neck": NECK * up, "spine2": SPINE2 * up, "spine1": SPINE1 * up}
    for name, side in _SIDES:
        at[f"{name}_shoulder"] = SHOULDER_LEVEL * up + side * SHOULDER * across
        at[f"{name}_hip"] = np.array([side * HIP, 0.0, 0.0])
        for chain in (
            ("shoulder", ("upper_arm", "elbow", UPPER_ARM), ("forearm", "wrist", FOREARM), ("hand", "palm", PALM)),
            ("hip", ("thigh", "knee", THIGH), ("shin", "ankle", SHIN), ("foot", "instep", INSTEP)),
        ):
            before = at[f"{name}_{chain[0]}"]
            for limb, joint, length in chain[1:]:
                before = before + length * _direction(_angles(pose, name, str(limb)), side)
                at[f"{name}_{joint}"] = before
    empty = np.full(3, np.nan)
    return np.array([at.get(name, empty) for name in BODY24.point_names])


def _angles(pose: Pose, side: str, limb: str) -> Angles:
    if limb == "hand":
        return pose.limbs.get(f"{side}_hand", pose.limbs.get(f"{side}_forearm", (0, 0)))
    return pose.limbs.get(f"{side}_{limb}", (75, 8) if limb == "foot" else (0, 0))


def rotate(points: Floats, yaw: float) -> Floats:
    """Turn (..., 3) points about the vertical; z then points to the viewer."""
    cos, sin = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    return np.stack([x * cos + z * sin, y, z * cos - x * sin], axis=-1)
