"""What a browser asks to be done to many frames of a clip: checked, done once, and answered with what has changed.

What comes from a browser is input from outside. Its own id makes each thing one: sent again, it gets the same answer.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlmodel import col, select

from core.foundation.errors import BadInput, NotFound, OtherStore
from core.foundation.messages import worded
from core.foundation.workspace import Workspace
from core.motion.clip_edits import done_before, undo_clip_edit
from core.motion.proposing import propose
from core.motion.ranges import FrameRange, accept_range, exclude_range, reset_range, swap_sides
from core.motion.rippling import ripple_edit
from core.motion.tracklets import cut_track, join_tracks, name_track, swap_tracks, tracks_of_clip
from core.points.sent_edits import checked_sender, parse_edit
from core.points.sent_values import checked_number, checked_seen, checked_text
from db.batching import id_batches
from db.engine import reading
from db.queries.points import picture_states
from db.queries.store import store_id
from db.tables import ClipEdit, Instance

Sent = Mapping[str, Any]
Done = dict[str, Any]


def clip_shown(workspace: Workspace, video_id: int) -> dict[str, Any]:
    """The tracks of a clip as plain values.

    Returns
    -------
    dict
        ``video``, ``tracks``: as `db.queries.motion.tracks.ClipTrack` has them, each with ``id``, ``number``, ``kind``,
        ``name``, ``first``, ``last``, ``frames``, ``human``, ``truth``, ``title``.

    Raises
    ------
    NotFound
        If there is no such clip.
    """
    return {"video": video_id, "tracks": [track._asdict() for track in tracks_of_clip(workspace, video_id)]}


def do_sent(workspace: Workspace, sent: object) -> dict[str, Any]:
    """Do what a browser asks for, ``{"id", "store", "author", "do", ...}``; `DEEDS` says what each takes.

    Returns
    -------
    dict
        ``store``, ``id``, ``done`` (what the service gives, its messages as sentences), ``instances`` and ``pictures``
        (ids of what has other points, another review or another track now), ``states`` of these pictures by their ids.
        Of what was made in another store ``store`` (the one that answers), ``id`` and ``foreign``: nothing is done.

    Raises
    ------
    BadInput
        If it is not of this form.
    FacetError
        As the service that it asks for; then nothing is done.
    """
    deed = DEEDS.get(str(sent.get("do"))) if isinstance(sent, Mapping) else None
    if not isinstance(sent, Mapping) or deed is None:
        raise BadInput("clip_edits.no_deed", choices=list(DEEDS))
    try:
        edit_id, author_id = checked_sender(workspace, sent)
        with reading(workspace.engine) as session:
            before = done_before(edit_id, session=session)
        done = before.result if before is not None else deed(workspace, sent, author_id, edit_id)
    except OtherStore:
        with reading(workspace.engine) as session:
            return {"store": store_id(session=session), "id": sent["id"], "foreign": True}
    return {"store": sent["store"], "id": edit_id, "done": worded(done), **_changed(workspace, done.get("edit"))}


def _changed(workspace: Workspace, number: int | None) -> Done:
    """The instances and the pictures that an edit has changed, and where these stand now."""
    with reading(workspace.engine) as session:
        edit = session.get(ClipEdit, number) if number is not None else None
        payload = edit.payload if edit is not None else {}
        touched = {row[0] for name in ("points", "made", "gone", "tracks") for row in payload.get(name, ())}
        pictures = {row[0] for row in payload.get("empty", ())}
        for part in id_batches(sorted(touched)):
            pictures |= set(session.exec(select(Instance.image_id).where(col(Instance.id).in_(part))))
        states = picture_states(pictures, session=session)
    return {
        "instances": sorted(touched),
        "pictures": sorted(pictures),
        "states": {str(k): v for k, v in states.items()},
    }


def _propose(workspace: Workspace, sent: Sent, author_id: int, edit_id: str) -> Done:
    """``video``, ``first``, ``last``, ``method``; ``track`` or ``instance``, or neither."""
    way = (_number(sent, "video"), _number(sent, "first"), _number(sent, "last"), _text(sent, "method"))
    return propose(
        workspace,
        *way,
        track_id=_maybe_number(sent, "track"),
        instance_id=_maybe_number(sent, "instance"),
        author_id=author_id,
        edit_id=edit_id,
    )


def _ripple(workspace: Workspace, sent: Sent, author_id: int, edit_id: str) -> Done:
    """``edit`` as it is sent to be saved, with the same id, and ``width``."""
    edit = parse_edit(sent.get("edit")).edit
    if edit.id != edit_id:
        raise BadInput("clip_edits.other_id")
    return ripple_edit(workspace, edit, _number(sent, "width"), author_id=author_id)


def _range(sent: Sent, edit_id: str) -> FrameRange:
    """``video``, ``first``, ``last``, and ``track`` or none."""
    way = (_number(sent, "video"), _number(sent, "first"), _number(sent, "last"))
    return FrameRange(*way, _maybe_number(sent, "track"), edit_id)


def _accept(workspace: Workspace, sent: Sent, author_id: int, edit_id: str) -> Done:
    """A range, and ``seen``: the ids of the revisions that were on the screen."""
    seen = checked_seen(sent.get("seen"), edit_id)
    return accept_range(workspace, _range(sent, edit_id), author_id=author_id, seen=seen)


def _exclude(workspace: Workspace, sent: Sent, author_id: int, edit_id: str) -> Done:
    """A range, and ``reason``."""
    return exclude_range(workspace, _range(sent, edit_id), _text(sent, "reason"), author_id=author_id)


def _reset(workspace: Workspace, sent: Sent, author_id: int, edit_id: str) -> Done:
    """A range."""
    return reset_range(workspace, _range(sent, edit_id), author_id=author_id)


def _swap_sides(workspace: Workspace, sent: Sent, author_id: int, edit_id: str) -> Done:
    """A range."""
    return swap_sides(workspace, _range(sent, edit_id), author_id=author_id)


def _join(workspace: Workspace, sent: Sent, author_id: int, edit_id: str) -> Done:
    """``track`` and ``other``, which becomes part of it."""
    both = (_number(sent, "track"), _number(sent, "other"))
    return {"edit": join_tracks(workspace, *both, author_id=author_id, edit_id=edit_id)}


def _cut(workspace: Workspace, sent: Sent, author_id: int, edit_id: str) -> Done:
    """``track`` and ``frame``, from which on it is another; gives that one as ``track``."""
    place = (_number(sent, "track"), _number(sent, "frame"))
    track, edit = cut_track(workspace, *place, author_id=author_id, edit_id=edit_id)
    return {"track": track, "edit": edit}


def _swap_tracks(workspace: Workspace, sent: Sent, author_id: int, edit_id: str) -> Done:
    """``track``, ``other`` and ``frame``, from which on they change places."""
    place = (_number(sent, "track"), _number(sent, "other"), _number(sent, "frame"))
    return {"edit": swap_tracks(workspace, *place, author_id=author_id, edit_id=edit_id)}


def _name(workspace: Workspace, sent: Sent, author_id: int, edit_id: str) -> Done:
    """``track`` and ``name``; gives ``person``, or of a body ``edit``. The same name given again changes nothing."""
    named = (_number(sent, "track"), _text(sent, "name"))
    person = name_track(workspace, *named, author_id=author_id, edit_id=edit_id)
    with reading(workspace.engine) as session:
        edit = done_before(edit_id, session=session)
    return {"person": person, "edit": edit.id if edit else None}


def _undo(workspace: Workspace, sent: Sent, author_id: int, edit_id: str) -> Done:
    """``of``, the id that it was sent with, or ``edit``, as an answer named it; gives the undo's own as ``edit``, with
    ``undone`` and ``kept``."""
    number = _number(sent, "edit") if sent.get("of") is None else _sent_as(workspace, _text(sent, "of"))
    told = undo_clip_edit(workspace, number, author_id=author_id, edit_id=edit_id)
    return vars(told)


def _sent_as(workspace: Workspace, edit_id: str) -> int:
    """The number of the edit that a browser sent with this id."""
    with reading(workspace.engine) as session:
        edit = done_before(edit_id, session=session)
    if edit is None:
        raise NotFound("clip_edits.none_sent")
    return edit.id


DEEDS: Final[dict[str, Callable[[Workspace, Sent, int, str], Done]]] = {
    "propose": _propose,
    "ripple": _ripple,
    "accept": _accept,
    "exclude": _exclude,
    "reset": _reset,
    "swap_sides": _swap_sides,
    "join": _join,
    "cut": _cut,
    "swap_tracks": _swap_tracks,
    "name": _name,
    "undo": _undo,
}


def _number(sent: Sent, name: str) -> int:
    return checked_number(sent.get(name), name)


def _maybe_number(sent: Sent, name: str) -> int | None:
    return None if sent.get(name) is None else _number(sent, name)


def _text(sent: Sent, name: str) -> str:
    return checked_text(sent.get(name), name)
