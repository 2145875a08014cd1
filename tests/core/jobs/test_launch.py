"""A run that a page starts comes to its task."""

from core.jobs.launch import restart, start
from core.jobs.runs import cancel
from db.tables import RunState
from tests.builders.queued_runs import do_all, stored_run


def test_started_run_comes_to_its_task_with_its_parameters(workspace, dataset, author, echo):
    run_id = start(workspace, "echo", dataset_id=dataset, author_id=author, colour="green")
    assert stored_run(workspace, run_id).state == RunState.QUEUED
    assert do_all(workspace) == 1
    assert echo == [(run_id, {"colour": "green"})]
    assert stored_run(workspace, run_id).counts == {"seen": 1}


def test_restarted_run_is_done_with_the_same_parameters(workspace, dataset, author, echo):
    run_id = start(workspace, "echo", dataset_id=dataset, author_id=author, colour="green")
    cancel(workspace, run_id)
    second = restart(workspace, run_id, author_id=author)
    do_all(workspace)
    assert echo == [(second, {"colour": "green"})]
