"""Reads of what was seen in the frames of clips."""

from collections import Counter
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, case
from sqlmodel import Session, and_, col, func, select

from db.batching import id_batches
from db.queries.library import belongs_to
from db.tables import (
    PROPOSAL,
    TRUTH,
    Assignment,
    Embedding,
    Exclusion,
    Frame,
    Image,
    Instance,
    KeypointRevision,
    ModelVersion,
    Person,
    Prediction,
    Review,
    Source,
    Track,
    Video,
)

_IN_NO_TRACK: Final = and_(
    col(Instance.image_id) == col(Frame.image_id), col(Instance.track_id).is_(None), ~col(Instance.removed)
)


class ClipFrame(NamedTuple):
    """A frame of a video: its place in the clip, its picture (None if removed or excluded), its scene; all from 0."""

    frame: int
    path: str | None
    scene: int = 0


class SeenInstance(NamedTuple):
    """An instance in a frame, with its box, whose it is, and packed points (`Keypoints.to_bytes`).

    `predicted` is None where the version has not looked, `human` where the points are neither accepted nor imported.
    """

    frame: int
    instance_id: int
    box: tuple[float, float, float, float]
    person_id: int | None
    skeleton: str
    predicted: bytes
    human: bytes | None


def clip_frames(video_id: int, left_out: Set[int], *, session: Session) -> list[ClipFrame]:
    """The frames of a video in their order, those `left_out` (ids of pictures) as if they were removed."""
    rows = session.exec(
        select(Frame.index, Image.path, Image.id, Frame.scene)
        .join(Image, col(Image.id) == col(Frame.image_id), isouter=True)
        .where(Frame.video_id == video_id)
        .order_by(col(Frame.index))
    ).all()
    return [ClipFrame(index, None if image in left_out else path, scene) for index, path, image, scene in rows]


def seen_instances(video_id: int, version_id: int, *, session: Session) -> list[SeenInstance]:
    """What a version predicted in the frames of a video, with the true points beside, by frame and instance."""
    by_human = and_(
        col(KeypointRevision.id) == col(Instance.revision_id),
        col(KeypointRevision.review).in_(TRUTH),
        col(KeypointRevision.skeleton) == col(Prediction.skeleton),
    )
    rows = session.exec(
        select(Frame.index, Instance, Assignment.person_id, Prediction, KeypointRevision.points)  # type: ignore[call-overload]
        .join(Instance, col(Instance.image_id) == col(Frame.image_id))
        .join(Prediction, col(Prediction.instance_id) == col(Instance.id))
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id), isouter=True)
        .join(KeypointRevision, by_human, isouter=True)
        .where(Frame.video_id == video_id, Prediction.model_version_id == version_id, ~col(Instance.removed))
        .order_by(col(Frame.index), col(Instance.id))
    )
    return [
        SeenInstance(frame, instance.id, instance.box, person, predicted.skeleton, predicted.points, human)
        for frame, instance, person, predicted, human in rows
    ]


def versions_in_videos(dataset_id: int, *, session: Session) -> Sequence[ModelVersion]:
    """Versions that have predicted in a frame of a video of the dataset, the newest first."""
    used = (
        select(Prediction.id)
        .join(Instance, col(Instance.id) == col(Prediction.instance_id))
        .join(Frame, col(Frame.image_id) == col(Instance.image_id))
        .where(Instance.dataset_id == dataset_id, Prediction.model_version_id == ModelVersion.id)
        .exists()
    )
    return session.exec(select(ModelVersion).where(used).order_by(col(ModelVersion.id).desc())).all()


@dataclass(frozen=True)
class FramePicture:
    """A frame's place in its clip and its picture, None where that was removed."""

    index: int
    seconds: float
    image: Image | None


@dataclass(frozen=True)
class FramePoints:
    """Packed points (`core.foundation.arrays.Keypoints.to_bytes`) of one instance in a picture."""

    image_id: int
    instance_id: int
    skeleton: str
    points: bytes


def frame_pictures(video_id: int, *, session: Session) -> list[FramePicture]:
    """The frames of a clip in their order."""
    rows = session.exec(
        select(Frame, Image)
        .outerjoin(Image, col(Frame.image_id) == Image.id)
        .where(Frame.video_id == video_id)
        .order_by(col(Frame.index))
    )
    return [FramePicture(frame.index, frame.seconds, image) for frame, image in rows]


def human_points(video_id: int, *, session: Session) -> list[FramePoints]:
    """The true points in the frames of a clip: the accepted and the imported ones, of each instance that is there."""
    rows = session.exec(
        select(Instance.image_id, Instance.id, KeypointRevision.skeleton, KeypointRevision.points)
        .join(KeypointRevision, col(Instance.revision_id) == KeypointRevision.id)
        .where(_in_clip(video_id), col(KeypointRevision.review).in_(TRUTH), ~col(Instance.removed))
        .order_by(col(Instance.id))
    )
    return [FramePoints(*row) for row in rows]


