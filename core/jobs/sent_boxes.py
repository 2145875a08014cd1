"""Boxes as a browser sends them: drawn, moved, taken away or brought back; and the points that a new one gets at once.

They come with edits and verdicts (`core.points.sent_edits.save_sent`). What comes from a browser is input from outside.
"""

from collections.abc import Mapping
from typing import Any, Final

from core.foundation.arrays import Box
from core.foundation.errors import BadInput, Conflict, NotFound
from core.foundation.messages import message
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.jobs.launch import start_unless_waiting
from core.learning.promoting import promoted_skeletons
from core.library.lookup import find_image
from core.motion.tracklets import link_clips
from core.people.bodies import what_is_missing
from core.people.deciding import remove_faces, undo
from core.people.encoders import encoder_of
from core.points.boxes import add_instances, move_box
from core.points.sent_edits import checked_sender
from core.points.sent_values import checked_number, checked_place
from db.engine import reading
from db.queries.people.decisions import removal_of
from db.queries.people.vectors import is_embedded
from db.tables import Instance

ACTS: Final = ("draw", "move", "remove", "bring_back")


def save_box(workspace: Workspace, row: Mapping[str, object]) -> None:
    """Do what one row asks for.

    It is ``{"id", "store", "author", "at", "box": one of ACTS, "image", ...}``: to draw, ``"kind"`` and ``"corners"``
    (left, top, right, bottom in pixels of the upright picture); to move, ``"instance"``, ``"shown"`` (the corners
    before) and ``"corners"``; to remove and to bring back, ``"instance"``. Sent again, it changes no box.

    Raises
    ------
    BadInput
        If it is not of this form, or a box cannot be.
    OtherStore
        If it was made in another store.
    NotFound, Conflict
        As the service that it asks for.
    """
    name, author_id = checked_sender(workspace, row)
    act, image = row.get("box"), checked_number(row.get("image"), message("editor.image", edit=name))
    if act == "draw":
        kind = str(row.get("kind"))
        add_instances(workspace, image, [_corners(row, "corners", name)], kind, author_id=author_id, edit_id=name)
        ask_for_points(workspace, image, kind, author_id=author_id)
        return
    instance = checked_number(row.get("instance"), message("editor.instance", edit=name))
    removed = _is_removed(workspace, instance, image)
    if act == "move":
        shown, corners = _corners(row, "shown", name), _corners(row, "corners", name)
        move_box(workspace, instance, shown, corners, author_id=author_id, edit_id=name)
    elif act == "remove":
        if not removed:
            remove_faces(workspace, [instance], author_id=author_id)
    elif act == "bring_back":
        if removed:
            _bring_back(workspace, instance, author_id)
    else:
        raise BadInput("editor.no_box", edit=name, choices=list(ACTS))
    if act in ("move", "bring_back"):
        link_clips(workspace, image_id=image)
        _ask_for_what_lacks(workspace, instance, author_id)


def _ask_for_what_lacks(workspace: Workspace, instance_id: int, author_id: int) -> None:
    """Start the runs for a box that has no points, as one that was taken away while they were looked for, or a face
    that has no embedding, as one that was moved."""
    with reading(workspace.engine) as session:
        instance = session.get_one(Instance, instance_id)
        whole = instance.revision_id is not None and (
            instance.kind != "face" or is_embedded(instance_id, session=session)
        )
    if not whole:
        _start_runs(workspace, instance.image_id, instance.kind, author_id)


def ask_for_points(workspace: Workspace, image_id: int, kind: str, *, author_id: int) -> None:
    """Put new boxes into the tracks of their clip, and start the runs that give boxes without points, and faces
    without an embedding, what they lack."""
    link_clips(workspace, image_id=image_id)
    _start_runs(workspace, image_id, kind, author_id)


def _start_runs(workspace: Workspace, image_id: int, kind: str, author_id: int) -> None:
    with reading(workspace.engine) as session:
        dataset_id = find_image(image_id, session=session).dataset_id
    asked: dict[str, Any] = {"dataset_id": dataset_id, "author_id": author_id}
    if kind == "face":
        start_unless_waiting(workspace, "faces", **asked, encoder=_encoder(workspace, dataset_id), boxes_only=True)
    elif what_is_missing(workspace) is None:
        start_unless_waiting(workspace, "bodies", **asked, boxes_only=True)
    else:  # the runs of faces and bodies ask the promoted models of both kinds
        for skeleton in promoted_skeletons(workspace, dataset_id):
            if find_skeleton(skeleton).kind == "person":
                start_unless_waiting(workspace, "prelabel", **asked, skeleton=skeleton)


def _encoder(workspace: Workspace, dataset_id: int) -> str | None:
    """The encoder that the dataset's faces have; None where there are none yet: that of the settings."""
    try:
        return encoder_of(workspace, dataset_id).name
    except NotFound:
        return None


def _is_removed(workspace: Workspace, instance_id: int, image_id: int) -> bool:
    with reading(workspace.engine) as session:
        instance = session.get(Instance, instance_id)
    if instance is None or instance.image_id != image_id:
        raise NotFound("points.instance_gone")
    return instance.removed


def _bring_back(workspace: Workspace, instance_id: int, author_id: int) -> None:
    with reading(workspace.engine) as session:
        event = removal_of(instance_id, session=session)
    if event is None:
        raise NotFound("points.instance_gone")
    if others := len(event.payload["instances"]) - 1:  # that decision is of somebody who has seen them all
        raise Conflict("points.removed_with_others", count=others)
    undo(workspace, event.id, author_id=author_id)


def _corners(row: Mapping[str, object], word: str, name: str) -> Box:
    corners = row.get(word)
    if not isinstance(corners, list) or len(corners) != 4:
        raise BadInput("editor.no_corners", edit=name)
    left, top, right, bottom = (checked_place(one, name) for one in corners)
    return left, top, right, bottom
