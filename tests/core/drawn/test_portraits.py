from dataclasses import replace

import numpy as np

from core.drawn.people import PEOPLE
from core.drawn.portraits import draw_group, draw_portrait
from tests.builders.invented_people import many, random_identity


def brightness(pixels: np.ndarray, point: np.ndarray, reach: int = 1) -> np.ndarray:
    x, y = np.round(point).astype(int)
    return pixels[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3).astype(float).mean(axis=0)


def test_chin_landmark_sits_on_the_edge_between_face_and_neck():
    bare = replace(PEOPLE["ada"], hair="bald", beard="none")
    picture = draw_portrait(bare, np.random.default_rng(2), background="studio")
    points = picture.instances[0].keypoints.points
    down = (points[8] - points[27]) / np.linalg.norm(points[8] - points[27])
    inside, outside = (brightness(picture.pixels, points[8] + step * down).mean() for step in (-8, 8))
    assert inside > outside + 15


def test_many_draws_as_many_as_asked_with_new_people():
    pictures = list(many(12, seed=7, per_person=5))
    assert [picture.instances[0].identity for picture in pictures] == ["p00000"] * 5 + ["p00001"] * 5 + ["p00002"] * 2
    assert {picture.pixels.shape for picture in pictures} == {(160, 160, 3)}
    assert len({picture.name for picture in pictures}) == 12
    assert list(many(0, seed=7)) == []
    assert random_identity(np.random.default_rng(1)) != random_identity(np.random.default_rng(2))


def test_group_without_people_is_an_empty_background():
    assert draw_group([], np.random.default_rng(0), (320, 240)).instances == ()
