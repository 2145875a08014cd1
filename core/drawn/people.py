"""The invented people of the sample: what makes a drawn face that person's, in every picture of them."""

from dataclasses import dataclass
from typing import Any, Final

from core.drawn.canvas import Colour


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
        ``bald``, ``crop``, ``parted``, ``fringe``, ``long``, ``bun``, ``curls`` or ``receding``; ``none``, ``stubble``,
        ``moustache``, ``goatee`` or ``full``; ``none``, ``round`` or ``square``.
    age
        0 to 1: how strongly folds are drawn.
    freckles
        How many.
    """

    skin: Colour
    hair_colour: Colour
    eye_colour: Colour
    lip_colour: Colour
    half_width: float
    chin: float
    jaw: float
    crown: float
    eye_gap: float
    eye_width: float
    eye_open: float
    eye_tilt: float
    brow_height: float
    brow_weight: float
    brow_arch: float
    brow_tilt: float
    nose_length: float
    nose_width: float
    mouth: float
    mouth_width: float
    upper_lip: float
    lower_lip: float
    hair: str
    beard: str
    glasses: str
    age: float
    freckles: int


_COLOURS: Final[dict[str, tuple[Colour, Colour, Colour, Colour]]] = {  # of skin, hair, eyes and lips
    "ada": ((242, 202, 180), (96, 40, 24), (70, 120, 80), (196, 84, 86)),
    "bruno": ((222, 170, 138), (40, 32, 30), (80, 52, 34), (176, 104, 92)),
    "chidi": ((108, 70, 50), (22, 18, 18), (46, 28, 20), (122, 62, 58)),
    "dora": ((238, 200, 184), (214, 212, 210), (94, 130, 168), (186, 102, 100)),
    "emi": ((246, 214, 178), (28, 24, 30), (52, 34, 26), (208, 96, 100)),
    "felix": ((250, 212, 190), (222, 172, 92), (70, 132, 190), (206, 122, 112)),
    "gita": ((176, 122, 86), (26, 18, 18), (58, 36, 22), (158, 58, 66)),
    "hugo": ((188, 132, 96), (226, 224, 220), (110, 110, 100), (176, 100, 90)),
}
# One column a person, in the order of the colours.
_MEASURES: Final[dict[str, tuple[Any, ...]]] = {
    "half_width": (63, 73, 69, 68, 71, 64, 67, 75),
    "chin": (106, 115, 111, 104, 101, 116, 107, 114),
    "jaw": (0.82, 0.58, 0.64, 0.72, 0.78, 0.66, 0.86, 0.56),
    "crown": (98, 98, 98, 98, 98, 98, 98, 94),
    "eye_gap": (31, 31, 32.5, 31, 33.5, 29, 31, 33.5),
    "eye_width": (31, 27, 29, 27, 32, 29, 32, 25),
    "eye_open": (12, 8.5, 10.5, 8.5, 8.5, 9.5, 13, 8),
    "eye_tilt": (1.5, 1.5, 1.5, -2, 4, 1.5, 2.5, -3),
    "brow_height": (19, 16, 19, 21, 22, 16, 20, 19),
    "brow_weight": (3.5, 8.5, 6.5, 3, 4, 4.5, 6.5, 5),
    "brow_arch": (6, 1.5, 3, 4, 2.5, 2, 6.5, 3),
    "brow_tilt": (0, 0, 0, 0, 0, -2, 0, -3),
    "nose_length": (44, 53, 48, 50, 42, 54, 49, 52),
    "nose_width": (13.5, 20, 22, 16, 16.5, 14.5, 17, 21),
    "mouth": (69, 78, 74, 72, 66, 79, 72, 79),
    "mouth_width": (23, 27, 29, 23, 20, 26, 26, 24),
    "upper_lip": (7.5, 5, 10, 4, 6, 4, 9, 4),
    "lower_lip": (10.5, 8, 13, 6, 8, 7, 12, 6.5),
    "hair": ("long", "bald", "crop", "bun", "fringe", "parted", "curls", "receding"),
    "beard": ("none", "full", "none", "none", "none", "stubble", "none", "moustache"),
    "glasses": ("none", "none", "none", "round", "none", "square", "none", "none"),
    "age": (0.0, 0.5, 0.2, 1.0, 0.0, 0.2, 0.1, 0.9),
    "freckles": (40, 0, 0, 0, 0, 0, 0, 0),
}
PEOPLE: Final = {
    name: Identity(*colours, **dict(zip(_MEASURES, measures, strict=True)))
    for (name, colours), measures in zip(_COLOURS.items(), zip(*_MEASURES.values(), strict=True), strict=True)
}
