"""What the pages say when runs wait and nobody takes them."""

import pytest

from core.jobs.runs import process_name, submit


@pytest.mark.parametrize("page", ["jobs.py", "library.py"])
def test_a_run_that_nobody_takes_says_why(opened, workspace, dataset, author, page):
    submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={"source": "/photos"})
    test = opened(page)
    (warning,) = test.warning
    assert warning.value.startswith("No worker is at work on this machine, so nothing moves.")


@pytest.mark.parametrize("page", ["jobs.py", "library.py"])
def test_nothing_is_said_while_a_worker_lives(opened, workspace, dataset, author, page):
    submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={"source": "/photos"})
    workspace.heartbeat.write_text(process_name())
    assert not opened(page).warning


def test_a_page_without_waiting_runs_needs_no_worker(opened):
    test = opened("jobs.py")
    assert not test.warning
    assert [info.value for info in test.info] == [
        "Nothing has run yet. Import photos or try the sample in the library."
    ]
