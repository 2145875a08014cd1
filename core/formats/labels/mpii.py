"""MPII Human Pose as its JSON is handed round (http://human-pose.mpi-inf.mpg.de, the annotations of HRNet and mmpose).

A list with an object for each person: ``image`` (the file's name), ``joints`` (16 of x, y) and ``joints_vis`` (0:
absent). The order of the joints is fixed and no file names it. The first pixel counts as 1 (the tools are Matlab's), so
1 is subtracted. ``center`` and ``scale`` are a guess at the person, no box of it: the points' own box is taken.
"""

from typing import Any, Final

import numpy as np

from core.formats.labels.point_names import map_points
from core.formats.labels.rows import LabelFile, LabelledRow, posix, text_of
from core.formats.labels.values import numbers_of
from core.formats.records import Record, parse_json, shortened
from core.foundation.arrays import ABSENT, VISIBLE, Floats, Keypoints
from core.foundation.errors import BadInput, UnreadableLabels
from core.foundation.messages import message
from core.foundation.skeletons import Skeleton

FORMAT: Final = "mpii-json"
KEYS: Final = ('"joints"', '"joints_vis"', '"image"')
_FIRST_PIXEL: Final = 1.0
_LEG: Final = ("ankle", "knee", "hip")
_ARM: Final = ("wrist", "elbow", "shoulder")
JOINTS: Final = (
    *(f"right {part}" for part in _LEG),
    *(f"left {part}" for part in reversed(_LEG)),
    *("pelvis", "thorax", "upper neck", "head top"),
    *(f"right {part}" for part in _ARM),
    *(f"left {part}" for part in reversed(_ARM)),
)


def read(name: str, content: bytes, skeleton: Skeleton) -> LabelFile:
    """Read every person; parameters as `core.formats.labels.pts.read`.

    Raises
    ------
    UnreadableLabels
        If it is no JSON or no list, or the skeleton shares too few points with MPII.
    """
    try:
        people = parse_json(text_of(name, content), not_a_number=True)
    except (ValueError, RecursionError) as error:
        raise UnreadableLabels("labels.not_json", of=name, reason=error) from error
    if not isinstance(people, list):
        raise UnreadableLabels("labels.other_kind", of=name, wanted=message("labels.a_list"))
    try:
        places = map_points(JOINTS, skeleton)
    except BadInput as error:
        raise UnreadableLabels.saying(error.message.within(name)) from error
    file = LabelFile(FORMAT)
    for i, person in enumerate(people):
        place = f"[{i}]"
        try:
            table = places.ordered(_joints(person, f"{name}: {place}"), len(skeleton))
        except UnreadableLabels as error:
            file.skipped.append((place, error.message.nowhere()))
            continue
        if not table[:, 2].any():
            file.leave_out("without points")
            continue
        keypoints = Keypoints.of(table[:, :2], table[:, 2])
        file.rows.append(LabelledRow(posix(person["image"]), keypoints, skeleton.name, doubts=places.doubts))
    return file


def _joints(person: Any, place: str) -> Floats:
    """(16, 3) x, y in our pixels and visibility of a person with a picture."""
    if not isinstance(person, dict):
        raise UnreadableLabels("labels.no_entry", of=place, value=shortened(person))
    record = Record(person, place)
    record.text("image")
    flat = [value for joint in record.sequence("joints") for value in (joint if isinstance(joint, list) else [joint])]
    points, seen = numbers_of(record, "joints", flat), numbers_of(record, "joints_vis", record.sequence("joints_vis"))
    if len(points) != 2 * len(JOINTS) or len(seen) != len(JOINTS):
        raise record.wrong("labels.mpii_joints", count=len(points) // 2, seen=len(seen), wanted=len(JOINTS))
    places = points.reshape(-1, 2) - _FIRST_PIXEL
    there = (seen > 0) & np.isfinite(places).all(axis=1)
    return np.column_stack([places, np.where(there, VISIBLE, ABSENT)])
