"""Drawn pictures for the tests of the models."""

import numpy as np
import pytest

from core.drawn import draw_landscape
from core.drawn.people import PEOPLE
from core.drawn.portraits import draw_group, draw_portrait


@pytest.fixture(scope="session")
def portraits():
    """Two pictures of Ada and two of Bruno, (600, 480, 3)."""
    rng = np.random.default_rng(3)
    return [
        draw_portrait(PEOPLE[person], rng, (480, 600), name=f"{person}.jpg", person=person)
        for person in ("ada", "ada", "bruno", "bruno")
    ]


@pytest.fixture(scope="session")
def group():
    people = [(person, PEOPLE[person]) for person in ("ada", "chidi", "hugo")]
    return draw_group(people, np.random.default_rng(4), name="group.jpg", background="park")


@pytest.fixture(scope="session")
def landscape():
    return draw_landscape(np.random.default_rng(5), name="landscape.jpg")


@pytest.fixture(scope="session")
def found(detector, portraits, group):
    """(picture, boxes) of the portraits and the group."""
    pictures = [picture.pixels for picture in [*portraits, group]]
    return list(zip(pictures, detector.detect(pictures), strict=True))
