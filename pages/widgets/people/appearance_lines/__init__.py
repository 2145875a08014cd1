"""Lines of time, one for each clip, with a bar for each stretch in which somebody is seen; a click says when."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Final

import streamlit as st

from core.foundation.errors import BadInput

_HERE: Final = Path(__file__).parent

_mount: Final = st.components.v2.component(
    "facet_appearance_lines",
    css=(_HERE / "lines.css").read_text(encoding="utf-8"),
    js=(_HERE / "lines.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Line:
    """A clip: its id, what it is called, how long it is, and the stretches, all in seconds; `note` is said after it."""

    id: int
    title: str
    note: str
    length: float
    ranges: list[tuple[float, float]]


def appearance_lines(lines: Sequence[Line], *, key: str, label: str) -> tuple[int, float] | None:
    """Show the lines; the id and the second that were clicked since the last run of the page, else None.

    Raises
    ------
    BadInput
        If the browser sends anything but a clip that is shown and a second.
    """
    data = {"lines": [asdict(line) for line in lines], "label": label}
    result = _mount(key=key, data=data, height="content", on_open_change=lambda: None)
    opened = parse_moment(result.open)
    return opened if opened is not None and opened[0] in {line.id for line in lines} else None


def parse_moment(value: object) -> tuple[int, float] | None:
    """Check the clip and the second that the browser wants to open; None for none.

    Raises
    ------
    BadInput
        If it is anything else.
    """
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2:
        clip, second = value
        whole = isinstance(clip, int) and not isinstance(clip, bool)
        if whole and isinstance(second, int | float) and not isinstance(second, bool) and isfinite(second):
            return clip, float(second)
    raise BadInput("appearances.no_moment", value=repr(value))
