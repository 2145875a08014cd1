"""One way to the pixels of a picture, whether it is a file or a frame of a clip."""

import hashlib

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, NotFound
from core.library.batches import opened_batches
from core.library.pixels import content_digest, picture_orientation, picture_pixels, picture_place
from core.media.clip_reading import ClipReader, FramePlace
from core.media.images import jpeg
from core.media.videos import frames
from db.engine import reading
from db.tables import Image, Video
from tests.builders.odd_clips import encoded
from tests.builders.old_clips import frames_as_files


def test_frames_are_those_of_the_clip(workspace, taken_clip, tmp_path):
    source = encoded(tmp_path / "a.mp4", 30, options={"g": "12", "bf": "2"})
    images = taken_clip(source)
    assert isinstance(picture_place(workspace, images[0]), FramePlace)
    whole = [pixels for _, _, pixels in frames(source)]
    for number in (0, 29, 3, 4, 17):
        for verified in (False, True):
            np.testing.assert_array_equal(picture_pixels(workspace, images[number], verified=verified), whole[number])
    assert picture_orientation(workspace, images[0]) == 1


def test_a_clip_that_is_gone_or_another_one_is_said(workspace, taken_clip, tmp_path):
    image = taken_clip(encoded(tmp_path / "a.mp4", 30))[20]
    with reading(workspace.engine) as session:
        file = workspace.original(session.exec(select(Video.original)).one())
    content = file.read_bytes()
    file.write_bytes(encoded(tmp_path / "b.mp4", 30, codec="mpeg4").read_bytes())
    with pytest.raises(BadInput, match=r"a\.mp4/000020\.jpg: frame 21 of it cannot be decoded as it was"):
        picture_pixels(workspace, image)
    file.unlink()
    with pytest.raises(NotFound, match=r"a\.mp4/000020\.jpg: the original is gone from "):
        picture_pixels(workspace, image)
    file.write_bytes(content)
    assert picture_pixels(workspace, image).shape == (48, 64, 3)


def test_a_frame_that_was_kept_as_a_file_is_compared_with_that(workspace, taken_clip, tmp_path):
    taken_clip(encoded(tmp_path / "a.mp4", 3))
    frames_as_files(workspace)
    with reading(workspace.engine) as session:
        image = session.exec(select(Image)).first()
    file = picture_place(workspace, image)
    assert content_digest(image) == hashlib.sha256(file.read_bytes()).hexdigest() != image.sha256
    assert picture_pixels(workspace, image, verified=True).shape == (48, 64, 3)
    file.write_bytes(jpeg(np.zeros((48, 64, 3), np.uint8)))
    with pytest.raises(BadInput, match="was changed after the import"):
        picture_pixels(workspace, image, verified=True)
    assert picture_pixels(workspace, image).max() == 0  # whoever looks at many does not read each twice


def test_a_file_elsewhere_is_known_by_its_content():
    image = Image(path="a.png", sha256="1" * 64, original="/srv/" + "2" * 64 + ".png")
    assert content_digest(image) == "1" * 64


def test_whoever_looks_at_a_whole_clip_does_not_seek_for_each_frame(workspace, taken_clip, tmp_path, monkeypatch):
    source = encoded(tmp_path / "a.mp4", 60, options={"g": "12", "bf": "2", "sc_threshold": "0"})
    images = taken_clip(source)
    sought = []
    plain = ClipReader._seek
    monkeypatch.setattr(ClipReader, "_seek", lambda self, key: sought.append(key) or plain(self, key))
    shown = [picture for batch in opened_batches(workspace, images) for picture in batch]
    for picture, (_, _, pixels) in zip(shown, frames(source), strict=True):
        np.testing.assert_array_equal(picture.pixels, pixels)
    assert len(sought) <= 5  # once at each key frame at most, where two threads take their frames in another order
