"""Hair behind and before the head, beards and glasses: what tells drawn people apart most."""

from typing import Final

import numpy as np

from core.drawn.canvas import Colour, mix, ribbon, spline, tone
from core.drawn.face import Brush
from core.drawn.face_shape import LEFT, RIGHT
from core.foundation.arrays import Floats

_SHOWS_STRANDS: Final = 0.7  # pixels per mm below which single strands would only be noise
_COVERS_EARS: Final = frozenset({"long", "curls", "fringe"})


def covers_ears(style: str) -> bool:
    """Whether this hair style hides the ears."""
    return style in _COVERS_EARS


def paint_back_hair(brush: Brush) -> None:
    """What lies behind neck and head."""
    person = brush.shape.person
    width, crown = person.half_width, person.crown
    dark = tone(person.hair_colour, 0.72)
    if person.hair != "bald":
        brush.canvas.fill(brush.shape.skull(grow=4), dark, soft=0.8 * brush.mm)
    if person.hair == "long":
        half = [
            [0, -crown - 16],
            [54, -crown],
            [width + 20, -40],
            [width + 27, 40],
            [width + 30, 120],
            [width + 14, 178],
        ]
        _lock(brush, [*half, [width + 14, 178]], dark)
    elif person.hair == "fringe":
        half = [[0, -crown - 16], [56, -crown - 2], [width + 19, -40], [width + 22, 40], [width + 16, 100], [40, 110]]
        _lock(brush, half, dark)
    elif person.hair == "curls":
        for x, y, r in _curl_places(width, crown):
            brush.fill(_circle(x, y, r), tone(dark, 0.85 + 0.2 * ((x * 7 + y * 3) % 5) / 5), soft=1.6, inside=False)
    elif person.hair == "bun":
        brush.fill(_circle(0, -crown - 24, 32), dark, soft=1.2, inside=False)
        brush.fill(_circle(-6, -crown - 32, 18), tone(person.hair_colour, 1.15), 0.5, 7, inside=False)


def _lock(brush: Brush, half: list[list[float]], colour: Colour) -> None:
    right = np.array(half, np.float64)
    outline = np.concatenate([right, (right * (-1, 1))[:0:-1]])
    brush.fill(spline(outline, 80), colour, soft=1.0, inside=False)
    if brush.mm < _SHOWS_STRANDS:
        return
    for side in (RIGHT, LEFT):
        for i in range(9):
            line = right[2:] * (side, 1) - (side * (3 + 4.5 * i), 0)
            shade = tone(colour, 1.3 if i % 2 else 0.75)
            brush.line(spline(line, 16, closed=False), 2.6, shade, 0.3, 1.0)


def _curl_places(width: float, crown: float) -> list[tuple[float, float, float]]:
    angles = np.linspace(-0.3 * np.pi, 1.3 * np.pi, 25)
    ring = [((width + 16) * np.cos(a), -18 - (crown - 2) * np.sin(a) * (1 if a > 0 else 1.15)) for a in angles]
    ring += [(1.0 * (width - 8) * np.cos(a), -30 - (crown - 16) * np.sin(a)) for a in angles[5:20]]
    return [(float(x), float(y), 21 + 4 * np.sin(i * 2.4)) for i, (x, y) in enumerate(ring)]


def _circle(x: float, y: float, radius: float) -> Floats:
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)


def paint_front_hair(brush: Brush) -> None:
    """What falls over the forehead: the hairline makes the style."""
    person = brush.shape.person
    width, crown = person.half_width, person.crown
    if person.hair == "bald":
        brush.blob((14 * brush.light - 6, -crown * 0.72), (24, 11), tone(person.skin, 1.8), 0.45, 8)  # the shine
        return
    outer, inner = _cap(person.hair, width, crown)
    colour = person.hair_colour
    outline = np.concatenate([spline(outer, 50, closed=False), spline(inner, 50, closed=False)])
    shadow = spline(inner, 50, closed=False) + np.array([0, 2.5])
    brush.line(shadow, 7, tone(person.skin, 0.45), 0.4, 3)
    brush.fill(outline, colour, soft=1.1, inside=False)
    _strands(brush, np.array(outer), np.array(inner), outline, colour)
    if person.hair == "curls":
        for i, x in enumerate(np.linspace(-width * 0.8, width * 0.8, 9)):
            y = -crown * 0.78 + 9 * (abs(x) / width) ** 2 * 4 + 3 * np.sin(i * 2.1)
            brush.fill(_circle(x, y, 13), tone(colour, (0.8, 1.0, 1.06)[i % 3]), soft=1.4, inside=False)


def _cap(style: str, width: float, crown: float) -> tuple[list[list[float]], list[list[float]]]:
    """Outer edge from the picture's right ear over the top to the left one, and the hairline back again."""
    w, c = width, crown
    rise = {"crop": 7, "receding": 3, "bun": 6, "parted": 14}.get(style, 15)
    drop = {"crop": 2, "receding": 14, "bun": -8, "parted": 6, "fringe": 86, "long": 112, "curls": 20}[style]
    sides = [[w + 4, drop], [w + 4 + rise * 0.4, -28], [w * 0.82, -c * 0.84 - rise * 0.5], [w * 0.4, -c - rise * 0.85]]
    outer = [*sides, [0, -c - rise], *([-x, y] for x, y in reversed(sides))]
    hairlines: dict[str, list[list[float]]] = {
        "crop": [[-w + 5, -30], [-w * 0.72, -56], [-w * 0.4, -64], [0, -66]],
        "receding": [[-w + 4, -18], [-w * 0.82, -50], [-w * 0.66, -c * 0.76], [-w * 0.25, -c * 0.84], [0, -c * 0.83]],
        "bun": [[-w + 4, -34], [-w * 0.74, -60], [-w * 0.36, -72], [0, -75]],
        "fringe": [[-w - 1, 70], [-w + 7, -6], [-w * 0.86, -31], [-w * 0.4, -35], [0, -36]],
        "long": [[-w - 1, 96], [-w + 6, 10], [-w * 0.8, -36], [-w * 0.42, -66], [0, -80]],
        "curls": [[-w + 1, 8], [-w * 0.84, -42], [-w * 0.45, -64], [0, -68]],
        "parted": [[-w + 4, -26], [-w * 0.8, -50], [-w * 0.52, -74], [-w * 0.1, -54]],
    }
    line = hairlines[style]
    if style == "parted":
        return outer, [*line, [w * 0.5, -46], [w * 0.82, -40], [w - 4, -24]]
    return outer, [*line, *([-x, y] for x, y in reversed(line[:-1]))]


