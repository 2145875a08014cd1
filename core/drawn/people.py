"""The invented people of the sample: what makes a drawn face that person's, in every picture of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.drawn.canvas import Colour

HAIR_STYLES: Final = ("bald", "crop", "parted", "fringe", "long", "bun", "curls", "receding")
BEARDS: Final = ("none", "stubble", "moustache", "goatee", "full")
GLASSES: Final = ("none", "round", "square")


@dataclass(frozen=True)
class Identity:
    """The unchanging measures and colours of one invented person.

    Lengths are millimetres on the face, measured from the point between the pupils (x to the picture's right, y down).

    Attributes
    ----------
    skin, hair_colour, eye_colour, lip_colour
        Red, green, blue, 0 to 255.
    half_width
        Half the width of the face at the ears.
    chin
        From the eyes down to the chin.
    jaw
        Exponent of the jaw's superellipse: 0.55 square, 0.9 pointed.
    crown
        From the eyes up to the top of the skull.
    eye_gap, eye_width, eye_open, eye_tilt
        Half the pupil distance; length and height of the opening; how far the outer corner lies above the inner.
    brow_height, brow_weight, brow_arch, brow_tilt
        Above the eyes; thickness; bow; how far the outer end lies above the inner.
    nose_length, nose_width
        From the eyes to the base of the nose; half the width of its wings.
    mouth, mouth_width, upper_lip, lower_lip
        From the eyes to the line between the lips; half its length; heights of the lips.
    hair, beard, glasses
        One of `HAIR_STYLES`, `BEARDS`, `GLASSES`.
    age
        0 to 1: how strongly folds are drawn.
    freckles
        How many.
    """

    skin: Colour
    hair_colour: Colour
    eye_colour: Colour
    lip_colour: Colour
    half_width: float = 68
    chin: float = 108
    jaw: float = 0.7
    crown: float = 98
    eye_gap: float = 31
    eye_width: float = 29
    eye_open: float = 10
    eye_tilt: float = 1.5
    brow_height: float = 19
    brow_weight: float = 5
    brow_arch: float = 4
    brow_tilt: float = 0
    nose_length: float = 48
    nose_width: float = 16
    mouth: float = 72
    mouth_width: float = 25
    upper_lip: float = 6.5
    lower_lip: float = 9
    hair: str = "crop"
    beard: str = "none"
    glasses: str = "none"
    age: float = 0.2
    freckles: int = 0


PEOPLE: Final[dict[str, Identity]] = {
    "ada": Identity(
        (242, 202, 180),
        (96, 40, 24),
        (70, 120, 80),
        (196, 84, 86),
        half_width=63,
        chin=106,
        jaw=0.82,
        eye_open=12,
        eye_width=31,
        brow_weight=3.5,
        brow_arch=6,
        nose_length=44,
        nose_width=13.5,
        mouth=69,
        mouth_width=23,
        upper_lip=7.5,
        lower_lip=10.5,
        hair="long",
        age=0.0,
        freckles=40,
    ),
    "bruno": Identity(
        (222, 170, 138),
        (40, 32, 30),
        (80, 52, 34),
        (176, 104, 92),
        half_width=73,
        chin=115,
        jaw=0.58,
        eye_open=8.5,
        eye_width=27,
        brow_height=16,
        brow_weight=8.5,
        brow_arch=1.5,
        nose_length=53,
        nose_width=20,
        mouth=78,
        mouth_width=27,
        upper_lip=5,
        lower_lip=8,
        hair="bald",
        beard="full",
        age=0.5,
    ),
    "chidi": Identity(
        (108, 70, 50),
        (22, 18, 18),
        (46, 28, 20),
        (122, 62, 58),
        half_width=69,
        chin=111,
        jaw=0.64,
        eye_open=10.5,
        eye_gap=32.5,
        brow_weight=6.5,
        brow_arch=3,
        nose_length=48,
        nose_width=22,
        mouth=74,
        mouth_width=29,
        upper_lip=10,
        lower_lip=13,
        hair="crop",
        age=0.2,
    ),
    "dora": Identity(
        (238, 200, 184),
        (214, 212, 210),
        (94, 130, 168),
        (186, 102, 100),
        half_width=68,
        chin=104,
        jaw=0.72,
        eye_open=8.5,
        eye_width=27,
        eye_tilt=-2,
        brow_weight=3,
        brow_arch=4,
        brow_height=21,
        nose_length=50,
        nose_width=16,
        mouth=72,
        mouth_width=23,
        upper_lip=4,
        lower_lip=6,
        hair="bun",
        glasses="round",
        age=1.0,
    ),
    "emi": Identity(
        (246, 214, 178),
        (28, 24, 30),
        (52, 34, 26),
        (208, 96, 100),
        half_width=71,
        chin=101,
        jaw=0.78,
        eye_open=8.5,
        eye_width=32,
        eye_gap=33.5,
        eye_tilt=4,
        brow_height=22,
        brow_weight=4,
        brow_arch=2.5,
        nose_length=42,
        nose_width=16.5,
        mouth=66,
        mouth_width=20,
        upper_lip=6,
        lower_lip=8,
        hair="fringe",
        age=0.0,
    ),
    "felix": Identity(
        (250, 212, 190),
        (222, 172, 92),
        (70, 132, 190),
        (206, 122, 112),
        half_width=64,
        chin=116,
        jaw=0.66,
        eye_open=9.5,
        eye_gap=29,
        brow_height=16,
        brow_weight=4.5,
        brow_arch=2,
        brow_tilt=-2,
        nose_length=54,
        nose_width=14.5,
        mouth=79,
        mouth_width=26,
        upper_lip=4,
        lower_lip=7,
        hair="parted",
        beard="stubble",
        glasses="square",
        age=0.2,
    ),
    "gita": Identity(
        (176, 122, 86),
        (26, 18, 18),
        (58, 36, 22),
        (158, 58, 66),
        half_width=67,
        chin=107,
        jaw=0.86,
        eye_open=13,
        eye_width=32,
        eye_tilt=2.5,
        brow_height=20,
        brow_weight=6.5,
        brow_arch=6.5,
        nose_length=49,
        nose_width=17,
        mouth=72,
        mouth_width=26,
        upper_lip=9,
        lower_lip=12,
        hair="curls",
        age=0.1,
    ),
    "hugo": Identity(
        (188, 132, 96),
        (226, 224, 220),
        (110, 110, 100),
        (176, 100, 90),
        half_width=75,
        chin=114,
        jaw=0.56,
        crown=94,
        eye_open=8,
        eye_width=25,
        eye_gap=33.5,
        eye_tilt=-3,
        brow_height=19,
        brow_weight=5,
        brow_arch=3,
        brow_tilt=-3,
        nose_length=52,
        nose_width=21,
        mouth=79,
        mouth_width=24,
        upper_lip=4,
        lower_lip=6.5,
        hair="receding",
        beard="moustache",
        age=0.9,
    ),
}

_SKINS: Final[tuple[Colour, ...]] = (
    (250, 214, 194),
    (240, 200, 172),
    (226, 180, 146),
    (204, 154, 118),
    (172, 120, 84),
    (138, 92, 64),
    (104, 68, 50),
    (84, 54, 42),
)
_HAIRS: Final[tuple[Colour, ...]] = (
    (24, 20, 20),
    (52, 36, 28),
    (92, 58, 34),
    (140, 96, 54),
    (220, 176, 98),
    (162, 70, 34),
    (150, 146, 142),
    (222, 220, 216),
)
_EYES: Final[tuple[Colour, ...]] = ((48, 32, 24), (88, 58, 34), (84, 124, 84), (74, 128, 180), (120, 124, 120))


def random_identity(rng: np.random.Generator) -> Identity:
    """An invented person nobody drew by hand; the same generator state gives the same person."""
    skin = _SKINS[rng.integers(len(_SKINS))]
    lips = tuple(float(c) for c in 0.45 * np.array(skin) + 0.55 * np.array((186, 60, 70)) + rng.normal(0, 8, 3))
    chin = rng.uniform(99, 119)
    nose = chin * rng.uniform(0.42, 0.48)
    return Identity(
        skin=skin,
        hair_colour=_HAIRS[rng.integers(len(_HAIRS))],
        eye_colour=_EYES[rng.integers(len(_EYES))],
        lip_colour=(lips[0], lips[1], lips[2]),
        half_width=rng.uniform(61, 76),
        chin=chin,
        jaw=rng.uniform(0.56, 0.88),
        crown=rng.uniform(92, 102),
        eye_gap=rng.uniform(28.5, 34),
        eye_width=rng.uniform(25, 32),
        eye_open=rng.uniform(8, 13.5),
        eye_tilt=rng.uniform(-3, 4),
        brow_height=rng.uniform(16, 23),
        brow_weight=rng.uniform(3, 9),
        brow_arch=rng.uniform(1, 7),
        brow_tilt=rng.uniform(-3, 3),
        nose_length=nose,
        nose_width=rng.uniform(13, 22),
        mouth=nose + (chin - nose) * rng.uniform(0.37, 0.45),
        mouth_width=rng.uniform(20, 30),
        upper_lip=rng.uniform(4, 10),
        lower_lip=rng.uniform(6, 13),
        hair=HAIR_STYLES[rng.integers(len(HAIR_STYLES))],
        beard=BEARDS[rng.choice(len(BEARDS), p=(0.6, 0.1, 0.1, 0.1, 0.1))],
        glasses=GLASSES[rng.choice(len(GLASSES), p=(0.7, 0.15, 0.15))],
        age=rng.uniform(0, 1),
        freckles=int(rng.integers(0, 50)) if rng.random() < 0.2 else 0,
    )
