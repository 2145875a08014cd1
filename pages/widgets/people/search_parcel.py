"""Taking along what a search has found: the pictures as a zip, or the list of them."""

import json
from typing import Any, Final

import streamlit as st

from core.people.search.album import Album
from core.people.search.asking import SearchResult
from core.people.search.listing import listed_matches, one_row_each
from core.people.search.parcels import Parcel, keep_parcel
from db.tables import Dataset
from pages.widgets.shared.address import in_address, yes_or_no
from pages.widgets.shared.controls import csv_button
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.words import words

_WORDS: Final = words("searching")


def take_along(dataset: Dataset, album: Album, found: SearchResult) -> None:
    """Ways to take pictures along, where some were found; nothing is made before it is asked for."""
    if not len(found.pictures):
        return

    def listed() -> list[dict[str, Any]]:
        return listed_matches(workspace(), album, found, dataset.id)

    with st.popover("Take along", icon=":material/download:"):
        blurred = st.checkbox(
            _WORDS["blur"]["name"], help=_WORDS["blur"]["about"], **in_address("blur", yes_or_no, False)
        )
        ticket = keep_parcel(Parcel(dataset.id, dataset.name, album, found, blurred))
        st.link_button("Pictures as a zip", f"/api/found/{ticket}", icon=":material/folder_zip:")
        csv_button("matches", lambda: one_row_each(listed()), "List as CSV")
        st.download_button(
            "List as JSON",
            lambda: json.dumps(listed(), ensure_ascii=False, indent=1).encode(),
            "matches.json",
            "application/json",
            on_click="ignore",
            icon=":material/data_object:",
        )
