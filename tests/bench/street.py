"""Who is who in the street clip of ``../shared/data``: nobody has labelled it, but its tracks can be looked at.

Its 19 tracks (of MTCNN's boxes) were looked at, each in up to 20 frames: they are nine people, four of whom come into
sight again and have two to four tracks, and two tracks of one frame that show no face. No track changes its person.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from sqlmodel import col, select

from core.foundation.workspace import Workspace
from db.engine import reading
from db.queries.people.quality import tracks_of_faces
from db.tables import Image, Instance
from tests.builders.places import SHARED

CLIP: Final = SHARED / "video" / "facenet_pytorch_street.mp4"
PEOPLE: Final[dict[str, tuple[tuple[int, int, int], ...]]] = {
    "striped scarf": ((16, 909, 800), (32, 1533, 858), (33, 1580, 867), (34, 1626, 862)),
    "dark coat": ((0, 1489, 563),),
    "blue hood": ((52, 970, 754),),
    "white hair": ((47, 254, 728),),
    "red hair": ((47, 623, 674),),
    "grey hair": ((14, 1123, 663), (76, 1117, 699)),
    "red jacket": ((16, 936, 678), (98, 928, 705)),
    "yellow scarf": ((18, 1362, 702), (58, 1381, 730), (85, 1363, 724), (100, 1351, 725)),
    "glasses": ((75, 1201, 714),),
}
"""Each by a point in a face of every one of their tracks: picture of the clip, x and y in pixels."""


def who_is_who(workspace: Workspace, dataset_id: int) -> dict[int, str]:
    """The person of each face of the clip, by instance: of all faces in the tracks that go through the points."""
    with reading(workspace.engine) as session:
        tracks = tracks_of_faces(dataset_id, session=session)
        faces = session.exec(
            select(Instance)
            .where(Instance.dataset_id == dataset_id, Instance.kind == "face")
            .order_by(col(Instance.id))
        ).all()
    pictures = frame_numbers(workspace, dataset_id)
    shown = defaultdict(list)
    for face in faces:
        shown[pictures[face.image_id]].append(face)
    person_of = {
        tracks[face.id]: person
        for person, points in PEOPLE.items()
        for number, x, y in points
        for face in shown[number]
        if face.id in tracks and face.left <= x <= face.right and face.top <= y <= face.bottom
    }
    return {face: person_of[track] for face, track in tracks.items() if track in person_of}


def frame_numbers(workspace: Workspace, dataset_id: int) -> dict[int, int]:
    """The pictures of a dataset of one clip in their order, from 0, by id."""
    with reading(workspace.engine) as session:
        frames = session.exec(select(Image.id).where(Image.dataset_id == dataset_id).order_by(col(Image.id))).all()
    return {image: number for number, image in enumerate(frames)}
