"""Which labels count where something is learned or measured: the accepted ones, or work in progress too."""

from typing import Any, Final

import streamlit as st

from pages.widgets.shared.address import among, in_address
from pages.widgets.shared.words import words

_LABELS: Final = words("labels_that_count")


def labels_that_count() -> bool:
    """Choose which labels count; whether those in progress do."""
    chosen = st.selectbox(
        "Labels",
        list(_LABELS),
        width=240,
        format_func=lambda name: _LABELS[name]["name"],
        help=" ".join(label["about"] for label in _LABELS.values()),
        **in_address("labels", among(_LABELS), next(iter(_LABELS))),
    )
    return bool(chosen == "in_progress")


def in_progress_parameter(in_progress: bool) -> dict[str, Any]:
    """What a run is told where labels in progress count; nothing where they do not."""
    return {"in_progress": True} if in_progress else {}
