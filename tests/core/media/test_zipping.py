"""Zips that are made while they leave."""

from __future__ import annotations

import io
import zipfile

from core.media.zipping import file_parts, zipped


def entry(name, packed=zipfile.ZIP_STORED):
    made = zipfile.ZipInfo(name)
    made.compress_type = packed
    return made


def test_what_goes_in_comes_out_packed_or_not():
    entries = [
        (entry("a.txt"), [b"one ", b"two"]),
        (entry("b/ö.json", zipfile.ZIP_DEFLATED), [b"x" * 10_000]),
        (entry("empty"), []),
    ]
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped(entries)))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "a.txt": b"one two",
            "b/ö.json": b"x" * 10_000,
            "empty": b"",
        }
        assert archive.getinfo("b/ö.json").compress_size < 100


def test_no_piece_is_asked_for_before_the_one_before_has_left(tmp_path):
    (tmp_path / "large").write_bytes(bytes(5 * 2**20))
    asked = []

    def parts():
        for part in file_parts(tmp_path / "large"):
            asked.append(len(part))
            yield part

    stream = zipped([(entry("large"), parts())])
    next(stream)
    assert len(asked) == 1
    assert max(len(piece) for piece in stream) < 2 * 2**20
    assert asked == [2**20] * 5


def test_a_zip_of_nothing_is_one():
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped([])))) as archive:
        assert archive.namelist() == []
