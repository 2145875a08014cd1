"""Which queue a workspace has, and that it carries a run to its task."""

import pytest
from huey import RedisHuey, SqliteHuey

from core.foundation.errors import BadInput
from core.foundation.messages import worded
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.launch import start
from core.jobs.queue import queue
from db.tables import RunState
from tests.builders.queued_runs import do_all, stored_run


def _with(workspace, url):
    return Workspace(Settings(home=workspace.home, queue_url=url))


def test_without_an_address_the_queue_is_a_file_in_the_home_folder(workspace):
    huey = queue(workspace).huey
    assert isinstance(huey, SqliteHuey)
    assert huey.storage.filename == str(workspace.home / "queue.db")
    assert (workspace.home / "queue.db").is_file()


def test_workspaces_with_the_same_settings_share_a_queue_and_others_do_not(workspace, tmp_path):
    assert queue(Workspace(workspace.settings)) is queue(workspace)
    other = Workspace(Settings(home=tmp_path / "other"))
    assert queue(other).huey.storage.filename == str(tmp_path / "other" / "queue.db")


def test_redis_address_takes_the_queue_there(workspace):
    huey = queue(_with(workspace, "redis://queue.example:6379/2")).huey
    assert isinstance(huey, RedisHuey)
    assert huey.storage.pool.connection_kwargs["host"] == "queue.example"


@pytest.mark.parametrize("url", ["localhost:6379", "amqp://queue", "http://redis"])
def test_address_of_something_else_is_refused(workspace, url):
    with pytest.raises(BadInput, match="FACET_QUEUE_URL should be redis://"):
        queue(_with(workspace, url))


def test_bell_that_rings_twice_does_the_run_once(workspace, dataset, author, echo):
    run_id = start(workspace, "echo", dataset_id=dataset, author_id=author)
    queue(workspace).ring(run_id)
    assert do_all(workspace) == 2
    assert len(echo) == 1


def test_runs_are_done_in_the_order_in_which_they_were_started(workspace, dataset, author, echo):
    runs = [start(workspace, "echo", dataset_id=dataset, author_id=author) for _ in range(5)]
    do_all(workspace)
    assert [run_id for run_id, _ in echo] == runs


def test_ring_for_a_run_that_is_gone_is_harmless(workspace):
    queue(workspace).ring(12345)
    assert do_all(workspace) == 1


def test_unknown_kind_ends_as_a_failed_run(workspace, dataset, author):
    run_id = start(workspace, "astrology", dataset_id=dataset, author_id=author)
    do_all(workspace)
    run = stored_run(workspace, run_id)
    assert run.state == RunState.FAILED
    assert worded(run.error) == (
        "this worker knows no run of the kind 'astrology'; is it an older version than the workbench?"
    )
