"""Painting a head: skin, eyes, brows, nose and lips on the curves of `FaceShape`, from back to front."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from core.drawn.canvas import Canvas, Colour, ellipse, mix, spline, tone
from core.drawn.face_shape import LEFT, RIGHT, FaceShape
from core.drawn.people import Identity
from core.foundation.arrays import Floats

_BLACK: Colour = (16, 12, 12)
_WHITE: Colour = (255, 255, 255)


@dataclass
class Brush:
    """Paints millimetres of one face onto a canvas; `light` from -1 (from the picture's left) to 1 (from its right)."""

    canvas: Canvas
    shape: FaceShape
    light: float = 0.0
    skull: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.skull = self.shape.skull()

    @property
    def mm(self) -> float:
        """Pixels of a millimetre."""
        return self.shape.view.scale

    def fill(
        self, xy: ArrayLike, colour: Colour, alpha: float = 1.0, soft: float = 0.0, *, inside: bool = True
    ) -> None:
        """A polygon in mm on the face, `soft` in mm; `inside` keeps it within the head's outline."""
        polygon = np.asarray(xy, np.float64)
        clip = self.skull if inside and self._may_reach_out(polygon, soft) else None
        self.canvas.fill(self.shape.place(polygon), colour, alpha=alpha, soft=soft * self.mm, within=clip)

    def _may_reach_out(self, polygon: Floats, soft: float) -> bool:
        # In the middle of the face there is nothing to clip, and clipping takes as long as painting.
        person = self.shape.person
        low, high = polygon.min(axis=0) - 3 * soft, polygon.max(axis=0) + 3 * soft
        half = 0.68 * person.half_width
        return bool(low[0] < -half or high[0] > half or low[1] < -0.5 * person.crown or high[1] > 0.65 * person.chin)

    def blob(
        self, centre: ArrayLike, radii: ArrayLike, colour: Colour, alpha: float, soft: float, turn: float = 0.0
    ) -> None:
        """A soft ellipse in mm on the face, within the head's outline."""
        self.fill(ellipse(centre, radii, turn=turn), colour, alpha, soft)

    def line(self, xy: ArrayLike, width: ArrayLike, colour: Colour, alpha: float = 1.0, soft: float = 0.3) -> None:
        """A line in mm on the face."""
        widths = np.asarray(width) * self.mm
        self.canvas.stroke(self.shape.place(xy), widths, colour, alpha=alpha, soft=soft * self.mm)


def ear_outline(person: Identity, side: int) -> Floats:
    """One ear in mm on the face."""
    return ellipse((side * (person.half_width + 2.5), 20), (9.5, 23), turn=side * 9)


def paint_ears(brush: Brush) -> None:
    """Both ears, which the head then half covers."""
    person = brush.shape.person
    for side in (RIGHT, LEFT):
        x = side * (person.half_width + 2.5)
        brush.fill(ear_outline(person, side), tone(person.skin, 0.86), soft=0.6, inside=False)
        inner = ellipse((x + side * 1.5, 18), (4.5, 14), turn=side * 9)
        brush.fill(inner, mix(tone(person.skin, 0.62), person.lip_colour, 0.25), 0.65, 2.2, inside=False)


def paint_skin(brush: Brush) -> None:
    """The bare head with the light falling on it."""
    person = brush.shape.person
    skin, width, chin = person.skin, person.half_width, person.chin
    dark, bright = mix(tone(skin, 0.5), person.lip_colour, 0.12), tone(skin, 1.35)
    brush.canvas.fill(brush.skull, skin, soft=0.5 * brush.mm)
    for side in (RIGHT, LEFT):
        shade = 0.5 - 0.28 * side * brush.light
        brush.blob((side * width * 1.12, 25), (width * 0.3, 105), dark, shade, 15)
        brush.blob((side * width * 0.8, chin * 0.86), (width * 0.36, 36), dark, 0.55 * shade, 14, side * 35)
        brush.blob((side * width * 0.56, 36), (15, 11), mix(skin, person.lip_colour, 0.55), 0.4, 8)
        brush.blob((side * width * 0.5, 27), (14, 7), bright, 0.3 + 0.16 * side * brush.light, 6, side * -18)
        brush.blob((side * 23, person.nose_length + 6), (3, 13), dark, 0.2 + 0.35 * person.age, 3, side * -32)
    brush.blob((0, chin + 8), (width * 0.62, 11), dark, 0.5, 7)
    brush.blob((brush.light * 18, -52), (34, 17), bright, 0.4, 12)
    brush.blob((0, chin - 9), (13, 7), bright, 0.3, 5)
    brush.blob((0, person.mouth + person.lower_lip + 5), (15, 3.2), dark, 0.36, 3)
    _paint_age(brush, dark)


def _paint_age(brush: Brush, dark: Colour) -> None:
    person = brush.shape.person
    # Seeded by the person, so that the same freckles are in every picture of them.
    scatter = np.random.default_rng(person.freckles)
    for u, v in scatter.normal(0, (19, 7), (person.freckles, 2)):
        size = float(scatter.uniform(0.6, 1.2))
        brush.blob((u, 24 + v), (size, size), mix(dark, (170, 92, 56), 0.7), 0.45, 0.5)
    if person.age < 0.3:
        return
    x = np.linspace(-32, 32, 15)
    for level in (-44, -52, -60):
        brush.line(np.stack([x, level + 0.003 * x**2], axis=1), 1.6, dark, 0.3 * person.age, 0.8)
    for side in (RIGHT, LEFT):
        u = np.linspace(0, 1, 9)
        under = np.stack([side * (person.eye_gap + 13 - 26 * u), 12 + 4 * np.sin(np.pi * u)], axis=1)
        brush.line(under, 1.8, dark, 0.4 * person.age, 0.9)
        fold = np.stack([side * (person.nose_width + 3 + 13 * u**1.3), person.nose_length - 5 + 27 * u], axis=1)
        brush.line(fold, 2.4, dark, 0.45 * person.age, 1.1)


def paint_eyes(brush: Brush) -> None:
    """Sockets, eyeballs, lids and lashes."""
    for side in (RIGHT, LEFT):
        _paint_socket(brush, side)
        _paint_eye(brush, side)


def _paint_socket(brush: Brush, side: int) -> None:
    person = brush.shape.person
    dark = mix(tone(person.skin, 0.45), person.lip_colour, 0.15)
    gap = person.eye_gap
    brush.blob((side * gap, -4), (person.eye_width * 0.66, 10), dark, 0.34, 5)
    brush.blob((side * (gap - 15), -4), (5, 9), dark, 0.4, 4)
    brush.blob((side * gap, 11), (13, 3), dark, 0.2 + 0.15 * person.age, 3)
    brush.blob((side * (gap + 4), -person.brow_height + 6.5), (14, 2.6), tone(person.skin, 1.3), 0.35, 2.5)


def _paint_eye(brush: Brush, side: int) -> None:
    person, canvas, mm = brush.shape.person, brush.canvas, brush.mm
    u = np.linspace(0, 1, 25)
    upper, lower = brush.shape.lids(side, u)
    opening = np.concatenate([upper, lower[::-1]])
    canvas.fill(opening, (232, 226, 222), soft=0.35 * mm)
    gaze = brush.shape.expression.gaze
    centre = np.array([side * person.eye_gap + gaze[0], -0.9 + gaze[1] - 0.5 * person.eye_tilt])
    iris = 6.1
    for radius, colour, alpha, soft in (
        (iris, tone(person.eye_colour, 0.5), 1.0, 0.35),
        (iris - 0.9, person.eye_colour, 1.0, 0.6),
        (3.7, tone(person.eye_colour, 1.25), 0.5, 0.9),
        (2.7, _BLACK, 1.0, 0.3),
    ):
        disc = brush.shape.place(ellipse(centre, (radius, radius)))
        canvas.fill(disc, colour, alpha=alpha, soft=soft * mm, within=opening)
    spot = brush.shape.place(ellipse(centre + np.array([1.9 * (brush.light or 1), -2.1]), (1.25, 1.25), 16))
    canvas.fill(spot, _WHITE, alpha=0.95, soft=0.25 * mm, within=opening)
    shade = brush.shape.place(ellipse((side * person.eye_gap, -8.5), (person.eye_width * 0.6, 6.5)))
    canvas.fill(shade, (40, 26, 26), alpha=0.45, soft=1.6 * mm, within=opening)
    taper = 0.45 + 0.55 * np.sin(np.pi * np.clip(0.15 + 0.8 * (1 - u), 0, 1))
    canvas.stroke(upper, 2.3 * mm * taper, _BLACK, alpha=0.92, soft=0.35 * mm)
    canvas.stroke(lower, 0.9 * mm * taper, tone(person.skin, 0.35), alpha=0.6, soft=0.45 * mm)
    crease, _ = brush.shape.lids(side, np.linspace(0.06, 0.94, 15), grow=4)
    canvas.stroke(crease, 1.1 * mm, tone(person.skin, 0.4), alpha=0.55, soft=0.6 * mm)
    corner = brush.shape.place([[side * (person.eye_gap - person.eye_width / 2 + 1.2), 0.4]])
    canvas.fill(ellipse(corner[0], (1.3 * mm, 1.1 * mm), 12), (196, 116, 112), alpha=0.8, soft=0.4 * mm)


def paint_brows(brush: Brush) -> None:
    """Both brows: a soft body with a darker core."""
    person = brush.shape.person
    colour = tone(mix(person.hair_colour, (70, 52, 44), 0.35), 0.75)
    t = np.linspace(0, 1, 21)
    widths = person.brow_weight * (0.3 + 0.85 * np.clip(t * 1.7, 0, 1)) * brush.mm
    for side in (RIGHT, LEFT):
        line = brush.shape.brow(side, t)
        brush.canvas.stroke(line, widths, colour, alpha=0.8, soft=0.9 * brush.mm)
        brush.canvas.stroke(line, 0.5 * widths, tone(colour, 0.8), alpha=0.7, soft=0.6 * brush.mm)


def paint_nose(brush: Brush) -> None:
    """Bridge, tip, wings and nostrils, shaded from the side away from the light."""
    person, length, half = brush.shape.person, brush.shape.person.nose_length, brush.shape.person.nose_width
    dark, bright = mix(tone(person.skin, 0.45), person.lip_colour, 0.2), tone(person.skin, 1.45)
    away = LEFT if brush.light < 0 else RIGHT
    for side in (RIGHT, LEFT):
        alpha = 0.42 if side == away else 0.24
        flank = np.array([[7, -6], [11, -2], [10, 0.6 * length], [13, length - 9], [7, 0.6 * length]]) * (side, 1)
        brush.fill(spline(flank, 30), dark, alpha, 2.6)
        brush.blob((side * half * 0.72, length - 8), (half * 0.34, 7), tone(person.skin, 1.12), 0.35, 1.8)
        wing = np.array([[0.66, -15], [0.98, -10], [1.02, -4.5], [0.78, -1.5]]) * (side * half, 1) + (0, length)
        brush.line(spline(wing, 14, closed=False), 2.2, dark, 0.62, 1.0)
        brush.blob((side * half * 0.44, length - 2.6), (half * 0.25, 2.2), (58, 26, 24), 0.8, 0.8, side * 14)
    brush.blob((0, length + 3), (half * 0.95, 3.2), dark, 0.5, 2)
    brush.blob((0, length - 1), (half * 0.3, 1.8), dark, 0.45, 1.1)
    shift = 2 * brush.light
    bridge = [[shift - 3, 0], [shift + 3, 0], [shift + 3.4, 0.7 * length], [shift - 3.4, 0.7 * length]]
    brush.fill(bridge, bright, 0.38, 2.2)
    tip = brush.shape.nose()[0][3] + np.array([1.5 * brush.light, -1.5]) * brush.mm
    brush.canvas.fill(ellipse(tip, (4.6 * brush.mm, 3.8 * brush.mm)), bright, alpha=0.5, soft=2.2 * brush.mm)


def paint_lips(brush: Brush) -> None:
    """The mouth's inside with teeth, then both lips."""
    person, canvas, mm = brush.shape.person, brush.canvas, brush.mm
    lips = brush.shape.lips()
    inside = np.concatenate([lips["inner_top"], lips["inner_bottom"][::-1]])
    opened = brush.shape.expression.mouth_open
    if opened > 1.5:
        canvas.fill(inside, (70, 22, 24), soft=0.4 * mm)
        edge = lips["inner_top"][::-1] + np.array([0, min(0.5 * opened, 6.5) * mm])
        teeth = np.concatenate([lips["inner_top"], edge])
        canvas.fill(teeth, (240, 234, 226), soft=0.5 * mm, within=inside)
    upper = np.concatenate([lips["outer_top"], lips["inner_top"][::-1]])
    lower = np.concatenate([lips["inner_bottom"], lips["outer_bottom"][::-1]])
    canvas.fill(upper, tone(person.lip_colour, 0.86), alpha=0.95, soft=0.5 * mm)
    canvas.fill(lower, person.lip_colour, alpha=0.95, soft=0.55 * mm)
    middle = 0.5 * (lips["inner_bottom"][20] + lips["outer_bottom"][20])
    middle[0] += 2 * brush.light * mm
    shine = ellipse(middle, (0.42 * person.mouth_width * mm, 0.18 * person.lower_lip * mm))
    canvas.fill(shine, tone(person.lip_colour, 1.5), alpha=0.5, soft=1.2 * mm, within=lower)
    canvas.stroke(lips["inner_top"], 1.3 * mm, (84, 30, 32), alpha=0.8, soft=0.4 * mm)
    for corner in (lips["inner_top"][0], lips["inner_top"][-1]):
        canvas.fill(ellipse(corner, (1.8 * mm, 1.4 * mm), 12), tone(person.skin, 0.4), alpha=0.55, soft=0.8 * mm)
