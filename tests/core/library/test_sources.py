"""What a folder or a zip holds: everything is offered or refused, and nothing leads out of it."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from core.foundation.errors import BadInput
from core.library.sources import Limits, OfferedFile, RefusedFile, list_source

LIMITS = Limits(file_bytes=10_000, archive_bytes=100_000, archive_files=50)


def refused(items):
    return {item.path: item.reason.text() for item in items if isinstance(item, RefusedFile)}


def offered(items):
    return {item.path: item for item in items if isinstance(item, OfferedFile)}


def zipped(folder: Path, *members: tuple[str | zipfile.ZipInfo, bytes], name="photos.zip") -> Path:
    target = folder / name
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return target


def test_a_folder_is_listed_in_the_order_of_the_paths_with_its_sub_folders(tmp_path):
    for name in ("b.jpg", "a/z.jpg", "a/b/c.jpg", ".hidden.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    items = list_source(tmp_path, LIMITS)
    assert [item.path for item in items] == [".hidden.jpg", "a/b/c.jpg", "a/z.jpg", "b.jpg"]
    assert [item.read() for item in items] == [item.path.encode() for item in items]
    assert offered(items)["a/z.jpg"].file == tmp_path / "a/z.jpg"


def test_an_empty_folder_holds_nothing(tmp_path):
    assert list_source(tmp_path, LIMITS) == []


def test_one_file_is_a_whole_import(tmp_path):
    (tmp_path / "one.jpg").write_bytes(b"x")
    (item,) = list_source(tmp_path / "one.jpg", LIMITS)
    assert (item.path, item.read()) == ("one.jpg", b"x")


def test_a_source_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(BadInput, match=r"nowhere: there is no such file or folder"):
        list_source(tmp_path / "nowhere", LIMITS)


def test_symbolic_links_are_refused_files_folders_and_loops(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(b"secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "file.jpg").symlink_to(outside / "secret.jpg")
    (root / "folder").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "dangling.jpg").symlink_to(tmp_path / "nothing")
    items = list_source(root, LIMITS)
    names = ("dangling.jpg", "file.jpg", "folder", "loop")
    assert refused(items) == dict.fromkeys(names, "a symbolic link is not followed")
    assert not offered(items)


def test_pipes_are_refused_without_waiting_for_them(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    assert refused(list_source(tmp_path, LIMITS)) == {"pipe.jpg": "not a regular file"}


def test_a_folder_that_cannot_be_read_is_listed_and_the_rest_goes_on(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "a.jpg").write_bytes(b"x")
    real = os.scandir

    def scandir(folder):
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    items = list_source(tmp_path, LIMITS)
    assert refused(items) == {"closed": "the folder cannot be read (Permission denied)"}
    assert list(offered(items)) == ["open/a.jpg"]


def test_a_file_that_cannot_be_read_says_so_when_it_is_read(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(b"x")
    (item,) = list_source(tmp_path, LIMITS)

    def closed(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(BadInput, match=r"^the file cannot be read \(Permission denied\)$"):
        item.read()


def test_a_file_that_is_gone_before_it_is_read_says_so(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    (item,) = list_source(tmp_path, LIMITS)
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(BadInput, match="No such file"):
        item.read()


def test_a_file_that_is_too_large_is_not_offered(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x" * 10_001)
    (tmp_path / "b.jpg").write_bytes(b"x" * 10_000)
    items = list_source(tmp_path, LIMITS)
    assert refused(items) == {"a.jpg": "10,001 bytes are more than the limit of 10,000 (FACET_MAX_FILE_BYTES)"}
    assert list(offered(items)) == ["b.jpg"]


def test_folders_may_be_nested_deeper_than_the_stack(tmp_path):
    place = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("d", dir_fd=place)
        inner = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)
    assert list_source(tmp_path, LIMITS) == []
    _remove_deep(tmp_path)


def _remove_deep(root: Path) -> None:
    """pytest's own clean-up recurses; move the lower half up until nothing is left."""
    for _ in range(1100):
        if not (root / "d").exists():
            return
        if (root / "d" / "d").exists():
            os.rename(root / "d" / "d", root / "e")
            os.rmdir(root / "d")
            os.rename(root / "e", root / "d")
        else:
            os.rmdir(root / "d")


