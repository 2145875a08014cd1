"""Marks, lines and words on a picture, anti-aliased and placed with a sixteenth of a pixel."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
Pixels = NDArray[np.uint8]
Place = tuple[float, float]

SHAPES: Final = ("dot", "cross", "ring", "square")
_CORNERS: Final = ((-2.2, -2.2), (2.2, -2.2), (2.2, 2.2), (-2.2, 2.2))
_SHIFT: Final = 4


def mark(picture: Pixels, at: Place, shape: str, colour: Colour, radius: float) -> None:
    """Draw a mark of about `radius` pixels at a place between pixels."""
    thick = max(2, round(0.5 * radius))  # one pixel would lose its colour: a video has half as many of colour
    if shape == "dot":
        _circle(picture, at, 0.9 * radius, colour, -1)
    elif shape == "ring":
        _circle(picture, at, 2 * radius, colour, thick)
    elif shape == "square":
        _outline(picture, [(at[0] + x * radius, at[1] + y * radius) for x, y in _CORNERS], colour, thick)
    else:
        arm = 1.3 * radius
        for slope in (1, -1):
            ends = ((at[0] - arm, at[1] - slope * arm), (at[0] + arm, at[1] + slope * arm))
            line(picture, *ends, colour, thick)


def _fixed(at: Place) -> tuple[int, int]:
    return round(at[0] * (1 << _SHIFT)), round(at[1] * (1 << _SHIFT))


def _circle(picture: Pixels, at: Place, radius: float, colour: Colour, thickness: int) -> None:
    cv2.circle(picture, _fixed(at), round(radius * (1 << _SHIFT)), colour, thickness, cv2.LINE_AA, _SHIFT)


def line(picture: Pixels, first: Place, second: Place, colour: Colour, thickness: int) -> None:
    """Draw a line between two places, `thickness` in pixels."""
    cv2.line(picture, _fixed(first), _fixed(second), colour, thickness, cv2.LINE_AA, _SHIFT)


def _outline(picture: Pixels, corners: list[Place], colour: Colour, thickness: int) -> None:
    fixed = np.array([_fixed(corner) for corner in corners], np.int32)
    cv2.polylines(picture, [fixed], True, colour, thickness, cv2.LINE_AA, _SHIFT)


def font_of(size: float) -> ImageFont.FreeTypeFont:
    """The font that comes with Pillow, `size` pixels tall and never too small to read."""
    font = ImageFont.load_default(max(9.0, size))
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def write(
    picture: Pixels, at: Place, text: str, font: ImageFont.FreeTypeFont, colour: Colour, anchor: str = "lm"
) -> None:
    """Write a text whose anchor (as Pillow names them; its left middle) is at a place."""
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text(at, text, colour, font, anchor=anchor)
    picture[:] = np.asarray(image)
