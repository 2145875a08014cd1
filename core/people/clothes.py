"""Faces of nobody that their clothes give to people of the same event or shot, after the faces have decided.

A second stage, asked for by hand: what it does is one decision in the history, marked as made by clothes, and undone
as one. Who was found that way is a machine's word; a human's decision and the next full grouping count more.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, delete, insert, select

from core.clustering.second_cue import NOBODY, Link, second_stage
from core.foundation.arrays import Bools, Ints
from core.foundation.errors import Conflict
from core.foundation.geometry import boxes_of
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.library.batches import OpenedPicture, PictureFailure, attempt, opened_batches
from core.media.clothes import clothes_area, clothes_region
from core.models.faces.interfaces import Descriptor
from core.people.assigning import record
from core.people.cues import COLOURS, cue_called, load_cue
from core.people.search.album import Album
from db.batching import id_batches
from db.engine import reading
from db.queries.people.decisions import last_decision
from db.queries.people.ownership import out_of_sight
from db.tables import Assignment, Image, Instance, PeopleEvent, Run, Source, now
from db.writing import writing

KIND: Final = "clothes"  # of the decision
_ATTEMPTS: Final = 5


def link_by_clothes(
    workspace: Workspace,
    *,
    dataset_id: int,
    run_id: int,
    cue: str = COLOURS,
    least: float | None = None,
    margin: float | None = None,
    progress: Progress = DEAF,
) -> dict[str, int]:
    """Give faces of nobody, and those seen once, to people of their event or shot who wear the same.

    Nobody is joined by clothes who has several faces or whom a human has decided about. A face that was said not to be
    somebody stays so.

    Parameters
    ----------
    cue
        One of `core.people.cues.CUES`: by what clothes are told. The decision says it.
    least, margin
        The cue's own, unless others are given.

    Returns
    -------
    dict
        ``loose``, faces that were looked at; ``linked``, those that have a person now; ``without_clothes``, those whose
        clothes cannot be seen or whose picture cannot be read.

    Raises
    ------
    BadInput
        As `second_stage`.
    NotFound, MissingWeights, BadWeights
        As `load_cue`, also where there is nobody to link.
    Conflict
        If decisions keep coming in faster than the faces can be linked.
    """
    own, descriptor = cue_called(cue), load_cue(workspace, cue)
    least, margin = own.least if least is None else least, own.margin if margin is None else margin
    worn: dict[int, NDArray[np.float32]] = {}
    for _ in range(_ATTEMPTS):
        with reading(workspace.engine) as session:
            decision = last_decision(dataset_id, session=session)
            hidden = out_of_sight(dataset_id, session=session)
        asked = _AskedFaces.of(Album.of(workspace, dataset_id, None), hidden)
        new = np.array([face for face in asked.faces.tolist() if face not in worn], np.int64)
        if len(new):
            worn.update(zip(new.tolist(), clothes_of(workspace, new, descriptor, progress), strict=True))
        clothes = np.array([worn[face] for face in asked.faces.tolist()], np.float32).reshape(-1, descriptor.dimension)
        links = asked.links(clothes, least, margin)
        with writing(workspace.engine) as session:
            if last_decision(dataset_id, session=session) == decision:
                linked = _store(asked, links, dataset_id, run_id, cue, session=session)
                loose = asked.labels == NOBODY
                unseen = int((loose & np.isnan(clothes).any(axis=1)).sum())
                return {"loose": int(loose.sum()), "linked": linked, "without_clothes": unseen}
    raise Conflict("people.changed_while_grouped")


@dataclass(frozen=True, eq=False)
class _AskedFaces:
    """The N faces of events with somebody loose and somebody known, by instance; `labels` are their `owners`, but
    nobody for who is loose."""

    faces: Ints
    owners: Ints
    labels: Ints
    scenes: Ints
    photos: Ints
    refused: frozenset[tuple[int, int]]

    @classmethod
    def of(cls, album: Album, hidden: Sequence[int]) -> Self:
        labels = np.where(_seen_once(album, hidden), NOBODY, album.owners)
        scenes = album.events[album.rows]
        asked = np.isin(scenes, scenes[labels == NOBODY]) & np.isin(scenes, scenes[labels != NOBODY])
        return cls(
            faces=album.faces[asked],
            owners=album.owners[asked],
            labels=labels[asked],
            scenes=scenes[asked],
            photos=album.rows[asked],
            refused=album.refused,
        )

    def links(self, clothes: NDArray[np.float32], least: float, margin: float) -> list[Link]:
        row_of = {face: row for row, face in enumerate(self.faces.tolist())}
        refused = {(row_of[face], person) for face, person in self.refused if face in row_of}
        return second_stage(self.labels, clothes, self.scenes, self.photos, least=least, margin=margin, refused=refused)


def _seen_once(album: Album, hidden: Sequence[int]) -> Bools:
    """(F,) whose person has this face alone, is not hidden, and has no name or human's word, also on who it is not."""
    _, person, faces = np.unique(album.owners, return_inverse=True, return_counts=True)
    said = np.isin(album.owners, [*hidden, *(person for _, person in album.refused)])
    return (faces[person] == 1) & ~album.settled & ~said


