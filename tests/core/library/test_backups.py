"""Copies of the store, and the way back to one."""

import errno
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from core.foundation.errors import BadInput, FacetError
from core.foundation.workspace import Workspace
from core.library.backups import back_up, restore_backup
from core.library.names_in_store import create_dataset
from core.media.files import sweep_partials
from db.engine import reading
from db.queries.library import dataset_by_name
from tests.builders.places import ROOT


@pytest.fixture
def stopped(workspace, author):
    """A store with one dataset in a backup, and another that came later; nobody has it open."""
    create_dataset(workspace, "before", author)
    backup = back_up(workspace)
    create_dataset(workspace, "after", author)
    workspace.engine.dispose()
    return backup


def _names(settings):
    opened = Workspace.open(settings)
    with reading(opened.engine) as session:
        there = {name for name in ("before", "after") if dataset_by_name(name, session=session) is not None}
    opened.engine.dispose()
    return there


def test_a_backup_comes_back_and_what_it_replaces_is_kept(workspace, stopped):
    store, replaced = restore_backup(workspace.settings, stopped)
    assert store == workspace.home / "store.db"
    assert _names(workspace.settings) == {"before"}
    assert replaced.parent == workspace.backups
    restore_backup(workspace.settings, replaced)
    assert _names(workspace.settings) == {"before", "after"}


def test_a_store_of_large_pages_comes_back_with_small_ones(workspace, stopped):
    old = stopped.with_name("old.db")
    with closing(sqlite3.connect(stopped)) as copy:
        copy.execute("PRAGMA page_size=16384")
        copy.execute("VACUUM INTO ?", (str(old),))
    restore_backup(workspace.settings, old)
    with closing(sqlite3.connect(workspace.home / "store.db")) as store:
        assert store.execute("PRAGMA page_size").fetchone() == (4096,)
    assert _names(workspace.settings) == {"before"}


def test_a_store_that_is_gone_comes_back(workspace, stopped):
    for path in workspace.home.glob("store.db*"):
        path.unlink()
    assert restore_backup(workspace.settings, stopped)[1] is None
    assert _names(workspace.settings) == {"before"}


def test_a_damaged_store_is_replaced_and_kept_with_its_log(workspace, stopped):
    (workspace.home / "store.db").write_bytes(b"damaged " * 1000)
    (workspace.home / "store.db-wal").write_bytes(b"log")
    _, replaced = restore_backup(workspace.settings, stopped)
    assert replaced.read_bytes().startswith(b"damaged ")
    assert replaced.with_name(replaced.name + "-wal").read_bytes() == b"log"
    assert _names(workspace.settings) == {"before"}


@pytest.mark.parametrize("left", [50, 100, 5000, 20_000])
def test_a_store_that_was_cut_off_is_replaced_and_kept_as_it_was(workspace, stopped, left):
    store = workspace.home / "store.db"
    store.write_bytes(cut := store.read_bytes()[:left])
    _, replaced = restore_backup(workspace.settings, stopped)
    assert replaced.read_bytes() == cut
    assert _names(workspace.settings) == {"before"}


def test_while_somebody_has_the_store_open_nothing_is_replaced(workspace, stopped):
    with closing(sqlite3.connect(workspace.home / "store.db")) as other:
        other.execute("SELECT count(*) FROM dataset").fetchone()
        with pytest.raises(FacetError, match="stop the workbench"):
            restore_backup(workspace.settings, stopped)
    assert _names(workspace.settings) == {"before", "after"}


@pytest.mark.parametrize("content", [b"", b"no store " * 500, None])
def test_a_file_that_is_no_store_changes_nothing(workspace, stopped, tmp_path, content):
    file = tmp_path / "file.db"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadInput, match=r"file\.db is no store of Facet, or damaged"):
        restore_backup(workspace.settings, file)
    assert _names(workspace.settings) == {"before", "after"}


def test_a_store_of_a_newer_version_changes_nothing(workspace, stopped):
    with closing(sqlite3.connect(stopped)) as opened:
        opened.execute("UPDATE alembic_version SET version_num = 'zzzz'")
        opened.commit()
    with pytest.raises(BadInput, match="revision zzzz"):
        restore_backup(workspace.settings, stopped)
    assert _names(workspace.settings) == {"before", "after"}


def test_a_disk_that_is_full_is_a_sentence_and_the_store_stays(workspace, stopped, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.replace", full)
        with pytest.raises(FacetError, match=r"the store cannot be copied to .*No space left"):
            restore_backup(workspace.settings, stopped)
        with pytest.raises(FacetError, match=r"the store cannot be copied to .*No space left"):
            back_up(workspace)
    assert not list(workspace.home.rglob(".partial-*"))
    workspace.engine.dispose()
    assert _names(workspace.settings) == {"before", "after"}


def test_what_a_kill_leaves_of_a_backup_is_swept_when_its_process_is_gone(workspace):
    code = "import sys, db.migrate as m; m.os.replace = lambda *_: m.os.kill(m.os.getpid(), 9); "
    code += "from db.engine import open_engine; from pathlib import Path; "
    code += "m.backup(open_engine(f'sqlite:///{sys.argv[1]}'), Path(sys.argv[2]))"
    target = workspace.backups / "b.db"
    arguments = [sys.executable, "-c", code, str(workspace.home / "store.db"), str(target)]
    assert subprocess.run(arguments, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    (left,) = workspace.backups.iterdir()
    assert (target.exists(), left.stat().st_size > 0, sweep_partials(workspace.home)) == (False, True, 1)
    assert not list(workspace.backups.iterdir())
