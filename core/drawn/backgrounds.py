"""Backgrounds: a studio wall, a room, a park, a beach, hills; all in pixels of the finished picture."""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.drawn.canvas import Canvas, Colour, ellipse, mix, spline, tone

Background = Callable[[Canvas, np.random.Generator], None]
_WALLS: Final[tuple[Colour, ...]] = (
    (186, 198, 206),
    (206, 194, 176),
    (168, 186, 168),
    (196, 176, 184),
    (146, 164, 190),
    (212, 204, 190),
)
_SKIES: Final[tuple[tuple[Colour, Colour], ...]] = (
    ((92, 150, 214), (206, 228, 240)),
    ((118, 168, 220), (240, 232, 214)),
    ((132, 140, 190), (250, 206, 168)),
)


def _shade(canvas: Canvas, top: Colour, bottom: Colour, first: float = 0, last: float | None = None) -> None:
    """A vertical gradient over whole rows."""
    start = round(first * canvas.oversample)
    stop = canvas.rgb.shape[0] if last is None else round(last * canvas.oversample)
    share = np.linspace(0, 1, stop - start, dtype=np.float32)[:, None, None]
    canvas.rgb[start:stop] = np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share


def _rectangle(left: float, top: float, right: float, bottom: float) -> NDArray[np.float32]:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def studio(canvas: Canvas, rng: np.random.Generator) -> None:
    """A plain wall with a pool of light."""
    wall = _WALLS[rng.integers(len(_WALLS))]
    _shade(canvas, tone(wall, 0.92), tone(wall, 0.7))
    width, height = canvas.width, canvas.height
    centre = (width * rng.uniform(0.3, 0.7), height * 0.36)
    canvas.fill(ellipse(centre, (width * 0.36, height * 0.36)), tone(wall, 1.35), alpha=0.6, soft=width / 8)


def room(canvas: Canvas, rng: np.random.Generator) -> None:
    """A wall with a window, a picture or a shelf, and a plant."""
    wall = _WALLS[rng.integers(len(_WALLS))]
    width, height = canvas.width, canvas.height
    _shade(canvas, tone(wall, 1.06), tone(wall, 0.84))
    floor = height * 0.86
    _shade(canvas, (150, 112, 80), (120, 86, 60), floor)
    canvas.fill(_rectangle(-9, floor - 0.02 * height, width + 9, floor), tone(wall, 1.3))
    flip = bool(rng.random() < 0.5)
    _window(canvas, width * (0.06 if flip else 0.66), height * 0.08, width * 0.28, height * 0.46)
    left = width * (0.62 if flip else 0.07)
    if rng.random() < 0.5:
        _shelf(canvas, rng, left, height * 0.34, width * 0.3)
    else:
        canvas.fill(_rectangle(left, height * 0.1, left + width * 0.24, height * 0.38), (92, 66, 48))
        inset = 0.016 * width
        inner = _rectangle(left + inset, height * 0.1 + inset, left + width * 0.24 - inset, height * 0.38 - inset)
        canvas.fill(inner, (222, 206, 176))
        hill = spline(
            [[left, height * 0.4], [left + width * 0.1, height * 0.26], [left + width * 0.26, height * 0.4]], 20
        )
        canvas.fill(hill, (112, 146, 120), within=inner)
        canvas.fill(ellipse((left + width * 0.17, height * 0.19), (width * 0.024, width * 0.024)), (232, 150, 80))
    canvas.soften(0.005 * height)


def _window(canvas: Canvas, left: float, top: float, width: float, height: float) -> None:
    canvas.fill(_rectangle(left, top, left + width, top + height), (244, 240, 232))
    bar = 0.05 * width
    for column in (0, 1):
        for row in (0, 1):
            x, y = left + bar + column * (width - bar) / 2, top + bar + row * (height - bar) / 2
            pane = _rectangle(x, y, x + (width - 3 * bar) / 2, y + (height - 3 * bar) / 2)
            canvas.fill(pane, (176, 212, 236) if row == 0 else (188, 216, 190))
    canvas.fill(_rectangle(left - bar, top + height, left + width + bar, top + height + bar), (230, 224, 214))


