"""An export of Facet comes back: pictures, boxes, points and people, with what was left out and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from sqlmodel import Session, col, delete, func, select

from core.exchange.clips import Arrived, Here, names_here, restore_clips
from core.formats import READERS, sniff
from core.formats.dataset import LabelledDataset, LabelledImage, LabelledInstance
from core.foundation.errors import BadInput, UnreadableImage, UnreadableLabels
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.library.pictures import StoredFile, store_picture
from core.people.assigning import record, record_separations
from db.tables import Assignment, Image, ImagePath, ImageState, Instance, Person, Skipped, Source, sides
from db.writes.dashboard import record_work
from db.writes.library import recount_faces
from db.writes.models import ensure_model_version, note_model_use
from db.writes.people import ensure_person
from db.writes.points import append_revision
from db.writing import writing


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
    progress = progress or Progress()
    labelled = _read(source)
    progress.begin(len(labelled.images), message="Reading the export")
    kept = []
    for done, image in enumerate(labelled.images, start=1):
        kept.append(_keep(workspace, image))
        progress.advance(done)
    # The labels come in all at once or not at all: an interrupted restore leaves no half of a person behind.
    with writing(workspace.engine) as session:
        session.exec(delete(Skipped).where(col(Skipped.run_id) == run_id))
        skipped = _skipped(labelled, kept)
        session.add_all(Skipped(run_id=run_id, path=path, reason=reason) for path, reason in skipped)
        restore = _Restore(
            dataset_id,
            author_id,
            run_id,
            _models(labelled, dataset_id, session),
            {person.key: person.name for person in labelled.people if person.name},
            names_here(labelled, dataset_id, session=session),
        )
        readable = [
            (image, picture)
            for image, picture in zip(labelled.images, kept, strict=True)
            if isinstance(picture, StoredFile)
        ]
        became = Counter(_restore_image(restore, image, picture, session) for image, picture in readable)
        if became["added"] or became["filled"]:
            _restore_faceless(restore, labelled, session)
            _restore_separations(restore, session)
            arrived = Arrived(restore.images, restore.people, restore.clips)
            restore_clips(labelled, dataset_id, author_id, arrived, session=session)
        if became["added"]:
            record_work(author_id, dataset_id, "images imported", became["added"], session=session)
        added = session.exec(select(func.count()).where(col(Image.run_id) == run_id)).one()
    return {
        "images": len(readable),
        "added": added,
        "duplicates": len(readable) - added,
        "skipped": len(skipped) + became["stays"],
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


def _skipped(labelled: LabelledDataset, kept: Sequence[StoredFile | str]) -> list[tuple[str, str]]:
    """Path and reason of what the export says it lacks (missing pictures too), and of pictures that cannot be kept."""
    unread = [
        (image.path, reason)
        for image, reason in zip(labelled.images, kept, strict=True)
        if isinstance(reason, str) and image.file is not None
    ]
    return [*((left_out.path, left_out.reason) for left_out in labelled.left_out), *unread]


# What became of a picture: taken in, its labels given to the one here, kept back for the labels here, nothing to do.
_Done = Literal["added", "filled", "stays", "nothing"]
_STAYS: Final = "the picture is here already with labels of its own, which stay"

# As an export names the second version of a model, see `core.exchange.exporting`.
_TOLD_APART: Final = re.compile(r"(?P<name>.+)@(?P<weights>[0-9a-f]{8})-\d+", re.DOTALL)


@dataclass(frozen=True)
class _Restore:
    """Where the labels go, the names there, and the ids here of the models and people there.

    `clips` has the name here of each clip there. `apart` collects which face is not which person there, `images` which
    picture here is which there.
    """

    dataset_id: int
    author_id: int
    run_id: int
    models: dict[str, int]
    names: dict[str, str]
    clips: dict[str, str]
    people: dict[str, int] = field(default_factory=dict)
    apart: list[tuple[int, str]] = field(default_factory=list)
    images: dict[str, Here] = field(default_factory=dict)

    def sequence(self, image: LabelledImage) -> str | None:
        """The sequence of a picture, by the name here of the clip that it is."""
        return self.clips.get(image.sequence, image.sequence) if image.sequence else None


def _models(labelled: LabelledDataset, dataset_id: int, session: Session) -> dict[str, int]:
    versions = {}
    for card in labelled.models:
        name = card.name
        if told_apart := _TOLD_APART.fullmatch(name):
            name = told_apart["name"] if told_apart["weights"] == card.weights_sha256[:8] else name
        version = ensure_model_version(name, card.kind, card.weights_sha256, card.settings, session=session)
        note_model_use(dataset_id, version, session=session)
        versions[card.name] = version
    return versions


def _person_id(restore: _Restore, key: str, session: Session) -> int:
    """The person of that key; made with the first face, so that repeating leaves none behind."""
    if key not in restore.people and key in restore.names:
        name = restore.names[key]
        restore.people[key] = ensure_person(restore.dataset_id, name, restore.author_id, session=session)
    elif key not in restore.people:
        made = Person(dataset_id=restore.dataset_id)
        session.add(made)
        session.flush()
        restore.people[key] = made.id
    return restore.people[key]


def _restore_faceless(restore: _Restore, labelled: LabelledDataset, session: Session) -> None:
    """People who have a name and no face there either; the others come with their faces."""
    with_face = {instance.person for image in labelled.images for instance in image.instances}
    for key in sorted(restore.names.keys() - with_face):
        _person_id(restore, key, session)


def _restore_separations(restore: _Restore, session: Session) -> None:
    """As one decision of the importing author, so that it stands in the history and can be undone."""
    pairs = [(face, restore.people[key]) for face, key in restore.apart if key in restore.people]
    if not pairs:
        return
    faces, people = sorted({face for face, _ in pairs}), sorted({person for _, person in pairs})
    number = "1 face" if len(faces) == 1 else f"{len(faces)} faces"
    summary = f"Imported what is known of {number}: not these people"
    event = record("import", summary, restore.dataset_id, faces, people, restore.author_id, session=session)
    record_separations(pairs, event, session=session)


def _keep(workspace: Workspace, image: LabelledImage) -> StoredFile | str:
    """Keep one picture, or say why not."""
    if image.file is None:
        return "the export does not hold the picture"
    try:
        return store_picture(workspace, image.file.read_bytes(), image.path)
    except UnreadableImage as error:
        return error.reason
    except OSError as error:
        return f"could not be read or kept ({error.strerror or error})"


def _restore_image(restore: _Restore, image: LabelledImage, kept: StoredFile, session: Session) -> _Done:
    """Insert one picture with its labels, or give its labels to the same picture here if that has none."""
    here = select(Image).where(Image.dataset_id == restore.dataset_id, Image.sha256 == kept.sha256)
    row = session.exec(here).first()
    if row is None:
        _insert(restore, image, kept, session)
        return "added"
    restore.images[image.path] = Here(row.id, row.path)
    row.sequence = row.sequence or restore.sequence(image)
    session.merge(ImagePath(image_id=row.id, path=kept.path))
    runs = set(session.exec(select(Instance.run_id).where(Instance.image_id == row.id)))
    if restore.run_id in {row.run_id, *runs}:
        return "nothing"  # this same run restored it before it was interrupted
    brings = bool(image.instances or image.removed)
    if runs and brings:
        session.add(Skipped(run_id=restore.run_id, path=image.path, reason=_STAYS))
        return "stays"
    if runs:
        return "nothing"
    return _fill(restore, image, row, session) if brings or (image.identity and not row.identity) else "nothing"


def _insert(restore: _Restore, image: LabelledImage, kept: StoredFile, session: Session) -> None:
    row = Image(
        **vars(kept),
        dataset_id=restore.dataset_id,
        run_id=restore.run_id,
        state=image.state,
        reason=image.reason,
        identity=image.identity,
        identity_by=restore.author_id if image.identity else None,
        sequence=restore.sequence(image),
    )
    session.add(row)
    session.flush()
    restore.images[image.path] = Here(row.id, row.path)
    session.add(ImagePath(image_id=row.id, path=kept.path))
    _insert_labels(restore, row.id, image, session)


def _fill(restore: _Restore, image: LabelledImage, row: Image, session: Session) -> _Done:
    if image.instances or image.removed:
        row.state, row.reason = image.state, image.reason
    if image.identity and not row.identity:
        row.identity, row.identity_by = image.identity, restore.author_id
    _insert_labels(restore, row.id, image, session)
    return "filled"


def _insert_labels(restore: _Restore, image_id: int, image: LabelledImage, session: Session) -> None:
    for labelled in image.instances:
        _insert_instance(restore, image_id, labelled, session)
    for removed in image.removed:
        session.add(
            Instance(
                dataset_id=restore.dataset_id,
                image_id=image_id,
                kind=removed.kind,
                **sides(removed.box),
                run_id=restore.run_id,
                removed=True,
            )
        )
    session.flush()
    recount_faces(image_id, session=session)


def _insert_instance(restore: _Restore, image_id: int, labelled: LabelledInstance, session: Session) -> None:
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
        human = labelled.points_source == Source.HUMAN
        append_revision(
            instance,
            labelled.skeleton or "",
            labelled.keypoints.to_bytes(),
            Source(labelled.points_source or ""),
            author_id=restore.author_id if human else None,
            note="Imported",
            model_version_id=restore.models.get(labelled.points_model or ""),
            session=session,
        )
    restore.apart.extend((instance.id, key) for key in labelled.not_people)
    if labelled.person is not None:
        human = labelled.person_source == "human"
        person_id = _person_id(restore, labelled.person, session)
        session.add(
            Assignment(
                instance_id=instance.id,
                dataset_id=restore.dataset_id,
                person_id=person_id,
                source=Source.HUMAN if human else Source.MODEL,
                author_id=restore.author_id if human else None,
                run_id=restore.run_id,
            )
        )
