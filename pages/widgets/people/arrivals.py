"""What has arrived in the folder that is watched for a dataset, and how long each step took."""

from datetime import UTC, datetime
from typing import Any, Final

import streamlit as st

from core.foundation.messages import worded
from core.jobs.watching import WATCH
from db.queries.jobs import arrivals_log, newest_done_by_dataset
from pages.widgets.shared.address import unfolded
from pages.widgets.shared.controls import csv_button, paged
from pages.widgets.shared.resources import read
from pages.widgets.shared.text import plain
from pages.widgets.shared.words import words

_ROWS: Final = 20
_MOST: Final = 10_000
_WORDS: Final = words("watching")


def arrivals(dataset_id: int) -> None:
    """The watched folder and its time log, where one is watched or was; the section is folded at first."""
    run = read(lambda session: newest_done_by_dataset(WATCH, session=session)).get(dataset_id)
    if run is None:
        return
    word = "arrivals"
    section = st.expander(
        _WORDS["title"], expanded=unfolded(word), key=word, on_change="rerun", icon=":material/folder_eye:"
    )
    if not section.open:
        return
    with section:
        folder = run.counts["folder"]
        st.caption(_WORDS["none"] if folder is None else _WORDS["folder"].format(folder=plain(folder)))
        rows = [_row(row) for row in read(lambda session: arrivals_log(dataset_id, most=_MOST, session=session))]
        if not rows:
            st.caption(_WORDS["nothing"])
            return
        table, offset = paged(len(rows), _ROWS, key=f"{word}-{dataset_id}", word=word)
        shown = rows[offset : offset + _ROWS]
        table.table([{name: plain(cell) for name, cell in row.items()} for row in shown], hide_index=True)
        csv_button(word, lambda: rows)


def _row(row: dict[str, Any]) -> dict[str, str]:
    arrived = datetime.fromtimestamp(row["arrived"], UTC)
    seconds = {_WORDS[part]: f"{row[part]:.2f}" for part in ("waited", "import", "detection", "embedding")}
    reason = worded(row["reason"]) if row["reason"] else ""
    return {
        _WORDS["file"]: row["path"],
        _WORDS["arrived"]: f"{arrived:%Y-%m-%d %H:%M:%S}",
        _WORDS["reason"]: reason,  # before the seconds: these go out of a narrow window first
        **seconds,
    }
