"""Names of points as tools write them, and sets of other points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.formats.labels.doubts import DoubtKind
from core.formats.labels.point_names import NAMELESS_SETS, map_points
from core.foundation.errors import BadInput
from core.foundation.skeletons import BODY24, COCO17, FACE68, SKELETONS

WAYS = (
    lambda side, part: f"{side}_{part}",
    lambda side, part: f"{side[0]}_{part}",
    lambda side, part: f"{part}_{side}",
    lambda side, part: f"{part}.{side[0].upper()}",
    lambda side, part: f"{side[0].upper()}{part.capitalize()}",
    lambda side, part: f"{side.capitalize()} {part} (of the person)",
    lambda side, part: f"{side}{part}",
    lambda side, part: f"{side[0]}{part}",
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("skeleton", [COCO17, BODY24], ids=lambda skeleton: skeleton.name)
def test_left_and_right_are_known_however_they_are_written(way, skeleton):
    names = [way(*point.split("_")) if "_" in point else point.upper() for point in skeleton.point_names]
    mapped = map_points(names, skeleton)
    assert (mapped.places, mapped.doubts) == (tuple(range(len(skeleton))), ())


@given(st.data())
def test_any_order_of_the_names_puts_every_point_in_its_place(data):
    skeleton = data.draw(st.sampled_from(list(SKELETONS.values())))
    order = data.draw(st.permutations(range(len(skeleton))))
    mapped = map_points([skeleton.point_names[i] for i in order], skeleton)
    table = np.array(order, float)[:, None]
    np.testing.assert_array_equal(mapped.ordered(table, len(skeleton))[:, 0], np.arange(len(skeleton)))
    assert mapped.doubts == ()


@pytest.mark.parametrize("first", [0, 1])
def test_names_that_only_count_say_nothing_and_are_no_question(first):
    assert map_points([f"kp_{first + i}" for i in range(17)], COCO17).doubts == ()
    shuffled = [f"kp_{first + (i * 5) % 17}" for i in range(17)]
    assert [doubt.kind for doubt in map_points(shuffled, COCO17).doubts] == [DoubtKind.NAMES]


def test_a_set_that_shares_less_than_half_is_refused_and_so_are_two_names_of_one_point():
    with pytest.raises(BadInput, match="which has no hoof, tail"):
        map_points(["nose", "left_eye", "hoof", "tail"], COCO17)
    with pytest.raises(BadInput, match="two keypoints of the same name"):
        map_points(["left_eye", "l_eye", *COCO17.point_names[2:]], COCO17)


def test_what_is_only_similar_has_no_place():
    names = [*COCO17.point_names[5:], "head", "Head top", "pelvis", "thorax", "left_hand_root"]
    mapped = map_points(names, COCO17)
    assert mapped.places == (*range(5, 17), None, None, None, None, None)
    assert mapped.doubts[0].about.fields["mapped"] == 12


@pytest.mark.parametrize(("count", "faces"), [(26, False), (133, True), (136, True)])
def test_sets_without_names_are_known_by_their_number(count, faces):
    assert map_points(NAMELESS_SETS[count], COCO17).places[:17] == tuple(range(17))
    if faces:
        places = [place for place in map_points(NAMELESS_SETS[count], FACE68).places if place is not None]
        assert places == list(range(68))
