"""Clips of before are read from the clip where it shows the same; whatever it does not show keeps its file."""

import numpy as np
import pytest
from sqlmodel import col, select

from core.foundation.errors import NotFound
from core.foundation.messages import worded
from core.library import frame_files
from core.library.clip_frames import FrameOriginal
from core.library.frame_files import count_frame_files, free_frame_files
from core.library.pixels import picture_pixels
from core.library.serving import thumbnail_file
from core.media.files import write_atomically
from core.media.images import jpeg
from db.engine import reading
from db.tables import Dataset, Image, Video
from db.writing import writing
from tests.builders.odd_clips import encoded
from tests.builders.old_clips import frames_as_files


@pytest.fixture
def old(workspace, taken_clip, tmp_path):
    """A clip of twelve frames of which each has a file."""
    taken_clip(encoded(tmp_path / "a.mp4", 12, size=(160, 120)))
    return frames_as_files(workspace)


def images(workspace):
    with reading(workspace.engine) as session:
        return list(session.exec(select(Image).where(col(Image.sequence) == "a.mp4").order_by(col(Image.id))))


def test_frames_are_read_from_the_clip_and_their_files_go(workspace, dataset, old):
    before = [picture_pixels(workspace, image) for image in images(workspace)]
    assert thumbnail_file(workspace, images(workspace)[0].id)
    assert count_frame_files(workspace, dataset) == {"a.mp4": (12, 12)}
    sizes = sum(workspace.original(original).stat().st_size for original in old)
    freed = free_frame_files(workspace, dataset)
    assert (freed.frames, freed.kept) == (12, [])
    assert freed.bytes_freed > sizes
    assert count_frame_files(workspace, dataset) == {"a.mp4": (12, 0)}
    assert not [path for path in workspace.home.rglob("*.jpg")]
    for image, kept in zip(images(workspace), before, strict=True):
        assert FrameOriginal.parse(image.original) is not None
        assert np.abs(picture_pixels(workspace, image).astype(int) - kept).mean() < 4
    again = free_frame_files(workspace, dataset)
    assert (again.frames, again.bytes_freed, again.kept) == (0, 0, [])


def test_what_the_clip_does_not_show_keeps_its_file(workspace, dataset, old, monkeypatch):
    monkeypatch.setattr(frame_files, "_BATCH", 5)
    other = jpeg(np.full((120, 160, 3), 200, np.uint8))
    write_atomically(workspace.original(old[7]), other)
    with writing(workspace.engine) as session:
        session.get(Image, images(workspace)[3].id).width = 99
    freed = free_frame_files(workspace, dataset)
    assert freed.frames == 10
    assert {path: worded(reason.to_json()) for path, reason in freed.kept} == {
        "a.mp4/000003.jpg": "its picture has another size than the clip: 160 × 120 pixels",
        "a.mp4/000007.jpg": "the clip shows something else there",
    }
    assert [image.original for image in images(workspace)][7] == old[7]
    assert workspace.original(old[7]).read_bytes() == other
    assert workspace.original(old[3]).is_file()


def test_a_clip_that_is_gone_leaves_all_files(workspace, dataset, old):
    with reading(workspace.engine) as session:
        workspace.original(session.exec(select(Video.original)).one()).unlink()
    freed = free_frame_files(workspace, dataset)
    assert (freed.frames, freed.bytes_freed) == (0, 0)
    assert [path for path, _ in freed.kept] == ["a.mp4"]
    assert all(workspace.original(original).is_file() for original in old)


def test_a_file_that_another_dataset_has_too_stays(workspace, dataset, author, old):
    with writing(workspace.engine) as session:
        other = Dataset(name="other", created_by=author)
        session.add(other)
        session.flush()
        plain = {"dataset_id": other.id, "path": "x.jpg", "sha256": "9" * 64, "size_bytes": 1, "format": "JPEG"}
        session.add(Image(**plain, width=160, height=120, original=old[2]))
    assert free_frame_files(workspace, dataset).frames == 12
    assert [original for original in old if workspace.original(original).is_file()] == [old[2]]


def test_a_dataset_that_is_not_there_is_said(workspace):
    for asked in (count_frame_files, free_frame_files):
        with pytest.raises(NotFound):
            asked(workspace, 99)
