"""Small writes about how well faces can be recognised. Each takes the caller's session and never commits."""

from sqlmodel import Session

from db.tables import FaceQuality


def set_quality(quality: FaceQuality, *, session: Session) -> None:
    """Write down the quality of a face, in the place of an older one."""
    session.merge(quality)
