"""An export of Facet comes back: pictures, boxes, points and people, with what was left out and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, delete, select

from core.errors import BadInput, UnreadableImage
from core.formats import READERS, sniff
from core.formats.dataset import LabelledDataset, LabelledImage, LabelledInstance, LabelledPerson
from core.picture_store import KeptPicture, keep_picture
from core.progress import Progress
from core.workspace import Workspace
from db.engine import writing
from db.tables import Assignment, Image, ImagePath, Instance, KeypointRevision, Person, Skipped, Source
from db.writes import count_work, ensure_model_version, ensure_person, note_model_use, recount_faces


def is_export(source: Path) -> bool:
    """Whether a folder is one that Facet exported."""
    return source.is_dir() and sniff(source) is not None


def restore_export(
    workspace: Workspace,
    source: Path,
    *,
    dataset_id: int,
    author_id: int,
    run_id: int,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Import an export. A picture that the dataset has already keeps the labels it has here.

    Human labels count as the importing author's. Returns the counts of an import: ``images``, ``added``,
    ``duplicates``, ``skipped``.

    Raises
    ------
    UnreadableLabels
        If the export is damaged; the sentence names the file and the place.
    """
    progress = progress or Progress()
    name = sniff(source)
    if name is None:
        raise BadInput(f"{source}: this is no export of Facet")
    labelled = READERS[name](source)
    progress.begin(len(labelled.images), message="Reading the export")
    kept = []
    for done, image in enumerate(labelled.images, start=1):
        kept.append(_keep(workspace, image))
        progress.advance(done)
    # The labels come in all at once or not at all: an interrupted restore leaves no half of a person behind.
    with writing(workspace.engine) as session:
        session.exec(delete(Skipped).where(col(Skipped.run_id) == run_id))
        restore = _Restore(
            dataset_id, author_id, run_id, _models(labelled, dataset_id, session),
            _people(labelled, dataset_id, author_id, session),
        )  # fmt: skip
        for left_out in labelled.left_out:
            session.add(Skipped(run_id=run_id, path=left_out.path, reason=left_out.reason))
        added = sum(_restore_image(restore, *pair, session) for pair in zip(labelled.images, kept, strict=True))
        unread = sum(isinstance(picture, str) for picture in kept)
        if added:
            count_work(author_id, dataset_id, "images imported", added, session=session)
    duplicates = len(kept) - unread - added
    return {
        "images": added + duplicates, "added": added, "duplicates": duplicates,
        "skipped": unread + len(labelled.left_out),
    }  # fmt: skip


@dataclass(frozen=True)
class _Restore:
    """Where the labels go, and the ids here of the models and people there."""

    dataset_id: int
    author_id: int
    run_id: int
    models: dict[str, int]
    people: dict[str, int]


def _models(labelled: LabelledDataset, dataset_id: int, session: Session) -> dict[str, int]:
    versions = {}
    for card in labelled.models:
        version = ensure_model_version(card.name, card.kind, card.weights_sha256, card.settings, session=session)
        note_model_use(dataset_id, version, session=session)
        versions[card.name] = version
    return versions


def _people(labelled: LabelledDataset, dataset_id: int, author_id: int, session: Session) -> dict[str, int]:
    return {person.key: _person_id(person, dataset_id, author_id, session) for person in labelled.people}


def _person_id(person: LabelledPerson, dataset_id: int, author_id: int, session: Session) -> int:
    if person.name:
        return ensure_person(dataset_id, person.name, author_id, session=session)
    made = Person(dataset_id=dataset_id)
    session.add(made)
    session.flush()
    return made.id


def _keep(workspace: Workspace, image: LabelledImage) -> KeptPicture | str:
    """Keep one picture, or say why not."""
    if image.file is None:
        return "the export does not hold the picture"
    try:
        return keep_picture(workspace, image.file.read_bytes(), image.path)
    except (UnreadableImage, OSError) as error:
        return str(error).removeprefix(f"{image.path}: ")


def _restore_image(restore: _Restore, image: LabelledImage, kept: KeptPicture | str, session: Session) -> bool:
    """Insert one picture with its labels; False where it cannot be read or the dataset has it already."""
    if isinstance(kept, str):
        session.add(Skipped(run_id=restore.run_id, path=image.path, reason=kept))
        return False
    there = session.exec(
        select(Image.id).where(Image.dataset_id == restore.dataset_id, Image.sha256 == kept.sha256)
    ).first()
    if there is None:
        _insert(restore, image, kept, session)
    return there is None


def _insert(restore: _Restore, image: LabelledImage, kept: KeptPicture, session: Session) -> None:
    row = Image(
        **vars(kept), dataset_id=restore.dataset_id, run_id=restore.run_id, state=image.state, reason=image.reason,
        identity=image.identity, identity_by=restore.author_id if image.identity else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add(ImagePath(image_id=row.id, path=kept.path))
    for labelled in image.instances:
        _insert_instance(restore, row.id, labelled, session)
    session.flush()
    recount_faces(row.id, session=session)


def _insert_instance(restore: _Restore, image_id: int, labelled: LabelledInstance, session: Session) -> None:
    left, top, right, bottom = labelled.box
    five = labelled.five_points
    instance = Instance(
        dataset_id=restore.dataset_id, image_id=image_id, kind=labelled.kind, left=left, top=top, right=right,
        bottom=bottom, score=labelled.score, origin=labelled.origin, run_id=restore.run_id,
        author_id=restore.author_id if labelled.origin == Source.HUMAN else None,
        five_points=None if five is None else five.astype("<f4").tobytes(),
    )  # fmt: skip
    session.add(instance)
    session.flush()
    if labelled.keypoints is not None:
        human = labelled.points_source == Source.HUMAN
        revision = KeypointRevision(
            instance_id=instance.id, skeleton=labelled.skeleton or "", points=labelled.keypoints.to_bytes(),
            source=labelled.points_source or "", author_id=restore.author_id if human else None, note="Imported",
            model_version_id=restore.models.get(labelled.points_model or ""),
        )  # fmt: skip
        session.add(revision)
        session.flush()
        instance.revision_id = revision.id
    if labelled.person is not None:
        human = labelled.person_source == "human"
        session.add(
            Assignment(
                instance_id=instance.id, dataset_id=restore.dataset_id, person_id=restore.people[labelled.person],
                source=Source.HUMAN if human else Source.MODEL, author_id=restore.author_id if human else None,
                run_id=restore.run_id,
            )
        )  # fmt: skip
