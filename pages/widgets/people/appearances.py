"""When somebody is seen in clips: a line of time for each, whose bars open the clip there in the editor."""

from typing import Final

import streamlit as st

from core.people.appearances import appearances, seen_at
from db.queries.library import ImageFilter
from pages.widgets.library.picture_filter import as_choices, within_clip
from pages.widgets.people.appearance_lines import Line, appearance_lines
from pages.widgets.shared.controls import paged, show_in_editor
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import counted
from pages.widgets.shared.words import words

_WORDS: Final = words("appearances")
_CLIPS: Final = 10


def timeline_of_person(person_id: int) -> None:
    """The clips in which somebody is seen, nothing where there is none."""
    clips = appearances(workspace(), person_id)
    if not clips:
        return
    st.caption(_WORDS["about"].format(clips=counted(len(clips), "clip")))
    place, offset = paged(len(clips), _CLIPS, key=f"clips-of-{person_id}", word="clips")
    lines = [
        Line(
            clip.video_id,
            clip.path,
            counted(clip.frames, "frame"),
            clip.length,
            [(seen.start, seen.end) for seen in clip.ranges],
        )
        for clip in clips[offset : offset + _CLIPS]
    ]
    with place:
        moment = appearance_lines(lines, key=f"appearances-{person_id}-{offset}", label=_WORDS["label"])
    if moment is not None:
        face = seen_at(workspace(), person_id, *moment)
        if face is not None:
            path = next(clip.path for clip in clips if clip.video_id == moment[0])
            show_in_editor(*face, **as_choices(within_clip(ImageFilter(), path)))