def _shelf(canvas: Canvas, rng: np.random.Generator, left: float, top: float, width: float) -> None:
    canvas.fill(_rectangle(left, top, left + width, top + 0.05 * width), (120, 86, 58))
    x = left + 0.06 * width
    while x < left + 0.74 * width:
        thick, tall = width * rng.uniform(0.04, 0.09), width * rng.uniform(0.34, 0.55)
        colour = tuple(float(c) for c in rng.uniform(70, 200, 3))
        canvas.fill(_rectangle(x, top - tall, x + thick, top), (colour[0], colour[1], colour[2]))
        x += thick * 1.06
    canvas.fill(_rectangle(x + 0.05 * width, top - 0.16 * width, x + 0.18 * width, top), (196, 108, 74))
    for turn in (-50, -15, 20, 55):
        leaf = ellipse(
            (x + (0.115 + 0.002 * turn) * width, top - 0.26 * width), (0.035 * width, 0.13 * width), turn=turn
        )
        canvas.fill(leaf, (84, 140, 84))


def park(canvas: Canvas, rng: np.random.Generator) -> None:
    """Sky, trees and grass, out of focus."""
    width, height = canvas.width, canvas.height
    top, low = _SKIES[rng.integers(len(_SKIES))]
    _shade(canvas, top, low)
    _cloud(canvas, rng)
    horizon = height * rng.uniform(0.56, 0.64)
    for i in range(9):
        x = width * (i + rng.uniform(-0.4, 0.4)) / 8
        _tree(canvas, rng, x, horizon + 0.02 * height, height * rng.uniform(0.2, 0.36))
    _shade(canvas, (128, 166, 96), (82, 126, 68), horizon)
    for _ in range(14):
        x, y = rng.uniform(0, width), rng.uniform(horizon, height)
        canvas.fill(ellipse((x, y), (0.12 * width, 0.012 * height)), (158, 190, 112), alpha=0.4, soft=0.008 * height)
    canvas.soften(0.005 * height)


def beach(canvas: Canvas, rng: np.random.Generator) -> None:
    """Sky, sea with glints, sand."""
    width, height = canvas.width, canvas.height
    top, low = _SKIES[rng.integers(len(_SKIES))]
    _shade(canvas, top, low)
    _cloud(canvas, rng)
    horizon, shore = height * 0.5, height * 0.72
    _shade(canvas, (58, 124, 160), (120, 184, 192), horizon, shore)
    for _ in range(40):
        x, y = rng.uniform(0, width), rng.uniform(horizon, shore)
        canvas.fill(ellipse((x, y), (0.03 * width, 0.0025 * height)), (210, 234, 238), alpha=0.5)
    _shade(canvas, (226, 202, 160), (204, 174, 128), shore)
    foam = [[x, shore + 0.008 * height * np.sin(0.9 * i)] for i, x in enumerate(np.linspace(-20, width + 20, 24))]
    canvas.stroke(spline(foam, 90, closed=False), 0.02 * height, (246, 246, 240), alpha=0.85, soft=0.003 * height)
    canvas.soften(0.004 * height)


def hills(canvas: Canvas, rng: np.random.Generator) -> None:
    """A landscape in focus: sun, ranges of hills, a lake and trees; nobody in it."""
    width, height = canvas.width, canvas.height
    top, low = _SKIES[rng.integers(len(_SKIES))]
    _shade(canvas, top, low)
    sun = (width * rng.uniform(0.2, 0.8), height * 0.2)
    canvas.fill(ellipse(sun, (0.14 * height, 0.14 * height)), (255, 244, 210), alpha=0.5, soft=0.06 * height)
    canvas.fill(ellipse(sun, (0.045 * height, 0.045 * height)), (255, 250, 232), soft=1.5)
    _cloud(canvas, rng)
    for i in range(5):
        near = i / 4
        colour = mix(mix((120, 146, 176), low, 0.35), (70, 116, 62), near**0.8)
        level = height * (0.42 + 0.12 * i)
        steep = 0.07 * height * (1.2 - 0.6 * near)
        knots = [[x, level + rng.uniform(-steep, steep)] for x in np.linspace(-60, width + 60, 9)]
        ridge = spline(knots, 120, closed=False)
        ground = np.concatenate([ridge, [[width + 60, height + 9], [-60, height + 9]]])
        canvas.fill(ground, colour)
        canvas.fill(
            ground + np.array([0, 0.05 * height]), tone(colour, 0.86), alpha=0.8, soft=0.02 * height, within=ground
        )
        if i >= 2:
            for j in rng.choice(110, 7 + 3 * i, replace=False):
                x, y = ridge[j + 5]
                _tree(canvas, rng, x, y + 0.01 * height, height * (0.02 + 0.035 * near) * rng.uniform(0.8, 1.5))
    lake = ellipse((width * rng.uniform(0.35, 0.65), height * 0.86), (0.2 * width, 0.035 * height))
    canvas.fill(lake, (146, 188, 208), soft=1)
    canvas.fill(lake - np.array([0, 0.012 * height]), (206, 226, 232), alpha=0.6, soft=0.008 * height, within=lake)


