"""How far apart people label the same points: the OKS sigmas, measured.

Two datasets with the same pictures, labelled by different people who did not see one another's points, are a double
annotation. Within one dataset there is none: whoever labels second begins from the first one's points.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, NotEnoughData
from core.foundation.geometry import boxes_of, iou, outline_areas
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.metrics.oks import estimate_sigmas
from db.engine import reading
from db.queries.learning.labels import HumanLabel, human_labels

_LEAST_OVERLAP: Final = 0.5  # intersection over union of two people's boxes of one face or body


def measured_sigmas(workspace: Workspace, first: int, second: int, skeleton_name: str) -> dict[str, Any]:
    """The sigma of every point, out of the pictures that two datasets have in common.

    Pictures are the same if their bytes are (SHA-256); a face or person is the same if either's box is the one that
    the other overlaps most, by half at least.

    Parameters
    ----------
    first, second
        Ids of the two datasets.
    skeleton_name
        A key of `core.foundation.skeletons.SKELETONS`.

    Returns
    -------
    dict
        ``skeleton``, ``instances`` (labelled in both), ``points``: for each its ``name``, ``sigma`` (None where nobody
        labelled it twice), ``pairs``, ``in_use`` (the sigma that figures are made with; None where there is none).

    Raises
    ------
    BadInput
        If both are the same dataset.
    NotEnoughData
        If no face or person is labelled in both.
    """
    if first == second:
        raise BadInput("points.two_datasets")
    skeleton = find_skeleton(skeleton_name)
    with reading(workspace.engine) as session:
        pairs = _pairs(*(human_labels(dataset, skeleton.name, session=session) for dataset in (first, second)))
    if not pairs:
        raise NotEnoughData("points.none_in_both", skeleton=skeleton.name)
    mine, theirs = ([pair[side] for pair in pairs] for side in (0, 1))
    (points, seen, _), (again, seen_again, _) = (
        Keypoints.unpack_all([label.revision.points for label in side], len(skeleton)) for side in (mine, theirs)
    )
    boxes = [boxes_of(label.instance for label in side) for side in (mine, theirs)]
    areas = (outline_areas(boxes[0]) + outline_areas(boxes[1])) / 2
    sigmas = estimate_sigmas(points, again, (seen > 0) & (seen_again > 0), areas)
    in_use: Sequence[float | None] = skeleton.sigmas or [None] * len(skeleton)
    rows = zip(skeleton.point_names, sigmas.values.tolist(), sigmas.counts.tolist(), in_use, strict=True)
    return {
        "skeleton": skeleton.name,
        "instances": len(pairs),
        "points": [
            {"name": name, "sigma": sigma if pairs else None, "pairs": pairs, "in_use": used}
            for name, sigma, pairs, used in rows
        ],
    }


def _pairs(first: Sequence[HumanLabel], second: Sequence[HumanLabel]) -> list[tuple[HumanLabel, HumanLabel]]:
    """The labels of the same face or person in the same picture."""
    of_picture: dict[str, tuple[list[HumanLabel], list[HumanLabel]]] = defaultdict(lambda: ([], []))
    for side, labels in enumerate((first, second)):
        for label in labels:
            of_picture[label.image.sha256][side].append(label)
    pairs = []
    for labels, others in of_picture.values():
        if not labels or not others:
            continue
        shares = iou(boxes_of(label.instance for label in labels), boxes_of(label.instance for label in others))
        best = shares.argmax(axis=1)
        for row, column in enumerate(best.tolist()):
            if shares[row, column] >= _LEAST_OVERLAP and shares[:, column].argmax() == row:
                pairs.append((labels[row], others[column]))
    return pairs
