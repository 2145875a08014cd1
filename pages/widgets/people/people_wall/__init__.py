"""A dense wall of people: named in place, chosen, merged and hidden in the browser at the speed of a hand.

The browser tells the page of every deed with a number that rises, and the page says up to which number it has heard:
deeds that are quicker than the page are neither lost nor done twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import streamlit as st

from core.foundation.errors import BadInput
from pages.widgets.shared.modules import one_module

_HERE: Final = Path(__file__).parent
_DEEDS: Final = ("merge", "into", "hide", "confirm")  # into: the others were dragged upon the first


@dataclass(frozen=True)
class Card:
    """A person on the wall: `title` is what they are called, `url` has the face that stands for them."""

    id: int
    name: str
    title: str
    url: str
    faces: int
    confirmed: int


class Deed(NamedTuple):
    """What somebody has done: a name that was typed for one, or what is to be done with several."""

    number: int
    kind: str
    people: tuple[int, ...]
    typed: str = ""


_mount: Final = st.components.v2.component(
    "facet_people_wall",
    css=(_HERE / "wall.css").read_text(encoding="utf-8"),
    js=one_module(_HERE.parents[1] / "shared" / "rubber_band.js", _HERE / "wall.js"),
)


def people_wall(
    cards: Sequence[Card],
    *,
    key: str,
    names: Sequence[str],
    hidden: bool,
    heard: int,
    on_deed: Callable[[], None],
    on_open: Callable[[int], None],
) -> int | None:
    """Show people; gives the one whom somebody wants to look at, if `on_open` was not let to its end.

    Parameters
    ----------
    cards
        Who is shown, in their order.
    key
        The widget's key.
    names
        Those that are offered while one is typed.
    hidden
        Whether these are the hidden people, who can be brought back.
    heard
        The number of the last deed that the page has dealt with.
    on_deed
        Called when there are new ones (`deeds_done`).
    on_open
        Called with whom somebody wants to look at, before the page draws anything anew.
    """
    data = {"cards": [asdict(card) for card in cards], "names": list(names), "hidden": hidden, "heard": heard}
    result = _mount(
        key=key,
        data=data,
        height="content",
        default={"deeds": []},
        on_deeds_change=on_deed,
        on_open_change=partial(_open, key, on_open),
    )
    return result.open if _is_id(result.open) else None


def _open(key: str, on_open: Callable[[int], None]) -> None:
    opened = st.session_state[key]["open"]
    if _is_id(opened):
        on_open(opened)


def deeds_done(key: str, heard: int) -> list[Deed]:
    """What has been done after the deed of that number, in its order.

    Raises
    ------
    BadInput
        If the browser sends anything but deeds.
    """
    state = st.session_state.get(key)
    deeds = state["deeds"] if state else []
    if not isinstance(deeds, list):
        raise BadInput("wall.no_deed", value=repr(deeds))
    return sorted(deed for deed in map(_checked, deeds) if deed.number > heard)


def _checked(item: object) -> Deed:
    match item:
        case [int(number), "name", int(person), str(typed)] if not isinstance(number, bool):
            return Deed(number, "name", (person,), typed)
        case [int(number), str(kind), list(people)] if kind in _DEEDS and people and all(map(_is_id, people)):
            return Deed(number, kind, tuple(people))
    raise BadInput("wall.no_deed", value=repr(item))


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
