"""Clips, tracks, the split and excluded pictures in annotations.json; exports from before there were any lack them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from core.formats.clips import GROUPS, PARTS, LabelledClip, LabelledFrame, LabelledTrack, SplitPart
from core.formats.dataset import INSTANCE_KINDS, LabelledDataset, LeftOut
from core.formats.records import Record, blaming

FrameEntries = Mapping[str, dict[str, int]]
_FRAME: Final = ("number", "seconds", "image", "scene")


def video_entries(dataset: LabelledDataset) -> Iterator[dict[str, Any]]:
    """An entry for each clip; ``frames`` has number, seconds and image (or null) of each frame."""
    numbers = {image.path: i for i, image in enumerate(dataset.images, start=1)}
    for i, clip in enumerate(dataset.clips, start=1):
        yield {
            "id": i,
            "name": clip.path,
            "sha256": clip.sha256,
            "width": clip.width,
            "height": clip.height,
            "nframes": clip.length,
            "fps": clip.frames_per_second,
            "frames": [
                [frame.index, frame.seconds, frame.image and numbers[frame.image], frame.scene] for frame in clip.frames
            ],
        }


def track_entries(dataset: LabelledDataset) -> Iterator[dict[str, Any]]:
    """An entry for each face or body that goes through a clip; annotations name it by ``track_id``."""
    numbers = {clip.path: i for i, clip in enumerate(dataset.clips, start=1)}
    for track in dataset.tracks:
        yield {"id": track.number, "video_id": numbers[track.clip], "kind": track.kind, "name": track.name}


def frame_entries(dataset: LabelledDataset) -> FrameEntries:
    """``video_id`` and ``frame_id`` of each image that is a frame: of its first place, where equal frames share one."""
    entries: dict[str, dict[str, int]] = {}
    for i, clip in enumerate(dataset.clips, start=1):
        for frame in clip.frames:
            if frame.image is not None:
                entries.setdefault(frame.image, {"video_id": i, "frame_id": frame.index})
    return entries


def read_about_clips(
    content: Record, images: Mapping[int, str]
) -> tuple[Iterable[LabelledClip], Iterable[SplitPart], Iterable[LeftOut], Iterable[LabelledTrack]]:
    """Read the clips, the split, the excluded pictures and the tracks; `images` has the path of each image's number.

    Raises
    ------
    UnreadableLabels
        With the place: a missing key, a wrong number, a frame of an unknown image, an image that says of itself that it
        is another frame, an unknown group or part.
    """
    clips = dict(_clips(content, images)) if content.has("videos") else {}
    _agree(content, clips, images)
    split = tuple(_split(content)) if content.has("split") else ()
    excluded = content.records("excluded") if content.has("excluded") else ()
    left_out = [LeftOut(record.text("name"), record.text("reason")) for record in excluded]
    tracks = tuple(_tracks(content, clips)) if content.has("tracks") else ()
    return clips.values(), split, left_out, tracks


def _clips(content: Record, images: Mapping[int, str]) -> Iterator[tuple[int, LabelledClip]]:
    seen: set[int] = set()
    for record in content.records("videos"):
        number = record.new_id(seen)
        with blaming(record.place):
            yield (
                number,
                LabelledClip(
                    path=record.text("name"),
                    sha256=record.text("sha256"),
                    width=record.whole("width", 1),
                    height=record.whole("height", 1),
                    length=record.whole("nframes", 0),
                    frames_per_second=record.number("fps"),
                    frames=tuple(_frames(record, images)),
                ),
            )


def _frames(record: Record, images: Mapping[int, str]) -> Iterator[LabelledFrame]:
    for i, row in enumerate(record.sequence("frames")):
        if not isinstance(row, list) or len(row) not in (len(_FRAME) - 1, len(_FRAME)):  # older ones have no scene
            raise record.wrong("exports.frame_row", row=i)
        cells = Record(dict(zip(_FRAME, row, strict=False)), f"{record.place}: frames[{i}]")
        image = cells.whole("image", 0) if cells.has("image") else None
        if image is not None and image not in images:
            raise cells.wrong("exports.no_such_image", image=image)
        scene = cells.whole("scene", 0) if cells.has("scene") else 0
        path = None if image is None else images[image]
        yield LabelledFrame(cells.whole("number", 0), cells.number("seconds"), path, scene)


def _tracks(content: Record, clips: Mapping[int, LabelledClip]) -> Iterator[LabelledTrack]:
    seen: set[int] = set()
    for record in content.records("tracks"):
        number, clip = record.new_id(seen), record.whole("video_id", 0)
        if clip not in clips:
            raise record.wrong("exports.no_such_clip", number=clip)
        kind = record.choice("kind", INSTANCE_KINDS)
        with blaming(record.place):
            yield LabelledTrack(number, clips[clip].path, kind, record.optional_text("name"))


def _agree(content: Record, clips: Mapping[int, LabelledClip], images: Mapping[int, str]) -> None:
    """Refuse an image whose own word about its place in a clip is not the clip's."""
    frames = {(number, frame.index): frame.image for number, clip in clips.items() for frame in clip.frames}
    for record in content.records("images"):
        if not record.has("video_id"):
            continue
        position = (record.whole("video_id", 0), record.whole("frame_id", 0))
        if position[0] not in clips:
            raise record.wrong("exports.no_such_clip", number=position[0])
        if frames.get(position) != images[record.whole("id", 0)]:
            raise record.wrong("exports.frame_elsewhere", frame=position[1])


def _split(content: Record) -> Iterator[SplitPart]:
    for record in content.records("split"):
        group, part = record.choice("group", GROUPS), record.choice("part", PARTS)
        with blaming(record.place):
            yield SplitPart(group, record.text("name"), part)
