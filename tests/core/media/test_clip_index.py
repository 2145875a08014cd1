"""A clip is gone through once: how many frames there are, when, how large, what they look like, and where damage is."""

import av
import numpy as np
import pytest

from core.foundation.errors import UnreadableVideo
from core.media.clip_index import ClipIndex, ClipSurvey
from core.media.clip_reading import ClipReader
from core.media.scenes import SceneDetector
from core.media.videos import VideoWriter, frames
from tests.builders.odd_clips import encoded, of_changing_size


def damaged(path, count=12, at=7):
    """A clip each of whose frames is a PNG, one of them broken."""
    encoded(path, count, codec="png", pixels="rgb24")
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    begin, size = packets[at]
    content[begin + 20 : begin + size] = bytes(size - 20)
    path.write_bytes(content)
    return path


def test_damage_tells_how_many_frames_came_before_and_these_are_read(tmp_path):
    path = damaged(tmp_path / "a.mov")
    survey = ClipSurvey(path, "day/a.mov")
    with pytest.raises(UnreadableVideo, match=r"day/a\.mov: it is damaged after 7 frames") as caught:
        list(survey)
    assert caught.value.decoded == len(survey.index()) == 7
    reader = ClipReader(path, survey.index())
    for number in (6, 0, 3):
        assert reader.read(number).shape == (48, 64, 3)


def test_an_index_is_small_and_comes_back_as_it_was(tmp_path):
    survey = ClipSurvey(encoded(tmp_path / "a.mp4", 400, options={"g": "50", "bf": "3", "sc_threshold": "0"}))
    list(survey)
    index = survey.index()
    assert len(index.to_bytes()) < 400 * 6 + 2000
    again = ClipIndex.from_bytes(index.to_bytes())
    for name in ("times", "checksums", "keys"):
        one, other = getattr(index, name), getattr(again, name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    assert (len(index.keys), index.remarks) == (8, ())


def test_what_is_said_of_a_clip_is_kept_with_it():
    index = ClipIndex(np.zeros(0, np.int64), np.arange(2, dtype=np.uint32), np.zeros((0, 2), np.int64), ("a", "é\n"))
    assert ClipIndex.from_bytes(index.to_bytes()).remarks == ("a", "é\n")


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04" + bytes(90)])
def test_what_is_no_index_is_refused(content):
    with pytest.raises(ValueError, match=r"\w"):
        ClipIndex.from_bytes(content)


def test_sizes_are_those_of_each_frame_upright(tmp_path):
    seen = list(ClipSurvey(of_changing_size(tmp_path / "a.webm")))
    assert [(frame.width, frame.height) for frame in seen] == [(64, 48)] * 5 + [(96, 32)] * 5
    (first, *_) = ClipSurvey(encoded(tmp_path / "b.mp4", 2, rotation=90))
    assert (first.width, first.height) == (48, 64)


@pytest.mark.parametrize(("codec", "pixels"), [("libx264", "yuv420p"), ("mjpeg", "yuvj420p"), ("png", "rgb24")])
def test_cuts_are_seen_where_whole_frames_show_them(tmp_path, codec, pixels):
    path = tmp_path / "a.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, pixels
        for index in range(30):
            colour = (30 + index, 90, 60) if index // 10 != 1 else (60, 40, 160 + index)
            picture = np.full((64, 96, 3), colour, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    small, whole = SceneDetector(), SceneDetector()
    for frame in ClipSurvey(path):
        small.add_small(frame.small)
    for _, _, decoded in frames(path):
        whole.add(decoded)
    assert small.numbers() == whole.numbers() == [0] * 10 + [1] * 10 + [2] * 10


def test_the_small_picture_has_the_colours_of_the_frame(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 64, 48, 25) as writer:
        writer.write(np.full((48, 64, 3), (200, 90, 40), np.uint8))
    (frame,) = ClipSurvey(tmp_path / "a.mp4")
    assert frame.small.shape == (36, 64, 3)
    np.testing.assert_allclose(frame.small.mean(axis=(0, 1)), (200, 90, 40), atol=25)  # of another matrix at most
