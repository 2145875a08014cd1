"""Samples and the pixels kept of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.foundation.arrays import ABSENT, Keypoints
from core.foundation.errors import BadInput, Cancelled
from core.media.clip_index import ClipSurvey
from core.media.clip_reading import FramePlace
from core.media.crops import FINEST, Crop
from core.media.images import decode
from core.training import samples as module
from core.training.samples import CropSource, Sample, inside_pixels
from tests.builders.after_deaths import AfterDeaths
from tests.builders.blob_pictures import blobs, centroid
from tests.builders.odd_clips import encoded

POINTS = np.array([[62.3, 50.9], [110.6, 47.2], [90.0, 96.4], [70.5, 120.75]], np.float32)
BOX = (40.0, 30.0, 130.0, 140.0)


def regions_in_memory(source: CropSource) -> int:
    return sum(region is not None for region in source._regions)


def sample(picture: np.ndarray | Path, box: tuple = BOX, points: np.ndarray = POINTS, **fields: object) -> Sample:
    values = {"key": 1, "name": "a.png", "group": "g"} | fields
    return Sample(picture, box, Keypoints.of(points), **values)


def written(folder: Path, name: str, pixels: np.ndarray) -> Path:
    path = folder / name
    assert cv2.imwrite(str(path), pixels[..., ::-1])
    return path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are decoded, as it happens."""
    seen: list[str] = []

    def counted(content: Path, name: str, limit: int) -> object:
        seen.append(Path(content).name)
        return decode(content, name, limit)

    monkeypatch.setattr(module, "decode", counted)
    return seen


def agree(source: CropSource, crop: Crop | None = None) -> None:
    taken = source.take(0, crop)
    for point in taken.points[taken.present]:
        assert np.abs(centroid(taken.image, point) - point).max() < 0.1


def test_points_lie_on_their_pixels_in_a_small_picture() -> None:
    source = CropSource([sample(blobs(POINTS, (180, 170)))], (128, 128))
    agree(source)
    agree(source, Crop((85, 85), (140, 140), (128, 128), rotation=-23, mirrored=True))


@pytest.mark.parametrize("factor", [4.0, 7.3])
def test_points_lie_on_their_pixels_in_a_picture_that_was_shrunk(factor: float) -> None:
    points, box = POINTS * factor, tuple(value * factor for value in BOX)
    picture = blobs(points, (int(180 * factor), int(170 * factor)), sigma=2.5 * factor)
    source = CropSource([sample(picture, box, points)], (128, 128))
    assert source.kept_bytes < picture.nbytes / 2
    agree(source)
    agree(source, Crop((85 * factor, 85 * factor), (140 * factor, 140 * factor), (128, 128), rotation=31))


def test_a_region_that_starts_in_the_middle_of_the_picture_keeps_its_place() -> None:
    points = POINTS * 3 + (700, 411)
    picture = blobs(points, (1500, 1200), sigma=7.5)
    source = CropSource([sample(picture, (820, 501, 1090, 831), points)], (96, 128))
    agree(source)


def test_the_region_is_no_finer_than_needed_and_as_wide_as_the_margin() -> None:
    picture = np.zeros((2000, 2000, 3), np.uint8)
    source = CropSource([sample(picture, (800, 800, 1200, 1200))], (101, 101), padding=1.25, margin=2.0)
    finest = FINEST * 100 / 500  # kept pixels for one of the picture
    side = np.sqrt(source.kept_bytes / 3)
    assert side == pytest.approx(1000 * finest, rel=0.01)


def test_the_pixels_are_those_of_a_cut_from_the_whole_picture() -> None:
    y, x = np.mgrid[:300, :300]
    picture = np.stack([127 + 100 * np.sin(x / 17), 127 + 100 * np.cos(y / 13), (x + y) / 3], -1).astype(np.uint8)
    source = CropSource([sample(picture, (100, 90, 200, 210))], (128, 128))
    crop = Crop((150, 150), (150, 150), (128, 128), rotation=12)
    difference = source.take(0, crop).image.astype(int) - crop.cut(picture)
    assert np.abs(difference).max() <= 2


def test_beyond_the_margin_and_beyond_the_picture_it_is_black() -> None:
    white = np.full((400, 400, 3), 255, np.uint8)
    source = CropSource([sample(white, (180, 180, 220, 220))], (64, 64), margin=1.0)
    far = source.take(0, Crop((200, 200), (300, 300), (64, 64))).image
    assert far[0, 0].max() == 0
    assert far[32, 32].min() == 255
    corner = CropSource([sample(white, (-20, -20, 20, 20))], (64, 64)).take(0).image
    assert corner[0, 0].max() == 0
    assert corner[-1, -1].min() == 255


