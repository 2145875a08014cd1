"""Which queue a workspace has, and that it carries a run to its task."""

import pytest
from huey import RedisHuey, SqliteHuey

from core.foundation.errors import BadInput
from core.foundation.messages import worded
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.kinds import RUN_KINDS, Lane
from core.jobs.launch import start
from core.jobs.queue import queue, ring
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


def test_a_run_waits_in_the_lane_of_its_kind_and_a_strange_one_in_the_long_one(workspace, dataset, author):
    for kind in ("train", "astrology", "import", "export", "labels"):
        start(workspace, kind, dataset_id=dataset, author_id=author)
    waiting = [queue(workspace, lane).huey.pending_count() for lane in (Lane.LONG, Lane.SHORT)]
    assert waiting == [2, 3]


def test_only_what_computes_for_long_waits_in_the_long_lane():
    long = {name for name, kind in RUN_KINDS.items() if kind.lane is Lane.LONG}
    networks = {"train", "selftrain", "faces", "bodies", "predict", "prelabel", "arrivals", "overlay"}
    assert long == networks | {"sample", "sample-clips", "groupings", "clothes"}


def test_a_lane_in_which_a_ring_waits_is_not_rung_again_and_the_other_is(workspace, dataset, author):
    runs = [start(workspace, kind, dataset_id=dataset, author_id=author) for kind in ("train", "train", "import")]
    queue(workspace, Lane.SHORT).huey.storage.flush_queue()
    ring(workspace, *runs, unless_pending=True)
    assert [queue(workspace, lane).huey.pending_count() for lane in (Lane.LONG, Lane.SHORT)] == [2, 1]
    ring(workspace)
    ring(workspace, 12345)


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
