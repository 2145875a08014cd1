"""One export that was written: where it lies, what is in it, what is not, and taking it along."""

from pathlib import Path
from typing import Final

import streamlit as st

from core.exchange.delivering import left_out_of
from core.foundation.errors import FacetError
from db.tables import Export
from pages.widgets.shared.address import in_address, unfolded, yes_or_no
from pages.widgets.shared.controls import csv_button, paged
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import counted, plain, sentence, utc
from pages.widgets.shared.words import words

ABOUT: Final = words("export_formats")
EXPORT_POINTS: Final = words("export_points")
_ROWS: Final = 20


def export_card(export: Export, author: str) -> None:
    """Show an export of the history."""
    folder, held = Path(export.folder), export.counts
    with st.container(border=True, key=f"export-{export.id}"):
        st.markdown(f"**{plain(folder.name)}**")
        st.caption(f"{plain(export.format)} · by {plain(author)} · {utc(export.at)}")
        faces, people = held["instances"]["face"], held["people"]
        turned = f"; {held['turned']:,} turned upright" if held.get("turned") else ""
        st.markdown(
            f"{counted(held['images'], 'picture')}, {counted(faces, 'face')}, "
            f"{counted(held['instances']['person'], 'figure')}, {counted(people, 'person', 'people')}; "
            f"points of {held['instances_with_keypoints']['human']:,} by humans and of "
            f"{held['instances_with_keypoints']['model']:,} by models{turned}; {held['left_out']:,} left out"
        )
        st.text(f"Folder    {folder}\nManifest  SHA-256 {export.manifest_sha256}")
        if not folder.is_dir():
            st.warning("The folder is not there any more. Export again if you need it.")
            return
        st.link_button(
            "Download as a zip", f"/api/export/{export.id}", icon=":material/download:", key=f"zip-{export.id}"
        )
        if held["left_out"]:
            _left_out(export)


def _left_out(export: Export) -> None:
    title, word = f"{export.counts['left_out']:,} left out, with the reasons", f"left-out-{export.id}"
    section = st.expander(title, expanded=unfolded(word), key=word, on_change="rerun", icon=":material/block:")
    if not section.open:
        return
    with section:
        try:
            rows = left_out_of(workspace(), export.id)
        except FacetError as error:
            st.error(sentence(error))
            return
        table, offset = paged(len(rows), _ROWS, key=f"left-out-page-{export.id}", word=word)
        part = rows[offset : offset + _ROWS]
        table.table([{"File": plain(row["path"]), "Reason": plain(row["reason"])} for row in part], hide_index=True)
        csv_button(word, lambda: rows)


def untouched_files() -> bool:
    """Choose whether photos leave as they were imported, also those that EXIF turns."""
    return st.checkbox(
        "Untouched files",
        help="Else a photo that its EXIF data turns is written upright, for tools that read only the pixels, and the "
        "file as it was imported comes along beside it.",
        **in_address("untouched", yes_or_no, False),
    )
