"""Reads about datasets, pictures and clips."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, CompoundSelect, String, and_, literal_column, null, type_coerce, union_all
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, func, or_, select

from db.containing import contains
from db.tables import (
    SET_ASIDE,
    Assignment,
    CaptureTime,
    Dataset,
    Embedding,
    Exclusion,
    Frame,
    GroupPart,
    Image,
    ImagePath,
    ImageState,
    Instance,
    ModelVersion,
    Person,
    Run,
    RunState,
    Scan,
    Video,
)

_LOOK_FOR_PEOPLE = select(ModelVersion.id).where(ModelVersion.kind == "body-detector")


def picture_paths(dataset_id: int, *, session: Session) -> list[tuple[int, str]]:
    """Id and path of every picture, once for each path that it came under."""
    also = select(ImagePath.image_id, ImagePath.path).join(Image, col(Image.id) == col(ImagePath.image_id))
    own = session.exec(select(Image.id, Image.path).where(Image.dataset_id == dataset_id)).all()
    return [*{*own, *session.exec(also.where(Image.dataset_id == dataset_id)).all()}]


def image_of_each_frame(video_id: int, *, session: Session) -> dict[int, int | None]:
    """The picture of each frame of a clip, by the frame's index; None where it was removed."""
    return dict(session.exec(select(Frame.index, Frame.image_id).where(Frame.video_id == video_id)).all())


def excluded_names(dataset_id: int, *, session: Session) -> set[str]:
    """The names on a dataset's list of pictures that nobody should learn from or be measured on."""
    return set(session.exec(select(Exclusion.name).where(Exclusion.dataset_id == dataset_id)))


def count_exclusions(dataset_id: int, *, name_contains: str = "", session: Session) -> int:
    """How many names are left out; with `name_contains`, of those that contain it."""
    rows = select(func.count()).select_from(Exclusion).where(*_listed(dataset_id, name_contains))
    return session.exec(rows).one()


def exclusions_page(
    dataset_id: int, *, name_contains: str = "", offset: int, limit: int, session: Session
) -> Sequence[Exclusion]:
    """One page of the names that are left out, by name."""
    rows = select(Exclusion).where(*_listed(dataset_id, name_contains)).order_by(col(Exclusion.name))
    return session.exec(rows.offset(offset).limit(limit)).all()


def _listed(dataset_id: int, name_contains: str) -> list[ColumnElement[bool]]:
    of_dataset = col(Exclusion.dataset_id) == dataset_id
    return [of_dataset, contains(col(Exclusion.name), name_contains)]


def group_parts(dataset_id: int, *, session: Session) -> dict[str, str]:
    """The part of the split that each group belongs to."""
    return dict(session.exec(select(GroupPart.group, GroupPart.part).where(GroupPart.dataset_id == dataset_id)).all())


@dataclass(frozen=True)
class DatasetCounts:
    """What a dataset holds: pictures, faces that were not removed, people with at least one such face.

    `corrected` counts the pictures all of whose labels are accepted or imported.
    """

    images: int
    faces: int
    people: int
    without_face: int
    failed: int
    corrected: int


def datasets(*, also: int | None = None, session: Session) -> Sequence[Dataset]:
    """Every dataset, by name, but those into which nothing came: whose imports have failed or were cancelled.

    `also` one of these, where somebody who looks at it is to see why.
    """
    return session.exec(select(Dataset).where(*_there(also)).order_by(col(Dataset.name))).all()


def dataset_by_name(name: str, *, session: Session) -> Dataset | None:
    """The dataset of that name, or None; `datasets` has it."""
    return session.exec(select(Dataset).where(Dataset.name == name, *_there())).first()


def _there(also: int | None = None) -> tuple[ColumnElement[bool], ...]:
    """That a dataset can be seen, and that something came into it, or still may, or that it is that one."""
    runs = select(Run.id).where(Run.dataset_id == Dataset.id)
    came_to_something = runs.where(col(Run.state).not_in((RunState.FAILED, RunState.CANCELLED)))
    pictures = select(Image.id).where(Image.dataset_id == Dataset.id)
    something = or_(pictures.exists(), came_to_something.exists(), ~runs.exists(), col(Dataset.id) == also)
    return col(Dataset.staged_by).is_(None), something


