"""Jobs: what runs, what waits, and how everything before ended."""

import streamlit as st

from core.jobs.launch import restart
from db.engine import reading
from db.queries.jobs import count_runs, counts_skipped, runs_page
from db.tables import RunState
from pages.widgets.shared.controls import attempted, paged
from pages.widgets.shared.resources import author_id, stop_at_library, workspace
from pages.widgets.shared.run_status import MARKS, open_runs, result, run_title
from pages.widgets.shared.text import lasting, plain, utc

PAGE = 10

st.title("Jobs", anchor=False)
st.caption("Imports, models and exports of every dataset, newest first. Times are UTC.")
running = open_runs()
with reading(workspace().engine) as session:
    count = count_runs(open_only=False, session=session)
    if not count and not running:
        stop_at_library("Nothing has run yet. Import photos or try the sample in the library.")
    ended, offset = paged(count, PAGE, key="jobs-page")
    rows = runs_page(open_only=False, offset=offset, limit=PAGE, session=session)
    skipped = counts_skipped([run.id for run, *_ in rows], session=session)

for run, dataset, author in rows:
    with ended.container(border=True, key=f"run-{run.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{MARKS[RunState(run.state)]} **{run_title(run, dataset)}**")
            facts = [f"by {plain(author)}", utc(run.created_at)]
            if run.started_at and run.finished_at:
                facts.append(f"took {lasting((run.finished_at - run.started_at).total_seconds())}")
            st.caption(" · ".join(facts), width="stretch")
            if (
                run.state != RunState.DONE
                and st.button(
                    "Do it again",
                    key=f"again-{run.id}",
                    icon=":material/replay:",
                    help="Starts the same work once more. What was finished is not done twice.",
                )
                and attempted(restart, workspace(), run.id, author_id=author_id())
            ):
                st.rerun()
        result(run, skipped.get(run.id, 0))
