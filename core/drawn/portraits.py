"""Portraits and group pictures: one head and shoulders, or several, before a background."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.drawn.backgrounds import BACKGROUNDS, develop
from core.drawn.canvas import Canvas, Colour, ellipse, mix, spline, tone
from core.drawn.face import Brush, paint_brows, paint_ears, paint_eyes, paint_lips, paint_nose, paint_skin
from core.drawn.face_shape import LEFT, RIGHT, Expression, FaceShape, View
from core.drawn.hair import covers_ears, paint_back_hair, paint_beard, paint_front_hair, paint_glasses
from core.drawn.people import Identity
from core.drawn.truth import DrawnInstance, DrawnPicture, face_instance

CLOTHES: Final[tuple[Colour, ...]] = (
    (176, 66, 62),
    (62, 92, 140),
    (74, 118, 92),
    (220, 206, 180),
    (86, 78, 92),
    (204, 150, 70),
    (120, 86, 130),
    (58, 66, 78),
    (236, 234, 230),
    (80, 140, 150),
)
PLACES: Final = ("studio", "room", "park", "beach")
_NECKLINES: Final = ("crew", "vee", "collar")


@dataclass(frozen=True)
class Clothes:
    """What someone wears in one picture: the colour and ``crew``, ``vee`` or ``collar``."""

    colour: Colour
    neckline: str


def random_clothes(rng: np.random.Generator) -> Clothes:
    """Something to wear."""
    return Clothes(CLOTHES[rng.integers(len(CLOTHES))], _NECKLINES[rng.integers(len(_NECKLINES))])


def _random_expression(rng: np.random.Generator) -> Expression:
    """A calm to laughing face."""
    opened = float(rng.uniform(4, 13)) if rng.random() < 0.4 else 0.0
    return Expression(
        mouth_open=opened,
        smile=float(rng.uniform(0.1, 0.9)),
        brow_raise=float(rng.uniform(-1.5, 4)),
        eye_open=float(rng.uniform(0.88, 1.12)),
        gaze=(float(rng.uniform(-1.6, 1.6)), float(rng.uniform(-0.4, 0.6))),
    )


def _random_view(rng: np.random.Generator, centre: tuple[float, float], scale: float) -> View:
    """A head turned a little."""
    roll, yaw, pitch = rng.normal(0, (3.5, 6, 3)).clip((-9, -13, -6), (9, 13, 6))
    return View(centre, scale, float(roll), float(yaw), float(pitch))


def paint_head(brush: Brush) -> None:
    """Everything of a head that lies before the neck."""
    if not covers_ears(brush.shape.person.hair):
        paint_ears(brush)
    for paint in (
        paint_skin,
        paint_eyes,
        paint_nose,
        paint_beard,
        paint_lips,
        paint_brows,
        paint_front_hair,
        paint_glasses,
    ):
        paint(brush)


def _paint_bust(brush: Brush, clothes: Clothes) -> None:
    """Neck and shoulders, which turn less than the head."""
    person, head = brush.shape.person, brush.shape.view
    upright = FaceShape(person, brush.shape.expression, View(head.centre, head.scale, 0.35 * head.roll, 0.3 * head.yaw))
    mm, canvas, chin = head.scale, brush.canvas, person.chin
    neck = 0.62 * person.half_width
    skin = tone(person.skin, 0.86)
    half = [[neck, 20], [neck + 1, chin + 14], [neck + 9, chin + 42], [neck + 22, chin + 72], [neck + 20, chin + 130]]
    right = np.array(half, np.float64)
    throat = np.concatenate([right, (right * (-1, 1))[::-1]])
    outline = upright.place(spline(throat, 60), -30)
    canvas.fill(outline, skin, soft=0.6 * mm)
    shade = upright.place(ellipse((6 * brush.light, chin + 6), (neck * 1.15, 26)), -30)
    canvas.fill(shade, mix(tone(person.skin, 0.42), person.lip_colour, 0.1), alpha=0.7, soft=8 * mm, within=outline)
    _paint_clothes(brush, upright, clothes, neck, chin)


def _paint_clothes(brush: Brush, upright: FaceShape, clothes: Clothes, neck: float, chin: float) -> None:
    mm, canvas, colour = upright.view.scale, brush.canvas, clothes.colour
    dip = {"crew": 14.0, "vee": 66.0, "collar": 40.0}[clothes.neckline]
    half = [[neck + 15, chin + 43], [neck + 62, chin + 60], [neck + 125, chin + 82], [neck + 155, chin + 150]]
    right = np.array([*half, [neck + 165, chin + 460]], np.float64)
    left = (right * (-1, 1))[::-1]
    u = np.linspace(-1, 1, 21)
    power = 1.2 if clothes.neckline == "vee" else 2.2
    opening = np.stack([u * (neck + 15), chin + 43 + dip * (1 - np.abs(u) ** power)], axis=1)
    sides = spline(right, 24, closed=False), spline(left, 24, closed=False)
    outline = upright.place(np.concatenate([sides[0], sides[1], opening]), -45)
    canvas.fill(outline, colour, soft=0.7 * mm)
    for side in (RIGHT, LEFT):
        deep = 0.55 - 0.25 * side * brush.light
        flank = upright.place(ellipse((side * (neck + 150), chin + 190), (45, 130)), -45)
        canvas.fill(flank, tone(colour, 0.4), alpha=deep, soft=22 * mm, within=outline)
        fold = upright.place(
            spline([[side * (neck + 86), chin + 130], [side * (neck + 70), chin + 300]], 8, closed=False), -45
        )
        canvas.stroke(fold, 7 * mm, tone(colour, 0.55), alpha=0.4, soft=5 * mm, within=outline)
        glow = upright.place(ellipse((side * (neck + 66), chin + 80), (46, 11), turn=side * 22), -45)
        canvas.fill(glow, tone(colour, 1.3), alpha=0.3 + 0.15 * side * brush.light, soft=9 * mm, within=outline)
    if clothes.neckline == "collar":
        for side in (RIGHT, LEFT):
            flap = [
                [neck + 17, chin + 34],
                [neck - 2, chin + 64],
                [6, chin + 84],
                [20, chin + 112],
                [neck + 26, chin + 66],
            ]
            canvas.fill(upright.place(np.array(flap) * (side, 1), -45), tone(colour, 1.22), soft=0.7 * mm)
    else:
        canvas.stroke(upright.place(opening, -45), 5.5 * mm, tone(colour, 0.72), soft=0.6 * mm)


def paint_person(brush: Brush, clothes: Clothes) -> None:
    """Head, hair and shoulders."""
    paint_back_hair(brush)
    _paint_bust(brush, clothes)
    paint_head(brush)


def face_truth(name: str | None, shape: FaceShape) -> DrawnInstance:
    """The recorded truth of a painted face."""
    forehead = shape.place([[0.0, -0.62 * shape.person.crown]])[0]
    return face_instance(name, shape.landmarks(), forehead)


def random_photo(rng: np.random.Generator, size: tuple[int, int], noise: tuple[float, float]) -> dict[str, float]:
    """How `develop` makes one photo of `size` (width, height), with sensor noise between two levels."""
    return {
        "warmth": float(rng.uniform(-0.05, 0.06)),
        "gain": float(rng.uniform(0.88, 1.08)),
        "blur": float(rng.uniform(0.0, 0.0014)) * min(size),
        "noise": float(rng.uniform(*noise)),
    }


def draw_portrait(
    identity: Identity,
    rng: np.random.Generator,
    size: tuple[int, int] = (480, 600),
    *,
    name: str = "portrait.jpg",
    person: str | None = None,
    background: str | None = None,
) -> DrawnPicture:
    """Draw one person with a random expression, pose, light and background.

    Parameters
    ----------
    identity
        Who.
    rng
        Decides everything that may differ between two pictures of the same person.
    size
        Width and height in pixels.
    name, person
        What the picture and the person are called in the truth.
    background
        One of `BACKGROUNDS`; drawn by lot among `PLACES` if None.
    """
    width, height = size
    canvas = Canvas(width, height)
    BACKGROUNDS[background or PLACES[rng.integers(len(PLACES))]](canvas, rng)
    scale = min(width, 0.86 * height) / rng.uniform(290, 345)
    centre = (width * rng.uniform(0.46, 0.54), height * rng.uniform(0.42, 0.46))
    shape = FaceShape(identity, _random_expression(rng), _random_view(rng, centre, scale))
    paint_person(Brush(canvas, shape, float(rng.uniform(-1, 1))), random_clothes(rng))
    photo = develop(canvas, rng, **random_photo(rng, size, (0.5, 3.5)))
    return DrawnPicture(name, photo, (face_truth(person, shape),))


def draw_group(
    people: Sequence[tuple[str, Identity]],
    rng: np.random.Generator,
    size: tuple[int, int] = (960, 640),
    *,
    name: str = "group.jpg",
    background: str = "park",
) -> DrawnPicture:
    """Draw two to four people side by side; parameters as in `draw_portrait`."""
    width, height = size
    canvas = Canvas(width, height)
    BACKGROUNDS[background](canvas, rng)
    light = float(rng.uniform(-1, 1))
    count = len(people)
    scale = min(width / (count * 280 + 100), height / 500)
    shapes = []
    for i, (_, identity) in enumerate(people):
        x = width / 2 + (i - (count - 1) / 2) * 278 * scale + rng.uniform(-6, 6)
        centre = (float(x), float(height * 0.43 + rng.uniform(-0.05, 0.05) * height))
        view = _random_view(rng, centre, scale * float(rng.uniform(0.94, 1.04)))
        shapes.append(FaceShape(identity, _random_expression(rng), view))
    colours = rng.choice(len(CLOTHES), count, replace=False)
    for shape, colour in zip(sorted(shapes, key=lambda shape: shape.view.scale), colours, strict=True):
        clothes = Clothes(CLOTHES[colour], random_clothes(rng).neckline)
        paint_person(Brush(canvas, shape, light), clothes)
    truth = tuple(face_truth(who, shape) for (who, _), shape in zip(people, shapes, strict=True))
    return DrawnPicture(name, develop(canvas, rng, **random_photo(rng, size, (0.5, 3.5))), truth)
