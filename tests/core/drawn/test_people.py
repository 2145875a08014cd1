"""Invented people can all be painted: their measures fit one another, and their styles are known."""

from dataclasses import fields

import numpy as np
import pytest

from core.drawn.people import PEOPLE, Identity
from tests.builders.invented_people import BEARDS, GLASSES, HAIR_STYLES, random_identity

EVERYBODY = [*PEOPLE.values(), *(random_identity(np.random.default_rng(seed)) for seed in range(50))]


def test_the_measures_of_a_face_fit_one_another():
    for person in EVERYBODY:
        assert 0 < person.nose_length < person.mouth - person.upper_lip
        assert person.mouth + person.lower_lip < person.chin
        assert person.eye_gap - person.eye_width / 2 > 0, "the eyes meet"
        assert person.eye_gap + person.eye_width / 2 < person.half_width
        assert person.brow_height < person.crown
        assert 0 <= person.age <= 1


def test_styles_and_colours_are_known():
    for person in EVERYBODY:
        assert person.hair in HAIR_STYLES
        assert person.beard in BEARDS
        assert person.glasses in GLASSES
        colours = np.array([person.skin, person.hair_colour, person.eye_colour, person.lip_colour])
        assert ((colours >= 0) & (colours <= 255)).all()


def test_the_eight_wear_every_hair_style_once():
    assert sorted(person.hair for person in PEOPLE.values()) == sorted(HAIR_STYLES)


@pytest.mark.parametrize("measure", [field.name for field in fields(Identity)])
def test_people_drawn_by_lot_differ_in_everything(measure):
    drawn = {getattr(random_identity(np.random.default_rng(seed)), measure) for seed in range(40)}
    assert len(drawn) > 1


def test_the_same_generator_state_gives_the_same_person():
    assert random_identity(np.random.default_rng(7)) == random_identity(np.random.default_rng(7))
    assert random_identity(np.random.default_rng(7)) != random_identity(np.random.default_rng(8))
