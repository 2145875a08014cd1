"""A picture is checked, and kept under its content."""

import hashlib

import pytest

from core.foundation.errors import UnreadableImage
from core.library.pictures import store_picture


def test_a_picture_is_kept_once_under_its_content_with_a_thumbnail(workspace, pictures):
    content = pictures(1, (40, 20))
    stored = store_picture(workspace, content, "a/b.png")
    again = store_picture(workspace, content, "c.png")
    sha256 = hashlib.sha256(content).hexdigest()
    assert stored.original == again.original == f"originals/{sha256[:2]}/{sha256}.png"
    assert (stored.width, stored.height, stored.format, stored.size_bytes) == (40, 20, "PNG", len(content))
    assert workspace.original(stored.original).read_bytes() == content
    assert workspace.derived("thumbnails", sha256).is_file()


def test_a_picture_that_stays_where_it_is_is_only_referred_to(workspace, pictures, tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(pictures(1))
    stored = store_picture(workspace, file.read_bytes(), "a.png", file)
    assert stored.original == str(file.resolve())
    assert list(workspace.originals.rglob("*.png")) == []


def test_what_is_no_picture_is_not_kept(workspace):
    with pytest.raises(UnreadableImage, match=r"a\.png"):
        store_picture(workspace, b"hello", "a.png")
    assert list(workspace.originals.rglob("*")) == []
