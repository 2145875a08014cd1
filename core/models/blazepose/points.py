"""What the network of points says of one person, and our skeletons out of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import HIDDEN, VISIBLE, Bools, Floats, Keypoints
from core.foundation.skeletons import BODY24, COCO17, Skeleton
from core.models.tflite import Square

_BELOW: Final = (
    *("shoulder", "elbow", "wrist", "pinky", "index", "thumb"),
    *("hip", "knee", "ankle", "heel", "foot"),
)  # of the face, left and right
NAMES: Final = (
    *("nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer"),
    *("left_ear", "right_ear", "mouth_left", "mouth_right"),
    *(f"{side}_{joint}" for joint in _BELOW for side in ("left", "right")),
)
COUNT: Final = len(NAMES)  # 33
_ROWS: Final = 39  # with those that only say where to look next
_HIPS, _TOP = 33, 34  # of these: the middle of the hips, and how far the body reaches from there
_LEAST: Final = 0.5  # chance from which a point is visible, or present
_FEWEST: Final = 2  # points that a box can be around
_SAME: Final = 0.06  # of the side of the square around a person: as near as two looks at one person agree
_MARGIN: Final = 1.25  # side of the square, in what it is around, as the network learned

# Points of body24 that BlazePose does not have, as weighted means of those that it has. Shoulders and hips: medians of
# where neck, back and waist lie in 1,830 labels of people by the motion competition (neck 0.17 of the way from hips to
# shoulders beyond the shoulders, back 0.30 and waist 0.68 of the way down). Palm and instep lie between what is there.
_BOTH: Final = ("left", "right")
_NECK, _BACK, _WAIST = 1.17, 0.70, 0.32  # of the way from the middle of the hips to that of the shoulders
DERIVED: Final[dict[str, dict[str, float]]] = {
    **{
        name: {f"{side}_shoulder": part / 2 for side in _BOTH} | {f"{side}_hip": (1 - part) / 2 for side in _BOTH}
        for name, part in (("neck", _NECK), ("spine2", _BACK), ("spine1", _WAIST))
    },
    **{f"{side}_palm": dict.fromkeys((f"{side}_wrist", f"{side}_index", f"{side}_pinky"), 1 / 3) for side in _BOTH},
    **{f"{side}_instep": dict.fromkeys((f"{side}_ankle", f"{side}_foot"), 1 / 2) for side in _BOTH},
}


@dataclass(frozen=True)
class SeenBody:
    """One person as the network sees them.

    Attributes
    ----------
    points
        (39, 2) pixels of the picture: `NAMES`, then six that say where to look next.
    visible, present
        (39,) in [0, 1]: that the point is not covered, and that it lies within the square.
    score
        In [0, 1], how sure it is that a person is there.
    """

    points: Floats
    visible: Floats
    present: Floats
    score: float

    @classmethod
    def read(cls, numbers: NDArray, score: float, square: Square, side: int) -> "SeenBody":
        """Out of the network's 39 x 5 numbers: x, y, z in pixels of a square of that side, and two logits."""
        table = np.asarray(numbers, np.float64).reshape(_ROWS, 5)
        sure = 1 / (1 + np.exp(-np.clip(table[:, 3:], -100, 100)))
        return cls(square.back(table[:, :2], side), sure[:, 0], sure[:, 1], score)

    def square(self) -> Square:
        """Where to look next: as `square_of`, by the points that say so."""
        return square_of(self.points[_HIPS], self.points[_TOP])

    def is_of(self, hips: NDArray, top: NDArray) -> bool:
        """Whether somebody with these, both (2,) pixels, is this person: both lie where they lie here."""
        own = self.points[[_HIPS, _TOP]]
        return bool((np.hypot(*(own - np.stack([hips, top])).T) < _SAME * self.square().side).all())

    def box(self, width: int, height: int) -> Floats:
        """(4,) left, top, right, bottom of the person in a picture of that size, which it does not leave.

        Around the points that are within the square, a tenth wider and a twentieth higher on each side, and up to the
        crown, which is four times as far from the nose as the mouth is. On 17 people of COCO, OCHuman and PoseTrack
        such boxes have a median IoU of 0.77 with those of the labels.
        """
        rows = np.flatnonzero(self.present[:COUNT] > _LEAST)
        points = self.points[rows if len(rows) >= _FEWEST else slice(COUNT)]
        nose, mouth = self.points[0], self.points[9:11].mean(axis=0)
        low, high = points.min(axis=0), points.max(axis=0)
        grown = np.array([0.1, 0.05]) * (high - low)
        crown = nose + 4 * (nose - mouth)
        corners = np.concatenate([np.minimum(low - grown, crown), np.maximum(high + grown, crown)])
        return np.clip(corners, -0.5, np.tile([width, height], 2) - 0.5)


def square_of(hips: NDArray, top: NDArray) -> Square:
    """The square around a person, turned so that from the middle of the hips to the top is up; both (2,) pixels."""
    up = np.asarray(top, np.float64) - hips
    side = max(2 * _MARGIN * float(np.hypot(*up)), 1.0)
    return Square(np.asarray(hips, np.float64), side, float(np.arctan2(up[0], -up[1])))


def square_around(corners: NDArray) -> Square:
    """The square around a box, (4,) pixels, of somebody of whom nothing is known but that."""
    low, high = np.asarray(corners, np.float64).reshape(2, 2)
    return Square((low + high) / 2, max(_MARGIN * float((high - low).max()), 1.0))


def keypoints(pose: SeenBody, skeleton: Skeleton, width: int, height: int) -> Keypoints:
    """The points of a skeleton (body24 or coco17) of one person, in a picture of that size.

    What lies outside of the picture is absent; what the network takes for covered is occluded. The confidence is the
    smaller of both chances that the network gives; of a derived point, that of the least sure point in it.
    """
    weights = _weights(skeleton)
    points = weights @ pose.points[:COUNT]
    needed: Bools = weights != 0
    visible, present = (np.where(needed, chance[:COUNT], 1.0).min(axis=1) for chance in (pose.visible, pose.present))
    within = (points >= -0.5) & (points <= np.array([width, height]) - 0.5)
    inside: Bools = np.all(within, axis=1)
    seen = np.where(visible >= _LEAST, VISIBLE, HIDDEN)
    return Keypoints.of(
        np.where(inside[:, None], points, np.nan),
        np.where(inside, seen, 0),
        np.where(inside, np.minimum(visible, present), 1.0),
    )


def _weights(skeleton: Skeleton) -> Floats:
    """(K, 33) of the network's points in each of a skeleton's."""
    table = np.zeros((len(skeleton), COUNT))
    for row, name in enumerate(skeleton.point_names):
        for own, weight in DERIVED.get(name, {name: 1.0}).items():
            table[row, NAMES.index(own)] = weight
    return table


SKELETONS: Final = {"blazepose": BODY24, "blazepose-17": COCO17}
"""The landmarkers that give these, by name."""
