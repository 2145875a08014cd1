"""Reads of a whole dataset for an export, in batches of pictures; and of the exports there were."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, or_, select

from db.batching import id_batches
from db.queries.people.ownership import separations
from db.tables import (
    Assignment,
    Exclusion,
    Export,
    Frame,
    Image,
    ImagePath,
    Instance,
    KeypointRevision,
    ModelUse,
    ModelVersion,
    Person,
    Review,
    Run,
    SkippedInput,
    User,
    Video,
)

_BATCH = 1000


class ExportedInstance(NamedTuple):
    """An instance with the revision that counts, the one that work in progress began from, and its assignment; any of
    them may be missing.

    `not_people` are the people of whom a human said that the face is not theirs.
    """

    instance: Instance
    revision: KeypointRevision | None
    start: KeypointRevision | None
    assignment: Assignment | None
    not_people: tuple[int, ...]


def picture_order(dataset_id: int, *, session: Session) -> Sequence[tuple[int, str]]:
    """Id and path of every picture, in the order of the paths."""
    rows = select(Image.id, Image.path).where(Image.dataset_id == dataset_id)
    return session.exec(rows.order_by(col(Image.path), col(Image.id))).all()


def assigned_people(dataset_id: int, *, session: Session) -> Sequence[tuple[int, int]]:
    """Picture and person of every face that is somebody's, in the order in which the faces were found."""
    rows = select(Instance.image_id, Assignment.person_id).join(
        Assignment, col(Assignment.instance_id) == col(Instance.id)
    )
    return session.exec(rows.where(Instance.dataset_id == dataset_id).order_by(col(Instance.id))).all()


def pictures_with_instances(dataset_id: int, *, session: Session) -> Iterator[tuple[Image, Sequence[ExportedInstance]]]:
    """Every picture in the order of the paths, each with its instances, also those that were removed."""
    wanted = [image_id for image_id, _ in picture_order(dataset_id, session=session)]
    apart: dict[int, list[int]] = defaultdict(list)
    for instance_id, person_id in sorted(separations(dataset_id, session=session)):
        apart[instance_id].append(person_id)
    for start in range(0, len(wanted), _BATCH):
        part = wanted[start : start + _BATCH]
        images = {image.id: image for image in session.exec(select(Image).where(col(Image.id).in_(part)))}
        instances = _instances(part, apart, session=session)
        for image_id in part:
            yield images[image_id], instances[image_id]
        session.expunge_all()


def _instances(
    image_ids: Sequence[int], apart: Mapping[int, Sequence[int]], *, session: Session
) -> dict[int, list[ExportedInstance]]:
    start = aliased(KeypointRevision)
    rows = session.exec(
        select(Instance, KeypointRevision, start, Assignment)
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id), isouter=True)
        .join(start, col(start.id) == col(KeypointRevision.start_id), isouter=True)
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id), isouter=True)
        .where(col(Instance.image_id).in_(image_ids))
        .order_by(col(Instance.id))
    )
    of_image: dict[int, list[ExportedInstance]] = defaultdict(list)
    for instance, revision, began, assignment in rows:
        others = tuple(apart.get(instance.id, ()))
        of_image[instance.image_id].append(ExportedInstance(instance, revision, began, assignment, others))
    return of_image


def count_reviewed(dataset_id: int, reviews: Collection[Review], *, session: Session) -> int:
    """How many instances have points that are reviewed so far."""
    rows = (
        select(func.count())
        .select_from(Instance)
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed), col(KeypointRevision.review).in_(reviews))
    )
    return session.exec(rows).one()


class RestoreCounts(NamedTuple):
    """What an import of an export brought: faces and bodies, how many have points, and whose they are."""

    instances: int
    points: int
    people: int


