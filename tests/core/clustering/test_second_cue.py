"""Clothes beside the face: links inside one scene."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clustering import second_cue
from core.clustering.second_cue import NOBODY, Link, second_stage
from core.foundation.errors import BadInput


def _at(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _links(labels: list[int], degrees: list[float], **options: Any) -> list[Link]:
    count = len(labels)
    given: dict[str, Any] = {"scenes": [0] * count, "photos": list(range(count)), "least": 0.9, "margin": 0.1}
    given |= options
    scenes, photos = np.array(given.pop("scenes")), np.array(given.pop("photos"))
    return second_stage(np.array(labels), _at(*degrees), scenes, photos, **given)


def test_a_face_of_nobody_goes_to_whom_its_clothes_are_of() -> None:
    (link,) = _links([0, 1, NOBODY], [0, 90, 10])
    assert (link.face, link.label) == (2, 0)
    assert link.score == pytest.approx(np.cos(np.radians(10)))
    assert link.margin == pytest.approx(np.cos(np.radians(10)) - np.cos(np.radians(80)))


@pytest.mark.parametrize(
    ("labels", "degrees", "options"),
    [
        pytest.param([0, 1, NOBODY], [0, 90, 10], {"scenes": [0, 1, 1]}, id="of another event"),
        pytest.param([0, 1, NOBODY], [0, 90, 10], {"scenes": [0, 0, -1]}, id="of an unknown event"),
        pytest.param([0, 1, NOBODY], [0, 90, 30], {}, id="not alike enough"),
        pytest.param([0, 1, NOBODY], [0, 20, 11], {}, id="two are as near"),
        pytest.param([0, 1, NOBODY], [0, 90, 10], {"photos": [5, 6, 5]}, id="that person is in the photo"),
        pytest.param([0, 1, NOBODY], [0, 90, np.nan], {}, id="no clothes are seen"),
        pytest.param([0, NOBODY], [0, 10], {"refused": {(1, 0)}}, id="it was said not to be them"),
        pytest.param([0, 1, 1], [0, 90, 10], {}, id="it has a person"),
        pytest.param([NOBODY, NOBODY], [0, 1], {}, id="nobody is known"),
        pytest.param([], [], {}, id="no face"),
    ],
)
def test_no_link_is_made(labels: list[int], degrees: list[float], options: dict[str, Any]) -> None:
    assert _links(labels, degrees, **options) == []


def test_who_is_refused_is_no_second_best_either() -> None:
    (link,) = _links([0, 1, NOBODY], [0, 10, 6], refused={(2, 1)})
    assert link.label == 0
    assert link.margin == np.inf


def test_the_surer_of_two_faces_in_a_photo_takes_the_person() -> None:
    links = _links([0, NOBODY, NOBODY], [0, 10, 2], photos=[0, 7, 7])
    assert [(link.face, link.label) for link in links] == [(2, 0)]


def test_faces_of_unknown_photos_are_not_of_one_photo() -> None:
    assert len(_links([0, NOBODY, NOBODY], [0, 10, 2], photos=[-1, -1, -1])) == 2


@given(st.integers(0, 2**32 - 1))
def test_links_keep_to_their_scene_and_leave_everybody_once_in_a_photo(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, scenes, photos = rng.integers(-1, 4, 30), rng.integers(-1, 3, 30), rng.integers(-1, 12, 30)
    cue = rng.normal(size=(30, 3)) + 2
    cue /= np.linalg.norm(cue, axis=1, keepdims=True)
    links = second_stage(labels, cue, scenes, photos, least=0.8, margin=0.01)
    for link in links:
        mates = np.flatnonzero((labels == link.label) & (scenes == scenes[link.face]))
        assert labels[link.face] == NOBODY
        assert link.score == pytest.approx(float((cue[mates] @ cue[link.face]).max()))
        assert photos[link.face] < 0 or photos[link.face] not in photos[labels == link.label]
    placed = [(link.label, photos[link.face]) for link in links if photos[link.face] >= 0]
    assert len(placed) == len(set(placed))


def test_a_scene_of_many_faces_takes_little_memory_and_gives_the_same_links(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    labels = np.where(np.arange(4000) % 2, rng.integers(0, 300, 4000), NOBODY)
    cue = rng.normal(size=(4000, 16)).astype(np.float32)
    cue /= np.linalg.norm(cue, axis=1, keepdims=True)
    scenes, photos = np.zeros(4000, np.int64), np.arange(4000)
    refused = {(row, int(labels[row + 1])) for row in range(0, 4000, 2)}
    at_once = second_stage(labels, cue, scenes, photos, least=0.8, margin=0.01, refused=refused)
    monkeypatch.setattr(second_cue, "_PRODUCTS", 100_000)
    tracemalloc.start()
    try:
        links = second_stage(labels, cue, scenes, photos, least=0.8, margin=0.01, refused=refused)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [(link.face, link.label) for link in links] == [(link.face, link.label) for link in at_once]
    assert len(links) > 100
    assert peak < 8e6, "all similarities at once are 16 MB"


@pytest.mark.parametrize(
    ("options", "word"), [({"least": 1.5}, "1.5"), ({"margin": -0.1}, "margin"), ({"scenes": [0]}, "labels")]
)
def test_bad_settings_are_refused(options: dict[str, Any], word: str) -> None:
    with pytest.raises(BadInput, match=word):
        _links([0, NOBODY], [0, 10], **options)