def predicted_points(video_id: int, model_version_id: int, *, session: Session) -> list[FramePoints]:
    """What a model version predicted in the frames of a clip."""
    rows = session.exec(
        select(Instance.image_id, Instance.id, Prediction.skeleton, Prediction.points)
        .join(Prediction, col(Prediction.instance_id) == Instance.id)
        .where(_in_clip(video_id), Prediction.model_version_id == model_version_id, ~col(Instance.removed))
        .order_by(col(Instance.id))
    )
    return [FramePoints(*row) for row in rows]


def instances_in_clips(video_ids: Collection[int], *, session: Session) -> set[int]:
    """Ids of the instances in the frames of any of these clips."""
    ids: set[int] = set()
    for part in id_batches(video_ids):
        frames = select(Frame.image_id).where(col(Frame.video_id).in_(part))
        ids |= set(session.exec(select(Instance.id).where(col(Instance.image_id).in_(frames), ~col(Instance.removed))))
    return ids


def count_clip_predictions(
    video_id: int, kind: str, model_version_id: int | None, *, session: Session
) -> tuple[int, int]:
    """Of the instances of a kind in the frames of a clip, how many a version has predicted, and how many it has not."""
    known = select(Instance.id).where(_in_clip(video_id), Instance.kind == kind, ~col(Instance.removed))
    every = set(session.exec(known))
    done = select(Prediction.instance_id).where(
        col(Prediction.instance_id).in_(known), Prediction.model_version_id == model_version_id
    )
    predicted = len(set(session.exec(done)))
    return predicted, len(every) - predicted


def _in_clip(video_id: int) -> ColumnElement[bool]:
    return col(Instance.image_id).in_(select(Frame.image_id).where(Frame.video_id == video_id))


class PlacedInstance(NamedTuple):
    """An instance in a frame of a clip, with its box and its track (None if it is in none)."""

    frame: int
    id: int
    kind: str
    box: tuple[float, float, float, float]
    track_id: int | None


def placed_instances(video_id: int, first: int, last: int, *, session: Session) -> list[PlacedInstance]:
    """The instances in the frames of a clip from one to another, both included, by frame and instance."""
    return _placed(and_(Frame.video_id == video_id, col(Frame.index).between(first, last)), session=session)


def frames_not_linked(video_id: int, *, session: Session) -> tuple[int, int] | None:
    """The first and the last frame of a clip with an instance that is in no track; None where all are in one."""
    rows = select(func.min(Frame.index), func.max(Frame.index)).join(Instance, _IN_NO_TRACK)
    first, last = session.exec(rows.where(Frame.video_id == video_id)).one()
    return None if first is None else (first, last)


def clips_not_linked(dataset_id: int | None = None, image_id: int | None = None, *, session: Session) -> Sequence[int]:
    """The clips, of a dataset or of all, that have an instance that is in no track, maybe in that very picture.

    What an import has staged is of none yet: it comes with tracks of its own.
    """
    rows = select(Frame.video_id).join(Video, col(Video.id) == col(Frame.video_id)).join(Instance, _IN_NO_TRACK)
    rows = rows.where(belongs_to(Video.dataset_id, dataset_id))
    if image_id is not None:
        rows = rows.where(Frame.image_id == image_id)
    return session.exec(rows.distinct().order_by(col(Frame.video_id))).all()


def track_instances(track_id: int, *, session: Session) -> list[PlacedInstance]:
    """The instances of a track in the frames of its clip, by frame."""
    own = select(Track.video_id).where(Track.id == track_id).scalar_subquery()
    return _placed(and_(Frame.video_id == own, Instance.track_id == track_id), session=session)


def _placed(which: Any, *, session: Session) -> list[PlacedInstance]:
    sides = (Instance.left, Instance.top, Instance.right, Instance.bottom)
    rows = (
        select(Frame.index, Instance.id, Instance.kind, *sides, Instance.track_id)  # type: ignore[call-overload]
        .join(Instance, col(Instance.image_id) == col(Frame.image_id))
        .where(which, ~col(Instance.removed))
        .order_by(col(Frame.index), col(Instance.id))
    )
    return [
        PlacedInstance(frame, number, kind, (left, top, right, bottom), track)
        for frame, number, kind, left, top, right, bottom, track in session.connection().execute(rows)
    ]


