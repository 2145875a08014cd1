"""A zip of an export is unpacked safely for as long as it is read; any other zip is left to the import of pictures."""

from __future__ import annotations

import hashlib
import stat
import zipfile

import pytest

from core.exchange.packed import unpacked_export
from core.formats import WRITERS
from core.formats.dataset import LabelledDataset, LabelledImage
from core.foundation.errors import BadInput, Cancelled, FacetError
from core.foundation.progress import Progress
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace


@pytest.fixture
def export(tmp_path, pictures):
    """The files of an export with one picture: content by relative path."""
    photo = tmp_path / "photo.png"
    photo.write_bytes(pictures(1, size=(60, 40)))
    content = photo.read_bytes()
    image = LabelledImage(
        path="photo.png",
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        width=60,
        height=40,
        file=photo,
    )
    folder = tmp_path / "out"
    WRITERS["facet"](LabelledDataset("faces", (image,), (), (), ()), folder, exported_at="2026-11-20T00:00:00Z")
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def pack(tmp_path):
    def packed(*members, name="out.zip"):
        target = tmp_path / name
        with zipfile.ZipFile(target, "w") as archive:
            for member, content in members:
                archive.writestr(member, content)
        return target

    return packed


def under(folder, export):
    return [(f"{folder}{path}", content) for path, content in export.items()]


def is_export(workspace, source):
    with unpacked_export(workspace, source) as folder:
        return folder is not None


@pytest.mark.parametrize("top", ["", "out/"])
def test_export_is_unpacked_byte_for_byte_and_gone_after_the_block(workspace, export, pack, top):
    with unpacked_export(workspace, pack(*under(top, export))) as folder:
        assert workspace.uploads in folder.parents
        found = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert found == export
    assert list(workspace.uploads.iterdir()) == []


def test_what_a_desktop_puts_beside_the_folder_does_not_matter(workspace, export, pack):
    beside = [("__MACOSX/out/._manifest.json", b"x"), (".DS_Store", b"x"), ("out/images/.DS_Store", b"x")]
    assert is_export(workspace, pack(*under("out/", export), *beside))


def test_other_zips_and_folders_are_not_taken_for_exports(workspace, export, pack, tmp_path):
    assert not is_export(workspace, tmp_path)
    assert not is_export(workspace, tmp_path / "photo.png")
    assert not is_export(workspace, pack(name="empty.zip"))
    assert not is_export(workspace, pack(("a.png", b"x"), ("b/c.png", b"x"), name="pictures.zip"))
    assert not is_export(workspace, pack(("manifest.json", b"{}"), ("a.png", b"x"), name="other program.zip"))
    assert not is_export(workspace, pack(*under("out/", export), ("holiday/1.png", b"x"), name="two folders.zip"))
    assert not is_export(workspace, pack(*under("a/b/", export), name="too deep.zip"))
    assert list(workspace.uploads.iterdir()) == []


def link(name):
    made = zipfile.ZipInfo(name)
    made.external_attr = (stat.S_IFLNK | 0o777) << 16
    return made


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("../evil.txt", r"out\.zip: \.\./evil\.txt: its path leaves the archive's folder"),
        ("/evil.txt", r"out\.zip: /evil\.txt: its path leaves the archive's folder"),
        ("C:\\evil.txt", r"out\.zip: C:/evil\.txt: its path leaves the archive's folder"),
        (link("images/link.png"), r"out\.zip: images/link\.png: a symbolic link is not followed"),
    ],
)
def test_member_that_may_not_be_unpacked_refuses_the_whole_export(workspace, export, pack, tmp_path, member, reason):
    source = pack(*under("", export), (member, b"/etc/passwd"))
    with pytest.raises(BadInput, match=reason), unpacked_export(workspace, source):
        pass
    assert list(workspace.uploads.iterdir()) == []
    assert not list(tmp_path.rglob("evil.txt"))


def test_damaged_member_and_damaged_zip_are_sentences(workspace, export, pack):
    source = pack(*under("", export))
    whole = source.read_bytes()
    place = whole.index(export["images/photo.png"]) + 20
    source.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
    with (
        pytest.raises(BadInput, match=r"out\.zip: images/photo\.png: the member is damaged \(Bad CRC-32"),
        unpacked_export(workspace, source),
    ):
        pass
    directory = whole.index(b"PK\x01\x02")
    source.write_bytes(whole[:directory] + b"XXXX" + whole[directory + 4 :])
    with pytest.raises(BadInput, match=r"out\.zip: the zip is damaged"), unpacked_export(workspace, source):
        pass
    assert list(workspace.uploads.iterdir()) == []


def test_two_things_of_one_name_are_a_sentence(workspace, export, pack):
    source = pack(*under("", export), ("images/photo.png/inside.txt", b"x"))
    with pytest.raises(FacetError, match=r"inside\.txt cannot be unpacked"), unpacked_export(workspace, source):
        pass
    assert list(workspace.uploads.iterdir()) == []


def test_export_larger_than_the_settings_allow_is_refused(workspace, export, pack):
    small = Workspace(Settings(home=workspace.home, max_archive_bytes=100))
    with (
        pytest.raises(BadInput, match=r"more than the limit of 100 \(FACET_MAX_ARCHIVE_BYTES\)"),
        unpacked_export(small, pack(*under("", export))),
    ):
        pass


def test_cancelled_unpacking_leaves_no_folder(workspace, export, pack):
    class Stops(Progress):
        def advance(self, done, message=""):
            raise Cancelled("training.stopped")

    source = pack(*under("", export))
    with pytest.raises(Cancelled, match="stopped"), unpacked_export(workspace, source, Stops()):
        pass
    assert list(workspace.uploads.iterdir()) == []
