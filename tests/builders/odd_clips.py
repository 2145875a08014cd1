"""Clips as other programs write them: reordered frames, uneven times, edit lists, changing sizes."""

import struct
from fractions import Fraction

import av
import numpy as np


def patterned(index, width=64, height=48):
    """(H, W, 3) uint8: smooth colours that drift, and a block that tells the frame; noise would hide what is read."""
    y, x = np.mgrid[:height, :width]
    made = np.stack([40 + 2 * x + index, 60 + 2 * y, 90 + x + y], axis=2) % 256
    made[height // 2 :, (5 * index) % width : (5 * index) % width + 6] = (230, 230, 40 + index)
    return made.astype(np.uint8)


def encoded(path, count=40, codec="libx264", options=None, times=None, rotation=None, size=(64, 48), pixels="yuv420p"):
    """Write `count` patterned frames; `times` are milliseconds, else 25 frames a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if rotation is not None:
            stream.set_display_rotation(rotation)
        for index in range(count):
            frame = av.VideoFrame.from_ndarray(patterned(index, *size), format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = times[index], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def of_changing_size(path, sizes=((64, 48), (96, 32)), each=5):
    """A WebM whose frames change their size on the way, as a call does whose line gets better."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = *sizes[0], "yuv420p"
        container.start_encoding()
        for part, size in enumerate(sizes):
            encoder = av.CodecContext.create("libvpx", "w")
            encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
            encoder.time_base = Fraction(1, 25)
            frames = [av.VideoFrame.from_ndarray(patterned(i, *size), format="rgb24") for i in range(each)]
            for index, frame in enumerate([*frames, None]):
                if frame is not None:
                    frame.pts, frame.time_base = part * each + index, Fraction(1, 25)
                for packet in encoder.encode(frame):
                    packet.stream = stream
                    container.mux(packet)
    return path


def without_frames(content):
    """An MP4 whose tables list no frame."""
    path = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
    for name, words in ((b"stsz", 3), (b"stts", 2), (b"stsc", 2), (b"stco", 2), (b"ctts", 2), (b"stss", 2)):
        content = _replaced(content, (*path, name), struct.pack(f">I4s{words}I", 8 + 4 * words, name, *[0] * words))
    return content


def with_header_of(path, whole):
    """The MP4 `whole` with its index moved to the front, cut off in the middle of its frames."""
    with av.open(str(whole)) as source, av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"mdat") + (len(content) - content.index(b"mdat")) * 2 // 3])
    return path


def with_edits(path, edits):
    """Give an MP4 whose index comes last another edit list: (duration in ms, first time in units of the track) each."""
    content = path.read_bytes()
    entries = b"".join(struct.pack(">IiI", duration, begin, 1 << 16) for duration, begin in edits)
    table = struct.pack(">I4sII", 16 + len(entries), b"elst", 0, len(edits)) + entries
    path.write_bytes(_replaced(content, (b"moov", b"trak", b"edts", b"elst"), table))
    return path


def _replaced(content, names, table):
    """`content` with the box at the end of a path of nested boxes replaced; sizes on the way are set anew."""
    at, made = 0, b""
    while at < len(content):
        size, name = struct.unpack(">I4s", content[at : at + 8])
        box = content[at : at + size]
        if name == names[0]:
            inside = table if len(names) == 1 else box[:8] + _replaced(box[8:], names[1:], table)
            box = struct.pack(">I", len(inside)) + inside[4:]
        made, at = made + box, at + size
    return made
