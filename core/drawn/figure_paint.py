"""Full-body figures: tapered limbs painted from back to front, with a map of what covers what.

Every part is also painted, as a number, into a map of the picture; a joint is visible exactly where the nearest part
at its pixel is one that the joint belongs to, occluded where another part lies over it, absent beyond the frame.
"""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from core.drawn import body
from core.drawn.body import Pose
from core.drawn.canvas import Canvas, Colour, ellipse, ribbon, spline, tone
from core.drawn.face import Brush, ear_outline, paint_ears
from core.drawn.face_shape import LEFT, RIGHT, Expression, FaceShape, View
from core.drawn.hair import covers_ears, paint_back_hair
from core.drawn.people import Identity
from core.drawn.portraits import paint_head
from core.foundation.arrays import Floats
from core.foundation.skeletons import BODY24

INDEX: Final = {name: i for i, name in enumerate(BODY24.point_names)}
_LIMBS: Final = (  # part, from, to, radii in mm at both ends, towards the viewer by (mm)
    ("upper_arm", "shoulder", "elbow", 50, 42, 45),
    ("forearm", "elbow", "wrist", 42, 30, 50),
    ("hand", "wrist", "palm", 30, 36, 52),
    ("thigh", "hip", "knee", 90, 62, -170),
    ("shin", "knee", "ankle", 58, 38, -25),
    ("foot", "ankle", "instep", 42, 38, -22),
)
# Height above the pelvis, half width and half depth of the trunk's sections.
_SECTIONS: Final = (
    (-75, 120, 100),
    (0, 156, 112),
    (170, 132, 92),
    (320, 158, 112),
    (400, 170, 92),
    (445, 160, 76),
    (474, 112, 66),
    (500, 66, 56),
)


@dataclass(frozen=True)
class Outfit:
    """Colours of a figure, and whether sleeves and trousers are long."""

    shirt: Colour
    trousers: Colour
    shoes: Colour
    long_sleeves: bool
    long_trousers: bool


