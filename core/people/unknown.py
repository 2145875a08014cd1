"""Who is unknown: faces of people without a name who are seen once, and of nobody; and why they are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.foundation.workspace import Workspace
from core.people.quality import Reason, reason_of
from db.engine import reading
from db.queries.people.ownership import out_of_sight
from db.queries.people.quality import loose_with_quality


@dataclass(frozen=True)
class UnknownFace:
    """A face that is nobody's, or the only one of somebody without a name (`person_id`), and why.

    The figures are those of `core.metrics.face_quality.FaceFigures` and the detection score; None where not known.
    """

    instance_id: int
    person_id: int | None
    reason: Reason
    score: float | None
    sharpness: float | None
    size: float | None
    turned: float | None


def unknown_faces(workspace: Workspace, dataset_id: int) -> list[UnknownFace]:
    """Every unknown face of a dataset, by instance, but those of hidden people.

    One that nobody has measured yet is one that nobody is near.
    """
    with reading(workspace.engine) as session:
        rows = loose_with_quality(dataset_id, session=session)
        hidden = set(out_of_sight(dataset_id, session=session))
    found = []
    for instance, person, score, quality in rows:
        if person in hidden:
            continue
        reason = quality and reason_of(quality, workspace.settings)
        angles = [abs(angle) for angle in (quality.yaw, quality.pitch) if angle is not None] if quality else []
        sharp, size = (quality.sharpness, quality.size) if quality else (None, None)
        turned = max(angles, default=None)
        found.append(UnknownFace(instance, person, reason or Reason.ALONE, score, sharp, size, turned))
    return found


def counted_reasons(faces: Sequence[UnknownFace]) -> dict[Reason, int]:
    """How many faces are unknown for each reason, in the order of the reasons."""
    counts = Counter(face.reason for face in faces)
    return {reason: counts[reason] for reason in Reason}
