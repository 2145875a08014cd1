"""Full-body figures with their 24 points: which are visible is read off the map of what covers what."""

from typing import Final

import numpy as np

from core.drawn import body
from core.drawn.backgrounds import BACKGROUNDS, develop, paint_ground_shadow
from core.drawn.body import Pose
from core.drawn.canvas import Canvas
from core.drawn.face_shape import LEFT, RIGHT, FaceShape
from core.drawn.figure_paint import INDEX, Figure, Outfit, faces_viewer, paint_figure
from core.drawn.hair import covers_ears
from core.drawn.people import Identity
from core.drawn.portraits import CLOTHES, face_truth
from core.drawn.truth import DrawnInstance, DrawnPicture
from core.foundation.arrays import ABSENT, HIDDEN, VISIBLE, Floats, Keypoints

_HEAD_POINTS: Final = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
_OWNERS: Final = {
    "shoulder": ("torso", "upper_arm"),
    "elbow": ("upper_arm", "forearm"),
    "wrist": ("forearm", "hand"),
    "palm": ("hand",),
    "hip": ("torso", "thigh"),
    "knee": ("thigh", "shin"),
    "ankle": ("shin", "foot"),
    "instep": ("foot",),
    "neck": ("neck", "torso"),
    "spine1": ("torso",),
    "spine2": ("torso",),
}
_TRUNK_SIDES: Final = {"shoulder": body.SHOULDER, "hip": body.HIP}


def _head_points(shape: FaceShape) -> Floats:
    """Nose, left eye, right eye, left ear, right ear: (5, 2) pixels."""
    person = shape.person
    eyes = [np.concatenate(shape.lids(side, [0.0, 0.3, 0.7, 1.0])).mean(axis=0) for side in (LEFT, RIGHT)]
    ears = shape.place([[side * (person.half_width + 3.0), 18.0] for side in (LEFT, RIGHT)])
    return np.concatenate([shape.nose()[0][3:4], eyes, ears])


def _figure_truth(figure: Figure, name: str | None) -> DrawnInstance:
    """The 24 points with their visibility, and the box of everything painted."""
    points = figure.flat.copy()
    points[[INDEX[name] for name in _HEAD_POINTS]] = _head_points(figure.head())
    seen = np.array([_visibility(figure, joint, points[i]) for joint, i in INDEX.items()], np.uint8)
    rows, columns = np.nonzero(figure.parts)
    extent = (columns.min(), rows.min(), columns.max(), rows.max())
    present = points[seen > ABSENT]
    low = np.minimum(extent[:2], present.min(axis=0))
    high = np.maximum(extent[2:], present.max(axis=0))
    box = np.concatenate([low, high]).astype(np.float32)
    return DrawnInstance("person", name, box, Keypoints.of(points, seen), "body24")


def _visibility(figure: Figure, joint: str, point: Floats) -> int:
    height, width = figure.parts.shape
    column, row = round(float(point[0])), round(float(point[1]))
    if not (0 <= column < width and 0 <= row < height):
        return ABSENT
    top = next((part for part, number in figure.numbers.items() if number == figure.parts[row, column]), "")
    if joint in _HEAD_POINTS:
        covered = joint.endswith("ear") and covers_ears(figure.person.hair)
        front = faces_viewer(figure) or joint.endswith("ear")
        return VISIBLE if front and not covered and top == "head" else HIDDEN
    side, _, kind = joint.rpartition("_")
    owners = {f"{side}_{part}" if side and part != "torso" else part for part in _OWNERS[kind]}
    if kind in _TRUNK_SIDES and figure.space[INDEX[joint], 2] < -0.8 * _TRUNK_SIDES[kind]:
        owners.discard("torso")  # at the far side of a trunk that is seen from the side
    return VISIBLE if top in owners else HIDDEN


def draw_figure(
    pose: Pose,
    rng: np.random.Generator,
    identity: Identity,
    size: tuple[int, int] = (640, 720),
    *,
    name: str = "figure.jpg",
    person: str | None = None,
    background: str = "park",
) -> DrawnPicture:
    """Draw one full figure with its 24 points, and its face with 68 where it shows.

    Parameters
    ----------
    pose
        One of `POSES` or another.
    identity
        Who.
    rng, size, name, person, background
        As in `draw_portrait`.
    """
    width, height = size
    canvas = Canvas(width, height)
    BACKGROUNDS[background](canvas, rng)
    colours = rng.choice(len(CLOTHES), 2, replace=False)
    outfit = Outfit(
        CLOTHES[colours[0]], CLOTHES[colours[1]], (52, 48, 54), bool(rng.random() < 0.4), bool(rng.random() < 0.7)
    )
    scale = pose.zoom * height / 2050
    lowest = float(np.nanmax(body.joints(pose)[:, 1])) + 45 + pose.lift
    ground = height * 0.93
    origin = np.array([width * rng.uniform(0.47, 0.53), ground + pose.rise * height - lowest * scale])
    paint_ground_shadow(canvas, (origin[0], ground + pose.rise * height), 300 * scale)
    figure = Figure(canvas, pose, identity, outfit, scale, origin, float(rng.uniform(-1, 1)))
    paint_figure(figure)
    instances = [_figure_truth(figure, person)]
    if faces_viewer(figure):
        instances.append(face_truth(person, figure.head()))
    photo = develop(canvas, rng, warmth=float(rng.uniform(-0.04, 0.05)), gain=1.0, blur=0.4, noise=1.5)
    return DrawnPicture(name, photo, tuple(instances))
