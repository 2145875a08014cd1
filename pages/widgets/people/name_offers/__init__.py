"""Names that exist already, offered by the browser while one is typed into a field."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import streamlit as st

_mount: Final = st.components.v2.component(
    "facet_name_offers", js=Path(__file__).with_name("offers.js").read_text(encoding="utf-8")
)


def offer_names(label: str, names: Sequence[str]) -> None:
    """Offer these names in every field of the page whose label begins so; the list is sent once for all of them."""
    _mount(key="name-offers", data={"label": label, "names": list(names)}, height="content")
