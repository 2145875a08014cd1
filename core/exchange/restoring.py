"""An export of Facet comes back: pictures, boxes, points and people, with what was left out and why."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from sqlmodel import Session, col, delete, func, select

from core.exchange.clips import LocalNames, LocalPicture, names_here, restore_clips
from core.formats import READERS
from core.formats.dataset import LabelledDataset, LabelledImage, LabelledInstance
from core.formats.manifest import sniff
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, UnreadableImage, UnreadableLabels
from core.foundation.messages import Message, message, verbatim
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.library.pictures import StoredFile, store_picture
from core.people.assigning import record, record_separations
from db.tables import Assignment, Image, ImagePath, ImageState, Instance, Skipped, Source, WorkKind, sides
from db.writes.dashboard import record_work
from db.writes.library import recount_faces
from db.writes.models import ensure_model_version, note_model_use
from db.writes.people import add_person, ensure_person
from db.writes.points import append_revision
from db.writing import writing


def is_export(source: Path) -> bool:
    """Whether a folder is one that Facet exported."""
    return source.is_dir() and sniff(source) is not None


def restore_export(
    workspace: Workspace, source: Path, *, dataset_id: int, author_id: int, run_id: int, progress: Progress = DEAF
) -> dict[str, int]:
    """Import an export. A picture that the dataset has already keeps its labels here; if it has none, it gets these.

    Human labels count as the importing author's. Returns the counts of an import: ``images``, ``added``,
    ``duplicates``, ``skipped``; labels that do not come in because of others here count as skipped.

    Raises
    ------
    BadInput
        If the folder is no export, or of a format that this version does not know.
    UnreadableLabels
        If the export is damaged; the sentence names the file and the place.
    """
    labelled = _read(source)
    progress.begin(len(labelled.images), message=message("progress.reading_export"))
    stored = []
    for done, image in enumerate(labelled.images, start=1):
        stored.append(_store_original(workspace, image))
        progress.advance(done)
    # The labels come in all at once or not at all: an interrupted restore leaves no half of a person behind.
    with writing(workspace.engine) as session:
        session.exec(delete(Skipped).where(col(Skipped.run_id) == run_id))
        skipped = _skipped(labelled, stored)
        session.add_all(Skipped(run_id=run_id, path=path, reason=reason.to_json()) for path, reason in skipped)
        restore = _Restoration(
            dataset_id,
            author_id,
            run_id,
            _models(labelled, dataset_id, session=session),
            {person.key: person.name for person in labelled.people if person.name},
            names_here(labelled, dataset_id, session=session),
        )
        readable = [
            (image, picture)
            for image, picture in zip(labelled.images, stored, strict=True)
            if isinstance(picture, StoredFile)
        ]
        outcomes = Counter(_restore_image(restore, image, picture, session=session) for image, picture in readable)
        if outcomes["added"] or outcomes["filled"]:
            _restore_faceless(restore, labelled, session=session)
            _restore_separations(restore, session=session)
            arrived = LocalNames(restore.images, restore.people, restore.clips)
            restore_clips(labelled, dataset_id, author_id, arrived, session=session)
        if outcomes["added"]:
            record_work(author_id, dataset_id, WorkKind.IMAGES_IMPORTED, outcomes["added"], session=session)
        added = session.exec(select(func.count()).where(col(Image.run_id) == run_id)).one()
    return {
        "images": len(readable),
        "added": added,
        "duplicates": len(readable) - added,
        "skipped": len(skipped) + outcomes["stays"],
    }


def _read(source: Path) -> LabelledDataset:
    name = sniff(source)
    if name is None:
        raise BadInput("exports.not_ours", of=source)
    if name not in READERS:
        raise BadInput("exports.format_not_read", of=source, name=name, choices=list(READERS))
    labelled = READERS[name](source)
    for image in labelled.images:
        if image.state not in set(ImageState):
            raise UnreadableLabels("exports.no_state", of=source, path=image.path, state=image.state)
    return labelled


def _skipped(labelled: LabelledDataset, stored: Sequence[StoredFile | Message]) -> list[tuple[str, Message]]:
    """Path and reason of what the export says it lacks (missing pictures too), and of what cannot be kept."""
    unread = [
        (image.path, reason)
        for image, reason in zip(labelled.images, stored, strict=True)
        if isinstance(reason, Message) and image.file is not None
    ]
    return [*((left_out.path, verbatim(left_out.reason)) for left_out in labelled.left_out), *unread]


# What became of a picture: taken in, its labels given to the one here, kept back for the labels here, nothing to do.
_Outcome = Literal["added", "filled", "stays", "nothing"]
_STAYS: Final = message("images.labels_stay")

# As an export names the second version of a model, see `core.exchange.exporting`.
_NUMBERED: Final = re.compile(r"(?P<name>.+)@(?P<weights>[0-9a-f]{8})-\d+", re.DOTALL)


@dataclass(frozen=True)
class _Restoration:
    """Where the labels go, the names there, and the ids here of the models and people there.

    `clips` has the name here of each clip there. `separations` collects which face is not which person there, `images`
    which picture here is which there.
    """

    dataset_id: int
    author_id: int
    run_id: int
    models: dict[str, int]
    names: dict[str, str]
    clips: dict[str, str]
    people: dict[str, int] = field(default_factory=dict)
    separations: list[tuple[int, str]] = field(default_factory=list)
    images: dict[str, LocalPicture] = field(default_factory=dict)

    def sequence(self, image: LabelledImage) -> str | None:
        """The sequence of a picture, by the name here of the clip that it is."""
        return self.clips.get(image.sequence, image.sequence) if image.sequence else None


def _models(labelled: LabelledDataset, dataset_id: int, *, session: Session) -> dict[str, int]:
    versions = {}
    for card in labelled.models:
        name = card.name
        if numbered := _NUMBERED.fullmatch(name):
            name = numbered["name"] if numbered["weights"] == card.weights_sha256[:8] else name
        version = ensure_model_version(name, card.kind, card.weights_sha256, card.settings, session=session)
        note_model_use(dataset_id, version, session=session)
        versions[card.name] = version
    return versions


def _person_id(restore: _Restoration, key: str, *, session: Session) -> int:
    """The person of that key; made with the first face, so that repeating leaves none behind."""
    if key not in restore.people:
        name = restore.names.get(key)
        restore.people[key] = (
            ensure_person(restore.dataset_id, name, restore.author_id, session=session)
            if name is not None
            else add_person(restore.dataset_id, session=session).id
        )
    return restore.people[key]


def _restore_faceless(restore: _Restoration, labelled: LabelledDataset, *, session: Session) -> None:
    """People who have a name and no face there either; the others come with their faces."""
    with_face = {instance.person for image in labelled.images for instance in image.instances}
    for key in sorted(restore.names.keys() - with_face):
        _person_id(restore, key, session=session)


def _restore_separations(restore: _Restoration, *, session: Session) -> None:
    """As one decision of the importing author, so that it stands in the history and can be undone."""
    pairs = [(face, restore.people[key]) for face, key in restore.separations if key in restore.people]
    if not pairs:
        return
    faces, people = sorted({face for face, _ in pairs}), sorted({person for _, person in pairs})
    summary = message("decisions.imported_apart", faces=len(faces))
    event = record("import", summary, restore.dataset_id, faces, people, restore.author_id, session=session)
    record_separations(pairs, event, session=session)


def _store_original(workspace: Workspace, image: LabelledImage) -> StoredFile | Message:
    """Keep one picture, or say why not."""
    if image.file is None:
        return message("exports.without_picture")
    try:
        return store_picture(workspace, image.file.read_bytes(), image.path)
    except UnreadableImage as error:
        return error.message.nowhere()
    except OSError as error:
        return message("files.not_kept", reason=error.strerror or error)


def _restore_image(restore: _Restoration, image: LabelledImage, stored: StoredFile, *, session: Session) -> _Outcome:
    """Insert one picture with its labels, or give its labels to the same picture here if that has none."""
    same = select(Image).where(Image.dataset_id == restore.dataset_id, Image.sha256 == stored.sha256)
    existing = session.exec(same).first()
    row = existing or Image(**stored.columns(), dataset_id=restore.dataset_id, run_id=restore.run_id)
    if existing is None:
        row.state, row.reason = image.state, _reason(image)
        session.add(row)
        session.flush()
    restore.images[image.path] = LocalPicture(row.id, row.path)
    row.sequence = row.sequence or restore.sequence(image)
    session.merge(ImagePath(image_id=row.id, path=stored.path))
    if existing is None:
        _insert_labels(restore, row, image, session=session)
        return "added"
    runs = set(session.exec(select(Instance.run_id).where(Instance.image_id == row.id)))
    if restore.run_id in {row.run_id, *runs}:
        return "nothing"  # this same run restored it before it was interrupted
    brings = bool(image.instances or image.removed)
    if runs and brings:
        session.add(Skipped(run_id=restore.run_id, path=image.path, reason=_STAYS.to_json()))
        return "stays"
    if runs or not (brings or (image.identity and not row.identity)):
        return "nothing"
    if brings:
        row.state, row.reason = image.state, _reason(image)
    _insert_labels(restore, row, image, session=session)
    return "filled"


def _reason(image: LabelledImage) -> dict[str, Any] | None:
    return verbatim(image.reason).to_json() if image.reason else None


def _insert_labels(restore: _Restoration, row: Image, image: LabelledImage, *, session: Session) -> None:
    if image.identity and not row.identity:
        row.identity, row.identity_by = image.identity, restore.author_id
    for labelled in image.instances:
        _insert_instance(restore, row.id, labelled, session=session)
    for removed in image.removed:
        session.add(
            Instance(
                dataset_id=restore.dataset_id,
                image_id=row.id,
                kind=removed.kind,
                **sides(removed.box),
                run_id=restore.run_id,
                removed=True,
            )
        )
    session.flush()
    recount_faces(row.id, session=session)


def _insert_instance(restore: _Restoration, image_id: int, labelled: LabelledInstance, *, session: Session) -> None:
    five = labelled.five_points
    instance = Instance(
        dataset_id=restore.dataset_id,
        image_id=image_id,
        kind=labelled.kind,
        **sides(labelled.box),
        score=labelled.score,
        origin=labelled.origin,
        run_id=restore.run_id,
        author_id=restore.author_id if labelled.origin == Source.HUMAN else None,
        five_points=None if five is None else five.astype("<f4").tobytes(),
    )
    session.add(instance)
    session.flush()
    if labelled.keypoints is not None:
        _append_points(restore, instance, labelled, labelled.keypoints, session=session)
    restore.separations.extend((instance.id, key) for key in labelled.not_people)
    if labelled.person is not None:
        human = labelled.person_source == "human"
        session.add(
            Assignment(
                instance_id=instance.id,
                dataset_id=restore.dataset_id,
                person_id=_person_id(restore, labelled.person, session=session),
                source=Source.HUMAN if human else Source.MODEL,
                author_id=restore.author_id if human else None,
                run_id=restore.run_id,
            )
        )


def _append_points(
    restore: _Restoration, instance: Instance, labelled: LabelledInstance, keypoints: Keypoints, *, session: Session
) -> None:
    assert labelled.skeleton is not None  # points come whole, or reading them fails
    assert labelled.points_source is not None
    append_revision(
        instance,
        labelled.skeleton,
        keypoints.to_bytes(),
        Source(labelled.points_source),
        author_id=restore.author_id if labelled.points_source == Source.HUMAN else None,
        note=message("edits.imported").to_json(),
        model_version_id=restore.models[labelled.points_model] if labelled.points_model else None,
        session=session,
    )
