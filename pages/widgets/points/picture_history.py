"""What was done to the points of a picture, and by whom."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.foundation.messages import worded
from core.points.annotating import editor_instances
from db.queries.points import PictureRevision, count_revisions, picture_history
from db.tables import Source
from pages.widgets.points.instance_names import instance_names
from pages.widgets.shared.controls import paged
from pages.widgets.shared.resources import read, workspace
from pages.widgets.shared.words import words

_ROWS: Final = 20
_REVIEWS: Final = words("review_after")


def history_of(image_id: int) -> None:
    """The revisions of a picture, the newest first, page by page."""
    count = read(lambda session: count_revisions(image_id, session=session))
    if not count:
        st.text("No points yet.")
        return
    table, offset = paged(count, _ROWS, key=f"history-{image_id}", word="history")
    rows = read(lambda session: picture_history(image_id, offset=offset, limit=_ROWS, session=session))
    names = instance_names(editor_instances(workspace(), image_id))
    table.dataframe([_row(row, names) for row in rows], hide_index=True)


def _row(row: PictureRevision, names: Mapping[int, str]) -> dict[str, object]:
    revision = row.revision
    return {
        "When (UTC)": f"{revision.created_at:%Y-%m-%d %H:%M:%S}",
        "Of": names.get(revision.instance_id, "taken out"),
        "Who": row.author or row.model or "",
        "Points": _REVIEWS[revision.review],
        "What": worded(revision.note) or ("Found by a model" if revision.source == Source.MODEL else ""),
    }
