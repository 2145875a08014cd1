"""Who did how much on which day: chart, table and CSV file."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import streamlit as st

from db.queries.dashboard import Work
from db.tables import WorkKind
from pages.widgets.dashboard.charts import work_bars
from pages.widgets.shared.address import among, in_address
from pages.widgets.shared.controls import csv_button, paged
from pages.widgets.shared.text import plain
from pages.widgets.shared.words import words

_ROWS: Final = 20
_KINDS: Final = words("kinds_of_work")


def work_by_day(work: Sequence[Work], *, key: str) -> None:
    """Show one kind of work at a time; the file has all of it."""
    st.caption("Days are UTC. Only what humans did is counted, on the day when it was saved.")
    if not work:
        st.markdown("Nobody has done anything yet.")
        return
    totals = Counter[str]()
    for row in work:
        totals[row.kind] += row.count
    kinds = sorted(totals, key=lambda kind: (kind == WorkKind.IMAGES_IMPORTED, -totals[kind], kind))
    kind = st.selectbox(
        "Kind of work", kinds, format_func=_KINDS.__getitem__, width=260, **in_address("work", among(kinds), kinds[0])
    )
    rows = [row for row in work if row.kind == kind]
    name = _KINDS[kind]
    alt = f"{name} by day and annotator"
    st.plotly_chart(work_bars(rows), key="work", config={"displayModeBar": False}, alt=alt)
    table, offset = paged(len(rows), _ROWS, key=f"work-page-{kind}-{key}")
    table.table(
        [
            {"Day (UTC)": row.day, "Annotator": plain(row.annotator), name: f"{row.count:,}"}
            for row in rows[offset : offset + _ROWS]
        ],
        hide_index=True,
    )
    csv_button("work", lambda: list(map(_row, work)), "Download all work as CSV")


def _row(work: Work) -> dict[str, str | int]:
    return {"day_utc": work.day, "annotator": work.annotator, "kind": _KINDS[work.kind].lower(), "count": work.count}
