"""The drawn pictures and the truth about them agree."""

import numpy as np
import pytest

from core.drawn import draw_landscape, sample
from core.drawn.people import PEOPLE
from core.drawn.truth import DrawnPicture
from core.foundation.arrays import ABSENT, VISIBLE
from core.foundation.skeletons import find_skeleton


@pytest.fixture(scope="module")
def drawn() -> list[DrawnPicture]:
    return list(sample(0))


def test_sample_has_portraits_groups_figures_and_empty_places(drawn):
    kinds = [picture.name.split("/")[0] for picture in drawn]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"portraits": 36, "groups": 5, "figures": 7, "places": 2}
    assert len({picture.name for picture in drawn}) == 50
    people = [one.identity for picture in drawn for one in picture.instances if one.kind == "face"]
    assert set(people) == set(PEOPLE)
    assert all(not picture.instances for picture in drawn if picture.name.startswith("places"))
    assert [len(picture.instances) for picture in drawn if picture.name.startswith("groups")] == [3, 2, 3, 2, 3]


def test_every_point_lies_in_its_box_and_every_box_in_its_picture(drawn):
    for picture in drawn:
        height, width = picture.pixels.shape[:2]
        for one in picture.instances:
            named = find_skeleton(one.skeleton)
            assert (len(one.keypoints), named.kind) == (len(named), one.kind)
            present = one.keypoints.points[one.keypoints.visibility > ABSENT]
            left, top, right, bottom = one.box
            assert (present >= (left, top)).all(), picture.name
            assert (present <= (right, bottom)).all(), picture.name
            assert left >= 0, picture.name
            assert top >= 0, picture.name
            assert right <= width - 1, picture.name
            assert bottom <= height - 1, picture.name


def test_all_68_landmarks_of_a_face_are_present(drawn):
    faces = [one for picture in drawn for one in picture.instances if one.kind == "face"]
    assert len(faces) == 36 + 13 + 6
    assert all((face.keypoints.visibility == VISIBLE).all() for face in faces)


def test_same_seed_draws_the_same_pixels_and_another_seed_other_ones():
    first, again, other = (next(iter(sample(seed))) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(first.instances[0].keypoints.points, again.instances[0].keypoints.points)
    assert (first.pixels != other.pixels).any()


def test_a_landscape_has_nobody_in_it():
    landscape = draw_landscape(np.random.default_rng(0), (320, 240))
    assert landscape.pixels.shape == (240, 320, 3)
    assert landscape.instances == ()