def test_names_that_are_not_utf_8_become_text_that_can_be_kept(tmp_path):
    name = b"caf\xe9.jpg"
    with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
        file.write(b"x")
    (item,) = list_source(tmp_path, LIMITS)
    assert item.path == "caf�.jpg"
    assert item.read() == b"x"
    (alone,) = list_source(Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))), LIMITS)
    assert alone.path == "caf�.jpg"


def test_unicode_and_very_long_names_stay_as_they_are(tmp_path):
    names = {"日本語 😀.jpg", "x" * 251 + ".jpg", "a\nb.jpg", "{0}.jpg", "e\u0301.jpg"}
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    assert set(offered(list_source(tmp_path, LIMITS))) == names


@pytest.mark.parametrize(
    "name",
    [
        "../evil.jpg",
        "a/../../evil.jpg",
        "/etc/evil.jpg",
        "//server/evil.jpg",
        "C:\\evil.jpg",
        "C:evil.jpg",
        "..\\evil.jpg",
        "a\\..\\..\\evil.jpg",
        "\\evil.jpg",
        "\\\\server\\share\\evil.jpg",
        "c:/evil.jpg",
    ],
)
def test_members_that_lead_out_of_the_zip_are_refused(tmp_path, name):
    items = list_source(zipped(tmp_path, (name, b"x"), ("good.jpg", b"y")), LIMITS)
    assert list(refused(items).values()) == ["its path leaves the archive's folder"]
    assert list(offered(items)) == ["good.jpg"]


def test_backslashes_of_old_windows_packers_are_folders(tmp_path):
    items = list_source(zipped(tmp_path, ("Ada Lovelace\\1.jpg", b"x"), ("empty\\", b"")), LIMITS)
    assert list(offered(items)) == ["Ada Lovelace/1.jpg"]
    assert not refused(items)


def test_a_colon_or_dots_in_a_name_are_no_escape(tmp_path):
    names = ["12:30 lunch.jpg", "..jpg", "a..b/c.jpg", "...", "ratio 4:3/a.jpg"]
    assert sorted(offered(list_source(zipped(tmp_path, *((name, b"x") for name in names)), LIMITS))) == sorted(names)


def test_links_inside_a_zip_are_refused(tmp_path):
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = 0o120777 << 16
    items = list_source(zipped(tmp_path, (link, b"/etc/passwd")), LIMITS)
    assert refused(items) == {"link.jpg": "a symbolic link is not followed"}


