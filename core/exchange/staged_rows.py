"""Rows of an export, written batch by batch under a dataset that nobody sees, and swept away again.

Nothing of them counts until `core.exchange.publishing` gives them to the dataset that they are for: nobody waits for
more than one batch, and what is left of an import that failed or was killed is swept by the next one.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import sleep
from typing import Any, Final, cast

from sqlalchemy import Table
from sqlmodel import Session, col, delete, select

from core.exchange.clips import stage_video
from core.formats.dataset import LabelledDataset, LabelledImage, LabelledInstance
from core.foundation.arrays import Keypoints
from core.foundation.batching import batched
from core.foundation.messages import message, verbatim
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.library.pictures import StoredFile
from db.engine import reading
from db.tables import (
    Assignment,
    BoxSource,
    Dataset,
    Image,
    ImagePath,
    ImageState,
    Instance,
    KeypointRevision,
    Person,
    Review,
    Run,
    RunState,
    Source,
    Video,
    sides,
)
from db.writes.library import state_of
from db.writes.rows import change_rows, insert_rows
from db.writing import writing

_BATCH: Final = 100  # pictures a transaction
_SWEPT: Final = 200
_PAUSE: Final = (
    0.03  # seconds: whoever waits for SQLite's lock looks again only every so often, and would miss its turn
)


@dataclass
class StagedDataset:
    """What lies under a dataset that nobody sees.

    Attributes
    ----------
    dataset_id
        Of that dataset.
    pictures
        Which staged picture is which of the export.
    repeated
        Which staged picture has the content of another path of the export.
    people
        The staged person of each key that has a face.
    apart
        Instance and key of each "this face is not that person".
    tracks
        The instances of each track's number.
    """

    dataset_id: int
    pictures: dict[int, LabelledImage] = field(default_factory=dict)
    repeated: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    apart: list[tuple[int, str]] = field(default_factory=list)
    tracks: dict[int, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Staging:
    """Whose import it is, and the ids and names here of what the export names: models, and clips by their paths."""

    author_id: int
    run_id: int
    models: Mapping[str, int]
    clips: Mapping[str, str]

    def sequence(self, image: LabelledImage) -> str | None:
        """The sequence of a picture, by the name here of the clip that it is."""
        return self.clips.get(image.sequence, image.sequence) if image.sequence else None


def begin_staging(workspace: Workspace, author_id: int, run_id: int) -> StagedDataset:
    """Make the dataset that nobody sees."""
    with writing(workspace.engine) as session:
        hidden = Dataset(name=f"staged {secrets.token_hex(16)}", created_by=author_id, staged_by=run_id)
        session.add(hidden)
        session.flush()
        return StagedDataset(hidden.id)


def stage(
    workspace: Workspace,
    staging: Staging,
    staged: StagedDataset,
    labelled: LabelledDataset,
    stored: Sequence[tuple[LabelledImage, StoredFile]],
    progress: Progress,
) -> None:
    """Write the pictures with their labels, and the clips, a batch a transaction."""
    progress.begin(len(stored), message=message("progress.staging"))
    names = {person.key: person.name for person in labelled.people}
    once = {file.sha256: (image, file) for image, file in reversed(stored)}
    done = 0
    for batch in batched([pair for pair in stored if once[pair[1].sha256][0] is pair[0]], _BATCH):
        with writing(workspace.engine) as session:
            _stage_people(staging, staged, names, [image for image, _ in batch], session=session)
            _stage_pictures(staging, staged, batch, session=session)
        sleep(_PAUSE)
        done += len(batch)
        progress.advance(done)
    _note_repeated(workspace, staged, [pair for pair in stored if once[pair[1].sha256][0] is not pair[0]])
    here = {image.path: number for number, image in staged.pictures.items()} | staged.repeated
    for clip in labelled.clips:
        with writing(workspace.engine) as session:
            stage_video(clip, staging.clips[clip.path], staged.dataset_id, here, session=session)


def _note_repeated(
    workspace: Workspace, staged: StagedDataset, again: Sequence[tuple[LabelledImage, StoredFile]]
) -> None:
    """A content that the export has twice is one picture with two paths; the labels of the first count."""
    of_content = {image.sha256: number for number, image in staged.pictures.items()}
    staged.repeated |= {image.path: of_content[file.sha256] for image, file in again}
    with writing(workspace.engine) as session:
        insert_rows(
            [ImagePath(image_id=number, path=path) for path, number in staged.repeated.items()], session=session
        )


def _stage_people(
    staging: Staging,
    staged: StagedDataset,
    names: Mapping[str, str | None],
    images: Iterable[LabelledImage],
    *,
    session: Session,
) -> None:
    """The people of these pictures that are not there yet; two of one name are one."""
    keys = dict.fromkeys(face.person for image in images for face in image.instances if face.person is not None)
    known = {names[key]: number for key, number in staged.people.items() if names[key] is not None}
    for key in keys:
        if key in staged.people:
            continue
        name = names[key]
        if name is None or name not in known:
            author_id = None if name is None else staging.author_id
            (number,) = insert_rows(
                [Person(dataset_id=staged.dataset_id, name=name, created_by=author_id)], session=session
            )
            known[name] = number
        staged.people[key] = number if name is None else known[name]


def _stage_pictures(
    staging: Staging, staged: StagedDataset, batch: Sequence[tuple[LabelledImage, StoredFile]], *, session: Session
) -> None:
    images = [_image(staging, staged, image, file) for image, file in batch]
    numbers = insert_rows(images, session=session)
    staged.pictures |= {number: image for number, (image, _) in zip(numbers, batch, strict=True)}
    insert_rows(
        [ImagePath(image_id=number, path=file.path) for number, (_, file) in zip(numbers, batch, strict=True)],
        session=session,
    )
    found = [(number, face) for number, (image, _) in zip(numbers, batch, strict=True) for face in image.instances]
    taken_out = [
        Instance(
            dataset_id=staged.dataset_id,
            image_id=number,
            kind=removed.kind,
            **sides(removed.box),
            run_id=staging.run_id,
            removed=True,
        )
        for number, (image, _) in zip(numbers, batch, strict=True)
        for removed in image.removed
    ]
    instances = insert_rows([_instance(staging, staged, number, face) for number, face in found], session=session)
    insert_rows(taken_out, session=session)
    faces = [face for _, face in found]
    _stage_points(staging, instances, faces, session=session)
    _stage_owners(staging, staged, instances, faces, session=session)


def _image(staging: Staging, staged: StagedDataset, image: LabelledImage, file: StoredFile) -> Image:
    return Image(
        **file.columns(),
        dataset_id=staged.dataset_id,
        run_id=staging.run_id,
        **facts_of(image, staging.author_id),
        sequence=staging.sequence(image),
        identity=image.identity,
        identity_by=staging.author_id if image.identity else None,
        faces=sum(face.kind == "face" for face in image.instances),
    )


def facts_of(image: LabelledImage, author_id: int) -> dict[str, Any]:
    """Where a picture stands by its instances, why (word for word), and who has accepted that nothing is in it."""
    accepted_empty = image.state == ImageState.ACCEPTED and not image.instances
    looked_at = ImageState.ACCEPTED if accepted_empty else ImageState.EMPTY
    without = ImageState.NEW if image.state == ImageState.NEW else looked_at
    return {
        "state": state_of({_review(face) for face in image.instances}) if image.instances else without,
        "reason": verbatim(image.reason).to_json() if image.reason else None,
        "empty_by": author_id if accepted_empty else None,
    }


def _review(face: LabelledInstance) -> Review:
    """How far a face or person is reviewed; where an export of before does not say, a human's points are imported."""
    if face.review is not None:
        return Review(face.review)
    return Review.IMPORTED if face.points_source == Source.HUMAN else Review.OPEN


