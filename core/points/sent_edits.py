"""Edits and verdicts as a browser sends them: checked, saved in their order, and answered with what became of each.

Whoever sends may send again what was not answered: an edit's own id makes it one revision. What comes from a browser is
input from outside.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from core.foundation.arrays import ABSENT, VISIBLE
from core.foundation.errors import BadInput, FacetError, OtherStore, StoreBusy, StoreFull
from core.foundation.messages import Message, message
from core.foundation.workspace import Workspace
from core.library.names_in_store import annotator_id
from core.points.annotating import Change, Edit, edited_instances, save_edit
from core.points.reviewing import accept, take_back
from core.points.sent_values import checked_author, checked_number, checked_place, checked_seen, checked_text
from db.engine import reading
from db.queries.points import instances_in, picture_states, pictures_of
from db.queries.store import store_id

_NAMING: Final = (  # codes of what is done to a point, a region, a face or a body that has a name
    "edits.move",
    "edits.nudge",
    "edits.place",
    "edits.make_absent",
    "edits.make_hidden",
    "edits.make_visible",
    "edits.mirror_region",
    "edits.turn",
    "edits.scale",
    "edits.reset_to_model",
    "edits.copy_region",
)
_NAMELESS: Final = (
    "edits.mirror",
    "edits.reset",
    "edits.copy",
    "edits.kept",
)  # kept: of a browser that said no more, in rows of long ago
VERDICTS: Final = ("accept", "take_back")
_TURNS: Final = ("edits.undo", "edits.redo")
MOST_EDITS: Final = 2_000
MOST_CHANGES: Final = 10_000


Save = Callable[[Workspace, Mapping[str, object]], None]
_NOTHING_ELSE: Final[Mapping[str, Save]] = {}


class SentEdit(NamedTuple):
    """An edit and the name of who made it."""

    edit: Edit
    author: str


class SentVerdict(NamedTuple):
    """That the points of a picture are right, or that this is taken back, and the name of who says so.

    `id` is the browser's own, as that of an edit; `seen` has the ids of the revisions that were on the screen.
    """

    id: str
    store: str
    author: str
    image: int
    verdict: str
    seen: frozenset[int]


def save_sent(workspace: Workspace, sent: object, also: Mapping[str, Save] = _NOTHING_ELSE) -> dict[str, Any]:
    """Save the edits and verdicts of one sending, ``{"edits": [...]}``, oldest first.

    A row that has a word of `also`, and an ``image``, is neither: what stands there saves it.

    Returns what a browser is told::

        {"store": id of the store that answers,
         "saved": {edit id: revision; 0 for what is no edit}, "refused": {edit id: sentence},
         "foreign": [edit id, ...],        made in another store: nothing was done with them
         "instances": [...],               as `editor_instances` gives them: those of the saved and the refused, as they
                                           are now
         "pictures": {picture id: state}   where the pictures of these stand now}

    Raises
    ------
    BadInput
        If it is not of this form, or too much at once.
    StoreBusy, StoreFull
        If nothing can be saved now; what came before it is saved, and sending all of it again does no harm.
    """
    rows = sent_rows(sent)
    saved: dict[str, int] = {}
    refused: dict[str, str] = {}
    foreign: list[str] = []
    touched: set[int] = set()
    judged: set[int] = set()
    for row in rows:
        name = checked_text(row.get("id") if isinstance(row, dict) else None, message("editor.id"))
        try:
            if isinstance(row, dict) and (save := _save_of(row, also)):
                judged.add(checked_number(row.get("image"), message("editor.image", edit=name)))
                save(workspace, row)
                saved[name] = 0
                continue
            edit, author = parse_edit(row)
            touched.add(edit.instance)
            saved[name] = save_edit(workspace, edit, author_id=annotator_id(workspace, author))
        except OtherStore:
            foreign.append(name)
        except (StoreBusy, StoreFull):
            raise
        except FacetError as error:
            refused[name] = str(error)
    answer = {"saved": saved, "refused": refused, "foreign": foreign}
    return answer | _as_it_is_now(workspace, touched, judged)


def _save_of(row: Mapping[str, object], also: Mapping[str, Save]) -> Save | None:
    """What saves a row that is no edit of points."""
    return next((save for word, save in ({"verdict": _judge} | dict(also)).items() if word in row), None)


def checked_sender(workspace: Workspace, row: Mapping[str, object]) -> tuple[str, int]:
    """The browser's own id of a row, and the id of its author.

    Raises
    ------
    BadInput
        If it has no id, or nobody is named.
    OtherStore
        If it was made in another store.
    """
    name = checked_text(row.get("id"), message("editor.id"))
    store = checked_text(row.get("store"), message("editor.store", edit=name))
    with reading(workspace.engine) as session:
        if store != store_id(session=session):
            raise OtherStore("points.other_store")
    return name, annotator_id(workspace, checked_author(row.get("author")))


def _judge(workspace: Workspace, row: Mapping[str, object]) -> None:
    sent = parse_verdict(row)
    _, author_id = checked_sender(workspace, row)
    if sent.verdict == "accept":
        accept(workspace, sent.image, author_id=author_id, seen=sent.seen, sent=sent.id)
    else:
        take_back(workspace, sent.image, author_id=author_id)


def _as_it_is_now(workspace: Workspace, instances: Collection[int], pictures: Collection[int]) -> dict[str, Any]:
    with reading(workspace.engine) as session:
        here = store_id(session=session)
        ids = {*instances, *instances_in(pictures, session=session)}
        states = picture_states({*pictures, *pictures_of(instances, session=session)}, session=session)
    shown = edited_instances(workspace, ids) if ids else []
    return {"store": here, "instances": shown, "pictures": {str(image): state for image, state in states.items()}}


def sent_rows(sent: object) -> list[object]:
    """The edits of one sending, each still to be checked by `parse_edit`; raises BadInput as `save_sent`."""
    rows = sent.get("edits") if isinstance(sent, dict) else None
    if not isinstance(rows, list):
        raise BadInput("editor.no_list")
    if len(rows) > MOST_EDITS:
        raise BadInput("editor.too_many_edits", count=len(rows), limit=MOST_EDITS)
    changes = [row.get("changes") for row in rows if isinstance(row, dict)]
    count = sum(len(change) for change in changes if isinstance(change, list))
    if count > MOST_CHANGES:
        raise BadInput("editor.too_many_changes", count=count, limit=MOST_CHANGES)
    return rows


def parse_edit(row: object) -> SentEdit:
    """Check one edit as a browser sent it.

    Raises
    ------
    BadInput
        If it is not of this form, a number is not finite, a visibility is not 0, 1 or 2, a point is named twice, or
        nobody is named as its author.
    """
    if not isinstance(row, dict):
        raise BadInput("editor.no_edit", kind=type(row).__name__)
    name = checked_text(row.get("id"), message("editor.id"))
    base, changes, after = row.get("base"), row.get("changes"), row.get("after")
    if not isinstance(changes, list) or not changes:
        raise BadInput("editor.no_changes", edit=name)
    parsed = tuple(_parse_change(change, name) for change in changes)
    if len({k for k, *_ in parsed}) < len(parsed):
        raise BadInput("editor.point_twice", edit=name)
    if not isinstance(after, list) or len(after) > MOST_EDITS:
        raise BadInput("editor.no_after", edit=name)
    edit = Edit(
        id=name,
        instance=checked_number(row.get("instance"), message("editor.instance", edit=name)),
        base=None if base is None else checked_number(base, message("editor.base", edit=name)),
        changes=parsed,
        note=_parse_note(row.get("note"), name),
        after=tuple(checked_text(one, message("editor.after", edit=name)) for one in after),
        store=checked_text(row.get("store"), message("editor.store", edit=name)),
    )
    return SentEdit(edit, checked_author(row.get("author")))


def parse_verdict(row: Mapping[str, object]) -> SentVerdict:
    """Check one verdict as a browser sent it.

    Raises
    ------
    BadInput
        If it is not of this form, or nobody is named as its author.
    """
    name = checked_text(row.get("id"), message("editor.id"))
    verdict = row.get("verdict")
    if verdict not in VERDICTS:
        raise BadInput("editor.no_verdict", edit=name)
    return SentVerdict(
        id=name,
        store=checked_text(row.get("store"), message("editor.store", edit=name)),
        author=checked_author(row.get("author")),
        image=checked_number(row.get("image"), message("editor.image", edit=name)),
        verdict=str(verdict),
        seen=checked_seen(row.get("seen"), name),
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
        return message(code, name=checked_text(fields["name"], message("editor.name", edit=edit)))
    raise BadInput("editor.no_note", edit=edit)


def _code_and_fields(note: object) -> tuple[str, dict[str, object]]:
    code, fields = (note.get("code"), note.get("fields")) if isinstance(note, dict) else (None, None)
    return (code, fields) if isinstance(code, str) and isinstance(fields, dict) else ("", {})


def _parse_change(change: object, name: str) -> Change:
    if not isinstance(change, Sequence) or isinstance(change, str) or len(change) != 4:
        raise BadInput("editor.no_change", edit=name)
    k = checked_number(change[0], message("editor.point", edit=name))
    visibility = checked_number(change[3], message("editor.visibility_of_change", edit=name))
    if visibility > VISIBLE:
        raise BadInput("editor.visibility", edit=name, value=visibility)
    if visibility == ABSENT:
        return k, None, None, visibility
    return k, checked_place(change[1], name), checked_place(change[2], name), visibility
