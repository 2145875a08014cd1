"""A cache stays under its bound, whoever writes, and a full disk costs nothing but time."""

import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from core.media import file_cache
from core.media.file_cache import FileCache
from tests.builders.places import ROOT


@pytest.fixture(autouse=True)
def as_a_new_process(monkeypatch):
    monkeypatch.setattr(file_cache, "_written", {})


def held(folder):
    found = {}
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # it has just left
            if path.is_file():
                found[path.name] = path.stat().st_size
    return found


def used_at(path, second):
    os.utime(path, (second, second))


def test_what_is_kept_is_found(tmp_path):
    cache = FileCache(tmp_path, 10_000)
    assert cache.find("display/a/1.jpg") is None
    path = cache.keep("display/a/1.jpg", b"one")
    assert cache.find("display/a/1.jpg") == path
    assert path.read_bytes() == b"one"


def test_what_was_used_longest_ago_leaves_first(tmp_path):
    for number in range(32):
        used_at(FileCache(tmp_path, 1 << 20).keep(f"{number}", bytes(900)), 1000 + number)
    cache = FileCache(tmp_path, 24_000)
    cache.find("0")  # used again: it stays
    cache.make_room()
    left = held(tmp_path)
    assert "0" in left
    assert sum(left.values()) <= 18_000
    assert set(left) == {"0", *map(str, range(32 - len(left) + 1, 32))}


def test_the_bound_holds_while_many_write(tmp_path):
    cache = FileCache(tmp_path, 64_000)
    largest = []
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda number: cache.keep(f"{number % 7}/{number}", bytes(1500)), range(300)):
            largest.append(sum(held(tmp_path).values()))
    assert max(largest) <= 64_000


def test_the_bound_holds_over_several_processes(tmp_path):
    code = (
        "import sys; from pathlib import Path; from core.media.file_cache import FileCache;"
        "c = FileCache(Path(sys.argv[1]), 64_000);"
        "[c.keep(f'{sys.argv[2]}-{i}', bytes(1500)) for i in range(150)]"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name], cwd=ROOT) for name in "abc"]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert 0 < sum(held(tmp_path).values()) <= 64_000


def test_what_is_larger_than_a_part_of_the_bound_is_not_kept(tmp_path):
    assert FileCache(tmp_path, 1000).keep("a", bytes(500)) is None
    assert FileCache(tmp_path, 0).keep("a", b"") is not None
    assert FileCache(tmp_path, 0).keep("b", b"b") is None
    assert set(held(tmp_path)) == {"a"}


def test_a_full_disk_keeps_nothing_and_says_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    cache = FileCache(tmp_path, 10_000)
    monkeypatch.setattr("core.media.files.os.replace", full)
    assert cache.keep("a", b"a") is None
    assert held(tmp_path) == {}
    monkeypatch.undo()
    monkeypatch.setattr(file_cache, "_written", {})
    assert cache.keep("a", b"a") is not None