def test_points_outside_are_not_present_but_keep_their_place_and_absent_ones_are_nan() -> None:
    points = np.array([[85.0, 85], [300, 85], [np.nan, np.nan], [-900, 2]], np.float32)
    taken = CropSource([sample(np.zeros((170, 180, 3), np.uint8), points=points)], (128, 128)).take(0)
    assert taken.present.tolist() == [True, False, False, False]
    assert taken.points[1, 0] > 127.5
    assert taken.points[3, 0] < -0.5  # not moved to the border
    assert np.isnan(taken.points[2]).all()
    assert taken.points.dtype == np.float32


def test_inside_is_the_area_of_the_pixels() -> None:
    places = np.array([[-0.5, 0], [-0.51, 0], [9.5, 4.5], [9.5, 4.51], [np.nan, 1]])
    assert inside_pixels(places, (10, 5)).tolist() == [True, False, True, False, False]


def test_a_hidden_point_counts_as_labelled() -> None:
    keypoints = Keypoints.of(POINTS, np.array([1, 2, ABSENT, 1]))
    one = Sample(np.zeros((170, 180, 3), np.uint8), BOX, keypoints, 1, "a", "g")
    assert CropSource([one], (64, 64)).take(0).present.tolist() == [True, True, False, True]


def test_a_picture_with_several_instances_is_read_once(tmp_path: Path, reads: list[str]) -> None:
    one = written(tmp_path, "one.png", blobs(POINTS, (180, 170)))
    two = written(tmp_path, "two.png", blobs(POINTS, (180, 170)))
    source = CropSource([sample(one, key=1), sample(two, key=2), sample(one, key=3)], (64, 64))
    for index in range(3):
        source.take(index)
    assert sorted(reads) == ["one.png", "two.png"]
    assert [kept.key for kept in source.samples] == [1, 2, 3]
    assert (len(source), regions_in_memory(source)) == (3, 3)


@pytest.mark.parametrize("share", [0.0, 0.4, 0.99])
def test_beyond_the_budget_pictures_are_read_again_and_the_pixels_are_the_same(
    tmp_path: Path, reads: list[str], share: float
) -> None:
    rng = np.random.default_rng(3)
    pictures = [written(tmp_path, f"{i}.png", rng.integers(0, 256, (170, 180, 3), dtype=np.uint8)) for i in range(6)]
    labelled = [sample(picture, key=i, name=picture.name) for i, picture in enumerate(pictures)]
    whole = CropSource(labelled, (64, 64))
    some = CropSource(labelled, (64, 64), budget_bytes=int(whole.kept_bytes * share))
    assert regions_in_memory(some) == int(6 * share)
    assert some.kept_bytes <= whole.kept_bytes * share
    assert len(some) == 6
    reads.clear()
    for index in range(6):
        np.testing.assert_array_equal(whole.take(index).image, some.take(index).image)
    assert reads == [f"{i}.png" for i in range(regions_in_memory(some), 6)]


def test_instances_of_one_picture_beyond_the_budget_share_a_reading(tmp_path: Path, reads: list[str]) -> None:
    picture = written(tmp_path, "one.png", blobs(POINTS, (180, 170)))
    source = CropSource([sample(picture, key=1), sample(picture, key=2)], (64, 64), budget_bytes=0)
    reads.clear()
    source.take(0)
    source.take(1)
    assert reads == ["one.png"]


