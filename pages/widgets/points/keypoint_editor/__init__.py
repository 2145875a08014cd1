"""The keypoint editor: moving the points of faces and bodies on a picture, at the speed of the screen.

Everything that a hand feels (drag, zoom, keys, undo) happens in the browser; the server gets small diffs. The
browser sends every edit again until the page confirms it, so an edit's id must be remembered and applied once.

What a page gives as ``data`` (coordinates are pixels, the centre of the top-left pixel is (0, 0))::

    {
      "image": {"id": 12, "url": "/api/display/12?v=ab12", "width": 1280, "height": 720, "name": "a/b.jpg"},
      "prefetch": ["/api/display/13?v=..."],        pictures that are likely to be asked for next
      "skeletons": {"face68": {"names": [...], "edges": [[0, 1], ...], "flip_pairs": [...], "regions": {...}}},
      "instances": [{"id": 7, "kind": "face", "box": [left, top, right, bottom] or None, "label": "Ada" or None,
                     "skeleton": "face68", "revision": 31, "points": [[x, y, visibility, confidence], ...],
                     "source": "model", "human" or None, "author": "Mina" or None}],
      "focus": 7 or None,                           the instance to select first
      "saved": {edit id: {"instance": 7, "revision": 32}},   every confirmed edit among those sent lately
      "problems": {edit id: "sentence"},            edits that the page refused
      "read_only": False,
      "position": {"index": 3, "count": 50},       shown as "3 / 50"
    }

An instance has as many rows of points as its skeleton has names, absent ones too, so that they can be placed.
x, y and confidence may be None. Visibility is 0 absent, 1 hidden, 2 visible.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import streamlit as st

from core.foundation.arrays import ABSENT, VISIBLE
from core.foundation.errors import BadInput, FacetError
from core.foundation.messages import Message, message
from core.points.annotating import Change, Edit
from db.engine import LARGEST_ID

_NAMING: Final = (  # codes of what is done to a point, a region, a face or a body that has a name
    "edits.move",
    "edits.nudge",
    "edits.place",
    "edits.make_absent",
    "edits.make_hidden",
    "edits.make_visible",
    "edits.mirror_region",
)
_NAMELESS: Final = ("edits.mirror", "edits.kept")
_TURNS: Final = ("edits.undo", "edits.redo")
DESTINATIONS: Final = ("next", "previous", "next_unreviewed")
MOST_CHANGES: Final = 10_000
MOST_EDITS: Final = 2_000
LONGEST_TEXT: Final = 200
FARTHEST: Final = 1e6  # pixels

_HERE: Final = Path(__file__).parent
# In this order: while it is loaded, each file uses only names of the files before it.
_SCRIPTS: Final = ("view", "model", "picture", "draw", "commands", "input", "panel", "editor")
_BETWEEN_FILES: Final = re.compile(r"^import [^;]*;\n|^export (?!default )", re.MULTILINE)


def editor_script() -> str:
    """The editor as one module, which is what Streamlit takes: its files without their imports of one another."""
    return _BETWEEN_FILES.sub("", "\n".join((_HERE / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS))


_mount: Final = st.components.v2.component(
    "facet_keypoint_editor", css=(_HERE / "editor.css").read_text(encoding="utf-8"), js=editor_script()
)


def keypoint_editor(
    data: dict, *, key: str, on_edits: Callable[[list[Edit]], None], on_go: Callable[[str], None], height: int = 640
) -> None:
    """Show the editor.

    Both callbacks run before the page's body, so that the same run already shows what they saved. Edits always come
    before the wish to leave for another picture.

    Parameters
    ----------
    data
        See the module's docstring. What depends on the callbacks (points, ``saved``, ``problems``) is read after them.
    key
        The widget's key; two editors on one page need two keys.
    on_edits
        Gets every edit that is not confirmed yet, oldest first, also those that it got before. A `FacetError` that it
        raises is shown in the editor, and the edits stay unsaved there.
    on_go
        Gets ``next``, ``previous`` or ``next_unreviewed``, once for each wish. A `FacetError` that it raises ("this is
        the last picture") is shown in the editor.
    height
        Of the whole editor, in CSS pixels.
    """
    memory = st.session_state.setdefault(f"{key}.memory", {"went": None, "rejected": None, "notice": None})

    def edits_changed() -> None:
        memory["rejected"] = None
        try:
            on_edits(parse_edits(st.session_state[key]["edits"]))
        except FacetError as error:
            memory["rejected"] = str(error)

    def go_changed() -> None:
        to, nonce = parse_go(st.session_state[key]["go"])
        if nonce == memory["went"]:
            return
        memory.update(went=nonce, notice=None)
        try:
            on_go(to)
        except FacetError as error:
            memory["notice"] = str(error)

    _mount(
        key=key,
        data={**data, "channel": key, "height": height, **memory},
        height="content",
        on_edits_change=edits_changed,
        on_go_change=go_changed,
    )


# What the browser sends is input from outside: anybody can type into a web socket.


def parse_edits(value: object) -> list[Edit]:
    """Check what the browser sent as ``edits``: ``{"sent": n, "edits": [...]}``.

    Raises
    ------
    BadInput
        If it is not of this form, a number is not finite, a visibility is not 0, 1 or 2, a point is named twice in one
        edit, or there are more than 10,000 changes.
    """
    rows = value.get("edits") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        raise BadInput("editor.no_list")
    if len(rows) > MOST_EDITS:
        raise BadInput("editor.too_many_edits", count=len(rows), limit=MOST_EDITS)
    edits = [_parse_edit(row) for row in rows]
    count = sum(len(edit.changes) for edit in edits)
    if count > MOST_CHANGES:
        raise BadInput("editor.too_many_changes", count=count, limit=MOST_CHANGES)
    return edits


def parse_go(value: object) -> tuple[str, str]:
    """Check what the browser sent as ``go``; returns where to and the nonce that tells one wish from the next.

    Raises
    ------
    BadInput
        If it is not ``{"to": one of DESTINATIONS, "nonce": text}``.
    """
    if not isinstance(value, dict) or value.get("to") not in DESTINATIONS:
        raise BadInput("editor.no_destination", choices=list(DESTINATIONS), value=value)
    return value["to"], _text(value.get("nonce"), message("editor.nonce"))


def _parse_edit(row: object) -> Edit:
    if not isinstance(row, dict):
        raise BadInput("editor.no_edit", kind=type(row).__name__)
    name = _text(row.get("id"), message("editor.id"))
    base = row.get("base")
    changes = row.get("changes")
    if not isinstance(changes, list) or not changes:
        raise BadInput("editor.no_changes", edit=name)
    if len(changes) > MOST_CHANGES:
        raise BadInput("editor.too_many_changes_of_edit", edit=name, count=len(changes), limit=MOST_CHANGES)
    parsed = tuple(_parse_change(change, name) for change in changes)
    if len({k for k, *_ in parsed}) < len(parsed):
        raise BadInput("editor.point_twice", edit=name)
    return Edit(
        id=name,
        instance=_whole(row.get("instance"), message("editor.instance", edit=name)),
        base=None if base is None else _whole(base, message("editor.base", edit=name)),
        changes=parsed,
        note=_parse_note(row.get("note"), name),
    )


def _parse_note(note: object, edit: str) -> Message:
    """What an edit did, as ``{"code": ..., "fields": {...}}``: one of a known kind, or one of these turned back."""
    code, fields = _code_and_fields(note)
    if code in _TURNS and fields.keys() == {"edit"}:
        inner, of_inner = _code_and_fields(fields["edit"])
        return message(code, edit=_plain_note(inner, of_inner, edit))
    return _plain_note(code, fields, edit)


def _plain_note(code: str, fields: Mapping[str, object], edit: str) -> Message:
    if code in _NAMELESS and not fields:
        return message(code)
    if code in _NAMING and fields.keys() == {"name"}:
        return message(code, name=_text(fields["name"], message("editor.name", edit=edit)))
    raise BadInput("editor.no_note", edit=edit)


def _code_and_fields(note: object) -> tuple[str, dict[str, object]]:
    code, fields = (note.get("code"), note.get("fields")) if isinstance(note, dict) else (None, None)
    return (code, fields) if isinstance(code, str) and isinstance(fields, dict) else ("", {})


def _parse_change(change: object, name: str) -> Change:
    if not isinstance(change, Sequence) or isinstance(change, str) or len(change) != 4:
        raise BadInput("editor.no_change", edit=name)
    k = _whole(change[0], message("editor.point", edit=name))
    visibility = _whole(change[3], message("editor.visibility_of_change", edit=name))
    if visibility > VISIBLE:
        raise BadInput("editor.visibility", edit=name, value=visibility)
    if visibility == ABSENT:
        return k, None, None, visibility
    return k, _coordinate(change[1], name), _coordinate(change[2], name), visibility


def _text(value: object, what: Message) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
        raise BadInput("editor.no_text", name=what, limit=LONGEST_TEXT)
    return value


def _whole(value: object, what: Message) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_ID:
        raise BadInput("editor.no_number", name=what, value=value)
    return value


def _coordinate(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < FARTHEST:  # NaN is not either
        raise BadInput("editor.no_coordinate", edit=name, value=value)
    return float(value)
