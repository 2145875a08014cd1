"""What the store says of a frame, and where it is read: of a clip that moved, of one whose index is gone."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from sqlmodel import col, select

from core.foundation.errors import UnreadableVideo
from core.library import clip_frames
from core.library.clip_frames import FrameOriginal, frame_identity, frame_place, read_frame
from core.media.clip_index import ClipIndex
from core.media.videos import frames
from db.engine import reading
from db.tables import Image, Video
from db.writing import writing
from tests.builders.odd_clips import encoded


@pytest.mark.parametrize(
    "original",
    ["originals/ab/x.jpg", "/srv/photos/clip:0123456789abcdef:7", "clip:short:7", "clip:0123456789abcdef:x", ""],
)
def test_the_file_of_a_picture_is_no_frame(original):
    assert FrameOriginal.parse(original) is None


def test_what_is_said_of_a_frame_is_read_again():
    frame = FrameOriginal.of("0123456789abcdef" + "0" * 48, 1234)
    assert str(frame) == "clip:0123456789abcdef:1234"
    assert FrameOriginal.parse(str(frame)) == frame


def test_a_frame_is_known_by_its_clip_and_its_number():
    known = {frame_identity(clip, number) for clip in ("a" * 64, "b" * 64) for number in range(11)}
    assert len(known) == 22
    assert all(len(identity) == 64 for identity in known)
    assert frame_identity("a" * 64, 1) in known


def test_a_clip_is_found_where_it_lies_now(workspace, taken_clip, tmp_path):
    source = encoded(tmp_path / "a.mp4", 5)
    (image, *_) = taken_clip(source, reference=True)
    frame = FrameOriginal.parse(image.original)
    first = frame_place(workspace, frame, image.path).pixels()
    shutil.move(source, tmp_path / "b.mp4")
    with pytest.raises(UnreadableVideo, match=r"a\.mp4/000000\.jpg: the file cannot be read .No such file"):
        frame_place(workspace, frame, image.path).pixels()
    with writing(workspace.engine) as session:
        session.exec(select(Video)).one().original = str(tmp_path / "b.mp4")
    np.testing.assert_array_equal(frame_place(workspace, frame, image.path).pixels(), first)


def test_an_index_that_is_gone_is_made_anew(workspace, taken_clip, tmp_path):
    source = encoded(tmp_path / "a.mp4", 9, options={"g": "4"})
    images = taken_clip(source)
    index = workspace.clip_index(FrameOriginal.parse(images[0].original).clip)
    before = index.stat().st_size
    index.unlink()
    place = frame_place(workspace, FrameOriginal.parse(images[6].original), "x")
    np.testing.assert_array_equal(place.pixels(), [pixels for _, _, pixels in frames(source)][6])
    assert index.stat().st_size == before


def test_each_frame_does_not_ask_the_store(workspace, taken_clip, tmp_path, monkeypatch):
    images = taken_clip(encoded(tmp_path / "a.mp4", 6))
    asked = []
    monkeypatch.setattr(clip_frames, "reading", lambda engine: asked.append(1) or reading(engine))
    for image in images:
        frame_place(workspace, FrameOriginal.parse(image.original), image.path).pixels()
    assert len(asked) <= 1


def test_a_frame_of_no_clip_is_said(workspace):
    place = frame_place(workspace, FrameOriginal("0123456789abcdef", 3), "gone.mp4/000003.jpg")
    with pytest.raises(UnreadableVideo, match=r"gone\.mp4/000003\.jpg"):
        place.pixels()
    with reading(workspace.engine) as session:
        assert session.exec(select(col(Image.id))).first() is None


def test_an_index_that_another_decoder_made_or_that_is_damaged_is_made_anew_once(
    workspace, taken_clip, tmp_path, monkeypatch
):
    images = taken_clip(encoded(tmp_path / "a.mp4", 9))
    frame = FrameOriginal.parse(images[5].original)
    whole = read_frame(workspace, frame, "x")
    index = workspace.clip_index(frame.clip)
    right = ClipIndex.from_bytes(index.read_bytes())
    for wrong in (replace(right, checksums=right.checksums + 1).to_bytes(), b"damaged"):
        monkeypatch.setattr(clip_frames, "_compared", set())
        index.write_bytes(wrong)
        np.testing.assert_array_equal(read_frame(workspace, frame, "x"), whole)
        index.write_bytes(wrong + b" ")
        with pytest.raises(UnreadableVideo):
            read_frame(workspace, frame, "x")
