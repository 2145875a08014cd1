"""The keypoint editor: going through pictures and moving the points of faces and bodies, at the speed of the screen.

Everything that a hand feels happens in the browser, the way from picture to picture too: the editor asks the routes
``/api/order``, ``/api/frames`` and ``/api/display`` itself, ahead of the hand. What is done goes to the tab's outbox
(`pages.widgets.shared.outbox`), which sends it whatever page is shown. The page hears which picture is open once the
hand has rested on it.

What a page gives as ``data`` is described in ``types.d.ts`` (``EditorData``), what a picture is in
`core.points.frames`. Coordinates are pixels, the centre of the top-left pixel is (0, 0). An instance has as many rows
of points as its skeleton has names, absent ones too, so that they can be placed.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import streamlit as st

from core.foundation.errors import BadInput
from core.points.sent_values import is_number
from pages.widgets.shared.modules import one_module
from pages.widgets.shared.outbox import SCRIPTS as OUTBOX

_HERE: Final = Path(__file__).parent
_SCRIPTS: Final = (
    "elements",
    "view",
    "keeping",
    "model",
    "holding",
    "colours",
    "shapes",
    "picture",
    "frames",
    "boxes",
    "clips",
    "telling",
    "preview",
    "draw",
    "loupe",
    "resetting",
    "copying",
    "going",
    "judging",
    "placing",
    "shaping",
    "conflicts",
    "deeds",
    "ripple",
    "playing",
    "seeing",
    "ranges",
    "tracks",
    "timeline",
    "commands",
    "clip_panel",
    "keys",
    "input",
    "dialogs",
    "bar",
    "panel",
    "help",
    "editor",
)


# The picture gets the room that other pages leave around their text.
_ROOM: Final = "<style>[data-testid=stMainBlockContainer] {padding: 3.5rem 1rem 1rem}</style>"


def editor_script() -> str:
    """The editor as one module, which is what Streamlit takes, with the tab's outbox."""
    return one_module(*OUTBOX, *(_HERE / f"{name}.js" for name in _SCRIPTS))


_mount: Final = st.components.v2.component(
    "facet_keypoint_editor", css=(_HERE / "editor.css").read_text(encoding="utf-8"), js=editor_script()
)


def keypoint_editor(data: Mapping[str, Any], *, key: str, on_rest: Callable[[int], None]) -> None:
    """Show the editor. The page runs anew when the hand has rested on another picture, or edits are saved.

    Parameters
    ----------
    data
        See the module's docstring, but for ``turn``: the editor opens what the page asks for (``open``) where that is
        another picture than the one that it has told of, or the page asks for an instance.
    key
        The widget's key; two editors on one page need two keys.
    on_rest
        Gets the id of the picture that is on screen, before the page's body runs.
    """
    memory = st.session_state.setdefault(f"{key}.memory", {"image": None, "turn": 0})

    def rested() -> None:
        told = st.session_state.get(key)
        if told is None:
            return  # another page was opened in the same moment
        image, turn = parse_rest(told["rested"])
        if turn == memory["turn"]:  # else the page has asked for another picture since
            on_rest(image)  # first: ended half-way, this is done again without leading back to the picture before
            memory["image"] = image

    asked = data["open"]
    if asked["image"] != memory["image"] or asked["focus"] is not None:
        memory.update(image=asked["image"], turn=memory["turn"] + 1)
    st.html(_ROOM)
    _mount(key=key, data={**data, "turn": memory["turn"]}, height="content", on_rested_change=rested)


def hear_no_earlier_rest(key: str) -> None:
    """Let the page choose another picture: where the hand has rested before counts no more, however late it comes.

    For a callback of the page; what it chooses would else be taken back by a rest that was on its way.
    """
    if memory := st.session_state.get(f"{key}.memory"):
        memory["turn"] += 1


# What the browser sends is input from outside: anybody can type into a web socket.


def parse_rest(value: object) -> tuple[int, int]:
    """Check what the browser sent as ``rested``; returns the id of the picture on screen, and the turn (what the page
    has asked for) that it has followed last.

    Raises
    ------
    BadInput
        If it is not ``{"image": number, "turn": number, ...}``.
    """
    asked = value if isinstance(value, dict) else {}
    image, turn = asked.get("image"), asked.get("turn")
    if not is_number(image) or not is_number(turn):
        raise BadInput("editor.no_rest", value=value)
    return image, turn
