"""A folder into which pictures arrive: which may be watched, and which files are new and whole."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.foundation.errors import BadInput
from core.library.sources import Limits
from core.library.watching import ArrivingFiles, FileMark, files_there, folder_to_watch

LIMITS = Limits(10**6, 10**6, 100, 10**6)


def test_a_folder_that_facet_writes_into_itself_is_not_watched_nor_one_around_it(workspace, tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "link").symlink_to(workspace.originals)
    assert folder_to_watch(workspace, tmp_path / "x" / ".." / "inbox") == (tmp_path / "inbox").resolve()
    for folder in (workspace.home, workspace.originals, tmp_path / "link", workspace.home.parent):
        with pytest.raises(BadInput, match="holds what Facet itself writes, or lies in it"):
            folder_to_watch(workspace, folder)
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(BadInput, match="there is no such folder"):
            folder_to_watch(workspace, folder)


def test_files_below_are_seen_and_what_is_hidden_or_unfinished_waits(tmp_path):
    for name in ("b.jpg", "deep/er/a.jpg", ".hidden.jpg", ".cache/a.jpg", "c.jpg.part", "d.JPG.crdownload"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"12345")
    (tmp_path / "link.jpg").symlink_to("/etc/passwd")
    marks = files_there(tmp_path, LIMITS)
    assert [mark.path for mark in marks] == ["b.jpg", "deep/er/a.jpg", "link.jpg"]
    assert marks[0] == FileMark("b.jpg", 5, (tmp_path / "b.jpg").stat().st_mtime_ns)
    odd = tmp_path / os.fsdecode(b"\xe9.jpg")
    odd.write_bytes(b"1")
    assert "�.jpg" in [mark.path for mark in files_there(tmp_path, LIMITS)], "a name in another code is not lost"


def test_a_folder_that_is_gone_or_became_a_link_elsewhere_has_no_files(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(b"1")
    watched = (tmp_path / "in").resolve()
    (tmp_path / "in").rename(tmp_path / "moved")
    assert files_there(watched, LIMITS) == []
    (tmp_path / "in").symlink_to(tmp_path / "moved")
    assert files_there(watched, LIMITS) == []


def mark(path, size=1, modified=0):
    return FileMark(path, size, modified)


def test_a_file_has_arrived_once_it_is_as_it_was_at_the_look_before():
    files = ArrivingFiles([mark("old")])
    assert files.look([mark("old"), mark("a", 1), mark("empty", 0)]) == []
    assert files.look([mark("a", 2), mark("empty", 0)]) == [], "it has grown meanwhile"
    assert files.look([mark("a", 2, 5), mark("b")]) == [], "it was written again"
    assert files.look([mark("a", 2, 5), mark("b"), mark("empty", 0)]) == [mark("a", 2, 5), mark("b")]
    assert files.look([mark("a", 2, 5), mark("b")]) == [mark("a", 2, 5), mark("b")], "until they are taken"
    files.take([mark("a", 2, 5)])
    assert files.look([mark("a", 2, 5), mark("b")]) == [mark("b")]
    assert files.look([mark("a", 3, 9)]) == []
    assert files.look([mark("a", 3, 9)]) == [mark("a", 3, 9)], "another content of the name is another file"


marks = st.lists(st.builds(mark, st.sampled_from("abc"), st.integers(0, 2), st.integers(0, 1)), max_size=4)


@given(st.lists(marks, max_size=8))
def test_whatever_comes_and_goes_no_file_arrives_twice_or_changing(looks):
    files, taken, before = ArrivingFiles([]), [], set()
    for there in looks:
        arrived = files.look(there)
        files.take(arrived)
        assert set(arrived) <= set(there) & before
        taken += arrived
        before = set(there)
    assert len(taken) == len(set(taken))
    assert all(one.size for one in taken)
