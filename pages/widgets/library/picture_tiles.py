"""Pictures and clips of a dataset as tiles of the grid, and how many hold no face."""

from collections import Counter
from pathlib import PurePosixPath
from typing import Final

import streamlit as st

from core.foundation.messages import worded
from db.queries.library import ClipEntry, DatasetCounts
from db.tables import TO_REVIEW, Image, ImageState
from pages.widgets.shared.picture_grid import Tile
from pages.widgets.shared.text import counted
from pages.widgets.shared.words import words

STATES: Final[dict[str, str]] = words("picture_states")
_BADGES: Final = words("picture_badges")
_CLIP_STATES: Final = words("clip_states")
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
    return Tile(image.id, _thumbnail(image), image.path, caption, _BADGES.get(state, ""))


def clip_tile(clip: ClipEntry) -> Tile:
    """A clip with its first frame, its name and length, and where its frames stand.

    Its id is that of the clip, negative: the first frame may be shown beside it as a picture, or by another clip.
    """
    video, of = clip.video, Counter[str]()
    for state, count in clip.states.items():
        of["to_review" if state in TO_REVIEW and state != ImageState.NEW else state] += count
    length = _length(video.frames / video.frames_per_second if video.frames_per_second else 0.0)
    told = [f"{of[state]:,} {name}" for state, name in _CLIP_STATES.items() if of[state]]
    title = f"{video.path}: {counted(clip.frames, 'frame')}, {length}, {', '.join(told)}"
    caption = f"{PurePosixPath(video.path).name} · {length}"
    return Tile(-video.id, _thumbnail(clip.first), title, caption, f"▶ {told[0]}")


def _thumbnail(image: Image) -> str:
    return f"/api/thumbnail/{image.id}?v={image.sha256[:8]}"


def _length(seconds: float) -> str:
    """Minutes and seconds, or hours, minutes and seconds; a clip shorter than a second has one."""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
