"""Pictures of a dataset as tiles of the grid, and how many of them hold no face."""

from pathlib import PurePosixPath
from typing import Final

import streamlit as st

from core.foundation.messages import worded
from db.queries.library import DatasetCounts
from db.tables import Image, ImageState
from pages.widgets.shared.picture_grid import Tile
from pages.widgets.shared.text import counted
from pages.widgets.shared.words import words

STATES: Final[dict[str, str]] = words("picture_states")
_BADGES: Final = words("picture_badges")
_COUNTS: Final = words("counts_of_pictures")


def without_face(counts: DatasetCounts) -> None:
    """How many pictures were looked at and hold no face; one figure, wherever it is told."""
    text = _COUNTS["without_face"]
    st.metric(text["name"], counts.without_face, format="localized", help=text["about"])


def tile(image: Image) -> Tile:
    """A picture with its name, how many faces it has or why it failed, and a mark for its state."""
    state = ImageState(image.state)
    name = PurePosixPath(image.path).name
    looked_at = state not in (ImageState.NEW, ImageState.FAILED)
    caption = worded(image.reason) or (f"{name} · {counted(image.faces, 'face')}" if looked_at else name)
    url = f"/api/thumbnail/{image.id}?v={image.sha256[:8]}"
    return Tile(image.id, url, image.path, caption, _BADGES.get(state, ""))
