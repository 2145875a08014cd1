"""Runs on the screen: how far they are, how they ended, and what they could not use."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from core.jobs.runs import cancel, worker_lives
from core.library.importing import skipped
from db.engine import reading
from db.queries.jobs import count_skipped, runs_page, skipped_page, speed
from db.tables import Run, RunState
from pages.widgets.shared.pickers import page_of
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import counted, csv_bytes, lasting, plain, utc

KINDS: Final = {
    "import": "Import photos",
    "sample": "Draw the sample",
    "labels": "Import labels",
    "faces": "Find faces",
    "people": "Group people",
    "export": "Export",
    "weights": "Fetch an encoder",
    "overlay": "Draw an overlay video",
    "sample-clips": "Draw the sample clips",
    "train": "Train a model",
    "selftrain": "Train with unlabelled pictures",
    "predict": "Predict points",
    "prelabel": "Pre-label",
    "onnx": "Write ONNX",
}
MARKS: Final = {
    RunState.DONE: ":green-badge[:material/check: done]",
    RunState.FAILED: ":red-badge[:material/error: failed]",
    RunState.CANCELLED: ":gray-badge[:material/block: cancelled]",
}
_LEARNING: Final = ("train", "selftrain")
_ROWS: Final = 20
_MOST_OPEN: Final = 20
_MEGABYTE: Final = 1e6


def open_runs(dataset_id: int | None = None) -> set[str]:
    """Show the runs that wait or work, of one dataset or of all; gives their kinds.

    Progress moves by itself, and the page runs anew when the first of them ends.
    """
    with reading(workspace().engine) as session:
        rows = runs_page(dataset_id=dataset_id, open_only=True, limit=_MOST_OPEN, session=session)
    if rows:
        _moving(dataset_id, frozenset(run.id for run, *_ in rows))
    return {run.kind for run, *_ in rows}


@st.fragment(run_every=1.0)
def _moving(dataset_id: int | None, shown: frozenset[int]) -> None:
    with reading(workspace().engine) as session:
        rows = runs_page(dataset_id=dataset_id, open_only=True, limit=_MOST_OPEN, session=session)
    if {run.id for run, *_ in rows} != shown:
        st.rerun()
    if not worker_lives(workspace()):
        st.warning(
            "No worker is at work on this machine, so nothing moves. The workbench starts one within a minute; "
            "otherwise start it again, or run `python -m core.jobs.worker` beside it.",
            icon=":material/hourglass_disabled:",
        )
    for run, dataset, author in rows:
        with st.container(border=True):
            _card(run, dataset, author)


def _card(run: Run, dataset: str | None, author: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{run_title(run, dataset)}**")
        st.caption(f"started by {plain(author)}", width="stretch")
        if run.cancel_requested:
            st.caption(
                "Stopping after the batch in hand" if run.kind in _LEARNING else "Stopping after the picture in hand"
            )
        elif st.button("Cancel", key=f"cancel-{run.id}", icon=":material/close:"):
            cancel(workspace(), run.id)
            st.rerun(scope="fragment")
    part = min(1.0, run.done / run.total) if run.total else 0.0
    st.progress(part, text=progress_sentence(run))


def run_title(run: Run, dataset: str | None) -> str:
    """What a run does and to which dataset, as Markdown."""
    title = plain(KINDS.get(run.kind, run.kind))
    return f"{title} · {plain(dataset)}" if dataset else title


def progress_sentence(run: Run) -> str:
    """How far a run is, how fast, and how long it still takes, as Markdown."""
    if run.state == RunState.QUEUED:
        return "Waiting for its turn"
    rate, left = speed(run)
    fetching = run.kind == "weights"
    unit, scale = (" MB", _MEGABYTE) if fetching else ("", 1.0)
    digits = ",.1f" if fetching else ",.0f"
    parts = [plain(run.message or "Starting")]
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
        return plain(run.error or "It failed")
    if run.state == RunState.CANCELLED:
        done = f" after {run.done:,} of {run.total:,}" if run.total else ""
        return f"Cancelled{done}; what was finished stays"
    sentence = _RESULTS.get(run.kind)
    return sentence(run.counts) if sentence else "Done"


def _imported(counts: dict[str, Any]) -> str:
    clips = counts.get("clips")
    frames = f", {counted(counts['frames'], 'frame')} of {counted(clips, 'clip')}" if clips else ""
    waited = f"; {counted(counts['labels'], 'label')} that waited" if counts.get("labels") else ""
    return (
        f"{counted(counts['images'], 'picture')}: {counts['added']:,} added, {counts['duplicates']:,} there already, "
        f"{counted(counts['skipped'], 'file')} skipped{frames}{waited}"
    )


def _labelled(counts: dict[str, Any]) -> str:
    waits = counted(counts["waiting"], "waits", "wait")
    waiting = f"; {waits} for pictures that are not here" if counts["waiting"] else ""
    left_out = f"; {counts['left_out']:,} entries without labels left out" if counts["left_out"] else ""
    labels, pictures = counted(counts["instances"], "label"), counted(counts["images"], "picture")
    found = f"{plain(counts['format'])}: {labels} in {pictures}, {counts['added']:,} of them new"
    return f"{found}{waiting}{left_out}; {counts['skipped']:,} skipped"


def _found(counts: dict[str, Any]) -> str:
    return (
        f"{counted(counts['faces'], 'face')} of {counted(counts['people'], 'person', 'people')} in "
        f"{counted(counts['images'], 'picture')}; {counts['without_face']:,} without a face, "
        f"{counts['failed']:,} failed"
    )


def _exported(counts: dict[str, Any]) -> str:
    return (
        f"{counted(counts['images'], 'picture')} in {counted(counts['files'], 'file')}, {counts['left_out']:,} left out"
    )


def _trained(counts: dict[str, Any]) -> str:
    how = {"early": ", ended early", "nan": ", stopped at a loss that is no number", "cancelled": ", cancelled"}
    nme = (counts.get("metrics") or {}).get("nme") or {}
    reached = f"; NME {nme['value']:.2%} on what was held out" if nme.get("value") is not None else ""
    ended = how.get(counts["stopped"], "")
    return f"**{plain(counts['model'])}**: {counted(counts['epochs'], 'epoch')}{ended}{reached}"


def _predicted(counts: dict[str, Any]) -> str:
    late = f"; smoothed {counts['delay_frames']:.1f} frames late" if counts.get("delay_frames") else ""
    new = f"{counted(counts['predicted'], 'instance')} predicted, {counts['failed']:,} failed"
    return f"{new}; {counts['instances']:,} in all{late}"


def _pre_labelled(counts: dict[str, Any]) -> str:
    return f"{counted(counts['prelabelled'], 'instance')} got other first points; {counts['kept']:,} stay as they are"


def _overlaid(counts: dict[str, Any]) -> str:
    return (
        f"{counted(counts['frames'], 'frame')} of {plain(counts['video'])} drawn, {counts['skipped']:,} skipped, "
        f"{counts['labelled']:,} with human labels"
    )


_RESULTS: Final = {
    "import": _imported,
    "labels": _labelled,
    "sample": lambda counts: f"{_imported(counts)}; {counted(counts['figures'], 'figure')} with 24 points",
    "faces": _found,
    "people": _found,
    "export": _exported,
    "train": _trained,
    "selftrain": _trained,
    "predict": _predicted,
    "prelabel": _pre_labelled,
    "onnx": lambda counts: (
        f"{plain(counts['model'])}: {counts['bytes'] / _MEGABYTE:,.1f} MB of ONNX, at most "
        f"{counts['largest_difference']:.1e} pixels from the original"
    ),
    "overlay": _overlaid,
    "sample-clips": lambda counts: (
        f"{counted(counts['frames'], 'frame')} of {counted(counts['clips'], 'clip')}, {counts['labelled']:,} labelled"
    ),
    "weights": lambda counts: f"{counts['bytes'] / _MEGABYTE:,.1f} MB fetched",
}


def latest_result(run: Run) -> None:
    """Show how the newest run of a dataset ended, with its kind and time."""
    with st.container(border=True):
        ended = utc(run.finished_at) if run.finished_at else ""
        st.markdown(f"{MARKS[RunState(run.state)]} **{run_title(run, None)}** · {ended}")
        result(run)


def result(run: Run) -> None:
    """Show how a run ended: the sentence, the log of a failure, and what it could not use."""
    if run.state == RunState.FAILED:
        st.error(result_sentence(run))
    else:
        st.markdown(result_sentence(run))
    if run.log:
        with st.expander("Log", icon=":material/bug_report:"):
            st.code(run.log, language=None)
    skipped_files(run.id)


def skipped_files(run_id: int) -> None:
    """What a run could not use with the reasons, paged, and all of it as a CSV file; nothing where there is none."""
    with reading(workspace().engine) as session:
        count = count_skipped(run_id, session=session)
    if not count:
        return
    with st.expander(f"{counted(count, 'file')} skipped, with the reasons", icon=":material/block:"):
        table = st.container()
        offset = page_of(count, _ROWS, key=f"skipped-{run_id}")
        with reading(workspace().engine) as session:
            rows = skipped_page(run_id, offset=offset, limit=_ROWS, session=session)
        table.table([{"File": plain(row.path), "Reason": plain(row.reason)} for row in rows], hide_index=True)
        st.download_button(
            "Download as CSV",
            lambda: csv_bytes(skipped(workspace(), run_id)),
            file_name=f"skipped-{run_id}.csv",
            mime="text/csv",
            key=f"skipped-csv-{run_id}",
            on_click="ignore",
            icon=":material/download:",
        )
