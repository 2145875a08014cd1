"""The Jobs page lists how work ended, the newest first, and offers again what did not end well."""

from __future__ import annotations

from db.tables import Run, RunState, now
from db.writing import writing

COUNTS = {"images": 3, "added": 3, "duplicates": 0, "skipped": 0}


def test_where_nothing_has_run_it_leads_to_the_library(opened_without_data):
    page = opened_without_data("jobs.py")
    assert page.info[0].value.startswith("Nothing has run yet.")
    assert not page.warning, "without waiting runs nobody needs a worker"
    assert [button.label for button in page.button] == ["Open the library"]


def test_ended_runs_come_newest_first_and_only_the_unfinished_one_can_be_done_again(opened, workspace, dataset, author):
    runs = [
        Run(kind="import", dataset_id=dataset, author_id=author, state=state, counts=COUNTS, finished_at=now())
        for state in (RunState.CANCELLED, RunState.DONE)
    ]
    with writing(workspace.engine) as session:
        for run in runs:
            session.add(run)
            session.flush()
    page = opened("jobs.py")
    titles = [text.value for text in page.markdown if "**" in text.value]
    assert len(titles) == 2
    assert all("faces" in title for title in titles)
    assert [button.key for button in page.button] == [f"again-{runs[0].id}"]
    assert sum("by ada" in caption.value for caption in page.caption) == 2