def _instance(staging: Staging, staged: StagedDataset, image_id: int, face: LabelledInstance) -> Instance:
    five = face.five_points
    return Instance(
        dataset_id=staged.dataset_id,
        image_id=image_id,
        kind=face.kind,
        **sides(face.box),
        score=face.score,
        origin=face.origin,
        box_source=_box_source(face),
        run_id=staging.run_id,
        author_id=staging.author_id if face.origin == Source.HUMAN else None,
        five_points=None if five is None else five.astype("<f4").tobytes(),
    )


def _box_source(face: LabelledInstance) -> str:
    """Where a box comes from; where an export of before does not say, as its origin says."""
    usual = {str(Source.MODEL): BoxSource.DETECTOR, str(Source.HUMAN): BoxSource.DRAWN}
    return face.box_source or usual.get(face.origin, BoxSource.FILE)


def _stage_points(
    staging: Staging, instances: Sequence[int], faces: Sequence[LabelledInstance], *, session: Session
) -> None:
    numbered = list(zip(instances, faces, strict=True))
    began = [row for number, face in numbered if (row := _began(staging, number, face)) is not None]
    starts = dict(zip((row.instance_id for row in began), insert_rows(began, session=session), strict=True))
    rows = []
    for number, face in numbered:
        if face.keypoints is not None:
            row = _points(staging, number, face, face.keypoints, _review(face), face.points_model)
            row.start_id = row.base_id = starts.get(number)
            rows.append(row)
    revisions = insert_rows(rows, session=session)
    change_rows(
        Instance,
        [{"row": row.instance_id, "revision_id": number} for row, number in zip(rows, revisions, strict=True)],
        session=session,
    )


