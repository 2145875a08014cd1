"""Ctrl-C and SIGTERM end workbench and worker within a few seconds, whatever is held open."""

import http.client
import json
import signal
import sqlite3
import time
from contextlib import closing

import psutil
import pytest

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.launch import start
from core.jobs.runs import worker_lives
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing
from tests.builders.queued_runs import stored_run
from tests.e2e.conftest import Workbench
from tests.e2e.hands import wait_for

pytestmark = pytest.mark.e2e

A_FEW = 12  # seconds, on a machine that does other things too


@pytest.fixture
def home(tmp_path):
    return Workspace.open(Settings(home=tmp_path / "home"))


@pytest.fixture
def bench(home):
    started = Workbench(home.home).start()
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.wait()


def ask(bench, method, path, **headers):
    """A connection on which this was asked for, and of which nothing is read yet."""
    connection = http.client.HTTPConnection("127.0.0.1", bench.port, timeout=30)
    connection.putrequest(method, path)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    return connection


def socket_of_a_tab(bench):
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Origin": bench.address}
    key = {"Sec_WebSocket_Version": "13", "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    tab = ask(bench, "GET", "/_stcore/stream", **upgrade, **key)
    assert tab.getresponse().status == 101
    return tab


def sent(bench, content, length=None):
    asked = ask(
        bench, "POST", "/api/edits", Content_Type="application/json", Content_Length=str(length or len(content))
    )
    asked.send(content)
    return asked


def half_an_edit(bench):
    """A request whose body never ends."""
    return sent(bench, b"{", length=1000)


def an_edit(bench):
    """Of somebody who was never here before: the name is stored first."""
    note = {"code": "edits.kept", "fields": {}}
    edit = {"id": "e", "instance": 1, "base": None, "changes": [[0, 1, 1, 2]], "after": [], "store": "s", "note": note}
    return sent(bench, json.dumps({"edits": [edit | {"author": "Mina"}]}).encode())


def end(bench, number):
    """End the workbench; every process of it, and the seconds that it took."""
    workers = psutil.Process(bench.process.pid).children(recursive=True)
    assert len(workers) >= 2, "one for each lane"
    began = time.monotonic()
    bench.process.send_signal(number)
    bench.process.wait(60)
    _, alive = psutil.wait_procs(workers, A_FEW)
    assert not alive
    return time.monotonic() - began


def draw_the_sample(home):
    """A run that takes a while, and is in the worker's hands."""
    with writing(home.engine) as session:
        author = ensure_user("ada", session=session)
        dataset = ensure_dataset("Sample", author, session=session)
    run_id = start(home, "sample", dataset_id=dataset, author_id=author)
    wait_for(lambda: stored_run(home, run_id).done)
    return run_id


def test_whatever_a_browser_holds_open_the_workbench_ends_and_its_run_waits_for_the_next_start(home, bench):
    run_id = draw_the_sample(home)
    with closing(socket_of_a_tab(bench)), closing(half_an_edit(bench)):
        assert end(bench, signal.SIGINT) < A_FEW
    assert not worker_lives(home)
    run = stored_run(home, run_id)
    assert (run.state, run.worker, run.deaths) == ("queued", None, 0)


@pytest.mark.nightly
def test_a_request_at_work_keeps_it_no_longer_and_the_next_start_takes_its_run_up(home, bench):
    run_id = draw_the_sample(home)
    with closing(sqlite3.connect(home.home / "store.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with closing(an_edit(bench)):  # its thread waits for the store
            assert end(bench, signal.SIGTERM) < A_FEW
    bench.start()
    wait_for(lambda: stored_run(home, run_id).state == "done", 180)
    assert end(bench, signal.SIGTERM) < A_FEW