def count_scanned(run_id: int, *, session: Session) -> int:
    """How many pictures a run has looked at."""
    return session.exec(select(func.count()).where(col(Scan.run_id) == run_id)).one()


def count_images(dataset_id: int, *, session: Session) -> int:
    """How many pictures a dataset holds."""
    return session.exec(select(func.count()).where(col(Image.dataset_id) == dataset_id)).one()


def belongs_to(column: object, dataset_id: int | None) -> ColumnElement[bool]:
    """That a row is of a dataset; with None, of any that can be seen."""
    if dataset_id is not None:
        return col(column) == dataset_id
    return col(column).in_(select(Dataset.id).where(col(Dataset.staged_by).is_(None)))


def states(dataset_id: int | None, *, session: Session) -> dict[str, int]:
    """How many pictures of a dataset are in each state; with None, of all datasets together."""
    rows = select(Image.state, func.count()).group_by(col(Image.state))
    return dict(session.exec(rows.where(belongs_to(Image.dataset_id, dataset_id))).all())


def revisions(dataset_id: int | None, *, session: Session) -> tuple[tuple[int, int], ...]:
    """The revision of a dataset; with None, that of every one: what is counted of them is kept under."""
    rows = select(Dataset.id, Dataset.revision).where(belongs_to(Dataset.id, dataset_id)).order_by(col(Dataset.id))
    return tuple((number, revision) for number, revision in session.exec(rows))


def counts(dataset_id: int | None, *, by_state: Mapping[str, int] | None = None, session: Session) -> DatasetCounts:
    """What a dataset holds; with None, all of them together. `by_state` is what `states` gave, where that is known."""
    by_state = states(dataset_id, session=session) if by_state is None else by_state
    return DatasetCounts(
        images=sum(by_state.values()),
        faces=count_instances(dataset_id, "face", session=session),
        people=count_people(dataset_id, session=session),
        without_face=count_without_face(dataset_id, session=session),
        failed=by_state.get(ImageState.FAILED, 0),
        corrected=by_state.get(ImageState.ACCEPTED, 0) + by_state.get(ImageState.IMPORTED, 0),
    )


def count_instances(dataset_id: int | None, kind: str, *, session: Session) -> int:
    """How many faces or persons a dataset (with None, all of them) holds that were not removed."""
    return session.exec(
        select(func.count()).where(
            belongs_to(Instance.dataset_id, dataset_id), col(Instance.kind) == kind, ~col(Instance.removed)
        )
    ).one()


def count_without_face(dataset_id: int | None, *, session: Session) -> int:
    """How many pictures of a dataset (with None, of all) were looked at and hold no face.

    A person seen from behind may be in them; whether somebody has reviewed that does not matter. Where only people were
    looked for, and nobody has reviewed anything, it is not known yet.
    """
    looked_at = col(Image.state).not_in((ImageState.NEW, ImageState.FAILED))
    without = col(Image.faces) == literal_column("0")  # as the index of those few pictures says it
    unreviewed = col(Image.state).in_((ImageState.EMPTY, ImageState.FOUND))
    scans = select(Scan.image_id).where(Scan.image_id == Image.id)
    for_people = scans.where(col(Scan.model_version_id).in_(_LOOK_FOR_PEOPLE)).exists()
    for_faces = scans.where(col(Scan.model_version_id).not_in(_LOOK_FOR_PEOPLE)).exists()
    asked = (belongs_to(Image.dataset_id, dataset_id), without, looked_at, ~and_(unreviewed, for_people, ~for_faces))
    return session.exec(select(func.count()).where(*asked)).one()


@dataclass(frozen=True)
class BodyCounts:
    """What a dataset holds: pictures, people in them that were not removed; of the pictures that were looked at for
    people, how many show nobody and how many could not be looked at."""

    images: int
    bodies: int
    without_body: int
    failed: int


