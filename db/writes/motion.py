"""Small writes about what goes through the frames of a clip. Each takes the caller's session and never commits."""

from collections.abc import Mapping

from sqlalchemy import bindparam, update
from sqlmodel import Session

from db.tables import Instance, Track

_INSTANCES = Instance.__table__  # type: ignore[attr-defined]


def add_track(dataset_id: int, video_id: int, kind: str, name: str | None = None, *, session: Session) -> int:
    """The id of a new track."""
    track = Track(dataset_id=dataset_id, video_id=video_id, kind=kind, name=name)
    session.add(track)
    session.flush()
    return track.id


def set_tracks(tracks: Mapping[int, int | None], *, session: Session) -> None:
    """Put instances into tracks. No figure is made of tracks, so none that is kept becomes old."""
    session.flush()
    if tracks:
        one = update(_INSTANCES).where(_INSTANCES.c.id == bindparam("row")).values(track_id=bindparam("track"))
        rows = [{"row": instance, "track": track} for instance, track in tracks.items()]
        session.connection().execute(one, rows)
        session.expire_all()
