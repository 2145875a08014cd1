"""Runs on the screen: how far they are, how they ended, and what they could not use."""

from typing import Final

import streamlit as st

from core.jobs.kinds import RUN_KINDS, kinds_shown_on, models_of
from core.jobs.runs import cancel, speed, worker_lives
from core.library.importing import skipped as all_skipped
from db.queries.jobs import count_skipped, newest_ended_run, runs_page, skipped_page
from db.tables import Run, RunState
from pages.widgets.shared.address import unfolded
from pages.widgets.shared.controls import csv_button, paged
from pages.widgets.shared.resources import read, workspace
from pages.widgets.shared.text import lasting, plain, stored, utc

MARKS: Final = {
    RunState.DONE: ":green-badge[:material/check: done]",
    RunState.FAILED: ":red-badge[:material/error: failed]",
    RunState.CANCELLED: ":gray-badge[:material/block: cancelled]",
}
_ROWS: Final = 20
_OPEN: Final = 20
_MEGABYTE: Final = 1e6


def open_runs(dataset_id: int | None = None) -> set[str]:
    """Show the runs that wait or work, of one dataset or of all; gives their kinds.

    Progress moves by itself, and the page runs anew when the first of them ends. They have a place of their own, so
    that what stands below (a video that plays) stays the same element when they come and go.
    """
    card = st.container()
    rows = read(lambda session: runs_page(dataset_id=dataset_id, open_only=True, limit=None, session=session))
    if rows:
        with card:
            _moving(dataset_id, frozenset(run.id for run, *_ in rows))
    return {run.kind for run, *_ in rows}


def open_kinds(dataset_id: int) -> set[str]:
    """The kinds of runs of a dataset that wait or work, without showing them."""
    rows = read(lambda session: runs_page(dataset_id=dataset_id, open_only=True, limit=None, session=session))
    return {run.kind for run, *_ in rows}


@st.fragment(run_every=1.0)
def _moving(dataset_id: int | None, shown: frozenset[int]) -> None:
    rows = read(lambda session: runs_page(dataset_id=dataset_id, open_only=True, limit=None, session=session))
    if {run.id for run, *_ in rows} != shown:
        st.rerun()
    if not worker_lives(workspace()):
        st.warning(
            "No worker is at work on this machine, so nothing moves. The workbench starts one within a minute; "
            "otherwise start it again, or run `python -m core.jobs.worker` beside it.",
            icon=":material/hourglass_disabled:",
        )
    cards, offset = paged(len(rows), _OPEN, key=f"open-runs-{dataset_id}", word="running")
    for run, dataset, author in rows[offset : offset + _OPEN]:
        with cards.container(border=True):
            _card(run, dataset, author)


def _card(run: Run, dataset: str | None, author: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{run_title(run, dataset)}**")
        st.caption(f"started by {plain(author)}", width="stretch")
        if run.cancel_requested:
            st.caption(_stopping(run.kind))
        elif st.button("Cancel", key=f"cancel-{run.id}", icon=":material/close:"):
            cancel(workspace(), run.id)
            st.rerun(scope="fragment")
    part = min(1.0, run.done / run.total) if run.total else 0.0
    st.progress(part, text=progress_sentence(run))


def _stopping(name: str) -> str:
    kind = RUN_KINDS.get(name)
    return "Stopping" if kind is None else kind.stopping.text()


def run_title(run: Run, dataset: str | None) -> str:
    """What a run does, with which models and to which dataset, as Markdown."""
    kind = RUN_KINDS.get(run.kind)  # none where another version of Facet has done it
    title = plain(run.kind if kind is None else kind.title.text())
    parts = [title, ", ".join(map(plain, models_of(run))), plain(dataset) if dataset else ""]
    return " · ".join(filter(None, parts))


def progress_sentence(run: Run) -> str:
    """How far a run is, how fast, and how long it still takes, as Markdown."""
    if run.state == RunState.QUEUED:
        return "Waiting for its turn"
    rate, left = speed(run)
    kind = RUN_KINDS.get(run.kind)
    unit, scale, digits = (" MB", _MEGABYTE, ",.1f") if kind and kind.in_bytes else ("", 1.0, ",.0f")
    parts = [stored(run.message) or "Starting"]
    if run.total:
        parts.append(f"{run.done / scale:{digits}} of {run.total / scale:{digits}}{unit}")
    elif run.done:
        parts.append(f"{run.done / scale:{digits}}{unit}")
    if rate > 0:
        parts.append(f"{rate / scale:,.1f}{unit} a second")
    if left is not None and run.total:
        parts.append(f"{lasting(left)} left")
    return " · ".join(parts)


def result_sentence(run: Run) -> str:
    """How a run ended, as Markdown."""
    if run.state == RunState.FAILED:
        return stored(run.error) or "It failed"
    if run.state == RunState.CANCELLED:
        done = f" after {run.done:,} of {run.total:,}" if run.total else ""
        return f"Cancelled{done}; what was finished stays"
    kind = RUN_KINDS.get(run.kind)
    return "Done" if kind is None else plain(kind.result(run.counts).text())


def latest_result(dataset_id: int, part: str, *, busy: bool, troubles_only: bool = False) -> None:
    """Show how the newest run of the kinds shown on a part of the pages ended, unless another is `busy`.

    Ask `open_runs` first: what ends in between is not missed. What stands below keeps its place, as it does there.
    """
    run = read(lambda session: newest_ended_run(dataset_id, kinds_shown_on(part), session=session))
    card = st.container()
    if run is None or busy or (troubles_only and run.state == RunState.DONE):
        return
    with card.container(border=True):
        ended = utc(run.finished_at) if run.finished_at else ""
        st.markdown(f"{MARKS[RunState(run.state)]} **{run_title(run, None)}** · {ended}")
        result(run)


def result(run: Run, skipped: int | None = None) -> None:
    """Show how a run ended: the sentence, the log of a failure, and what it could not use.

    `skipped` is how many inputs that are, where it is known.
    """
    if run.state == RunState.FAILED:
        st.error(result_sentence(run))
    else:
        st.markdown(result_sentence(run))
    for doubt in [*run.counts.get("doubts", ()), *(run.counts.get("label_files") or {}).get("doubts", ())][:_ROWS]:
        st.warning(stored(doubt), icon=":material/help:")
    if run.log:
        with st.expander("Log", icon=":material/bug_report:"):
            st.code(run.log, language=None)
    if skipped is None:
        skipped = read(lambda session: count_skipped(run.id, session=session))
    if skipped:
        _skipped_files(run.id, skipped)


def _skipped_files(run_id: int, count: int) -> None:
    """What a run could not use with the reasons, paged, and all of it as a CSV file."""
    title, word = f"{count:,} skipped, with the reasons", f"skipped-{run_id}"
    with st.expander(title, expanded=unfolded(word), icon=":material/block:"):
        table, offset = paged(count, _ROWS, key=word, word=word)
        rows = read(lambda session: skipped_page(run_id, offset=offset, limit=_ROWS, session=session))
        told = [{"File or picture": plain(path), "Reason": stored(reason)} for path, reason in rows]
        table.table(told, hide_index=True)
        csv_button(f"skipped-{run_id}", lambda: all_skipped(workspace(), run_id))
