"""A dataset leaves: the store's rows become plain labels, and a format writes them."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple

import numpy as np
from sqlmodel import select

from core.exchange.clips import ExportedPicture, about_pictures, labelled_tracks
from core.formats import WRITERS
from core.formats.dataset import (
    LabelledDataset,
    LabelledImage,
    LabelledInstance,
    LabelledPerson,
    LeftOut,
    ModelCard,
    RemovedInstance,
    WorkBegan,
)
from core.formats.manifest import Manifest, read_manifest
from core.formats.staging import is_unfinished
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, UnreadableLabels
from core.foundation.messages import worded
from core.foundation.names import numbered
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.library.lookup import find_dataset
from core.library.pixels import content_digest, picture_place
from core.points.reviewing import vouched
from db.engine import reading
from db.queries.exchange import (
    ExportedInstance,
    active_people,
    assigned_people,
    count_reviewed,
    picture_order,
    pictures_with_instances,
    skipped_inputs,
    used_models,
)
from db.tables import TRUTH, Export, Image, KeypointRevision, ModelVersion, Review, Run, Source, now
from db.writing import writing

FORMATS = tuple(WRITERS)
POINTS: Final = {  # whose points come along: by how far they are reviewed
    "accepted": TRUTH,
    "in_progress": (*TRUTH, Review.IN_PROGRESS),
    "all": tuple(Review),
}
USUAL_POINTS: Final = {"facet": "all"}  # it is for coming back, and says of all points how far they are reviewed


def export_dataset(
    workspace: Workspace,
    *,
    dataset_id: int,
    author_id: int,
    run_id: int,
    format_name: str,
    folder: Path,
    points: str | None = None,
    untouched: bool = False,
    progress: Progress = DEAF,
) -> dict[str, Any]:
    """Write a dataset into an empty or new folder, all or nothing; a run that does it again does it once.

    Parameters
    ----------
    points
        One of `POINTS`, whose points come along: ``accepted`` (those for which a human or an imported file vouches),
        ``in_progress`` (of work in progress those that a human has set, too) or ``all`` (a model's, too). None: all in
        the format that comes back to Facet, else the accepted ones. Boxes always come along.
    untouched
        Whether pictures that an EXIF orientation turns stay as they were imported; else they are written upright.

    Returns
    -------
    dict
        ``folder``, ``format``, ``files``, ``left_out``, the manifest's ``counts``, ``not_exported``: how many pictures
        of the dataset are among those left out, ``points``, and ``unreviewed``: of how many instances the points stayed
        out because nobody has accepted them.

    Raises
    ------
    BadInput
        If the format or the choice of points is unknown or the folder is not empty.
    """
    if format_name not in WRITERS:
        raise BadInput("exports.no_format", name=format_name, choices=list(WRITERS))
    points = points or USUAL_POINTS.get(format_name, "accepted")
    if points not in POINTS:
        raise BadInput("exports.no_points_choice", name=points, choices=list(POINTS))
    labelled = gather(workspace, dataset_id, points)
    with reading(workspace.engine) as session:
        run = session.get(Run, run_id)
        unreviewed = count_reviewed(dataset_id, set(Review) - set(POINTS[points]), session=session)
    at = (run and run.started_at) or now()  # a moment that the run still has after its process has died
    stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    manifest = _finished_manifest(folder, format_name, labelled.name, stamp) if run and run.deaths else None
    if manifest is None:
        manifest = WRITERS[format_name](labelled, folder, exported_at=stamp, untouched=untouched, progress=progress)
    row = Export(
        dataset_id=dataset_id,
        run_id=run_id,
        format=format_name,
        folder=str(folder.resolve()),
        manifest_sha256=hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest(),
        counts=manifest.counts,
        author_id=author_id,
        at=at,
    )
    with writing(workspace.engine) as session:
        if session.exec(select(Export.id).where(Export.run_id == run_id)).first() is None:
            session.add(row)
    return {
        "folder": str(folder),
        "format": format_name,
        "files": len(manifest.files) + 1,
        "left_out": len(manifest.left_out),
        **manifest.counts,
        "not_exported": len(labelled.images) - manifest.counts["images"],
        "points": points,
        "unreviewed": unreviewed,
    }


def _finished_manifest(folder: Path, format_name: str, dataset: str, stamp: str) -> Manifest | None:
    """The manifest of what this same run had written whole before its process died."""
    try:
        manifest = read_manifest(folder, format_name)
    except UnreadableLabels:
        return None
    ours = (manifest.dataset, manifest.exported_at) == (dataset, stamp)
    return manifest if ours and not is_unfinished(folder) else None


def gather(workspace: Workspace, dataset_id: int, points: str = "all") -> LabelledDataset:
    """Everything that a dataset holds, as plain labels; with the points of a key of `POINTS`.

    People are numbered in the order in which their faces appear, so that the same labels always give the same keys.
    """
    with reading(workspace.engine) as session:
        dataset = find_dataset(dataset_id, session=session)
        names = {person.id: person.name for person in active_people(dataset_id, session=session)}
        cards = _cards(used_models(dataset_id, session=session))
        skipped = dict.fromkeys((path, worded(reason)) for path, reason in skipped_inputs(dataset_id, session=session))
        paths = _free_paths(picture_order(dataset_id, session=session))
        keys = _person_keys(paths, assigned_people(dataset_id, session=session), names)
        tracks = labelled_tracks(dataset_id, session=session)
        named = _ExportNames(keys, cards, {number: track.number for number, track in tracks.items()})
        images, pictures = [], []
        for image, instances in pictures_with_instances(dataset_id, session=session):  # a batch of rows at a time
            path = paths[image.id]
            images.append(_image(workspace, image, path, instances, named, points))
            pictures.append(ExportedPicture(path, image.id, image.path, image.sequence, image.identity))
        called = [name for person_id in keys if (name := names[person_id])]
        return LabelledDataset(
            dataset.name,
            tuple(images),
            tuple(LabelledPerson(key, names[person_id]) for person_id, key in keys.items()),
            tuple(cards.values()),
            tuple(LeftOut(path, reason) for path, reason in skipped),
            *about_pictures(dataset_id, pictures, keys, called, session=session),
            tuple(tracks.values()),
        )


class _ExportNames(NamedTuple):
    """What an export calls the people, the models and the tracks of these ids."""

    people: Mapping[int, str]
    models: Mapping[int, ModelCard]
    tracks: Mapping[int, int]


def _person_keys(
    paths: Mapping[int, str], assigned: Iterable[tuple[int, int]], people: Mapping[int, str | None]
) -> dict[int, str]:
    """A key for each person with a face or a name: by the pictures in the order of the export, then by name."""
    of_image: dict[int, list[int]] = defaultdict(list)
    for image_id, person_id in assigned:
        of_image[image_id].append(person_id)
    with_face = [person_id for image_id in sorted(of_image, key=paths.__getitem__) for person_id in of_image[image_id]]
    named = sorted((person_id for person_id in people if people[person_id]), key=lambda id_: (people[id_] or "", id_))
    people_in_order = dict.fromkeys([*with_face, *named])
    return {person_id: f"person-{number:04d}" for number, person_id in enumerate(people_in_order, start=1)}


def _free_paths(pictures: Iterable[tuple[int, str]]) -> dict[int, str]:
    """Each picture's path in the export; two pictures imported under one path are "a.jpg" and "a (2).jpg"."""
    paths: dict[int, str] = {}
    taken: set[str] = set()
    for image_id, path in pictures:
        names = (str(name) for name in numbered(PurePosixPath(path)))
        paths[image_id] = path if path not in taken else next(name for name in names if name not in taken)
        taken.add(paths[image_id])
    return paths


def _cards(versions: Iterable[ModelVersion]) -> dict[int, ModelCard]:
    """One card for each version; versions that share a name are told apart by their weights and number."""
    names = Counter[str]()
    cards = {}
    for version in sorted(versions, key=lambda version: (version.name, version.weights_sha256, version.settings_key)):
        names[version.name] += 1
        number = names[version.name]
        name = version.name if number == 1 else f"{version.name}@{version.weights_sha256[:8]}-{number}"
        cards[version.id] = ModelCard(name, version.kind, version.weights_sha256, version.settings)
    return cards


def _image(
    workspace: Workspace,
    image: Image,
    path: str,
    instances: Sequence[ExportedInstance],
    named: _ExportNames,
    points: str,
) -> LabelledImage:
    # one without extent was only proposed, and taken back: nobody has said that nothing is there
    removed = (row.instance for row in instances if row.instance.removed and row.instance.right > row.instance.left)
    there = (_instance(row, named, points) for row in instances if not row.instance.removed)
    return LabelledImage(
        path=path,
        sha256=content_digest(image),
        size_bytes=image.size_bytes,
        width=image.width,
        height=image.height,
        file=picture_place(workspace, image),
        identity=image.identity,
        state=image.state,
        reason=worded(image.reason),
        instances=tuple(_each_track_once(there)),
        removed=tuple(RemovedInstance(instance.kind, instance.box) for instance in removed),
        sequence=image.sequence,
    )


def _each_track_once(instances: Iterable[LabelledInstance]) -> Iterator[LabelledInstance]:
    """Of two in one track, as where one was brought back beside one that was drawn meanwhile, the first is in it."""
    seen: set[int] = set()
    for instance in instances:
        yield replace(instance, track=None) if instance.track in seen else instance
        if instance.track is not None:
            seen.add(instance.track)


def _began(start: KeypointRevision, cards: Mapping[int, ModelCard]) -> WorkBegan:
    model = cards.get(start.model_version_id) if start.model_version_id else None
    return WorkBegan(Keypoints.from_bytes(start.points), start.review, model.name if model else None)


def _instance(row: ExportedInstance, named: _ExportNames, points: str) -> LabelledInstance:
    keys, cards, tracks = named
    instance, revision, start, assignment, not_people = row
    revision = revision if revision and revision.review in POINTS[points] else None
    keypoints = Keypoints.from_bytes(revision.points) if revision else None
    known = vouched(revision, start) if revision and revision.review == Review.IN_PROGRESS else None
    began = _began(start, cards) if start and known is not None else None
    if keypoints is not None and known is not None and points != "all":
        keypoints = keypoints.only(known)
        began = began and replace(began, keypoints=began.keypoints.only(known))
    model = cards.get(revision.model_version_id) if revision and revision.model_version_id else None
    five = instance.five_points
    person_id = assignment.person_id if assignment else None
    return LabelledInstance(
        kind=instance.kind,
        box=instance.box,
        origin=instance.origin,
        box_source=instance.box_source,
        score=instance.score,
        skeleton=revision.skeleton if revision else None,
        keypoints=keypoints,
        points_source=revision.source if revision else None,
        points_model=model.name if model else None,
        review=revision.review if revision else None,
        vouched=known,
        began=began,
        person=None if person_id is None else keys[person_id],
        person_source=("human" if assignment.source == Source.HUMAN else "automatic") if assignment else None,
        not_people=tuple(keys[other] for other in not_people if other in keys and other != person_id),
        five_points=np.frombuffer(five, dtype="<f4").reshape(5, 2).copy() if five else None,
        track=tracks.get(instance.track_id) if instance.track_id else None,
    )
