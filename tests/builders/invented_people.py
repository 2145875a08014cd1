"""Invented people by lot, and as many small portraits of them as are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from core.drawn.canvas import Colour
from core.drawn.people import Identity
from core.drawn.portraits import draw_portrait
from core.drawn.truth import DrawnPicture

HAIR_STYLES: Final = ("bald", "crop", "parted", "fringe", "long", "bun", "curls", "receding")
BEARDS: Final = ("none", "stubble", "moustache", "goatee", "full")
GLASSES: Final = ("none", "round", "square")
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


def many(count: int, seed: int, size: tuple[int, int] = (160, 160), per_person: int = 5) -> Iterator[DrawnPicture]:
    """`count` small portraits of invented people, `per_person` of each, named ``p00000/0.jpg`` and so on."""
    rng = np.random.default_rng(seed)
    identity = random_identity(rng)
    for i in range(count):
        who, which = divmod(i, per_person)
        if which == 0 and who > 0:
            identity = random_identity(rng)
        label = f"p{who:05d}"
        yield draw_portrait(identity, rng, size, name=f"{label}/{which}.jpg", person=label, background="studio")
