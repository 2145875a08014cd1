from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.media.files import open_partial, sweep_partials, write_atomically


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    target = tmp_path / "folder" / "file"
    write_atomically(target, b"old", durable=True)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert [file.name for file in target.parent.iterdir()] == ["file"]


def test_a_file_that_is_written_may_be_read_by_whom_the_umask_lets_read(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_a_durable_write_syncs_the_file_and_its_folder(tmp_path, monkeypatch):
    synced = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda number: (synced.append(Path(f"/proc/self/fd/{number}").resolve()), real(number))
    )
    write_atomically(tmp_path / "file", b"x", durable=True)
    assert len(synced) == 2
    assert synced[1] == tmp_path.resolve()


def test_the_part_of_a_file_that_a_kill_left_is_swept_and_one_at_work_stays(tmp_path):
    (tmp_path / "originals" / "ab").mkdir(parents=True)
    folder = str(tmp_path / "originals" / "ab")
    leave = "import sys, pathlib, core.media.files as f; f.open_partial(pathlib.Path(sys.argv[1]), '.mp4')"
    subprocess.run([sys.executable, "-c", leave, folder], check=True, cwd=Path(__file__).parents[3])
    descriptor, mine = open_partial(tmp_path / "originals" / "ab")
    os.close(descriptor)
    whole = tmp_path / "originals" / "ab" / "whole.jpg"
    whole.touch()
    assert len(list(mine.parent.iterdir())) == 3
    assert sweep_partials(tmp_path) == 1
    assert set(mine.parent.iterdir()) == {mine, whole}


def test_the_part_of_another_machine_is_swept_when_nothing_came_for_a_day(tmp_path):
    theirs, old = (tmp_path / f".partial-elsewhere-7-{digit * 16}" for digit in "ab")
    for path in (theirs, old):
        path.touch()
    os.utime(old, (0, time.time() - 25 * 3600))
    assert sweep_partials(tmp_path) == 1
    assert theirs.exists()
