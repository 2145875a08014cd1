"""A grid of square pictures to look at, choose from and open, at the speed of the screen.

Choosing happens in the browser; the page gets the ids that are chosen. Click or Space chooses, Shift+click and
Shift+arrow choose a range, a rectangle drawn on free space what it touches (with Shift or Ctrl besides what is chosen),
Ctrl+A everything, Esc nothing; Enter and double-click open (where nothing can be chosen, a click does). Titles,
captions and badges are shown as text, whatever they hold.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

import streamlit as st

from core.foundation.errors import BadInput
from pages.widgets.shared.modules import one_module

Selecting = Literal["none", "single", "multi"]

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Tile:
    """One picture: `title` names it, `caption` is a line below it, `badge` a small mark such as "confirmed"."""

    id: int
    url: str
    title: str
    caption: str = ""
    badge: str = ""


_mount: Final = st.components.v2.component(
    "facet_picture_grid",
    css=(_HERE / "grid.css").read_text(encoding="utf-8"),
    js=one_module(_HERE.parent / "rubber_band.js", _HERE / "grid.js"),
)


def picture_grid(
    tiles: Sequence[Tile],
    *,
    key: str,
    select: Selecting = "none",
    size: int = 112,
    label: str = "Pictures",
    on_open: Callable[[int], None] | None = None,
) -> list[int]:
    """Show pictures in a grid; returns the ids that are selected, in the order of the tiles.

    A selection stays while its tiles are shown; tiles that are gone leave it.

    Parameters
    ----------
    tiles
        What to show; ids are unique.
    key
        The widget's key.
    select
        How many tiles can be chosen.
    size
        Edge of a picture in CSS pixels.
    label
        What the grid is called by a screen reader.
    on_open
        Called with a tile's id, in the page's own run (so `st.switch_page` works in it), once for each wish to open.

    Raises
    ------
    BadInput
        If the browser sends anything but ids of tiles, or two tiles have one id.
    """
    shown = {tile.id for tile in tiles}
    if len(shown) < len(tiles):
        raise BadInput("grid.ids_twice", grid=key)
    before = st.session_state.get(key)
    data = {
        "selected": before["selected"] if before else [],  # for a browser that shows the grid anew
        "tiles": [asdict(tile) for tile in tiles],
        "select": select,
        "size": size,
        "label": label,
        "opens": on_open is not None,
    }
    result = _mount(
        key=key,
        data=data,
        height="content",
        default={"selected": []},
        on_selected_change=lambda: None,
        on_open_change=lambda: None,
    )
    opened = parse_open(result.open)
    if on_open is not None and opened in shown:
        assert opened is not None
        on_open(opened)
    chosen = set(parse_selected(result.selected, select)) & shown
    return [tile.id for tile in tiles if tile.id in chosen]


def selected_now(key: str, shown: Collection[int], select: Selecting = "multi") -> list[int]:
    """The ids that are selected when a callback runs: newer than what the page's last run has seen.

    Raises
    ------
    BadInput
        As `picture_grid`.
    """
    state = st.session_state.get(key)
    return [number for number in parse_selected(state["selected"], select) if number in shown] if state else []


# What the browser sends is input from outside: anybody can type into a web socket.


def parse_selected(value: object, select: Selecting) -> list[int]:
    """Check the ids that the browser sent.

    Raises
    ------
    BadInput
        If they are not a list of whole numbers, or more than `select` allows.
    """
    if not isinstance(value, list):
        raise BadInput("grid.no_ids", value=repr(value))
    most = {"none": 0, "single": 1, "multi": len(value)}[select]
    if len(value) > most:
        raise BadInput("grid.too_many", count=len(value), limit=most)
    return [_id(item) for item in value]


def parse_open(value: object) -> int | None:
    """Check which tile the browser wants to open; None for none.

    Raises
    ------
    BadInput
        If it is not a whole number.
    """
    return None if value is None else _id(value)


def _id(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadInput("grid.no_id", value=repr(value))
    return value