def vectors_in_clip(video_id: int, ids: Sequence[int], *, session: Session) -> dict[int, bytes]:
    """Packed embeddings of instances by their ids, of the encoder that has the most in their clip."""
    count = func.count()
    most = (
        select(Embedding.model_version_id)
        .join(Instance, col(Instance.id) == col(Embedding.instance_id))
        .where(_in_clip(video_id))
        .group_by(col(Embedding.model_version_id))
        .order_by(count.desc(), col(Embedding.model_version_id).desc())
    )
    encoder = session.exec(most.limit(1)).first()
    rows = select(Embedding.instance_id, Embedding.vector).where(
        Embedding.model_version_id == encoder, col(Embedding.instance_id).in_(ids)
    )
    return dict(session.exec(rows).all())


class ClipTrack(NamedTuple):
    """A track of a clip: its number there from 1, its name, and its first and last frame.

    A face is called as most of its instances' person. `frames` counts those it is in, `human` those of them in which a
    human or a file has set points, `truth` those accepted or imported. `title` is what it is called everywhere: its
    name, else its kind and its number among those of its kind.
    """

    id: int
    number: int
    kind: str
    name: str | None
    first: int
    last: int
    frames: int
    human: int
    truth: int
    title: str


def tracks_in_clip(video_id: int, *, session: Session) -> list[ClipTrack]:
    """The tracks of a clip that have an instance, by their first frame."""
    by_human, true = col(KeypointRevision.source) == Source.HUMAN, col(KeypointRevision.review).in_(TRUTH)
    first, seen = func.min(Frame.index), func.count(func.distinct(Frame.index))
    rows = (
        select(  # type: ignore[call-overload]
            Track.id,
            Track.kind,
            Track.name,
            first,
            func.max(Frame.index),
            seen,
            func.count(func.distinct(case((by_human, Frame.index)))),
            func.count(func.distinct(case((true, Frame.index)))),
        )
        .join(Instance, col(Instance.track_id) == col(Track.id))
        .join(Frame, and_(col(Frame.image_id) == col(Instance.image_id), col(Frame.video_id) == col(Track.video_id)))
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id), isouter=True)
        .where(Track.video_id == video_id, ~col(Instance.removed))
        .group_by(col(Track.id))
        .order_by(first, col(Track.id))
    )
    people = _names_of_tracks(video_id, session=session)
    tracks: list[ClipTrack] = []
    of_kind = Counter[str]()
    for number, (track, kind, own, *counts) in enumerate(session.connection().execute(rows), start=1):
        of_kind[kind] += 1
        name = people.get(track, own)
        title = name or f"{kind} {of_kind[kind]}"
        tracks.append(ClipTrack._make((track, number, kind, name, *counts, title)))
    return tracks


def titles_of_instances(video_id: int, *, session: Session) -> dict[int, str]:
    """What the track of each instance of a clip is called, of those that are in one."""
    titles = {track.id: track.title for track in tracks_in_clip(video_id, session=session)}
    rows = select(Instance.id, Track.id).join(Track, col(Track.id) == col(Instance.track_id))
    of_clip = session.exec(rows.where(Track.video_id == video_id))
    return {instance: titles[track] for instance, track in of_clip if track in titles}


def _names_of_tracks(video_id: int, *, session: Session) -> dict[int, str]:
    rows = (
        select(Instance.track_id, Person.name)
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id))
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .join(Track, col(Track.id) == col(Instance.track_id))
        .where(Track.video_id == video_id, ~col(Instance.removed), col(Person.name).is_not(None))
        .group_by(col(Instance.track_id), col(Person.id))
        .order_by(func.count(), col(Person.id).desc())
    )
    return {track: name for track, name in session.exec(rows) if track is not None and name is not None}


class RangeFrame(NamedTuple):
    """A frame of a part of a clip: its place, its scene, and the id of its picture (None where that was removed)."""

    frame: int
    scene: int
    image_id: int | None


def frames_between(video_id: int, first: int, last: int, *, session: Session) -> list[RangeFrame]:
    """The frames of a clip from one to another, both included, in their order."""
    rows = select(Frame.index, Frame.scene, Frame.image_id).where(
        Frame.video_id == video_id, col(Frame.index).between(first, last)
    )
    return [RangeFrame(*row) for row in session.exec(rows.order_by(col(Frame.index)))]


class RangeInstance(NamedTuple):
    """An instance in a frame, with the revision that counts."""

    frame: int
    instance: Instance
    head: KeypointRevision | None


