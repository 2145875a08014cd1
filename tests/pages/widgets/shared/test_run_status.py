"""How runs are put into words, and what is said when runs wait and nobody takes them."""

from datetime import timedelta

import pytest

from core.foundation.messages import message, verbatim
from core.jobs.runs import process_name, submit
from db.tables import Run, now
from pages.widgets.shared.run_status import progress_sentence, result_sentence, run_title


def run(kind="import", state="done", **values):
    return Run(kind=kind, author_id=1, state=state, **values)


def test_a_done_run_ends_with_the_sentence_of_its_kind_as_text():
    counts = {"video": "a_b.mp4", "frames": 1, "skipped": 2, "labelled": 0}
    sentence = r"1 frame of a\_b\.mp4 drawn\, 2 skipped\, 0 with human labels"
    assert result_sentence(run("overlay", counts=counts)) == sentence


def test_a_run_of_an_unknown_kind_is_shown_under_that_name():
    strange = run("astro_logy", counts={"stars": 3})
    assert (run_title(strange, None), result_sentence(strange)) == (r"astro\_logy", "Done")
    assert progress_sentence(run("astro_logy", "running", done=1, total=2)) == "Starting · 1 of 2"


def test_a_failure_is_shown_as_text():
    assert result_sentence(run(state="failed", error=verbatim("*a* is not there").to_json())) == r"\*a\* is not there"
    assert result_sentence(run(state="failed")) == "It failed"


def test_a_cancelled_run_tells_how_far_it_came():
    assert (
        result_sentence(run(state="cancelled", done=3, total=10)) == "Cancelled after 3 of 10; what was finished stays"
    )
    assert result_sentence(run(state="cancelled")) == "Cancelled; what was finished stays"


def test_progress_has_speed_and_time_left():
    working = run(
        state="running",
        done=120,
        total=420,
        message=message("progress.reading_pictures").to_json(),
        phase_at=now() - timedelta(seconds=10),
    )
    assert progress_sentence(working) == "Reading pictures · 120 of 420 · 12.0 a second · 25 s left"


def test_progress_of_a_download_is_in_megabytes():
    fetching = run("weights", "running", done=50_000_000, total=100_000_000, phase_at=now() - timedelta(seconds=10))
    assert progress_sentence(fetching) == "Starting · 50.0 of 100.0 MB · 5.0 MB a second · 10 s left"


def test_a_download_of_unknown_size_tells_no_time_left():
    fetching = run(
        "weights",
        "running",
        done=50_000_000,
        message=message("progress.fetching").to_json(),
        phase_at=now() - timedelta(seconds=10),
    )
    assert progress_sentence(fetching) == "Fetching · 50.0 MB · 5.0 MB a second"


def test_a_queued_run_waits_for_its_turn():
    assert progress_sentence(run(state="queued")) == "Waiting for its turn"


def test_a_title_escapes_the_name_of_the_dataset():
    assert run_title(run(), "_x_") == r"Import photos · \_x\_"
    assert run_title(run(), None) == "Import photos"


@pytest.mark.parametrize("page", ["jobs.py", "library.py"])
def test_a_run_that_nobody_takes_says_why(opened, workspace, dataset, author, page):
    submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={"source": "/photos"})
    test = opened(page)
    (warning,) = test.warning
    assert warning.value.startswith("No worker is at work on this machine, so nothing moves.")


def test_every_run_that_waits_can_be_reached_and_cancelled(opened, workspace, dataset, author):
    for number in range(21):
        submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={"source": f"/{number}"})
    test = opened("jobs.py")
    first = {button.key for button in test.button if button.key.startswith("cancel-")}
    test.session_state["open-runs-None"] = 2
    second = {button.key for button in test.run().button if button.key.startswith("cancel-")}
    assert (len(first), len(second), len(first | second)) == (20, 1, 21)


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
