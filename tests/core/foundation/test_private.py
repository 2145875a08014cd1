"""What is written is its owner's alone, until it is handed over."""

import os
import subprocess
import sys

import pytest

from core.foundation import private
from core.foundation.private import hand_over, keep_private, mode_for_others
from tests.builders.places import ROOT


@pytest.fixture(autouse=True)
def usual(monkeypatch):
    monkeypatch.setattr(private, "_umask", None)
    before = os.umask(0o022)
    yield
    os.umask(before)


def _mode(path):
    return path.stat().st_mode & 0o777


def test_files_and_folders_are_for_their_owner_only(tmp_path):
    keep_private()
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    assert (_mode(tmp_path / "folder"), _mode(tmp_path / "file")) == (0o700, 0o600)


def test_what_is_handed_over_has_the_rights_of_the_users_own_files(tmp_path):
    keep_private()
    keep_private()  # the second time must not take the first one's for the user's
    out = tmp_path / "export"
    out.mkdir()
    (out / "file").touch()
    hand_over(out)
    assert (_mode(out), _mode(out / "file")) == (0o755, 0o644)


def test_a_folder_that_others_may_enter_is_named_with_its_rights(tmp_path):
    tmp_path.chmod(0o750)
    assert mode_for_others(tmp_path) == "0750"
    tmp_path.chmod(0o700)
    assert mode_for_others(tmp_path) is None


def test_a_new_home_with_all_in_it_is_its_owners_and_an_export_is_handed_over(tmp_path):
    home, photos, out = tmp_path / "home", tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    picture = ROOT / "docs" / "screenshots" / "library.png"
    (photos / "a.png").write_bytes(picture.read_bytes())
    environment = os.environ | {"FACET_HOME": str(home)}
    for arguments in (["import", str(photos), "--dataset", "d"], ["export", "--dataset", "d", "--out", str(out)]):
        command = [sys.executable, "-m", "core", *arguments]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    inside = [home, *home.rglob("*")]
    assert len(inside) > 8
    assert not [path for path in inside if _mode(path) & 0o077]
    assert all(_mode(path) == (0o755 if path.is_dir() else 0o644) for path in (out, *out.rglob("*")))


START = """
import asyncio, contextlib, app

app.worker_beside = contextlib.nullcontext

async def begin():
    async with app.lifespan(None):
        pass

asyncio.run(begin())
"""


@pytest.mark.parametrize(("mode", "named"), [(0o755, True), (0o700, False)])
def test_a_home_that_others_may_read_is_named_when_the_workbench_starts(tmp_path, mode, named):
    home = tmp_path / "home"
    home.mkdir(mode=mode)
    environment = os.environ | {"FACET_HOME": str(home)}
    command = [sys.executable, "-c", START]
    started = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    assert "Facet is at" in started.stdout
    assert (f"{home}" in started.stdout and f"{mode:04o}" in started.stdout) is named
