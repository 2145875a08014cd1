"""Drawing points over the frames of a clip: each source in a colour and a shape of its own, and a curve that grows.

Pure drawing: frames and points in, frames out. Colours differ in lightness and every source has its own shape, so that
the sources are told apart without seeing colour. Marks are placed with a sixteenth of a pixel.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

from core.foundation.arrays import Floats
from core.foundation.errors import BadInput

Colour = tuple[int, int, int]
Pixels = NDArray[np.uint8]
Position = tuple[float, float]

TRUTH: Final[Colour] = (220, 50, 47)
BASELINE: Final[Colour] = (42, 157, 60)
COMPARED: Final[Colour] = (38, 110, 220)
THIRD: Final[Colour] = (240, 180, 30)
STATIC_COLOUR, MOVING_COLOUR = COMPARED, TRUTH

# Outer eye corners and the ends of the nose's ridge and base (P37, P46, P28, P34): the stability project takes them for
# fixed on the face and all others for moving.
STATIC_POINTS: Final[dict[str, tuple[int, ...]]] = {"face68": (36, 45, 27, 33)}

_INK: Final[Colour] = (232, 234, 237)
_DIM: Final[Colour] = (128, 134, 142)
_GRID: Final[Colour] = (70, 74, 80)
_PAPER: Final[Colour] = (24, 26, 30)
_SMALLEST: Final = 720  # pixels: a smaller picture is enlarged by a whole factor, or the marks would hide it
_LARGEST_ENLARGEMENT: Final = 4
_FAR: Final = 1e6  # pixels: OpenCV's coordinates are 32-bit integers, and nothing is drawn there anyway
_RATIOS: Final = (0.25, 0.5, 1.0, 2.0, 4.0)  # the axis of a ratio, logarithmic; what is beyond runs along its ends
_LEAST_TALL: Final = 2.2  # pixels, of which a line of words takes six
_HEADROOM: Final = 1.15  # of the 99th percentile: one wild frame does not flatten the curve

MARKERS: Final = ("dot", "cross", "ring", "square")
_CORNERS: Final = ((-2.2, -2.2), (2.2, -2.2), (2.2, 2.2), (-2.2, 2.2))
_SHIFT: Final = 4


@dataclass(frozen=True)
class Layer:
    """A source of points: what the legend calls it, its colour, and ``dot``, ``cross``, ``ring`` or ``square``."""

    label: str
    colour: Colour
    marker: str

    def __post_init__(self) -> None:
        if self.marker not in MARKERS:
            raise BadInput("overlays.no_mark", choices=list(MARKERS), name=self.marker)


def layers(truth: str | None, models: Sequence[str]) -> list[Layer]:
    """The layers of a truth (where there is one) and up to three models: red dots, green crosses, blue rings, …

    Raises
    ------
    BadInput
        If there are more than three models: a picture with five kinds of points shows nothing.
    """
    looks = ((BASELINE, "cross"), (COMPARED, "ring"), (THIRD, "square"))
    if len(models) > len(looks):
        raise BadInput("overlays.too_many", limit=len(looks), count=len(models))
    first = [] if truth is None else [Layer(truth, TRUTH, "dot")]
    return first + [Layer(name, *look) for name, look in zip(models, looks, strict=False)]


class Overlay:
    """The pictures of one overlay video: the frame with its points, the legend below it, the curve below that.

    `size` is the (width, height) in pixels of what `draw` gives: small frames are enlarged by a whole factor (`scale`).
    """

    def __init__(
        self,
        size: tuple[int, int],
        sources: Sequence[Layer],
        *,
        frames: int,
        curves: Sequence[ArrayLike] | None = None,
        curve_title: str = "",
        ratios: bool = False,
        static: Sequence[int] | None = None,
    ) -> None:
        """State what is to be drawn.

        Parameters
        ----------
        size
            (width, height) of the frames in pixels.
        sources
            One for each list of points that `draw` gets.
        frames
            How many frames the clip has: the length of the curve's axis.
        curves
            A (frames,) curve for each source, NaN where it has a gap; None draws no strip.
        curve_title
            What the curves show, with the unit.
        ratios
            Whether the curves are ratios, best at 1: on a logarithmic axis from 1/4 to 4 with a line at 1, not from 0.
        static
            Indices of points that are fixed on the face: they become blue, all others red, whatever their source, and
            only the shapes tell the sources apart; the curves keep the sources' colours, with a legend of their own.
            None gives each source its colour.

        Raises
        ------
        BadInput
            If a size is not positive or there is not one curve of `frames` values for each source.
        """
        if min(size) < 1 or frames < 1:
            raise BadInput("overlays.no_frames", frames=frames, width=size[0], height=size[1])
        self.sources, self.frames, self.static = tuple(sources), frames, None if static is None else frozenset(static)
        self.scale = min(_LARGEST_ENLARGEMENT, max(1, math.ceil(_SMALLEST / min(size))))
        self.width, self.height = size[0] * self.scale, size[1] * self.scale
        self.unit = max(1.5, 0.004 * min(self.width, self.height))  # radius of a mark and measure of all other sizes
        self._legend = self._drawn_legend()
        self._strip = None
        if curves is not None:
            axis = _RATIOS if ratios else None
            named = static is not None
            self._strip = _CurveStrip(self.width, self.unit, sources, frames, curves, curve_title, named, axis)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the drawn pictures."""
        below = self._legend.shape[0] + (0 if self._strip is None else self._strip.height)
        return self.width, self.height + below

    def draw(self, pixels: Pixels, points: Sequence[ArrayLike], index: int, note: str = "") -> Pixels:
        """Draw one frame.

        Parameters
        ----------
        pixels
            (H, W, 3) uint8 RGB; not changed.
        points
            For each source its points in this frame, (K, 2) or (N, K, 2) pixels of the frame, NaN where absent.
        index
            Of the frame; the curves are drawn up to it.
        note
            Written at the legend's right end, such as the time.

        Raises
        ------
        BadInput
            If the frame has another size or the sources are not as many.
        """
        if pixels.shape != (self.height // self.scale, self.width // self.scale, 3) or len(points) != len(self.sources):
            raise BadInput("overlays.frame_shape", frame=index, shape=pixels.shape, count=len(points))
        picture = pixels.copy()
        if self.scale > 1:
            enlarged = cv2.resize(pixels, (self.width, self.height), interpolation=cv2.INTER_CUBIC)
            picture = np.asarray(enlarged, np.uint8)
        # the first source, the truth, ends on top: its dots fit into the others' rings
        for source, located in reversed(list(zip(self.sources, points, strict=True))):
            self._mark(picture, source, np.asarray(located, np.float64))
        parts = [picture, self._noted(note)]
        if self._strip is not None:
            parts.append(self._strip.at(index))
        return np.concatenate(parts)

    def _mark(self, picture: Pixels, source: Layer, located: Floats) -> None:
        many = located.reshape(-1, *located.shape[-2:]) if located.size else located.reshape(0, 1, 2)
        for instance in many:
            for point, (x, y) in enumerate(instance):
                if abs(x) < _FAR and abs(y) < _FAR:  # false for NaN
                    # the centre of a frame's pixel is the centre of its scale x scale block
                    at = ((x + 0.5) * self.scale - 0.5, (y + 0.5) * self.scale - 0.5)
                    mark(picture, at, source.marker, self._colour(source, point), self.unit)

    def _colour(self, source: Layer, point: int) -> Colour:
        if self.static is None:
            return source.colour
        return STATIC_COLOUR if point in self.static else MOVING_COLOUR

    def _drawn_legend(self) -> Pixels:
        """Entries from left to right, in as many rows as they need."""
        tall = round(7 * self.unit)
        font = font_of(3.6 * self.unit)
        entries = [(source.marker, source.colour, source.label) for source in self.sources]
        if self.static is not None:  # the colours mean something else there
            entries = [(marker, _INK, label) for marker, _, label in entries]
            entries += [("dot", STATIC_COLOUR, "static points"), ("dot", MOVING_COLOUR, "moving points")]
        wide = [10 * self.unit + font.getlength(label) for _, _, label in entries]
        places, rows = _flowing(wide, 3 * self.unit, 0.8 * self.width)  # the rest of a row is the note's
        legend = np.full((tall * rows, self.width, 3), _PAPER, np.uint8)
        for (marker, colour, label), (x, row) in zip(entries, places, strict=True):
            middle = (row + 0.5) * tall
            mark(legend, (x + 1.5 * self.unit, middle), marker, colour, self.unit)
            write(legend, (x + 5 * self.unit, middle), label, font, _INK)
        return legend

    def _noted(self, note: str) -> Pixels:
        legend = self._legend.copy()
        if note:
            font = font_of(3.2 * self.unit)
            at = (self.width - 3 * self.unit, 3.5 * self.unit)
            write(legend, at, note, font, _DIM, anchor="rm")
        return legend


def _flowing(wide: Sequence[float], left: float, right: float) -> tuple[list[tuple[float, int]], int]:
    """(x, row) of entries that are so wide, from left to right in as many rows as they need; how many those are."""
    places, x, row = [], left, 0
    for width in wide:
        if x + width > right and x > left:
            x, row = left, row + 1
        places.append((x, row))
        x += width
    return places, row + 1


class _CurveStrip:
    """The curves below the picture: axes once, each frame's piece as it comes; `named` says whose each curve is.

    `ratios` are the ticks of a logarithmic axis; without, it goes from 0 to what fits the curves.
    """

    def __init__(
        self,
        width: int,
        unit: float,
        sources: Sequence[Layer],
        frames: int,
        curves: Sequence[ArrayLike],
        title: str,
        named: bool,
        ratios: tuple[float, ...] | None = None,
    ) -> None:
        self.curves = [np.asarray(curve, np.float64) for curve in curves]
        if len(self.curves) != len(sources) or any(curve.shape != (frames,) for curve in self.curves):
            shapes = str([curve.shape for curve in self.curves])
            raise BadInput("overlays.curves", count=len(sources), frames=frames, found=shapes)
        self.sources, self.unit, self.frames = tuple(sources), unit, frames
        self.left, self.right = 16 * unit, width - 4 * unit
        self.font = font_of(3.2 * unit)
        wide = [13 * unit + self.font.getlength(source.label) for source in sources if named]
        self.places, rows = _flowing(wide, self.left, self.right)
        self.tall = max(unit, _LEAST_TALL)  # the measure of heights: words do not shrink with a small picture
        above = round(6 * self.tall) * (rows if named else 0)
        self.height = round((48 if ratios else 36) * self.tall) + above  # more ticks need more room
        self.top, self.bottom = 8 * self.tall + above, self.height - 4 * self.tall
        values = np.concatenate([curve[np.isfinite(curve)] for curve in self.curves] or [np.zeros(0)])
        self.most = (_HEADROOM * float(np.percentile(values, 99)) if values.size else 0.0) or 1.0
        self.ratios = ratios
        self.axes = self._axes(width, title)
        self.picture, self.drawn = self.axes.copy(), 0

    def _axes(self, width: int, title: str) -> Pixels:
        axes = np.full((self.height, width, 3), _PAPER, np.uint8)
        write(axes, (self.left, 4 * self.tall), title, self.font, _DIM)
        for source, (x, row) in zip(self.sources, self.places, strict=False):  # no places: nothing is named
            middle = 8 * self.tall + round(6 * self.tall) * (row + 0.5) - 0.5 * self.tall
            line(axes, (x, middle), (x + 6 * self.unit, middle), source.colour, max(1, round(0.5 * self.unit)))
            mark(axes, (x + 3 * self.unit, middle), source.marker, source.colour, self.unit)
            write(axes, (x + 8 * self.unit, middle), source.label, self.font, _INK)
        for value in self.ratios or (0.0, self.most):
            y, best = round(self._position(0, value)[1]), bool(self.ratios) and value == 1.0
            line(axes, (self.left, y), (self.right, y), _DIM if best else _GRID, 1)
            write(axes, (self.left - 1.5 * self.unit, y), f"{value:.3g}", self.font, _DIM, anchor="rm")
        return axes

    def _position(self, index: int, value: float) -> tuple[float, float]:
        x = self.left + (self.right - self.left) * index / max(1, self.frames - 1)
        if self.ratios:
            low, high = self.ratios[0], self.ratios[-1]
            share = math.log(min(high, max(low, value)) / low) / math.log(high / low)
        else:
            share = min(1.0, max(0.0, value / self.most))
        return x, self.bottom - (self.bottom - self.top) * share

    def at(self, index: int) -> Pixels:
        """The strip with the curves up to frame `index`; quick where frames come in their order."""
        if index < self.drawn:
            self.picture, self.drawn = self.axes.copy(), 0
        for later in range(self.drawn + 1, min(index, self.frames - 1) + 1):
            for source, curve in zip(self.sources, self.curves, strict=True):
                before, now = float(curve[later - 1]), float(curve[later])
                if math.isfinite(before) and math.isfinite(now):
                    ends = self._position(later - 1, before), self._position(later, now)
                    line(self.picture, *ends, source.colour, max(1, round(0.5 * self.unit)))
        self.drawn = max(index, 0)
        strip = self.picture.copy()
        x = self._position(min(index, self.frames - 1), 1)[0]
        line(strip, (x, self.top), (x, self.bottom), _DIM, 1)
        return strip


def mark(picture: Pixels, at: Position, marker: str, colour: Colour, radius: float) -> None:
    """Draw a mark of about `radius` pixels at a place between pixels."""
    thick = max(2, round(0.5 * radius))  # one pixel would lose its colour: a video has half as many of colour
    if marker == "dot":
        _circle(picture, at, 0.9 * radius, colour, -1)
    elif marker == "ring":
        _circle(picture, at, 2 * radius, colour, thick)
    elif marker == "square":
        corners = [_fixed((at[0] + x * radius, at[1] + y * radius)) for x, y in _CORNERS]
        cv2.polylines(picture, [np.array(corners, np.int32)], True, colour, thick, cv2.LINE_AA, _SHIFT)
    else:
        arm = 1.3 * radius
        for slope in (1, -1):
            ends = ((at[0] - arm, at[1] - slope * arm), (at[0] + arm, at[1] + slope * arm))
            line(picture, *ends, colour, thick)


def _fixed(at: Position) -> tuple[int, int]:
    return round(at[0] * (1 << _SHIFT)), round(at[1] * (1 << _SHIFT))


def _circle(picture: Pixels, at: Position, radius: float, colour: Colour, thickness: int) -> None:
    cv2.circle(picture, _fixed(at), round(radius * (1 << _SHIFT)), colour, thickness, cv2.LINE_AA, _SHIFT)


def line(picture: Pixels, first: Position, second: Position, colour: Colour, thickness: int) -> None:
    """Draw a line between two places, `thickness` in pixels."""
    cv2.line(picture, _fixed(first), _fixed(second), colour, thickness, cv2.LINE_AA, _SHIFT)


def font_of(size: float) -> ImageFont.FreeTypeFont:
    """The font that comes with Pillow, `size` pixels tall and never too small to read."""
    font = ImageFont.load_default(max(9.0, size))
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def write(
    picture: Pixels, at: Position, text: str, font: ImageFont.FreeTypeFont, colour: Colour, anchor: str = "lm"
) -> None:
    """Write a text whose anchor (as Pillow names them; its left middle) is at a place."""
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text(at, text, colour, font, anchor=anchor)
    picture[:] = np.asarray(image)
