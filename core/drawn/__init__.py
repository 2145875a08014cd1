"""A small data set that Facet draws by itself: invented people with exactly known landmarks, joints and identities.

The faces and figures are painted and labelled from the same curves, so the truth is exact. Everything is decided by
seeded generators: the same seed gives the same pixels with the same versions of numpy and OpenCV.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from core.drawn.backgrounds import BACKGROUNDS, develop
from core.drawn.body import POSES
from core.drawn.canvas import Canvas
from core.drawn.figures import draw_figure
from core.drawn.people import PEOPLE
from core.drawn.portraits import draw_group, draw_portrait
from core.drawn.truth import DrawnPicture

_GROUPS: Final = (
    ("groups/picnic-1.jpg", "park", ("ada", "chidi", "hugo")),
    ("groups/picnic-2.jpg", "park", ("gita", "felix")),
    ("groups/beach.jpg", "beach", ("emi", "bruno", "dora")),
    ("groups/living-room.jpg", "room", ("hugo", "dora")),
    ("groups/colleagues.jpg", "studio", ("felix", "gita", "chidi")),
)
_FIGURES: Final = (
    ("walk", "chidi", "park"),
    ("jump", "gita", "beach"),
    ("reach", "felix", "park"),
    ("kick", "bruno", "park"),
    ("hands-behind", "emi", "studio"),
    ("window", "hugo", "room"),
    ("wave", "ada", "beach"),
)


def sample(seed: int = 0) -> Iterator[DrawnPicture]:
    """The sample data set, drawn one picture at a time.

    Returns
    -------
    50 pictures: 36 portraits of the eight `PEOPLE`, five groups, seven full figures, two landscapes with nobody.
    """
    rng = np.random.default_rng(seed)
    for i, (person, identity) in enumerate(PEOPLE.items()):
        for k in range(4 + i % 2):
            size = (640, 480) if k == 3 else (480, 600)
            yield draw_portrait(identity, rng, size, name=f"portraits/{person}-{k + 1}.jpg", person=person)
    for name, background, people in _GROUPS:
        yield draw_group([(person, PEOPLE[person]) for person in people], rng, name=name, background=background)
    for pose, person, background in _FIGURES:
        name = f"figures/{pose}.jpg"
        yield draw_figure(POSES[pose], rng, PEOPLE[person], name=name, person=person, background=background)
    for landscape in ("hill", "lake"):
        yield draw_landscape(rng, name=f"places/{landscape}.jpg")


def draw_landscape(
    rng: np.random.Generator, size: tuple[int, int] = (960, 640), *, name: str = "landscape.jpg"
) -> DrawnPicture:
    """Hills and trees, and nobody: what a detector should leave empty. `size` is width and height in pixels."""
    canvas = Canvas(*size)
    BACKGROUNDS["hills"](canvas, rng)
    pixels = develop(canvas, rng, warmth=float(rng.uniform(-0.03, 0.05)), gain=1.0, blur=0.4, noise=1.5)
    return DrawnPicture(name, pixels, ())
