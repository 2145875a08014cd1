"""Every skeleton is a whole: names, lines, mirror pairs and regions belong together."""

from __future__ import annotations

import numpy as np
import pytest
from pycocotools.cocoeval import Params

from core.foundation.errors import NotFound
from core.foundation.skeletons import BODY24, COCO17, FACE68, SKELETONS, find_skeleton

EVERY = pytest.mark.parametrize("shape", SKELETONS.values(), ids=SKELETONS)


def test_there_are_68_or_468_face_points_and_24_or_17_body_points():
    assert {name: (shape.kind, len(shape)) for name, shape in SKELETONS.items()} == {
        "face68": ("face", 68),
        "body24": ("person", 24),
        "coco17": ("person", 17),
        "mesh468": ("face", 468),
    }


@EVERY
def test_names_are_unique(shape):
    assert len(set(shape.point_names)) == len(shape)


@EVERY
def test_lines_join_two_different_points_once(shape):
    assert all(0 <= a < len(shape) and 0 <= b < len(shape) and a != b for a, b in shape.edges)
    assert len({frozenset(edge) for edge in shape.edges}) == len(shape.edges)


@EVERY
def test_every_point_is_on_a_line(shape):
    assert {point for edge in shape.edges for point in edge} == set(range(len(shape)))


@EVERY
def test_mirroring_twice_changes_nothing_and_no_point_is_in_two_pairs(shape):
    points = [point for pair in shape.flip_pairs for point in pair]
    assert len(points) == len(set(points))
    assert set(points) <= set(range(len(shape)))
    mirrored = np.arange(len(shape))
    for a, b in shape.flip_pairs:
        mirrored[[a, b]] = mirrored[[b, a]]
    assert np.array_equal(mirrored[mirrored], np.arange(len(shape)))


@EVERY
def test_mirroring_maps_lines_onto_lines(shape):
    other = dict(shape.flip_pairs) | {b: a for a, b in shape.flip_pairs}
    lines = {frozenset(edge) for edge in shape.edges}
    assert {frozenset(other.get(point, point) for point in line) for line in lines} == lines


@EVERY
def test_regions_hold_every_point_once(shape):
    assert sorted(point for points in shape.regions.values() for point in points) == list(range(len(shape)))


@EVERY
def test_the_error_is_normalised_by_two_different_points(shape):
    assert shape.normaliser is not None
    assert len(set(shape.normaliser)) == 2
    assert max(shape.normaliser) < len(shape)


def test_left_and_right_change_places_in_the_body():
    for a, b in BODY24.flip_pairs:
        assert BODY24.point_names[b] == BODY24.point_names[a].replace("left", "right")
    sided = {name for name in BODY24.point_names if name.startswith(("left", "right"))}
    assert {BODY24.point_names[point] for pair in BODY24.flip_pairs for point in pair} == sided


def test_left_and_right_change_places_in_the_face_and_the_middle_stays():
    region_of = {point: name for name, points in FACE68.regions.items() for point in points}
    for a, b in FACE68.flip_pairs:
        swapped = region_of[a].replace("right", "?").replace("left", "right").replace("?", "left")
        assert region_of[b] == swapped
    still = set(range(68)) - {point for pair in FACE68.flip_pairs for point in pair}
    # chin, bridge and tip of the nose, its base, the middles of the four lip lines
    assert still == {8, 27, 28, 29, 30, 33, 51, 57, 62, 66}


def test_the_face_is_normalised_by_the_outer_eye_corners():
    assert [FACE68.point_names[point] for point in FACE68.normaliser] == ["right_eye_1", "left_eye_4"]


def test_the_17_points_of_coco_are_the_first_of_the_24():
    assert COCO17.point_names == BODY24.point_names[:17]
    assert COCO17.flip_pairs == ((1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16))
    assert COCO17.normaliser == BODY24.normaliser
    # COCO's own file, counted from one
    assert {frozenset((a + 1, b + 1)) for a, b in COCO17.edges} == {
        frozenset(edge)
        for edge in [
            (16, 14),
            (14, 12),
            (17, 15),
            (15, 13),
            (12, 13),
            (6, 12),
            (7, 13),
            (6, 7),
            (6, 8),
            (7, 9),
            (8, 10),
            (9, 11),
            (2, 3),
            (1, 2),
            (1, 3),
            (2, 4),
            (3, 5),
            (4, 6),
            (5, 7),
        ]
    }


def test_the_sigmas_of_coco_are_those_of_pycocotools_and_the_others_are_borrowed():
    measured = Params(iouType="keypoints").kpt_oks_sigmas
    assert np.allclose(COCO17.sigmas, measured)
    assert np.allclose(BODY24.sigmas[:17], measured)
    borrowed = dict(zip(BODY24.point_names, BODY24.sigmas, strict=True))
    for point, lender in {
        "neck": "left_shoulder",
        "left_palm": "left_wrist",
        "right_palm": "right_wrist",
        "spine1": "left_hip",
        "spine2": "left_hip",
        "left_instep": "left_ankle",
        "right_instep": "right_ankle",
    }.items():
        assert borrowed[point] == borrowed[lender]
    assert FACE68.sigmas is None


def test_an_unknown_skeleton_says_what_there_is():
    assert find_skeleton("face68") is FACE68
    with pytest.raises(NotFound, match=r"no skeleton is called 'hand21'; there are face68, body24, coco17, mesh468"):
        find_skeleton("hand21")
