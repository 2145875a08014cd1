"""Reads of how well faces can be recognised."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from db.tables import FaceQuality, Image, Instance, KeypointRevision, Source


def qualities(dataset_id: int, *, session: Session) -> dict[int, FaceQuality]:
    """The quality of every face of a dataset that was measured, by instance."""
    rows = session.exec(
        select(FaceQuality)
        .join(Instance, col(Instance.id) == col(FaceQuality.instance_id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed))
    )
    return {row.instance_id: row for row in rows}


def unmeasured_faces(dataset_id: int, *, session: Session) -> Sequence[tuple[Instance, Image]]:
    """Faces whose quality is not known, those of one picture together."""
    measured = select(FaceQuality.instance_id).where(FaceQuality.instance_id == Instance.id).exists()
    return session.exec(
        select(Instance, Image)
        .join(Image, col(Image.id) == col(Instance.image_id))
        .where(Instance.dataset_id == dataset_id, Instance.kind == "face", ~col(Instance.removed), ~measured)
        .order_by(col(Instance.image_id), col(Instance.id))
    ).all()


def machine_points(instances: Sequence[int], *, session: Session) -> dict[int, bytes]:
    """The packed 68 points of those instances whose points that count are a model's."""
    rows = session.exec(
        select(Instance.id, KeypointRevision.points)
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id))
        .where(
            col(Instance.id).in_(instances),
            KeypointRevision.skeleton == "face68",
            KeypointRevision.source == Source.MODEL,
        )
    )
    return dict(rows.all())
