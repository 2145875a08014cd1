"""A store's own id: made at its birth, another one where a copy is put back, the same in between."""

import shutil
import threading

import pytest

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from db.engine import reading
from db.migrate import backup, own_id
from db.queries.store import store_id


def opened_id(home):
    """The id of the store of a home folder, as whoever opens it finds it."""
    workspace = Workspace.open(Settings(home=home))
    with reading(workspace.engine) as session:
        found = store_id(session=session)
    workspace.engine.dispose()
    return found


def test_a_store_keeps_its_id_and_no_two_have_one(tmp_path):
    first = opened_id(tmp_path / "a")
    assert opened_id(tmp_path / "a") == first
    assert opened_id(tmp_path / "b") != first
    assert len(first) == 32


@pytest.fixture
def copy(workspace, tmp_path):
    return backup(workspace.engine, tmp_path / "copy.db")


def put_back(copy, workspace):
    workspace.engine.dispose()
    for ending in ("-wal", "-shm"):
        (workspace.home / f"store.db{ending}").unlink(missing_ok=True)
    shutil.copyfile(copy, workspace.home / "store.db")


def test_a_backup_that_is_put_back_is_a_store_of_its_own_each_time(workspace, copy):
    ids = [opened_id(workspace.home)]
    for _ in range(2):
        put_back(copy, workspace)
        ids.append(opened_id(workspace.home))
        assert opened_id(workspace.home) == ids[-1], "from then on it keeps it"
    assert len(set(ids)) == 3


def test_taking_a_backup_leaves_the_store_its_id(workspace):
    before = opened_id(workspace.home)
    backup(workspace.engine, workspace.home / "backups" / "copy.db")
    assert opened_id(workspace.home) == before


def test_processes_that_open_a_copy_at_once_agree_on_its_id(workspace, copy):
    put_back(copy, workspace)
    barrier, found = threading.Barrier(4), []

    def open_it():
        one = Workspace(workspace.settings)
        barrier.wait()
        own_id(one.engine)
        with reading(one.engine) as session:
            found.append(store_id(session=session))
        one.engine.dispose()

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