def test_encrypted_members_are_refused(tmp_path):
    archive = bytearray(zipped(tmp_path, ("a.jpg", b"x")).read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        archive[archive.index(signature) + offset] |= 1
    (tmp_path / "locked.zip").write_bytes(archive)
    assert refused(list_source(tmp_path / "locked.zip", LIMITS)) == {"a.jpg": "the member is encrypted"}


def test_a_zip_that_would_unpack_to_too_much_is_refused_whole(tmp_path):
    bomb = zipped(tmp_path, *((f"{i}.jpg", b"\0" * 9_999) for i in range(11)))
    assert bomb.stat().st_size < 3_000
    with pytest.raises(BadInput, match=r"would unpack to 109,989 bytes, more than the limit of 100,000"):
        list_source(bomb, LIMITS)


def test_a_zip_with_too_many_files_is_refused_whole(tmp_path):
    with pytest.raises(BadInput, match=r"51 files are more than the limit of 50 \(FACET_MAX_ARCHIVE_FILES\)"):
        list_source(zipped(tmp_path, *((f"{i}.jpg", b"") for i in range(51))), LIMITS)


def test_a_member_that_is_too_large_is_refused_by_itself(tmp_path):
    items = list_source(zipped(tmp_path, ("a.jpg", b"x" * 10_001), ("b.jpg", b"y")), LIMITS)
    assert list(refused(items)) == ["a.jpg"]
    assert list(offered(items)) == ["b.jpg"]


def lying_zip(path: Path, claimed: int, real: bytes) -> Path:
    """A zip whose headers claim another size than the member has."""
    deflate = zlib.compressobj(wbits=-15)
    data = deflate.compress(real) + deflate.flush()
    name, crc = b"a.jpg", zlib.crc32(real)
    fields = (20, 0, 8, 0, 0, crc, len(data), claimed, len(name), 0)
    local = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", *fields) + name + data
    central = b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", 20, *fields, 0, 0, 0, 0, 0) + name
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    path.write_bytes(local + central + end)
    return path


def test_a_header_that_lies_about_the_size_gives_no_more_than_it_claims(tmp_path):
    (item,) = list_source(lying_zip(tmp_path / "liar.zip", 10, b"\0" * 5_000_000), LIMITS)
    with pytest.raises(BadInput, match=r"^the member is damaged \(Bad CRC-32"):
        item.read()


def test_an_honest_zip_of_the_same_make_is_read(tmp_path):
    (item,) = list_source(lying_zip(tmp_path / "honest.zip", 4, b"real"), LIMITS)
    assert item.read() == b"real"


def test_a_damaged_member_costs_only_itself(tmp_path):
    whole = zipped(tmp_path, ("a.jpg", os.urandom(1000)), ("b.jpg", b"good")).read_bytes()
    broken = bytearray(whole)
    broken[200:400] = bytes(200)
    (tmp_path / "broken.zip").write_bytes(broken)
    items = offered(list_source(tmp_path / "broken.zip", LIMITS))
    with pytest.raises(BadInput, match=r"^the member is damaged"):
        items["a.jpg"].read()
    assert items["b.jpg"].read() == b"good"


def test_a_truncated_zip_is_an_error(tmp_path):
    whole = zipped(tmp_path, *((f"{i}.jpg", b"x" * 500) for i in range(5))).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match=r"^cut\.zip: the zip is damaged$"):
        list_source(tmp_path / "cut.zip", LIMITS)


@pytest.mark.parametrize("field", [12, 13, 14, 15])
def test_a_zip_with_a_wrong_directory_is_an_error(tmp_path, field):
    whole = bytearray(zipped(tmp_path, ("a.jpg", b"x" * 50), ("b.jpg", b"y")).read_bytes())
    whole[whole.rindex(b"PK\x05\x06") + field] ^= 0xFF  # the size of the central directory
    (tmp_path / "wrong.zip").write_bytes(whole)
    with pytest.raises(BadInput, match=r"^wrong\.zip: the zip is damaged \(Bad "):
        list_source(tmp_path / "wrong.zip", LIMITS)


def test_a_zip_that_cannot_be_read_any_more_is_an_error(tmp_path, monkeypatch):
    archive = zipped(tmp_path, ("a.jpg", b"x"))

    def fails(*_, **__):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", fails)
    with pytest.raises(BadInput, match=r"photos\.zip: the zip is damaged \(\[Errno 5\] Input/output error\)"):
        list_source(archive, LIMITS)


def test_a_zip_under_another_name_is_still_a_zip(tmp_path):
    archive = zipped(tmp_path, ("a.jpg", b"x"), name="photos.bin")
    assert list(offered(list_source(archive, LIMITS))) == ["a.jpg"]


def test_an_empty_zip_holds_nothing_and_an_empty_file_is_no_zip(tmp_path):
    assert list_source(zipped(tmp_path), LIMITS) == []
    (tmp_path / "none.zip").write_bytes(b"")
    with pytest.raises(BadInput, match="the zip is damaged"):
        list_source(tmp_path / "none.zip", LIMITS)


@pytest.mark.parametrize("code", ["utf-8", "cp932"])
def test_a_member_whose_name_does_not_say_its_code_is_read_by_its_real_name(tmp_path, code):
    plain = zipped(tmp_path, ("XXXXXX.jpg", b"x")).read_bytes()
    raw = "写真".encode(code)
    (tmp_path / "photos.zip").write_bytes(plain.replace(b"XXXXXX", raw.ljust(6, b"_")))
    (item,) = list_source(tmp_path / "photos.zip", LIMITS)
    assert (item.path, item.read()) == (f"写真{'_' * (6 - len(raw))}.jpg", b"x")