def clothes_of(workspace: Workspace, faces: Ints, descriptor: Descriptor, progress: Progress) -> NDArray[np.float32]:
    """(N, D) what is worn below each face; NaN where that cannot be seen."""
    row_of = {face: row for row, face in enumerate(faces.tolist())}
    instances: dict[int, list[Instance]] = defaultdict(list)
    images: dict[int, Image] = {}
    with reading(workspace.engine) as session:
        for part in id_batches(list(row_of)):
            wanted = select(Instance, Image).where(col(Instance.id).in_(part), Instance.image_id == Image.id)
            for face, image in session.exec(wanted):
                instances[image.id].append(face)
                images[image.id] = image
    found = np.full((len(faces), descriptor.dimension), np.nan, np.float32)
    progress.begin(len(images), message=message("progress.looking_at_clothes"))
    done = 0
    for batch in opened_batches(workspace, list(images.values()), progress):
        for picture, worn in zip(batch, _worn(batch, instances, descriptor), strict=True):
            if not isinstance(worn, PictureFailure):
                found[[row_of[face.id] for face in instances[picture.image.id]]] = worn
        done += len(batch)
        progress.advance(done)
    return found


def _worn(
    batch: Sequence[OpenedPicture], instances: dict[int, list[Instance]], descriptor: Descriptor
) -> Sequence[NDArray[np.float32] | PictureFailure]:
    def measured(pictures: Sequence[OpenedPicture]) -> list[NDArray[np.float32]]:
        shown = [_regions(each.pixels, instances[each.image.id]) for each in pictures]
        rows = iter(descriptor.describe([region for regions in shown for region in regions if region is not None]))
        unseen = np.full(descriptor.dimension, np.nan, np.float32)
        return [np.array([unseen if region is None else next(rows) for region in regions]) for regions in shown]

    return attempt(batch, measured)


def _regions(pixels: NDArray[np.uint8], faces: Sequence[Instance]) -> list[NDArray[np.uint8] | None]:
    """What lies below each face of a picture; None where too little of it can be seen."""
    size = (pixels.shape[1], pixels.shape[0])
    areas = [clothes_area(tuple(box), size) for box in boxes_of(faces).tolist()]
    return [None if area is None else clothes_region(pixels, area) for area in areas]


def _store(
    asked: _AskedFaces, links: Sequence[Link], dataset_id: int, run_id: int, cue: str, *, session: Session
) -> int:
    """Write the links whose faces are still whose they were, as one decision; how many these are."""
    person_by_face = {int(asked.faces[link.face]): link.label for link in links}
    before = {int(asked.faces[link.face]): int(asked.owners[link.face]) for link in links}
    there = {
        row.instance_id: row
        for part in id_batches(list(person_by_face))
        for row in session.exec(select(Assignment).where(col(Assignment.instance_id).in_(part)))
    }
    still = [face for face in person_by_face if _owner(there.get(face)) == before[face]]
    if not still:
        return 0
    event = _record(still, person_by_face, dataset_id, run_id, cue, session=session)
    for part in id_batches(still):
        session.exec(delete(Assignment).where(col(Assignment.instance_id).in_(part)))
    common = {"dataset_id": dataset_id, "source": Source.MODEL, "run_id": run_id, "event_id": event.id, "at": now()}
    rows: list[dict[str, Any]] = [{"instance_id": face, "person_id": person_by_face[face], **common} for face in still]
    session.exec(insert(Assignment), params=rows)
    return len(still)


def _owner(row: Assignment | None) -> int:
    """Whose the face is by a machine's word; what a human has decided meanwhile fits nobody."""
    if row is None:
        return NOBODY
    return row.person_id if row.source == Source.MODEL else -2


def _record(
    faces: Sequence[int], person_by_face: dict[int, int], dataset_id: int, run_id: int, cue: str, *, session: Session
) -> PeopleEvent:
    """The decision touches faces alone: it can be undone when somebody has a name since, which stays."""
    run = session.get_one(Run, run_id)
    people = len({person_by_face[face] for face in faces})
    if cue == COLOURS:
        summary = message("decisions.clothes", faces=len(faces), people=people)
    else:
        summary = message("decisions.clothes_by_network", faces=len(faces), people=people, network=cue)
    return record(KIND, summary, dataset_id, faces, [], run.author_id, session=session)
