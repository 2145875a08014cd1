"""A window of pictures with all that an editor shows of them, so that it has them before they are asked for."""

from collections.abc import Sequence
from typing import Any, Final

from sqlmodel import col, select

from core.foundation.errors import BadInput
from core.foundation.workspace import Workspace
from core.points.annotating import plain_instances
from core.points.sent_values import number_in
from db.engine import reading
from db.queries.points import instances_of_pictures, places_in_clips
from db.queries.store import store_id
from db.tables import Image

MOST: Final = 64  # pictures of one window


def picture_window(workspace: Workspace, asked: str) -> dict[str, Any]:
    """Pictures by their ids, as ``"12,13,14"``, each with its instances as `editor_instances` gives them.

    Returns::

        {"store": id of the store,
         "frames": [{"id", "version": names the content, "width", "height", "name": its path, "state",
                     "clip": {"video", "frame", "seconds", "scene"} or None, "instances": [...]}, ...]}

    in the order of the ids; pictures that are gone are left out.

    Raises
    ------
    BadInput
        If that is no list of 1 to `MOST` numbers.
    """
    ids = _ids(asked)
    with reading(workspace.engine) as session:
        images = {image.id: image for image in session.exec(select(Image).where(col(Image.id).in_(ids)))}
        instances = instances_of_pictures(images, session=session)
        places = places_in_clips(images, session=session)
        rows = [row for rows in instances.values() for row in rows]
        plain = {row["id"]: row for row in plain_instances(rows, session=session)}
        store = store_id(session=session)
    frames = [
        {
            "id": image.id,
            "version": image.sha256[:8],
            "width": image.width,
            "height": image.height,
            "name": image.path,
            "state": image.state,
            "clip": None if (place := places.get(image.id)) is None else _clip(*place),
            "instances": [plain[shown.instance.id] for shown in instances.get(image.id, ())],
        }
        for image in (images[number] for number in ids if number in images)
    ]
    return {"store": store, "frames": frames}


def _ids(asked: str) -> Sequence[int]:
    ids = [number for part in asked.split(",") if (number := number_in(part)) is not None]
    if not len(ids) == asked.count(",") + 1 <= MOST:
        raise BadInput("editor.no_window", limit=MOST)
    return list(dict.fromkeys(ids))


def _clip(video: int, frame: int, seconds: float, scene: int) -> dict[str, float]:
    return {"video": video, "frame": frame, "seconds": seconds, "scene": scene}
