"""The keypoint editor: moving the points of faces and bodies on a picture, at the speed of the screen.

Everything that a hand feels (drag, zoom, keys, undo) happens in the browser. Edits go from there to the tab's outbox
(`pages.widgets.shared.outbox`), which sends them whatever page is shown.

What a page gives as ``data`` (coordinates are pixels, the centre of the top-left pixel is (0, 0))::

    {
      "image": {"id": 12, "url": "/api/display/12?v=ab12", "width": 1280, "height": 720, "name": "a/b.jpg"},
      "prefetch": ["/api/display/13?v=..."],        pictures that are likely to be asked for next
      "skeletons": {"face68": {"names": [...], "edges": [[0, 1], ...], "flip_pairs": [...], "regions": {...}}},
      "instances": [{"id": 7, "kind": "face", "box": [left, top, right, bottom] or None, "label": "Ada" or None,
                     "skeleton": "face68", "revision": 31, "points": [[x, y, visibility, confidence], ...],
                     "source": "model", "human" or None, "author": "Mina" or None,
                     "review": "open", "in_progress", "accepted" or "imported",
                     "vouched": [True, ...]}],           for each point, whether a human vouches for it
      "focus": 7 or None,                           the instance to select first
      "store": "9f…",                               the id of the store that the points are from
      "author": "Mina",                             whose name edits bear
      "window": "3f…",                              the id of this window, which edits are made in
      "read_only": False,
      "position": {"index": 3, "count": 50},       shown as "3 / 50"
    }

An instance has as many rows of points as its skeleton has names, absent ones too, so that they can be placed.
x, y and confidence may be None. Visibility is 0 absent, 1 hidden, 2 visible.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import streamlit as st

from core.foundation.errors import BadInput, FacetError
from pages.widgets.shared.modules import one_module
from pages.widgets.shared.outbox import SCRIPTS as OUTBOX

DESTINATIONS: Final = ("next", "previous", "next_unreviewed")
LONGEST_NONCE: Final = 200

_HERE: Final = Path(__file__).parent
_SCRIPTS: Final = ("view", "model", "picture", "draw", "commands", "input", "panel", "editor")


def editor_script() -> str:
    """The editor as one module, which is what Streamlit takes, with the tab's outbox."""
    return one_module(*OUTBOX, *(_HERE / f"{name}.js" for name in _SCRIPTS))


_mount: Final = st.components.v2.component(
    "facet_keypoint_editor", css=(_HERE / "editor.css").read_text(encoding="utf-8"), js=editor_script()
)


def keypoint_editor(data: dict, *, key: str, on_go: Callable[[str], None], height: int = 640) -> None:
    """Show the editor.

    The page runs anew when edits of its picture are saved.

    Parameters
    ----------
    data
        See the module's docstring.
    key
        The widget's key; two editors on one page need two keys.
    on_go
        Gets ``next``, ``previous`` or ``next_unreviewed``, once for each wish, before the page's body runs. A
        `FacetError` that it raises ("this is the last picture") is shown in the editor.
    height
        Of the whole editor, in CSS pixels.
    """
    memory = st.session_state.setdefault(f"{key}.memory", {"went": None, "notice": None})

    def go_changed() -> None:
        wish = st.session_state.get(key)  # nothing where another page was opened in the same moment
        if wish is None:
            return
        to, nonce = parse_go(wish["go"])
        if nonce == memory["went"]:
            return
        memory.update(went=nonce, notice=None)
        try:
            on_go(to)
        except FacetError as error:
            memory["notice"] = str(error)

    _mount(
        key=key,
        data={**data, "height": height, **memory},
        height="content",
        on_saved_change=lambda: None,
        on_go_change=go_changed,
    )


# What the browser sends is input from outside: anybody can type into a web socket.


def parse_go(value: object) -> tuple[str, str]:
    """Check what the browser sent as ``go``; returns where to and the nonce that tells one wish from the next.

    Raises
    ------
    BadInput
        If it is not ``{"to": one of DESTINATIONS, "nonce": text}``.
    """
    if not isinstance(value, dict) or value.get("to") not in DESTINATIONS:
        raise BadInput("editor.no_destination", choices=list(DESTINATIONS), value=value)
    nonce = value.get("nonce")
    if not isinstance(nonce, str) or not 0 < len(nonce) <= LONGEST_NONCE:
        raise BadInput("editor.no_nonce", limit=LONGEST_NONCE)
    return value["to"], nonce
