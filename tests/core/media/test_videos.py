"""Clips in and out, with files as they really come: headers that lie, odd sizes, variable rates, damage, tricks."""

import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from core.foundation.errors import BadInput, UnreadableVideo
from core.media.videos import VideoWriter, frames, is_clip, probe, rate_of
from tests.builders.places import SHARED

STREET = SHARED / "video" / "facenet_pytorch_street.mp4"


def picture(index=0, width=64, height=48):
    """Smooth colours and one corner that tells which way is up: red at the top left; a bar tells the index."""
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([90 + 60 * x / width, 80 + 90 * y / height, np.full_like(x, 120.0)], axis=2)
    pixels[: height // 3, : width // 3] = (200, 30, 30)
    pixels[height // 2 :, 4 * index : 4 * index + 4] = (230, 230, 40)
    return np.rint(pixels).astype(np.uint8)


def write(path, count=6, width=64, height=48, rate=25.0):
    with VideoWriter(path, width, height, rate) as writer:
        for index in range(count):
            writer.write(picture(index, width, height))
    return path


def raw(path, count=6, codec="mpeg4", times=None, rotation=None, options=None, rate=25):
    """A clip as other programs write them, without our writer."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb24" if codec == "png" else "yuv420p"
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if rotation is not None:
            stream.set_display_rotation(rotation)
        for index in range(count):
            frame = av.VideoFrame.from_ndarray(picture(index), format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = times[index], Fraction(1, 1000)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def psnr(first, second):
    error = np.mean((first.astype(float) - second.astype(float)) ** 2)
    return 10 * np.log10(255**2 / error)


def boxes(content):
    """The names of an MP4's outermost boxes, in their order."""
    at, names = 0, []
    while at < len(content):
        size, name = struct.unpack(">I4s", content[at : at + 8])
        names.append(name.decode())
        at += size or len(content)
    return names


def test_what_is_written_decodes_to_nearly_the_same_frames(tmp_path):
    decoded = list(frames(write(tmp_path / "a.mp4")))
    assert [index for index, _, _ in decoded] == list(range(6))
    assert [seconds for _, seconds, _ in decoded] == pytest.approx([i / 25 for i in range(6)])
    for index, _, pixels in decoded:
        assert pixels.shape == (48, 64, 3)
        assert pixels.dtype == np.uint8
        assert psnr(pixels, picture(index)) > 30


def test_colours_come_back_without_a_shift(tmp_path):
    flat = np.empty((64, 64, 3), np.uint8)
    colours = [(220, 50, 47), (42, 157, 60), (38, 110, 220), (255, 255, 255), (0, 0, 0)]
    with VideoWriter(tmp_path / "a.mp4", 64, 64, 25) as writer:
        for colour in colours:
            flat[:] = colour
            writer.write(flat)
    for colour, (_, _, pixels) in zip(colours, frames(tmp_path / "a.mp4"), strict=True):
        assert np.abs(pixels.mean(axis=(0, 1)) - colour).max() < 3


def test_the_file_is_what_browsers_play(tmp_path):
    path = write(tmp_path / "a.mp4")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == 25
    order = boxes(path.read_bytes())
    assert order.index("moov") < order.index("mdat")


def test_a_rate_such_as_ntsc_is_kept_exactly(tmp_path):
    write(tmp_path / "a.mp4", rate=30000 / 1001)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].average_rate == Fraction(30000, 1001)


def test_odd_sizes_are_padded_by_their_last_column_and_row(tmp_path):
    write(tmp_path / "a.mp4", 2, 33, 47)
    clip = probe(tmp_path / "a.mp4")
    assert (clip.width, clip.height) == (34, 48)
    _, _, pixels = next(frames(tmp_path / "a.mp4"))
    assert psnr(pixels[:47, :33], picture(0, 33, 47)) > 28
    assert np.abs(pixels[47].astype(int) - pixels[46]).mean() < 8


def test_an_unfinished_video_leaves_nothing_and_the_older_file_as_it_was(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"older")
    with pytest.raises(KeyError), VideoWriter(path, 64, 48, 25) as writer:  # noqa: PT012
        writer.write(picture())
        raise KeyError
    assert path.read_bytes() == b"older"
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


def test_a_video_without_frames_or_with_wrong_ones_is_refused(tmp_path):
    with pytest.raises(BadInput, match="at least one frame"), VideoWriter(tmp_path / "a.mp4", 64, 48, 25):
        pass
    for wrong in (picture(0, 48, 64), picture().astype(np.float32), picture()[:, :, 0]):
        with (
            pytest.raises(BadInput, match=r"a frame is \(48, 64, 3\) uint8"),
            VideoWriter(tmp_path / "a.mp4", 64, 48, 25) as writer,
        ):
            writer.write(wrong)
    for width, height, rate in ((0, 48, 25), (64, 48, 0), (64, 48, float("nan")), (64, 48, 1e6)):
        with pytest.raises(BadInput, match="is no video"):
            VideoWriter(tmp_path / "a.mp4", width, height, rate)
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_full_is_said_in_a_sentence(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.media.videos.os.replace", full)
    with pytest.raises(Exception, match=r"could not be written .No space left on device.; is the disk full"):
        write(tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "mpeg4"), ("a.mov", "libx264"), ("a.avi", "mpeg4"), ("a.mkv", "libx264"), ("a.webm", "libvpx")],
)
def test_each_container_that_is_promised_is_read(tmp_path, name, codec):
    path = raw(tmp_path / name, codec=codec)
    assert is_clip(name)
    decoded = list(frames(path))
    assert len(decoded) == 6
    assert [seconds for _, seconds, _ in decoded] == pytest.approx([i / 25 for i in range(6)], abs=2e-3)
    assert psnr(decoded[0][2], picture()) > 22
    clip = probe(path)
    assert (clip.width, clip.height, clip.frames_per_second) == (64, 48, 25)