def _strands(brush: Brush, outer: Floats, inner: Floats, outline: Floats, colour: Colour) -> None:
    top = spline(outer, 60, closed=False)
    glow = ribbon(0.62 * top[14:46] + (0, -0.34 * brush.shape.person.crown), 9)
    clip = brush.shape.place(outline)
    mm = brush.mm
    brush.canvas.fill(brush.shape.place(glow), tone(colour, 1.4), alpha=0.35, soft=5 * mm, within=clip)
    if mm < _SHOWS_STRANDS or brush.shape.person.hair == "curls":
        return
    line = spline(inner, 60, closed=False)[::-1]
    for i in range(2, 58):
        u = np.linspace(0, 1, 6)[:, None]
        strand = top[i] * (1 - u) + line[i] * u + np.sin(np.pi * u) * (1.5 * np.sin(i * 1.7), -2)
        shade = tone(colour, 1.35) if i % 3 == 0 else tone(colour, 0.72)
        brush.canvas.stroke(brush.shape.place(strand), 1.7 * mm, shade, alpha=0.32, soft=0.6 * mm, within=clip)


def paint_beard(brush: Brush) -> None:
    """Stubble, moustache, goatee or full beard, below the lips that are painted afterwards."""
    person = brush.shape.person
    width, mouth, chin = person.half_width, person.mouth, person.chin + 0.75 * brush.shape.expression.mouth_open
    colour = mix(person.hair_colour, (60, 44, 38), 0.25)
    if person.beard in {"stubble", "full"}:
        half = [[0, mouth - 13], [20, mouth - 14], [34, mouth - 4], [width - 8, 44], [width - 1, 18], [width + 3, 62]]
        right = np.array([*half, [width * 0.72, chin + 4], [0, chin + 9]])
        outline = np.concatenate([right, (right * (-1, 1))[-2:0:-1]])
        full = person.beard == "full"
        brush.fill(spline(outline, 90), colour, 0.95 if full else 0.38, 2 if full else 6, inside=not full)
        if full:
            _whiskers(brush, colour, width, mouth, chin)
    if person.beard == "goatee":
        brush.blob((0, chin - 6), (23, 17), colour, 0.9, 3)
        for side in (RIGHT, LEFT):
            brush.blob((side * 24, mouth + 10), (6, 22), colour, 0.8, 3, side * 8)
    if person.beard in {"moustache", "goatee"}:
        u = np.linspace(-1, 1, 25)
        height = mouth - person.upper_lip - 4 + 9 * np.abs(u) ** 2.2
        brush.line(np.stack([u * (person.mouth_width + 6), height], axis=1), 11 - 8 * np.abs(u) ** 2, colour, 0.95, 1.3)


def _whiskers(brush: Brush, colour: Colour, width: float, mouth: float, chin: float) -> None:
    if brush.mm < _SHOWS_STRANDS:
        return
    for i in range(90):
        u, v = 2 * ((i * 0.618034) % 1) - 1, (i * 0.754878) % 1
        x, y = u * width * 0.72, mouth + 14 + v * (chin - mouth - 12) - 14 * u**2
        strand = [[x, y], [x * 1.02, y + 5], [x * 1.0, y + 10]]
        brush.line(strand, 1.0, tone(colour, 1.35 if i % 2 else 0.7), 0.4, 0.5)


def paint_glasses(brush: Brush) -> None:
    """Round wire or square horn frames with a glint."""
    person, mm = brush.shape.person, brush.mm
    if person.glasses == "none":
        return
    square = person.glasses == "square"
    colour: Colour = (34, 30, 34) if square else (132, 100, 56)
    thick = 3.4 if square else 2.0
    angle = np.linspace(0, 2 * np.pi, 49)
    power = 0.42 if square else 1.0
    x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power * (23 if square else 20)
    y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power * (15 if square else 19)
    for side in (RIGHT, LEFT):
        rim = brush.shape.place(np.stack([x + side * (person.eye_gap + 1.5), y + 2], axis=1), 6)
        brush.canvas.fill(rim, (225, 235, 245), alpha=0.08)
        brush.canvas.stroke(rim, thick * mm, colour, alpha=0.95, soft=0.3 * mm)
        arm = [[side * (person.eye_gap + 22), -3], [side * (person.half_width - 1), -1]]
        brush.line(arm, thick, colour, 0.9)
    inner = person.eye_gap + 1.5 - (23 if square else 20)
    u = np.linspace(-1, 1, 9)
    bridge = brush.shape.place(np.stack([u * inner, -1 - 3 * (1 - u**2)], axis=1), 8)
    brush.canvas.stroke(bridge, thick * mm, colour, alpha=0.95, soft=0.3 * mm)
