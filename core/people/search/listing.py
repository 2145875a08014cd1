"""A search as rows: what the command line and downloads tell of each picture."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from core.foundation.workspace import Workspace
from core.people.owned_faces import OF_NOBODY
from core.people.search.album import Album
from core.people.search.asking import NO_FACE, SearchResult
from db.engine import reading
from db.queries.people.listing import boxes_in_pictures, person_names

_SIDES: Final = ("left", "top", "right", "bottom")


def listed_matches(
    workspace: Workspace, album: Album, found: SearchResult, dataset_id: int, files: Mapping[int, str] | None = None
) -> list[dict[str, Any]]:
    """The pictures of a search, best first.

    Of each: `image` (its path), `score` and `box` of the face that is meant, None where nobody is looked for or
    measured; `faces`, all that are meant [{box, score, person, known}]; `taken`, the camera's clock in ISO 8601 or
    None; `event`, its number. Where the pictures of rows of the album are `files`, `file` is the name of that, None
    where there is none. Boxes are left, top, right and bottom in pixels of the upright picture.
    """
    meant = _faces_meant(workspace, album, found, dataset_id)
    faces: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row, face in meant.items():
        faces[int(album.rows[row])].append(face)
    return [
        {
            **({} if files is None else {"file": files.get(picture)}),
            "image": album.paths[picture],
            "score": _number(score) if best in meant else None,
            "box": meant[best]["box"] if best in meant else None,
            "faces": faces[picture],
            "taken": None if np.isnat(album.taken[picture]) else str(album.taken[picture]),
            "event": int(album.events[picture]) + 1,
        }
        for picture, score, best in zip(
            found.pictures.tolist(), found.scores.tolist(), found.best.tolist(), strict=True
        )
        if best == NO_FACE or best in meant
    ]


def _faces_meant(workspace: Workspace, album: Album, found: SearchResult, dataset_id: int) -> dict[int, dict[str, Any]]:
    """What is told of each face that is meant and was not removed meanwhile, by its row of the album."""
    instances = album.faces[found.faces].tolist()
    with reading(workspace.engine) as session:
        places = boxes_in_pictures(instances, session=session)
        names = dict(person_names(dataset_id, session=session))
    told = zip(found.faces.tolist(), instances, found.similarities.tolist(), found.known.tolist(), strict=True)
    meant = {}
    for row, instance, score, known in told:
        if instance in places:
            owner = int(album.owners[row])
            who = None if owner == OF_NOBODY else names.get(owner) or f"person {owner}"
            meant[row] = {"box": list(places[instance].box), "score": _number(score), "person": who, "known": known}
    return meant


def one_row_each(matches: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The faces of `listed_matches` as rows of one length, for a table; a picture without any is a row too."""
    rows = []
    for match in matches:
        of_picture = {name: match[name] for name in ("file", "image", "event", "taken") if name in match}
        for face in match["faces"] or [{"score": None, "person": None, "known": None, "box": [None] * 4}]:
            of_face = {name: face[name] for name in ("score", "person", "known")}
            rows.append({**of_picture, **of_face, **dict(zip(_SIDES, face["box"], strict=True))})
    return rows


def _number(score: float) -> float | None:
    return None if np.isnan(score) else score