def body_counts(dataset_id: int, *, session: Session) -> BodyCounts:
    """The bodies of a dataset."""
    looked = (
        select(Scan.image_id)
        .join(Image, col(Image.id) == col(Scan.image_id))
        .where(Image.dataset_id == dataset_id, col(Scan.model_version_id).in_(_LOOK_FOR_PEOPLE))
    )
    shows = select(Instance.image_id).where(
        Instance.dataset_id == dataset_id, Instance.kind == "person", ~col(Instance.removed)
    )
    fine = set(session.exec(looked.where(col(Scan.failure).is_(None))).all())
    return BodyCounts(
        images=count_images(dataset_id, session=session),
        bodies=count_instances(dataset_id, "person", session=session),
        without_body=len(fine - set(session.exec(shows).all())),
        failed=len(set(session.exec(looked).all()) - fine),
    )


def incomplete_bodies(dataset_id: int, *, session: Session) -> Sequence[tuple[Instance, Image]]:
    """People in pictures who have no points, those of one picture together."""
    return session.exec(
        select(Instance, Image)
        .join(Image, col(Image.id) == col(Instance.image_id))
        .where(
            Instance.dataset_id == dataset_id,
            Instance.kind == "person",
            ~col(Instance.removed),
            col(Instance.revision_id).is_(None),
        )
        .order_by(col(Instance.image_id), col(Instance.id))
    ).all()


def count_people(dataset_id: int | None, *, named: bool | None = None, session: Session) -> int:
    """How many people a dataset (with None, all of them) holds with at least one face; of them, only (un)named ones."""
    has_face = select(Assignment.instance_id).where(Assignment.person_id == Person.id).exists()
    asked = [] if named is None else [col(Person.name).is_not(None) == named]
    return session.exec(
        select(func.count()).where(belongs_to(Person.dataset_id, dataset_id), col(Person.active), has_face, *asked)
    ).one()


def images_without_scan(dataset_id: int, detector_id: int, run_id: int, *, session: Session) -> Sequence[Image]:
    """Pictures that a detector has not finished, neighbours of one size together; failures of other runs again."""
    scan = Scan.__table__  # type: ignore[attr-defined]
    joined = (scan.c.image_id == col(Image.id)) & (scan.c.model_version_id == detector_id)
    waiting = or_(scan.c.image_id.is_(None), scan.c.failure.is_not(None) & scan.c.run_id.is_distinct_from(run_id))
    return session.exec(
        select(Image)
        .join(scan, joined, isouter=True)
        .where(Image.dataset_id == dataset_id, waiting)
        .order_by(col(Image.width), col(Image.height), col(Image.id))
    ).all()


def pictures_set_aside(dataset_id: int, *, session: Session) -> Sequence[Image]:
    """Pictures at which the process of a run died twice, by path."""
    why = type_coerce(Image.reason, String).startswith(f'{{"code": "{SET_ASIDE}"', autoescape=True)
    chosen = (Image.dataset_id == dataset_id, col(Image.reason).is_not(None), why)  # few have one: there is an index,
    return sorted(session.exec(select(Image).where(*chosen)), key=attrgetter("path"))  # which no ORDER BY may hide


@dataclass(frozen=True)
class ImageFilter:
    """Which pictures of a dataset to show: a state, a part of the path, a person; empty means all."""

    state: str | None = None
    path_contains: str = ""
    person_id: int | None = None


def conditions(dataset_id: int, chosen: ImageFilter) -> list[ColumnElement[bool]]:
    """What the filter asks of a picture."""
    asked: list[ColumnElement[bool]] = [col(Image.dataset_id) == dataset_id]
    if chosen.state:
        asked.append(col(Image.state) == chosen.state)
    if chosen.path_contains:
        asked.append(contains(col(Image.path), chosen.path_contains))
    if chosen.person_id is not None:
        shown = (
            select(Instance.image_id)
            .join(Assignment, col(Assignment.instance_id) == col(Instance.id))
            .where(Assignment.person_id == chosen.person_id, ~col(Instance.removed))
        )
        asked.append(col(Image.id).in_(shown))
    return asked