def count_restored(dataset_id: int, run_id: int, *, session: Session) -> RestoreCounts:
    """What a run has brought into a dataset, of an export."""
    people = select(func.count(col(Assignment.person_id).distinct()))
    whose = people.where(Assignment.dataset_id == dataset_id, Assignment.run_id == run_id)
    found = select(func.count(), func.count(col(Instance.revision_id))).select_from(Instance)
    ours = found.where(Instance.dataset_id == dataset_id, Instance.run_id == run_id, ~col(Instance.removed))
    return RestoreCounts(*session.exec(ours).one(), session.exec(whose).one())


def clips_with_frames(dataset_id: int, *, session: Session) -> list[tuple[Video, list[Frame]]]:
    """Every clip of a dataset by path, with its frames in their order."""
    clips = session.exec(select(Video).where(Video.dataset_id == dataset_id).order_by(col(Video.path))).all()
    of_clip: dict[int, list[Frame]] = {clip.id: [] for clip in clips}
    frames = select(Frame).join(Video, col(Video.id) == col(Frame.video_id)).where(Video.dataset_id == dataset_id)
    for frame in session.exec(frames.order_by(col(Frame.index))):
        of_clip[frame.video_id].append(frame)
    return [(clip, of_clip[clip.id]) for clip in clips]


def exclusions(dataset_id: int, *, session: Session) -> Sequence[Exclusion]:
    """Every picture that nobody should learn from, by name."""
    return session.exec(select(Exclusion).where(Exclusion.dataset_id == dataset_id).order_by(col(Exclusion.name))).all()


def active_people(dataset_id: int, *, session: Session) -> Sequence[Person]:
    """Every active person of a dataset."""
    return session.exec(select(Person).where(Person.dataset_id == dataset_id, col(Person.active))).all()


def used_models(dataset_id: int, *, session: Session) -> Sequence[ModelVersion]:
    """Every model version whose output the dataset holds."""
    return session.exec(
        select(ModelVersion)
        .join(ModelUse, col(ModelUse.model_version_id) == col(ModelVersion.id))
        .where(ModelUse.dataset_id == dataset_id)
        .order_by(col(ModelVersion.id))
    ).all()


def skipped_inputs(dataset_id: int, *, session: Session) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """Path and reason (a message) of every input that the dataset's imports could not use and that came in no later."""
    # What an import says about a picture that it took in itself (a restored "not held by this format") stays true.
    another = or_(col(Image.run_id) != col(SkippedInput.run_id), col(Image.path) != col(SkippedInput.path))
    came_in = (
        select(ImagePath.path)
        .join(Image, col(Image.id) == col(ImagePath.image_id))
        .where(Image.dataset_id == dataset_id, ImagePath.path == SkippedInput.path, another)
        .exists()
    )
    return session.exec(
        select(SkippedInput.path, SkippedInput.reason)
        .join(Run, col(Run.id) == col(SkippedInput.run_id))
        .where(Run.dataset_id == dataset_id, Run.kind == "import", ~came_in)
        .distinct()
        .order_by(col(SkippedInput.path))
    ).all()


def count_exports(dataset_id: int, *, session: Session) -> int:
    """How many exports of a dataset were written."""
    return session.exec(select(func.count()).where(col(Export.dataset_id) == dataset_id)).one()


def past_exports(
    dataset_id: int, *, offset: int = 0, limit: int = 20, session: Session
) -> Sequence[tuple[Export, str]]:
    """One page of a dataset's exports, newest first, each with its author's name."""
    return session.exec(
        select(Export, User.name)
        .join(User, col(User.id) == col(Export.author_id))
        .where(Export.dataset_id == dataset_id)
        .order_by(col(Export.id).desc())
        .offset(offset)
        .limit(limit)
    ).all()


def people_named(dataset_id: int, names: Iterable[str], *, session: Session) -> dict[str, int]:
    """The active people of a dataset that have these names, by name."""
    return {
        name: number
        for part in id_batches(names)
        for name, number in session.exec(
            select(Person.name, Person.id).where(
                Person.dataset_id == dataset_id, col(Person.active), col(Person.name).in_(part)
            )
        )
        if name is not None
    }