def _cloud(canvas: Canvas, rng: np.random.Generator) -> None:
    width, height = canvas.width, canvas.height
    for _ in range(3):
        x, y = rng.uniform(0.05, 0.95) * width, rng.uniform(0.05, 0.3) * height
        for dx, dy, r in ((-0.06, 0.008, 0.03), (-0.02, -0.008, 0.045), (0.03, 0.0, 0.04), (0.075, 0.01, 0.025)):
            puff = ellipse((x + dx * width, y + dy * height), (1.2 * r * width, 0.62 * r * width))
            canvas.fill(puff, (252, 250, 248), alpha=0.62, soft=0.007 * width)


def _tree(canvas: Canvas, rng: np.random.Generator, x: float, foot: float, tall: float) -> None:
    green = mix((58, 104, 60), (104, 140, 70), float(rng.random()))
    trunk = [[x - 0.03 * tall, foot], [x + 0.03 * tall, foot], [x, foot - 0.6 * tall]]
    canvas.fill(np.array(trunk), (84, 64, 48))
    for _ in range(7):
        dx, dy = rng.uniform(-0.2, 0.2) * tall, rng.uniform(-0.2, 0.24) * tall
        at = np.array([x + dx, foot - 0.66 * tall + dy])
        shade = tone(green, 1 - 0.9 * dy / tall if dy > 0 else 1 - 0.8 * dy / tall)
        canvas.fill(ellipse(at, (0.2 * tall, 0.18 * tall), 20), shade, soft=0.02 * tall)


def develop(
    canvas: Canvas, rng: np.random.Generator, *, warmth: float, gain: float, blur: float, noise: float
) -> np.ndarray:
    """From canvas to photo: exposure, colour of the light, vignette, lens blur (pixels), sensor noise (levels).

    Returns
    -------
    (H, W, 3) uint8 RGB.
    """
    photo = canvas.develop()
    photo *= gain * np.array([1 + warmth, 1.0, 1 - warmth], np.float32)
    photo *= _vignette(canvas.width, canvas.height)[..., None]
    if blur > 0:
        photo = np.asarray(cv2.GaussianBlur(photo, (0, 0), blur), np.float32)
    photo += rng.standard_normal(photo.shape, dtype=np.float32) * np.float32(noise)
    return np.clip(np.rint(photo), 0, 255).astype(np.uint8)


def _vignette(width: int, height: int) -> NDArray[np.float32]:
    x = np.linspace(-1, 1, width, dtype=np.float32)
    y = np.linspace(-1, 1, height, dtype=np.float32)
    return np.asarray(1 - 0.09 * (x[None, :] ** 2 + y[:, None] ** 2), np.float32)


def paint_ground_shadow(canvas: Canvas, centre: ArrayLike, radius: float) -> None:
    """The soft shadow below someone's feet, `radius` in pixels."""
    canvas.fill(ellipse(centre, (radius, 0.16 * radius)), (30, 30, 30), alpha=0.4, soft=0.07 * radius)


BACKGROUNDS: Final[dict[str, Background]] = {paint.__name__: paint for paint in (studio, room, park, beach, hills)}