def count_filtered(dataset_id: int, chosen: ImageFilter, *, session: Session) -> int:
    """How many pictures the filter leaves."""
    return session.exec(select(func.count()).select_from(Image).where(*conditions(dataset_id, chosen))).one()


def page_of_images(
    dataset_id: int, chosen: ImageFilter, *, offset: int, limit: int, session: Session
) -> Sequence[Image]:
    """One page of pictures, ordered by path."""
    statement = select(Image).where(*conditions(dataset_id, chosen)).order_by(col(Image.path), col(Image.id))
    return session.exec(statement.offset(offset).limit(limit)).all()


@dataclass(frozen=True)
class ClipEntry:
    """A clip in a list of pictures, with those of its frames that the list is of.

    `first` is the first of them, `states` how many of them are in each state.
    """

    video: Video
    first: Image
    states: dict[str, int]

    @property
    def frames(self) -> int:
        """How many of its frames the list is of."""
        return sum(self.states.values())


def count_entries(dataset_id: int, chosen: ImageFilter, *, session: Session) -> int:
    """How many pictures and clips the filter leaves: a clip counts once."""
    if not _has_clips(dataset_id, session=session):
        return count_filtered(dataset_id, chosen, session=session)
    return session.exec(select(func.count()).select_from(_entries(dataset_id, chosen).subquery())).one()


def page_of_entries(
    dataset_id: int, chosen: ImageFilter, *, offset: int, limit: int, session: Session
) -> list[Image | ClipEntry]:
    """One page of pictures and clips, ordered by path."""
    if not _has_clips(dataset_id, session=session):
        return [*page_of_images(dataset_id, chosen, offset=offset, limit=limit, session=session)]
    entries = _entries(dataset_id, chosen).order_by("path", "image_id").offset(offset).limit(limit)
    rows = session.connection().execute(entries).all()
    ids = [image_id for _, image_id, video_id in rows if video_id is None]
    images = {image.id: image for image in session.exec(select(Image).where(col(Image.id).in_(ids)))}
    return [
        images[image_id] if video_id is None else _clip_entry(video_id, dataset_id, chosen, session=session)
        for _, image_id, video_id in rows
    ]


def _has_clips(dataset_id: int, *, session: Session) -> bool:
    """Whether there is a clip: without one no picture has to be told from a frame, and an index has the answer."""
    return session.exec(select(Video.id).where(Video.dataset_id == dataset_id).limit(1)).first() is not None


def _entries(dataset_id: int, chosen: ImageFilter) -> CompoundSelect:
    """Path, picture and clip of each: of a clip there is no picture, of a picture no clip."""
    asked = conditions(dataset_id, chosen)
    clips = select(Video.path).where(Video.dataset_id == dataset_id)
    alone = or_(col(Image.sequence).is_(None), col(Image.sequence).not_in(clips))
    columns: Any = col(Image.path).label("path"), col(Image.id).label("image_id"), null().label("video_id")
    shown = select(Frame.id).join(Image, col(Image.id) == col(Frame.image_id))
    some = shown.where(Frame.video_id == Video.id, *asked).exists()
    of_clips = sa_select(col(Video.path), null(), col(Video.id)).where(col(Video.dataset_id) == dataset_id, some)
    return union_all(sa_select(*columns).where(*asked, alone), of_clips)


def _clip_entry(video_id: int, dataset_id: int, chosen: ImageFilter, *, session: Session) -> ClipEntry:
    shown = (
        select(Image.state, func.count(), func.min(Frame.index))
        .join(Frame, col(Frame.image_id) == col(Image.id))
        .where(Frame.video_id == video_id, *conditions(dataset_id, chosen))
        .group_by(col(Image.state))
    )
    rows = session.exec(shown).all()
    number = min(first for _, _, first in rows)
    frame = select(Image).join(Frame, col(Frame.image_id) == col(Image.id))
    first = session.exec(frame.where(Frame.video_id == video_id, Frame.index == number)).one()
    return ClipEntry(session.get_one(Video, video_id), first, {state: count for state, count, _ in rows})


