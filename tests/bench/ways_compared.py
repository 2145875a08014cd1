"""Every way of grouping, with clothes and without, where it is known who is who: a clip, photos, the drawn sample.

``python -m tests.bench.ways_compared [SOURCE ...] [--encoder E] [--cue C] [--every N]
[--tracks]``. A SOURCE is a clip, whose
tracks are the truth; a folder with one sub-folder of photos per person; or ``sample``, which is drawn. Prints Markdown;
not a bench: it measures no time.

- Of a clip each track is taken to be one person; in the street clip, tracks of one person were joined by looking at
  them (`tests.bench.street`). What ties faces of a track together is taken away before anything is grouped, or the
  truth would be given away to the ways that know of it: faces stand by themselves. ``--tracks`` leaves it, where people
  have several tracks: then it is told what is left to do. Faces of neighbouring frames are nearly one picture: with
  ``--every N`` only every N-th frame keeps its faces.
- Photos are put into one folder first: in folders of people the event would tell the person.

Under each table: recall at equal precision. Every second person chooses the threshold of the way in force, and the
least similarity of clothes, at which pairs reach a precision with the greatest recall, of faces alone and with clothes;
both are judged on the other people, and then the other way round.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from sqlmodel import select

from core.clustering.methods import AVERAGE_LINKAGE, METHODS
from core.drawn import sample
from core.drawn.truth import DrawnPicture, write_picture
from core.foundation.arrays import Ints
from core.foundation.errors import NotFound
from core.foundation.geometry import boxes_of, iou, most_central
from core.foundation.progress import DEAF
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.names_in_store import annotator_id
from core.library.sample_photos import note_threshold
from core.metrics.clustering import Agreement, pairwise, with_unknown_apart
from core.people.blind import BlindFaces, WornClothes
from core.people.comparing import compare_groupings
from core.people.cues import COLOURS
from core.people.deciding import move_faces, remove_faces
from core.people.encoders import encoder_of, threshold_of
from db.engine import reading
from db.queries.people.quality import tracks_of_faces
from db.tables import Image, Instance
from db.writes.motion import set_tracks
from db.writing import writing
from tests.bench import street
from tests.bench.figures import import_and_find
from tests.bench.machine import take_weights_along
from tests.bench.street import frame_numbers, who_is_who

SAMPLE: Final = "sample"
PRECISIONS: Final = (0.99, 0.995)
_STRICTNESS: Final = np.geomspace(0.25, 3.0, 60)  # times the own cosine distance
_LEAST: Final = (0.9, 0.92, 0.94, 0.96, 0.98)  # similarities of clothes
_EQUAL: Final = 1e-9
_OVERLAP: Final = 0.3  # of a found face with a drawn one
_HEAD: Final = "| way | pairs P / R / F | BCubed F | purity | churn | others' thresholds: F of each half |"


class HalvesAtThreshold(NamedTuple):
    """How pairs come out at one threshold: of every second person, and of the others."""

    threshold: float
    halves: tuple[Agreement, Agreement]


def main() -> int:
    """Print a table for each source."""
    parser = argparse.ArgumentParser(description="Every way of grouping, where it is known who is who.")
    parser.add_argument("sources", nargs="*", default=[str(street.CLIP), SAMPLE], metavar="SOURCE")
    parser.add_argument("--encoder", default="dlib-resnet")
    parser.add_argument("--cue", default=COLOURS, help="by what clothes are told")
    parser.add_argument("--tracks", action="store_true", help="of a clip let it be known which faces are of one track")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of a clip only every N-th frame")
    options = parser.parse_args()
    for source in options.sources:
        with tempfile.TemporaryDirectory() as home:
            take_weights_along(Path(home))
            workspace = Workspace.open(Settings(home=Path(home), encoder=options.encoder))
            try:
                lines = [*compared(workspace, source, Path(home), options)]
            except NotFound as nothing:  # no face was found
                lines = [str(nothing)]
        print("\n".join([f"**{Path(source).name}**, `{Path(options.encoder).name}`\n", *lines, ""]))
    return 0


def compared(workspace: Workspace, source: str, folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """The tables of one source, line by line."""
    author, cue = annotator_id(workspace, "bench"), options.cue
    if source == SAMPLE or Path(source).is_dir():
        dataset, truth = _photos(workspace, source, folder, author)
    else:
        dataset, truth = _clip(workspace, Path(source), author, options.every)
        if not options.tracks:
            forget_tracks(workspace, dataset)
    for person, faces in truth.items():
        move_faces(workspace, faces, name=person, author_id=author)
    found = compare_groupings(workspace, dataset_id=dataset, best=True, clothes=True, cue=cue)
    yield f"{found['faces']} faces, {found['labelled']} of {len(truth)} known people\n"
    yield from (_HEAD, "|" + "---|" * 6)
    for way in dict.fromkeys(row["method"] for row in found["rows"]):
        yield _line(way, [row for row in found["rows"] if row["method"] == way])
    yield from _equal_precision(workspace, dataset, truth, cue)


def _clip(workspace: Workspace, clip: Path, author: int, every: int) -> tuple[int, dict[str, list[int]]]:
    dataset, _ = import_and_find(workspace, clip, "clip", identities=False)
    with reading(workspace.engine) as session:
        tracks = tracks_of_faces(dataset, session=session)
        faces = session.exec(select(Instance.id, Instance.image_id).where(Instance.dataset_id == dataset)).all()
    looked_at = clip.name == street.CLIP.name
    person_of = who_is_who(workspace, dataset) if looked_at else {face: str(track) for face, track in tracks.items()}
    number_of = frame_numbers(workspace, dataset)
    left_out = {face for face, frame in faces if number_of[frame] % every}
    if left_out:
        remove_faces(workspace, sorted(left_out), author_id=author)
    truth = defaultdict(list)
    for face, person in person_of.items():
        if face not in left_out:
            truth[person].append(face)
    return dataset, truth


def forget_tracks(workspace: Workspace, dataset_id: int) -> None:
    """Take away what ties faces of a track together."""
    with reading(workspace.engine) as session:
        tracks = tracks_of_faces(dataset_id, session=session)
    with writing(workspace.engine) as session:
        set_tracks(dict.fromkeys(tracks), session=session)


def _photos(workspace: Workspace, source: str, folder: Path, author: int) -> tuple[int, dict[str, list[int]]]:
    """All photos in one folder, of which nobody knows when they were taken: one event."""
    photos = folder / "compared"
    photos.mkdir()
    drawn: dict[str, DrawnPicture] = {}
    if source == SAMPLE:
        drawn = {picture.name: picture for picture in sample()}
        for picture in drawn.values():
            write_picture(picture, photos)
    else:
        for photo in sorted(Path(source).glob("*/*")):
            shutil.copyfile(photo, photos / f"{photo.parent.name}--{photo.name}")
    dataset, _ = import_and_find(workspace, photos, "photos", identities=False)
    if source == SAMPLE:
        note_threshold(workspace, dataset_id=dataset, author_id=author)
    with reading(workspace.engine) as session:
        rows = session.exec(select(Image, Instance).join(Instance).where(Instance.kind == "face")).all()
    shown: dict[int, tuple[Image, list[Instance]]] = {}
    for image, face in rows:
        shown.setdefault(image.id, (image, []))[1].append(face)
    truth = defaultdict(list)
    for image, faces in shown.values():
        for person, face in _who(image, faces, drawn.get(image.path)):
            truth[person].append(face.id)
    return dataset, truth


def _who(image: Image, faces: Sequence[Instance], drawn: DrawnPicture | None) -> Iterator[tuple[str, Instance]]:
    """Whom a photo shows: as it was drawn, else whom its file names, by the face in its middle."""
    boxes = boxes_of(faces)
    if drawn is None:
        yield image.path.partition("--")[0], faces[most_central(boxes, image.width, image.height)]
        return
    for one in drawn.instances:
        overlaps = iou(one.box[None], boxes)[0]
        if one.kind == "face" and one.identity and overlaps.max() >= _OVERLAP:
            yield one.identity, faces[int(overlaps.argmax())]


def _line(way: str, rows: Sequence[Mapping[str, Any]]) -> str:
    own, others = rows[0], [row for row in rows if row["chosen_on"] == "others"]
    pairs = " / ".join(_figure(own[name]) for name in ("precision", "recall", "f"))
    cells = (f"`{way}`", pairs, *(_figure(own[name]) for name in ("bcubed_f", "purity", "churn")))
    return f"| {' | '.join(cells)} | {', '.join(_figure(row['f']) for row in others)} |"


def _figure(value: float | None) -> str:
    return "-" if value is None or np.isnan(value) else f"{value:.3f}"


def _equal_precision(workspace: Workspace, dataset: int, truth: Mapping[str, list[int]], cue: str) -> Iterator[str]:
    version = encoder_of(workspace, dataset)
    faces = BlindFaces.of(workspace, dataset, version.id)
    worn = WornClothes.of(workspace, dataset, faces.instances, DEAF, cue)
    person_of = {face: number for number, of in enumerate(truth.values()) for face in of}
    known = np.array([person_of.get(face, -1) for face in faces.instances.tolist()], np.int64)
    own = METHODS[AVERAGE_LINKAGE].own_threshold(threshold_of(workspace, dataset, version))
    alone, dressed = [], []
    for threshold in (1 - (1 - own) * _STRICTNESS).tolist():
        labels = with_unknown_apart(faces.grouped(threshold))
        alone.append(judged(threshold, known, labels))
        for least in _LEAST:
            clothed = replace(worn, sure=replace(worn.sure, least=least)).given(labels, faces.photos)
            dressed.append(judged(threshold, known, clothed))
    yield "\n| precision of pairs on the others | faces: P / R of each half | with clothes |"
    yield "|---|---|---|"
    for least in PRECISIONS:
        yield f"| {least:g} | {_halves(alone, least)} | {_halves(dressed, least)} |"


def judged(threshold: float, truth: Ints, labels: Ints) -> HalvesAtThreshold:
    """Pairs among the people of either half; pairs across the halves count for both."""
    halves = [(truth >= 0) & (truth % 2 == half) for half in (0, 1)]
    return HalvesAtThreshold(threshold, (pairwise(truth, labels, halves[0]), pairwise(truth, labels, halves[1])))


def chosen(tried: Sequence[HalvesAtThreshold], half: int, least: float) -> HalvesAtThreshold | None:
    """Where the people of a half reach the precision with the greatest recall, the middle one of several; None if they
    never do."""
    precise = [one for one in tried if one.halves[half].precision >= least]
    most = max((one.halves[half].recall for one in precise), default=0)
    best = [one for one in precise if one.halves[half].recall >= most - _EQUAL]
    return sorted(best, key=lambda one: one.threshold)[len(best) // 2] if best else None


def _halves(tried: Sequence[HalvesAtThreshold], least: float) -> str:
    cells = []
    for half in (0, 1):
        found = chosen(tried, 1 - half, least)
        of = None if found is None else found.halves[half]
        cells.append("-" if of is None else f"{_figure(of.precision)} / {_figure(of.recall)}")
    return ", ".join(cells)


if __name__ == "__main__":
    sys.exit(main())
