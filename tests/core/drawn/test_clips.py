"""Drawn clips: exact truth, smooth movement, new noise in every frame."""

import numpy as np
import pytest

from core.drawn.backgrounds import BACKGROUNDS
from core.drawn.clips import DrawnClip, Wave, jittered_box
from core.drawn.people import PEOPLE
from core.foundation.errors import BadInput
from core.foundation.skeletons import FACE68
from core.media.videos import VideoWriter, frames, probe
from tests.builders.drawn_clips import draw_clips


def clip(seed=0, count=40, **options):
    return DrawnClip.random(PEOPLE["ada"], np.random.default_rng(seed), frames=count, **options)


def test_a_clip_is_frames_of_one_person_with_68_points_each():
    drawn = list(DrawnClip.random(PEOPLE["gita"], np.random.default_rng(0), frames=3, name="gita.mp4", person="gita"))
    assert [picture.name for picture in drawn] == [f"gita.mp4/{i:06d}.jpg" for i in range(3)]
    for picture in drawn:
        (face,) = picture.instances
        assert picture.pixels.shape == (240, 320, 3)
        assert picture.pixels.dtype == np.uint8
        assert (face.identity, face.skeleton, face.keypoints.points.shape) == ("gita", "face68", (68, 2))


def test_the_same_generator_draws_the_same_clip_and_another_one_another():
    first, again, other = clip(1, 2), clip(1, 2), clip(2, 2)
    assert all((a.pixels == b.pixels).all() for a, b in zip(first, again, strict=True))
    assert all((a.pixels == b.pixels).all() for a, b in zip(first, first, strict=True))
    assert not np.allclose(first.landmarks(), other.landmarks())


def test_the_truth_of_the_frames_is_the_track_that_needs_no_painting():
    drawn = clip(count=4)
    painted = [picture.instances[0].keypoints.points for picture in drawn]
    np.testing.assert_allclose(painted, drawn.landmarks(), atol=1e-4)


def test_the_face_stays_in_the_picture_for_everybody():
    for drawn in draw_clips(3, 12, frames=50):
        track = drawn.landmarks()
        assert (track >= 0).all()
        assert (track <= np.array(drawn.size) - 1).all()


def test_the_movement_is_smooth_and_is_there():
    for drawn in draw_clips(4, 6, frames=100):
        track = drawn.landmarks()
        face = np.linalg.norm(track[:, 36] - track[:, 45], axis=1).mean()
        steps = np.diff(track, axis=0)
        assert np.abs(steps).max() < 0.15 * face  # the quickest is a lid
        rigid = steps[:, [36, 45, 27, 33]]
        assert np.abs(np.diff(rigid, axis=0)).max() < 0.03 * face  # the head does not jerk
        assert np.ptp(track[:, 30], axis=0).max() > 0.1 * face


def test_it_talks_blinks_and_turns():
    drawn = clip(count=150)
    track = drawn.landmarks()
    face = np.linalg.norm(track[:, 36] - track[:, 45], axis=1)
    mouth = np.linalg.norm(track[:, 62] - track[:, 66], axis=1) / face
    lids = np.linalg.norm(track[:, 37] - track[:, 41], axis=1) / face
    nose = (track[:, 30, 0] - track[:, [36, 45], 0].mean(axis=1)) / face
    assert np.ptp(mouth) > 0.05
    assert lids.min() < 0.3 * np.median(lids)
    assert np.ptp(nose) > 0.03


def test_eyes_are_where_the_points_say():
    # Dark pupils between the lids: the mean of the eye region is darker than the cheek at the truth's own place.
    drawn = DrawnClip.random(PEOPLE["ada"], np.random.default_rng(5), frames=6)
    open_eyed = [
        p for p in drawn if p.instances[0].keypoints.points[41, 1] - p.instances[0].keypoints.points[37, 1] > 4
    ]
    assert open_eyed
    for picture in open_eyed:
        points = picture.instances[0].keypoints.points
        eye = np.round(points[36:42].mean(axis=0)).astype(int)
        cheek = np.round((points[30] + points[3]) / 2).astype(int)
        assert picture.pixels[eye[1], eye[0]].mean() + 20 < picture.pixels[cheek[1], cheek[0]].mean()


