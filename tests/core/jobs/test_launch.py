"""A run that a page starts comes to its task."""

from core.jobs.launch import restart, start, start_unless_waiting
from core.jobs.runs import cancel
from db.tables import Run, RunState
from db.writing import writing
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


def test_what_is_asked_for_and_has_not_begun_is_not_asked_for_twice(workspace, dataset, author):
    def ask(**about):
        return start_unless_waiting(workspace, "faces", dataset_id=dataset, author_id=author, **about)

    first = ask(encoder="a")
    assert ask(encoder="a") == first
    other = ask(encoder="b")
    assert other != first
    with writing(workspace.engine) as session:
        session.get_one(Run, first).state = RunState.RUNNING
        session.get_one(Run, other).cancel_requested = True
    assert len({first, other, ask(encoder="a"), ask(encoder="b")}) == 4, "what has begun may not see what came since"
