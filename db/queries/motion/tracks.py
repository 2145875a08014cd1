"""Reads of the tracks of clips."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import case
from sqlmodel import Session, and_, col, func, select

from db.queries.library import belongs_to
from db.queries.motion.seen import in_clip
from db.tables import TRUTH, Assignment, Embedding, Frame, Instance, KeypointRevision, Person, Source, Track, Video

_IN_NO_TRACK: Final = and_(
    col(Instance.image_id) == col(Frame.image_id), col(Instance.track_id).is_(None), ~col(Instance.removed)
)


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
        .where(in_clip(video_id))
        .group_by(col(Embedding.model_version_id))
        .order_by(count.desc(), col(Embedding.model_version_id).desc())
    )
    encoder = session.exec(most.limit(1)).first()
    rows = select(Embedding.instance_id, Embedding.vector).where(
        Embedding.model_version_id == encoder, col(Embedding.instance_id).in_(ids)
    )
    return dict(session.exec(rows).all())


class ClipTrack(NamedTuple):
    """A track of a clip: its number there from 1 in the order of making, its name, and its first and last frame.

    A face is called as most of its instances' person. `frames` counts those it is in, `human` those of them in which a
    human or a file has set points, `truth` those accepted or imported. `title` is what it is called everywhere: its
    name, else its kind and its number among those of its kind. What is cut off or drawn takes the next number.
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
    people, numbers = _names_of_tracks(video_id, session=session), _numbers_of_tracks(video_id, session=session)
    tracks: list[ClipTrack] = []
    for track, kind, own, *counts in session.connection().execute(rows):
        number, of_kind = numbers[track]
        name = people.get(track, own)
        tracks.append(ClipTrack._make((track, number, kind, name, *counts, name or f"{kind} {of_kind}")))
    return tracks


def titles_of_instances(video_id: int, *, session: Session) -> dict[int, str]:
    """What the track of each instance of a clip is called, of those that are in one."""
    titles = {track.id: track.title for track in tracks_in_clip(video_id, session=session)}
    rows = select(Instance.id, Track.id).join(Track, col(Track.id) == col(Instance.track_id))
    of_clip = session.exec(rows.where(Track.video_id == video_id))
    return {instance: titles[track] for instance, track in of_clip if track in titles}


def _numbers_of_tracks(video_id: int, *, session: Session) -> dict[int, tuple[int, int]]:
    """The number of every track of a clip and that among those of its kind; those without an instance keep theirs."""
    made = session.exec(select(Track.id, Track.kind).where(Track.video_id == video_id).order_by(col(Track.id))).all()
    of_kind = Counter[str]()
    numbers = {}
    for number, (track, kind) in enumerate(made, start=1):
        of_kind[kind] += 1
        numbers[track] = number, of_kind[kind]
    return numbers


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