def test_the_budget_holds_whatever_the_order_of_instances(tmp_path: Path) -> None:
    pictures = [written(tmp_path, f"{i}.png", blobs(POINTS, (180, 170))) for i in range(4)]
    labelled = [sample(picture, key=key) for key in range(2) for picture in pictures]  # each picture at both ends
    whole = CropSource(labelled, (64, 64))
    some = CropSource(labelled, (64, 64), budget_bytes=whole.kept_bytes // 2)
    assert (regions_in_memory(some), some.kept_bytes) == (4, whole.kept_bytes // 2)
    for index in range(8):
        np.testing.assert_array_equal(whole.take(index).image, some.take(index).image)


def test_what_cannot_be_read_is_listed_with_its_reason_and_left_out(tmp_path: Path) -> None:
    good = written(tmp_path, "good.png", blobs(POINTS, (180, 170)))
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    empty = (10.0, 10.0, 10.0, 30.0)
    source = CropSource(
        [
            sample(tmp_path / "gone.png", key=1, name="gone.png"),
            sample(good, key=2, name="good.png"),
            sample(text, key=3, name="text.jpg"),
            sample(good, empty, key=4, name="good.png"),
            sample(good, (900.0, 900.0, 950.0, 950.0), key=5, name="good.png"),
            sample(good, (np.nan, 0.0, 50.0, 50.0), key=6, name="good.png"),
            sample(np.zeros((5, 5), np.uint8), key=7, name="grey"),
            sample(good, key=8, name="good.png"),
        ],
        (64, 64),
    )
    assert [kept.key for kept in source.samples] == [2, 8]
    assert [failure.sample.key for failure in source.failures] == [1, 3, 4, 5, 6, 7]
    assert all(failure.reason.text().startswith(failure.sample.name) for failure in source.failures)
    assert "not a picture but text" in source.failures[1].reason.text()
    np.testing.assert_array_equal(source.take(0).image, source.take(1).image)


def test_no_samples_are_an_empty_source() -> None:
    source = CropSource([], (64, 64))
    assert (len(source), source.kept_bytes, source.failures) == (0, 0, [])


def test_a_margin_under_one_is_refused() -> None:
    with pytest.raises(BadInput, match="margin"):
        CropSource([], (64, 64), margin=0.9)


def test_reading_can_be_cancelled_and_tells_how_far_it_is(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def reading(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 3:
            raise Cancelled("runs.this_cancelled")

    picture = np.zeros((170, 180, 3), np.uint8)
    with pytest.raises(Cancelled):
        CropSource([sample(picture.copy(), key=i) for i in range(5)], (64, 64), reading=reading)
    assert seen == [(1, 5), (2, 5), (3, 5)]


def test_after_a_death_suspects_are_read_alone_and_what_killed_again_is_not(tmp_path):
    made = []
    for key in range(1, 6):
        file = written(tmp_path, f"{key}.png", np.full((170, 180, 3), key, np.uint8))
        made.append(sample(file, key=key, name=file.name))
    progress = AfterDeaths(suspects={"3"}, killers={"4"})
    source = CropSource(made, (64, 64), progress=progress)
    assert [each.key for each in source.samples] == [1, 2, 3, 5]
    assert [(each.key, reason.code, reason.of) for each, reason in source.failures] == [(4, "runs.died_twice", "4.png")]
    assert progress.taken == [("1", "2"), ("3",), ("4", "5"), ()]


@pytest.fixture
def frames_of(tmp_path: Path) -> list[Sample]:
    """Samples of the frames of a clip, in their order."""
    path, index = encoded(tmp_path / "a.mp4", 12, size=(200, 180), options={"g": "6", "bf": "2"}), tmp_path / "a.frames"
    survey = ClipSurvey(path)
    assert len(list(survey)) == 12
    index.write_bytes(survey.index().to_bytes())
    return [sample(FramePlace(path, index, number, "a.mp4"), key=number) for number in range(12)]


@pytest.mark.parametrize("in_file", [4, 0])
def test_frames_of_a_clip_are_decoded_once_in_order_and_beyond_the_budget_lie_in_a_file(
    frames_of: list[Sample], monkeypatch: pytest.MonkeyPatch, in_file: int
) -> None:
    whole = CropSource(frames_of, (64, 64))
    assert regions_in_memory(whole) == 12
    size = whole.kept_bytes // 12
    read: list[int] = []
    plain = FramePlace.pixels
    monkeypatch.setattr(FramePlace, "pixels", lambda self: read.append(self.number) or plain(self))
    monkeypatch.setattr(module, "_IN_FILE", in_file)
    source = CropSource(frames_of, (64, 64), budget_bytes=3 * size)
    assert sorted(read) == list(range(12))
    assert source.kept_bytes == 3 * size
    for number in (11, 3, 7, 0):
        np.testing.assert_array_equal(source.take(number).image, whole.take(number).image)
    assert len(read) == (12 if in_file else 15)


def test_a_full_disk_reads_frames_again(frames_of: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.tempfile, "TemporaryFile", full)
    source, whole = CropSource(frames_of, (64, 64), budget_bytes=1), CropSource(frames_of, (64, 64))
    for number in (5, 11):
        np.testing.assert_array_equal(source.take(number).image, whole.take(number).image)
