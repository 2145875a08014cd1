"""Drawn clips: a face that talks, turns, blinks and moves, with the 68 landmarks of every frame exactly known.

All movement is a smooth function of time (a few sinusoids, blinks as raised cosines), so what jitters in a model's
output on these clips is the model: the sensor's noise is new in every frame, the face is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.drawn.backgrounds import BACKGROUNDS, develop
from core.drawn.canvas import Canvas
from core.drawn.face import Brush
from core.drawn.face_shape import Expression, FaceShape, View
from core.drawn.people import Identity
from core.drawn.portraits import PLACES, Clothes, face_truth, paint_person, random_clothes, random_photo
from core.drawn.truth import DrawnInstance, DrawnPicture
from core.foundation.arrays import Floats
from core.foundation.errors import BadInput

_BLINK_SECONDS: Final = 0.3
_BLINKS_A_SECOND: Final = 0.35
_CLOSED: Final = 0.06  # of an open eye; lids never quite cross
_SHIFT: Final = 0.04  # of a box's longer side, standard deviation of its place as a detector finds it
_ZOOM: Final = 0.05  # standard deviation of the logarithm of its size


@dataclass(frozen=True)
class Wave:
    """A smooth course of one quantity: a mean and a few sinusoids, each (amplitude, Hz, phase in radians)."""

    mean: float
    parts: tuple[tuple[float, float, float], ...]

    @classmethod
    def random(cls, rng: np.random.Generator, mean: float, extent: float, hertz: tuple[float, float]) -> Wave:
        """Three sinusoids between the two frequencies, which together never leave mean ± extent."""
        shares = rng.dirichlet((2.0, 2.0, 2.0)) * extent
        rates, phases = rng.uniform(*hertz, 3), rng.uniform(0, 2 * np.pi, 3)
        return cls(mean, tuple((float(a), float(f), float(p)) for a, f, p in zip(shares, rates, phases, strict=True)))

    def __call__(self, seconds: float) -> float:
        """The value at a time."""
        return self.mean + sum(a * float(np.sin(2 * np.pi * f * seconds + p)) for a, f, p in self.parts)


@dataclass(frozen=True)
class Motion:
    """How one person moves in one clip. Lengths are millimetres on the face, the centre is pixels, turns are degrees.

    `voice` is how loud the person speaks (the mouth closes where it is negative), `syllables` opens and closes the
    mouth; `blinks` are the middles of the blinks, in seconds.
    """

    x: Wave
    y: Wave
    scale: Wave
    roll: Wave
    yaw: Wave
    pitch: Wave
    voice: Wave
    syllables: Wave
    smile: Wave
    brows: Wave
    gaze: Wave
    blinks: tuple[float, ...]

    @classmethod
    def random(cls, rng: np.random.Generator, size: tuple[int, int], seconds: float) -> Motion:
        """A motion that keeps the face in a picture of `size` (width, height) for `seconds`."""
        width, height = size
        scale = min(width, 0.86 * height) / rng.uniform(265, 320)
        count = rng.poisson(_BLINKS_A_SECOND * seconds) + 1
        return cls(
            x=Wave.random(rng, width * rng.uniform(0.46, 0.54), 0.05 * width, (0.1, 0.6)),
            y=Wave.random(rng, height * rng.uniform(0.42, 0.46), 0.03 * height, (0.1, 0.7)),
            scale=Wave.random(rng, scale, 0.05 * scale, (0.05, 0.3)),
            roll=Wave.random(rng, rng.normal(0, 1.5), 6.0, (0.1, 0.7)),
            yaw=Wave.random(rng, rng.normal(0, 2.0), 12.0, (0.1, 0.6)),
            pitch=Wave.random(rng, rng.normal(0, 1.0), 5.0, (0.2, 0.9)),
            voice=Wave.random(rng, 0.35, 0.9, (0.15, 0.5)),
            syllables=Wave.random(rng, 5.0, 5.0, (1.5, 4.0)),
            smile=Wave.random(rng, 0.4, 0.35, (0.1, 0.5)),
            brows=Wave.random(rng, 1.0, 2.5, (0.2, 0.8)),
            gaze=Wave.random(rng, 0.0, 1.6, (0.1, 0.6)),
            blinks=tuple(sorted(rng.uniform(0, seconds, count).tolist())),
        )

    def view(self, seconds: float) -> View:
        """Where the head is and how it is turned."""
        centre = (self.x(seconds), self.y(seconds))
        return View(centre, self.scale(seconds), self.roll(seconds), self.yaw(seconds), self.pitch(seconds))

    def expression(self, seconds: float) -> Expression:
        """What the face does."""
        loud = self.voice(seconds)
        # A smooth gate (C1 at zero): silence is a closed mouth, and speech begins without a jump.
        speaking = max(0.0, loud) ** 2 / (0.15 + max(0.0, loud) ** 2)
        return Expression(
            mouth_open=speaking * max(0.0, self.syllables(seconds)),
            smile=self.smile(seconds),
            brow_raise=self.brows(seconds),
            eye_open=self._lids(seconds),
            gaze=(self.gaze(seconds), 0.1),
        )

    def _lids(self, seconds: float) -> float:
        away = min((abs(seconds - blink) for blink in self.blinks), default=_BLINK_SECONDS)
        closed = 0.5 + 0.5 * float(np.cos(2 * np.pi * min(away / _BLINK_SECONDS, 0.5)))
        return 1.0 - (1.0 - _CLOSED) * closed


@dataclass(frozen=True)
class DrawnClip:
    """One person's clip before it is painted: everything that its frames need, each of which is made by itself.

    Iterating paints the frames in order and gives the same pixels every time; `landmarks` needs no painting.

    Attributes
    ----------
    name
        Of the clip; its frames are ``<name>/000000.jpg`` and so on, as an imported clip's are.
    person
        Who, in the truth of each frame.
    size
        Width and height in pixels.
    """

    name: str
    person: str | None
    identity: Identity
    motion: Motion
    size: tuple[int, int]
    frames: int
    frames_per_second: float
    background: str
    light: float
    clothes: Clothes
    photo: Mapping[str, float]
    seed: int

    @classmethod
    def random(
        cls,
        identity: Identity,
        rng: np.random.Generator,
        *,
        frames: int = 60,
        size: tuple[int, int] = (320, 240),
        frames_per_second: float = 25.0,
        name: str = "clip",
        person: str | None = None,
    ) -> DrawnClip:
        """Draw lots for a clip of one person who talks, turns, blinks and moves.

        Parameters
        ----------
        identity
            Who.
        rng
            Decides everything that may differ between two clips of the same person; used up before the first frame.
        frames, frames_per_second
            How many frames, and how far apart in time they are.
        size
            Width and height in pixels, from 32 × 32.
        name, person
            What the clip (the frames' folder) and the person are called in the truth.

        Raises
        ------
        BadInput
            If there would be no frame, or they would be smaller than 32 pixels.
        """
        if frames < 1 or frames_per_second <= 0 or min(size) < 32:
            raise BadInput(
                "drawn.clip", frames=frames, width=size[0], height=size[1], frames_per_second=frames_per_second
            )
        photo = random_photo(rng, size, (1.5, 4.0))
        return cls(
            name,
            person,
            identity,
            Motion.random(rng, size, frames / frames_per_second),
            size,
            frames,
            frames_per_second,
            PLACES[rng.integers(len(PLACES))],
            float(rng.uniform(-1, 1)),
            random_clothes(rng),
            photo,
            int(rng.integers(2**63)),
        )

    def shape(self, index: int) -> FaceShape:
        """The face in frame `index`."""
        seconds = index / self.frames_per_second
        return FaceShape(self.identity, self.motion.expression(seconds), self.motion.view(seconds))

    def landmarks(self) -> Floats:
        """(frames, 68, 2) pixels: the truth of the whole clip."""
        return np.stack([self.shape(index).landmarks() for index in range(self.frames)])

    def truth(self, index: int) -> DrawnInstance:
        """The face in frame `index` with its box and landmarks."""
        return face_truth(self.person, self.shape(index))

    def __len__(self) -> int:
        return self.frames

    def __iter__(self) -> Iterator[DrawnPicture]:
        width, height = self.size
        rng = np.random.default_rng(self.seed)
        behind = Canvas(width, height)
        BACKGROUNDS[self.background](behind, rng)
        backdrop = behind.develop()
        for index in range(self.frames):
            # One sample a pixel: the painter's edges are anti-aliased anyway, and a clip has many frames.
            canvas = Canvas(width, height, oversample=1)
            np.copyto(canvas.rgb, backdrop)
            shape = self.shape(index)
            paint_person(Brush(canvas, shape, self.light), self.clothes)
            pixels = develop(canvas, rng, **self.photo)
            yield DrawnPicture(f"{self.name}/{index:06d}.jpg", pixels, (face_truth(self.person, shape),))


def jittered_box(box: NDArray[np.float32], rng: np.random.Generator) -> Floats:
    """The box as a detector might have it: shifted by 4 % of its longer side and scaled by 5 % (standard deviations).

    A box from the true points would tell every predictor most of the answer, the mean shape above all.

    Parameters
    ----------
    box
        (4,) left, top, right, bottom.

    Returns
    -------
    (4,) float64, likewise.
    """
    low, high = box[:2].astype(np.float64), box[2:].astype(np.float64)
    longer = float((high - low).max())
    middle = (low + high) / 2 + rng.normal(0, _SHIFT * longer, 2)
    half = (high - low) / 2 * np.exp(rng.normal(0, _ZOOM))
    return np.concatenate([middle - half, middle + half])