def test_the_noise_is_new_in_every_frame():
    drawn = clip(count=3)
    first, second, third = (picture.pixels[:20, :20].astype(float) for picture in drawn)
    one, two = (second - first).ravel(), (third - second).ravel()
    assert one.std() > 1.5
    assert abs(np.corrcoef(one, two)[0, 1] + 0.5) < 0.1  # differences of independent noise share one frame of it


def test_many_people_have_clips_that_do_not_depend_on_how_many_are_asked_for():
    few, many = list(draw_clips(7, 2, 5, per_identity=2)), list(draw_clips(7, 3, 5, per_identity=2))
    assert [drawn.name for drawn in few] == ["p000-0", "p000-1", "p001-0", "p001-1"]
    assert [drawn.person for drawn in many] == ["p000", "p000", "p001", "p001", "p002", "p002"]
    for one, other in zip(few, many, strict=False):
        np.testing.assert_array_equal(one.landmarks(), other.landmarks())
    assert few[0].identity == few[1].identity != few[2].identity


def test_a_wave_keeps_within_its_extent_against_a_numpy_sum():
    wave = Wave.random(np.random.default_rng(0), 3.0, 2.0, (0.1, 2.0))
    at = np.linspace(0, 30, 500)
    expected = wave.mean + sum(a * np.sin(2 * np.pi * f * at + p) for a, f, p in wave.parts)
    np.testing.assert_allclose([wave(t) for t in at], expected)
    assert np.abs(expected - 3.0).max() <= 2.0
    assert sum(a for a, _, _ in wave.parts) == pytest.approx(2.0)


def test_a_written_clip_gives_its_frames_back(tmp_path):
    drawn = clip(count=5)
    with VideoWriter(tmp_path / "ada.mp4", *drawn.size, drawn.frames_per_second) as writer:
        for picture in drawn:
            writer.write(picture.pixels)
    assert drawn.landmarks().shape == (5, len(FACE68.point_names), 2)
    assert probe(tmp_path / "ada.mp4").frames_per_second == 25
    for picture, (_, _, pixels) in zip(drawn, frames(tmp_path / "ada.mp4"), strict=True):
        error = np.mean((picture.pixels.astype(float) - pixels) ** 2)
        assert 10 * np.log10(255**2 / error) > 30


@pytest.mark.parametrize("size", [(320, 240), (1280, 720), (240, 320), (33, 47)])
def test_any_size_can_be_drawn(size):
    (picture,) = clip(count=1, size=size)
    assert picture.pixels.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("options", [{"count": 0}, {"size": (320, 8)}, {"frames_per_second": 0}])
def test_a_clip_that_cannot_be_is_refused(options):
    with pytest.raises(BadInput, match="at least one frame"):
        clip(**{"count": 1, **options})


def test_what_is_behind_a_person_is_painted_once_a_clip(monkeypatch):
    drawn, painted = clip(count=3), []
    paint = BACKGROUNDS[drawn.background]
    monkeypatch.setitem(BACKGROUNDS, drawn.background, lambda *canvas: (painted.append(canvas), paint(*canvas)))
    assert len(list(drawn)) == 3
    assert len(painted) == 1


def test_a_jittered_box_is_shifted_and_scaled_by_a_twentieth_or_so():
    rng, box = np.random.default_rng(0), np.array([10, 20, 110, 220], np.float32)
    boxes = np.array([jittered_box(box, rng) for _ in range(2000)])
    middles, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    np.testing.assert_allclose(middles.mean(axis=0), [60, 120], atol=1)
    np.testing.assert_allclose(middles.std(axis=0), 0.04 * 200, rtol=0.1)
    np.testing.assert_allclose(sides[:, 1] / sides[:, 0], 2)
    assert np.log(sides[:, 0] / 100).std() == pytest.approx(0.05, rel=0.1)