def fits(image: Image, chosen: ImageFilter, *, session: Session) -> bool:
    """Whether a picture is among those of a filter."""
    asked = conditions(image.dataset_id, chosen)
    return session.exec(select(Image.id).where(Image.id == image.id, *asked)).first() is not None


def incomplete_faces(dataset_id: int, encoder_id: int, *, session: Session) -> Sequence[tuple[Instance, Image]]:
    """Faces without points or without an embedding of this encoder version, those of one picture together."""
    embedded = (
        select(Embedding.instance_id)
        .where(Embedding.instance_id == Instance.id, Embedding.model_version_id == encoder_id)
        .exists()
    )
    return session.exec(
        select(Instance, Image)
        .join(Image, col(Image.id) == col(Instance.image_id))
        .where(
            Instance.dataset_id == dataset_id,
            Instance.kind == "face",
            ~col(Instance.removed),
            or_(col(Instance.revision_id).is_(None), ~embedded),
        )
        .order_by(col(Instance.image_id), col(Instance.id))
    ).all()


def videos(dataset_id: int, *, session: Session) -> Sequence[Video]:
    """The videos of a dataset, by path."""
    return session.exec(select(Video).where(Video.dataset_id == dataset_id).order_by(col(Video.path))).all()


def count_frames_of(video_id: int, *, session: Session) -> int:
    """How many frames of a clip are in the store, with those whose picture was removed."""
    return session.exec(select(func.count()).where(col(Frame.video_id) == video_id)).one()


def clip_files(video: Video, *, session: Session) -> list[str]:
    """What is said (`original`) of where a clip and its frames are."""
    frames = select(Image.original).join(Frame, col(Frame.image_id) == Image.id).where(Frame.video_id == video.id)
    return [video.original, *session.exec(frames).all()]


def all_clips(dataset_id: int | None = None, *, session: Session) -> list[Video]:
    """The clips of a dataset, or of every one, by path."""
    chosen = select(Video).where(belongs_to(Video.dataset_id, dataset_id))
    return list(session.exec(chosen.order_by(Video.path, col(Video.dataset_id))))


def clips_named(name: str, dataset_id: int | None = None, *, session: Session) -> list[Video]:
    """The clips that `name` may mean, in a dataset or in any, by path.

    In each dataset it is the clip of that path; else the only one whose file has that name, with or without its ending;
    else all whose files have it.
    """
    of_dataset: dict[int, list[Video]] = defaultdict(list)
    known = all_clips(dataset_id, session=session)
    for video in known:
        of_dataset[video.dataset_id].append(video)
    meant = {video.id for clips in of_dataset.values() for video in _meant(clips, name)}
    return [video for video in known if video.id in meant]


def _meant(clips: Sequence[Video], name: str) -> list[Video]:
    ways: tuple[Callable[[PurePosixPath], str], ...] = (str, lambda path: path.name, lambda path: path.stem)
    named = [[video for video in clips if way(PurePosixPath(video.path)) == name] for way in ways]
    return next((videos for videos in named if len(videos) == 1), next(filter(None, named), []))


class UndatedPicture(NamedTuple):
    """A picture of which nobody has looked yet when it was taken: its id, path, and what says where its file is."""

    id: int
    path: str
    original: str


def pictures_without_capture_time(dataset_id: int | None, *, session: Session) -> list[UndatedPicture]:
    """The pictures of a dataset (with None, of all that can be seen) whose times nobody has read, by id."""
    looked_at = select(CaptureTime.image_id).where(CaptureTime.image_id == Image.id).exists()
    waiting = select(Image.id, Image.path, Image.original).where(belongs_to(Image.dataset_id, dataset_id), ~looked_at)
    return [UndatedPicture(*row) for row in session.exec(waiting.order_by(col(Image.id)))]