def _began(staging: Staging, instance_id: int, face: LabelledInstance) -> KeypointRevision | None:
    """What work in progress began from; where an export does not say, from the points for which nobody vouches."""
    if face.keypoints is None or face.vouched is None:
        return None
    if face.began is not None:
        began = face.began
        return _points(staging, instance_id, face, began.keypoints, Review(began.review), began.points_model)
    unvouched = face.keypoints.only(~face.vouched)
    return _points(staging, instance_id, face, unvouched, Review.OPEN) if unvouched.visibility.any() else None


def _points(
    staging: Staging,
    instance_id: int,
    face: LabelledInstance,
    keypoints: Keypoints,
    review: Review,
    model: str | None = None,
) -> KeypointRevision:
    assert face.skeleton is not None  # points come whole, or reading them fails
    return KeypointRevision(
        instance_id=instance_id,
        skeleton=face.skeleton,
        points=keypoints.to_bytes(),
        source=Source.MODEL if review == Review.OPEN else Source.HUMAN,
        review=review,
        author_id=None if review == Review.OPEN else staging.author_id,
        model_version_id=staging.models[model] if model else None,
        note=message("edits.imported").to_json(),
    )


def _stage_owners(
    staging: Staging,
    staged: StagedDataset,
    instances: Sequence[int],
    faces: Sequence[LabelledInstance],
    *,
    session: Session,
) -> None:
    rows = []
    for number, face in zip(instances, faces, strict=True):
        staged.apart.extend((number, key) for key in face.not_people)
        if face.track is not None:
            staged.tracks.setdefault(face.track, []).append(number)
        if face.person is not None:
            human = face.person_source == "human"
            rows.append(
                Assignment(
                    instance_id=number,
                    dataset_id=staged.dataset_id,
                    person_id=staged.people[face.person],
                    source=Source.HUMAN if human else Source.MODEL,
                    author_id=staging.author_id if human else None,
                    run_id=staging.run_id,
                )
            )
    insert_rows(rows, session=session)


def sweep_staged(workspace: Workspace, run_id: int) -> None:
    """Take away, a batch a transaction, what a run has staged, and what was left of runs that are over."""
    with reading(workspace.engine) as session:
        going_on = select(Run.id).where(col(Run.state).in_((RunState.QUEUED, RunState.RUNNING)), Run.id != run_id)
        left = session.exec(
            select(Dataset.id).where(col(Dataset.staged_by).is_not(None), col(Dataset.staged_by).not_in(going_on))
        ).all()
    for dataset_id in left:
        _sweep(workspace, dataset_id)


def _sweep(workspace: Workspace, dataset_id: int) -> None:
    for kind in (Video, Image, Person):
        while True:
            with writing(workspace.engine) as session:
                ids = session.exec(select(kind.id).where(kind.dataset_id == dataset_id).limit(_SWEPT)).all()
                table = cast(Table, kind.__table__)  # type: ignore[union-attr]
                session.connection().execute(delete(table).where(table.c.id.in_(ids)))
            if len(ids) < _SWEPT:
                break
            sleep(_PAUSE)
    with writing(workspace.engine) as session:
        session.connection().execute(delete(Dataset).where(col(Dataset.id) == dataset_id))