@dataclass
class Figure:
    """One posed person being painted; `parts` is the map, `numbers` says which number stands for which part."""

    canvas: Canvas
    pose: Pose
    person: Identity
    outfit: Outfit
    scale: float
    origin: Floats
    light: float
    parts: NDArray[np.uint8] = field(init=False)
    numbers: dict[str, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.parts = np.zeros((self.canvas.height, self.canvas.width), np.uint8)
        self.space = body.rotate(body.joints(self.pose), self.pose.yaw)
        self.flat = self.space[:, :2] * self.scale + self.origin

    def mark(self, part: str, outline: Floats) -> None:
        """Paint a part's outline into the map."""
        number = self.numbers.setdefault(part, len(self.numbers) + 1)
        cv2.fillPoly(self.parts, [np.round(outline * 16).astype(np.int32)], number, cv2.LINE_8, 4)

    def head(self) -> FaceShape:
        """The head above the neck, upright."""
        neck = self.space[INDEX["neck"]]
        up, _ = body.trunk_axes(self.pose)
        tilt = body.rotate(up, self.pose.yaw)
        eyes = neck + body.EYES_ABOVE_NECK * body.HEAD_SCALE * (0.5 * tilt + np.array([0, -0.5, 0]))
        # The eyes lie before the axis of the neck.
        forward = body.rotate(np.array([0.0, 0.0, 40.0]), self.pose.head)
        centre = (eyes + forward)[:2] * self.scale + self.origin
        roll = float(np.degrees(np.arctan2(tilt[0], -tilt[1]))) * 0.6
        view = View((float(centre[0]), float(centre[1])), self.scale * body.HEAD_SCALE, roll, self.pose.head)
        return FaceShape(self.person, Expression(smile=0.7, mouth_open=3), view)


def paint_figure(figure: Figure) -> None:
    """All parts, the farthest first."""
    todo = [(-600.0, "back_hair", ""), (-500.0, "pelvis", ""), (0.0, "torso", ""), (20.0, "head", "")]
    for side in ("left", "right"):
        for part, start, end, *_, nearer in _LIMBS:
            depth = figure.space[[INDEX[f"{side}_{start}"], INDEX[f"{side}_{end}"]], 2].mean()
            todo.append((float(depth) + nearer, part, side))
    single = {"back_hair": _paint_back, "pelvis": _paint_pelvis, "torso": _paint_trunk, "head": _paint_head}
    for _, part, side in sorted(todo):
        if part in single:
            single[part](figure)
        else:
            _paint_limb(figure, part, side)


def _shaded(figure: Figure, outline: Floats, axis: Floats, radius: float, colour: Colour) -> None:
    """A rounded body: darker at the side away from the light, lighter towards it."""
    canvas = figure.canvas
    canvas.fill(outline, colour, soft=0.5)
    toward = np.array([0.8 if figure.light >= 0 else -0.8, -0.35]) * radius
    # Beyond both ends, so that neighbours share their shading at the joint.
    along = axis[-1] - axis[0]
    reach = along / max(float(np.linalg.norm(along)), 1e-9) * radius
    axis = np.concatenate([axis[:1] - reach, axis, axis[-1:] + reach])
    lit = ribbon(axis + 0.4 * toward, 0.7 * radius)
    canvas.fill(lit, tone(colour, 1.28), alpha=0.5, soft=0.3 * radius, within=outline)
    dark = ribbon(axis - 0.95 * toward, 0.9 * radius)
    canvas.fill(dark, tone(colour, 0.5), alpha=0.55, soft=0.33 * radius, within=outline)


def _paint_limb(figure: Figure, part: str, side: str) -> None:
    _, start, end, first, last, _ = next(limb for limb in _LIMBS if limb[0] == part)
    a, b = figure.flat[INDEX[f"{side}_{start}"]], figure.flat[INDEX[f"{side}_{end}"]]
    r0, r1 = first * figure.scale, last * figure.scale
    if part == "foot":
        b = a + 1.25 * (b - a)
    circles = np.concatenate([ellipse(a, (r0, r0)), ellipse(b, (r1, r1))])
    outline = cv2.convexHull(circles.astype(np.float32))[:, 0].astype(np.float64)
    outfit, skin = figure.outfit, figure.person.skin
    colour = {
        "upper_arm": outfit.shirt,
        "forearm": outfit.shirt if outfit.long_sleeves else skin,
        "hand": skin,
        "thigh": outfit.trousers,
        "shin": outfit.trousers if outfit.long_trousers else skin,
        "foot": outfit.shoes,
    }[part]
    _shaded(figure, outline, np.linspace(a, b, 6), (r0 + r1) / 2, colour)
    figure.mark(f"{side}_{part}", outline)


def _trunk_outline(figure: Figure, first: int, last: int, grow: float = 0.0) -> Floats:
    up, _ = body.trunk_axes(figure.pose)
    yaw = np.radians(figure.pose.yaw)
    axis = body.rotate(up, figure.pose.yaw)[:2]
    left, right = [], []
    for height, wide, deep in _SECTIONS[first:last]:
        half = np.hypot((wide + grow) * np.cos(yaw), (deep + grow) * np.sin(yaw)) * figure.scale
        middle = figure.origin + axis * height * figure.scale
        across = np.array([-axis[1], axis[0]])
        left.append(middle - half * across)
        right.append(middle + half * across)
    return np.concatenate([spline(right, 24, closed=False), spline(left[::-1], 24, closed=False)])


def _paint_back(figure: Figure) -> None:
    if faces_viewer(figure):
        paint_back_hair(Brush(figure.canvas, figure.head(), figure.light))


def _paint_pelvis(figure: Figure) -> None:
    outline = _trunk_outline(figure, 0, 3)
    axis = np.linspace(figure.origin, figure.origin + np.array([0, 60 * figure.scale]), 4)
    _shaded(figure, outline, axis, 140 * figure.scale, figure.outfit.trousers)
    figure.mark("torso", outline)


def _paint_trunk(figure: Figure) -> None:
    scale = figure.scale
    neck, hips = figure.flat[INDEX["neck"]], figure.origin
    head = figure.head()
    throat = np.array([neck + 0.1 * (hips - neck), head.place([[0.0, figure.person.chin * 0.5]], -60)[0]])
    outline = ribbon(throat, 108 * scale)
    _shaded(figure, outline, np.linspace(throat[0], throat[1], 4), 54 * scale, tone(figure.person.skin, 0.86))
    figure.mark("neck", outline)
    shirt = _trunk_outline(figure, 1, len(_SECTIONS), grow=4)
    _shaded(figure, shirt, np.linspace(hips, neck, 8), 140 * scale, figure.outfit.shirt)
    if abs(figure.pose.yaw) < 90:
        opening = ellipse(neck - np.array([0, 6 * scale]), (58 * scale, 34 * scale))
        figure.canvas.fill(opening, tone(figure.person.skin, 0.84), soft=0.5, within=shirt)
    figure.mark("torso", shirt)


def _paint_head(figure: Figure) -> None:
    shape = figure.head()
    brush = Brush(figure.canvas, shape, figure.light)
    if faces_viewer(figure):
        paint_head(brush)
    else:
        _paint_nape(brush)
    if not covers_ears(figure.person.hair):
        for side in (RIGHT, LEFT):
            figure.mark("head", shape.place(ear_outline(figure.person, side)))
    figure.mark("head", shape.skull(grow=10))


def _paint_nape(brush: Brush) -> None:
    """The head from behind: ears, and hair down to the nape."""
    person, mm = brush.shape.person, brush.mm
    if not covers_ears(person.hair):
        paint_ears(brush)
    brush.canvas.fill(brush.skull, tone(person.skin, 0.9), soft=0.6 * mm)
    half = person.half_width
    low = {"bald": None, "receding": 62.0, "long": 150.0}.get(person.hair, 78.0)
    if low is None:
        return
    right = [
        [0, -person.crown - 9],
        [half * 0.72, -person.crown * 0.82],
        [half + 5, -20],
        [half + 1, 30],
        [half * 0.74, low],
    ]
    outline = np.array([*right, *([-x, y] for x, y in reversed(right[1:]))], np.float64)
    brush.fill(spline(outline, 70), person.hair_colour, soft=1.0, inside=False)
    clip = brush.shape.place(spline(outline, 70))
    for side in (LEFT, RIGHT):
        glow = brush.shape.place(ellipse((side * 26, -50), (16, 34), turn=side * 18))
        brush.canvas.fill(glow, tone(person.hair_colour, 1.35), alpha=0.3, soft=9 * mm, within=clip)


def faces_viewer(figure: Figure) -> bool:
    """Whether the face shows, or the back of the head."""
    return abs(figure.pose.head) < 90