def test_pictures_and_papers_are_no_clips():
    assert is_clip("Holiday/IMG_1.MOV")
    assert is_clip("Holiday/IMG_1.3gp")
    assert not any(is_clip(name) for name in ("a.jpg", "a.gif", "mp4", "a.mp4.txt", "a.mp3"))


def test_a_variable_rate_gives_presentation_times_from_the_first_frame(tmp_path):
    times = [500, 533, 640, 660, 1200, 1233]
    decoded = list(frames(raw(tmp_path / "a.mkv", codec="libx264", times=times)))
    assert [seconds for _, seconds, _ in decoded] == pytest.approx([(t - 500) / 1000 for t in times], abs=2e-3)


def test_a_quarter_turn_in_the_metadata_is_applied(tmp_path):
    upright = picture()
    for degrees, turns in ((90, 1), (-90, 3), (180, 2), (0, 0)):
        path = raw(tmp_path / f"{turns}.mp4", codec="libx264", rotation=degrees, count=2)
        with av.open(str(path)) as container:
            assert next(container.decode(video=0)).rotation in (degrees, -degrees if degrees == 180 else degrees)
        _, _, pixels = next(frames(path))
        expected = np.rot90(upright, turns)
        assert pixels.shape == expected.shape
        assert psnr(pixels, expected) > 22
        clip = probe(path)
        assert (clip.height, clip.width) == expected.shape[:2]


def test_a_header_that_promises_too_much_is_not_believed(tmp_path):
    path = write(tmp_path / "a.mp4", 60)
    with av.open(str(path)) as container:
        packets = sorted((packet.pos, packet.size) for packet in container.demux(video=0) if packet.size)
    at, _ = packets[30]
    path.write_bytes(path.read_bytes()[:at])  # the index comes first and still lists 60
    assert probe(path).frames == 60
    assert 25 <= len(list(frames(path))) <= 31


def test_damage_in_the_middle_says_how_many_frames_came_before(tmp_path):
    path = raw(tmp_path / "a.mov", codec="png")  # every frame by itself, so broken bytes are noticed at theirs
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    at, size = packets[3]
    content[at + 20 : at + size] = bytes(size - 20)
    path.write_bytes(content)
    before = frames(path)
    assert [next(before)[0] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(UnreadableVideo, match=r"a\.mov: it is damaged after 3 frames") as caught:
        next(before)
    assert caught.value.decoded == 3


def test_sound_alone_is_no_clip(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    with pytest.raises(UnreadableVideo, match=r"a\.mp4: there is no picture in it"):
        probe(path)


@pytest.mark.parametrize("content", [b"", b"not a video at all", b"\x00\x00\x00\x20ftypisom" + bytes(64)])
def test_what_is_no_video_is_refused_by_its_name(tmp_path, content):
    path = tmp_path / "stored"
    path.write_bytes(content)
    for read in (probe, lambda *arguments: list(frames(*arguments))):
        with pytest.raises(UnreadableVideo, match=r"holiday\.mp4: not a video"):
            read(path, "holiday.mp4")


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UnreadableVideo, match=r"a\.mp4: there is no such file"):
        probe(tmp_path / "a.mp4")


@pytest.mark.parametrize("script", ["ffconcat version 1.0\nfile {}\n", "#EXTM3U\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"])
def test_a_playlist_under_a_clips_name_opens_no_other_file(tmp_path, script):
    other = write(tmp_path / "other.mp4")
    trick = tmp_path / "trick.mp4"
    trick.write_text(script.format(other.name))
    with pytest.raises(UnreadableVideo, match="not a video"):
        probe(trick)


@pytest.mark.shared
@pytest.mark.skipif(not STREET.is_file(), reason="the shared data is not here")
def test_a_real_clip_decodes_with_its_times():
    clip = probe(STREET)
    decoded = [(index, seconds, pixels.shape) for index, seconds, pixels in frames(STREET)]
    assert len(decoded) == clip.frames
    assert all(shape == (clip.height, clip.width, 3) for _, _, shape in decoded)
    times = np.array([seconds for _, seconds, _ in decoded])
    assert times[0] == 0
    assert np.median(np.diff(times)) == pytest.approx(1 / clip.frames_per_second, rel=0.02)


@pytest.mark.parametrize(
    ("frames", "seconds", "stated", "rate"),
    [
        (29, 1.16, 600.0, 25.0),
        (29, 1.16, 0.0, 25.0),
        (29, 1.16, 25.1, 25.1),
        (300, 10.01, 30000 / 1001, 30000 / 1001),
        (0, 0.0, 12.0, 12.0),
        (0, 0.0, 0.0, 25.0),
    ],
)
def test_the_rate_is_that_of_the_presentation_times_where_the_header_says_another(frames, seconds, stated, rate):
    assert rate_of(frames, seconds, stated) == pytest.approx(rate)