def instances_between(
    video_id: int, first: int, last: int, track_id: int | None = None, *, session: Session
) -> list[RangeInstance]:
    """The instances, of one track or all, in the frames of a part of a clip, by frame and instance."""
    chosen = [col(Frame.video_id) == video_id, col(Frame.index).between(first, last), ~col(Instance.removed)]
    if track_id is not None:
        chosen.append(col(Instance.track_id) == track_id)
    rows = (
        select(Frame.index, Instance, KeypointRevision)
        .join(Instance, col(Instance.image_id) == col(Frame.image_id))
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id), isouter=True)
        .where(*chosen)
        .order_by(col(Frame.index), col(Instance.id))
    )
    return [RangeInstance(*row) for row in session.exec(rows)]


def predicted_between(
    video_id: int, first: int, last: int, track_id: int | None = None, *, session: Session
) -> dict[int, KeypointRevision]:
    """The newest points that a model has predicted of each instance, of one track or all, in a part of a clip.

    What only proposes predicts nothing.
    """
    chosen = [col(Frame.video_id) == video_id, col(Frame.index).between(first, last), ~col(Instance.removed)]
    if track_id is not None:
        chosen.append(col(Instance.track_id) == track_id)
    newest = (
        select(func.max(KeypointRevision.id))
        .select_from(Frame)
        .join(Instance, col(Instance.image_id) == col(Frame.image_id))
        .join(KeypointRevision, col(KeypointRevision.instance_id) == col(Instance.id))
        .where(*chosen, *_predicted())
        .group_by(col(Instance.id))
    )
    rows = session.exec(select(KeypointRevision).where(col(KeypointRevision.id).in_(newest)))
    return {row.instance_id: row for row in rows}


def predicted_of(instance_id: int, *, session: Session) -> KeypointRevision | None:
    """The newest points that a model has predicted of an instance, as `predicted_between`."""
    rows = select(KeypointRevision).where(KeypointRevision.instance_id == instance_id, *_predicted())
    return session.exec(rows.order_by(col(KeypointRevision.id).desc()).limit(1)).first()


def _predicted() -> tuple[ColumnElement[bool], ...]:
    proposers = select(ModelVersion.id).where(ModelVersion.kind == PROPOSAL)
    version = col(KeypointRevision.model_version_id)
    return col(KeypointRevision.review) == Review.OPEN, version.is_not(None), version.not_in(proposers)


class PlaceOfInstance(NamedTuple):
    """The clip and the first frame of it that an instance is in; where it is in several, the clip of its track."""

    video_id: int
    frame: int


def place_of_instance(instance_id: int, *, session: Session) -> PlaceOfInstance | None:
    """Where an instance is; None where it is not there, was removed, or is in no clip."""
    own = case((col(Frame.video_id) == Track.video_id, 0), else_=1)
    rows = (
        select(Frame.video_id, Frame.index)
        .join(Instance, col(Instance.image_id) == col(Frame.image_id))
        .join(Track, col(Track.id) == col(Instance.track_id), isouter=True)
        .where(Instance.id == instance_id, ~col(Instance.removed))
        .order_by(own, col(Frame.video_id), col(Frame.index))
    )
    row = session.exec(rows.limit(1)).first()
    return None if row is None else PlaceOfInstance(*row)


class TimelineFrame(NamedTuple):
    """A frame of a clip: its picture (None where that was removed), its time, and whether it is named as left out."""

    frame: int
    image_id: int | None
    seconds: float
    left_out: bool


def timeline_frames(video_id: int, *, session: Session) -> list[TimelineFrame]:
    """The frames of a clip in their order."""
    named = and_(col(Exclusion.dataset_id) == col(Image.dataset_id), col(Exclusion.name) == col(Image.path))
    rows = (
        select(Frame.index, Frame.image_id, Frame.seconds, col(Exclusion.name).is_not(None))
        .join(Image, col(Image.id) == col(Frame.image_id), isouter=True)
        .join(Exclusion, named, isouter=True)
        .where(Frame.video_id == video_id)
        .order_by(col(Frame.index))
    )
    return [TimelineFrame(*row) for row in session.connection().execute(rows)]


class TrackHead(NamedTuple):
    """The points of a track that count in a frame, packed, whose they are and how far they are reviewed."""

    frame: int
    skeleton: str
    points: bytes
    source: str
    review: str


def heads_of_track(video_id: int, track_id: int, *, session: Session) -> list[TrackHead]:
    """The points that count of a track in the frames of its clip, by frame."""
    rows = (
        select(  # type: ignore[call-overload]
            Frame.index,
            KeypointRevision.skeleton,
            KeypointRevision.points,
            KeypointRevision.source,
            KeypointRevision.review,
        )
        .join(Instance, col(Instance.image_id) == col(Frame.image_id))
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id))
        .where(Frame.video_id == video_id, Instance.track_id == track_id, ~col(Instance.removed))
        .order_by(col(Frame.index), col(Instance.id))
    )
    return [TrackHead(*row) for row in session.connection().execute(rows)]
