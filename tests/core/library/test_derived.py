"""Pictures made of files are kept beside them, those of frames in the cache; where nothing is kept, nothing breaks."""

import pytest

from core.library.clip_frames import FrameOriginal
from core.library.derived import cached_name, find_derived, frame_cache, keep_derived
from db.tables import Image


@pytest.fixture
def photo():
    return Image(path="a.jpg", sha256="ab" * 32, original="originals/ab/x.jpg")


@pytest.fixture
def frame():
    return Image(path="a.mp4/7.jpg", sha256="cd" * 32, original=str(FrameOriginal("0123456789abcdef", 7)))


def test_what_is_kept_is_found(workspace, photo, frame):
    for image in (photo, frame):
        assert find_derived(workspace, image, "crops", "-1") is None
        path = keep_derived(workspace, image, "crops", b"content", "-1")
        assert find_derived(workspace, image, "crops", "-1") == path
        assert find_derived(workspace, image, "crops", "-2") is None
        assert path.read_bytes() == b"content"
    assert path == workspace.cache / "crops" / "0123456789abcdef" / "000007-1.jpg"
    assert workspace.derived("crops", photo.sha256, "-1").is_file()


def test_a_full_disk_keeps_nothing(workspace, photo, frame, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.media.files.os.replace", full)
    assert keep_derived(workspace, photo, "display", b"a") is None
    assert keep_derived(workspace, frame, "display", b"a") is None
    assert not list(workspace.home.rglob(".partial-*"))


def test_the_cache_has_the_bound_that_is_set(workspace):
    assert frame_cache(workspace).limit == workspace.settings.cache_bytes
    assert cached_name(FrameOriginal("0123456789abcdef", 12), "display") == "display/0123456789abcdef/000012.jpg"
