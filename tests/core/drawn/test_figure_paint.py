"""The map of a figure says what lies over what."""

import numpy as np
import pytest

from core.drawn.body import POSES, Pose
from core.drawn.canvas import Canvas
from core.drawn.figure_paint import INDEX, Figure, Outfit, faces_viewer, paint_figure
from core.drawn.people import PEOPLE

OUTFIT = Outfit((200, 40, 40), (40, 40, 200), (20, 20, 20), True, True)


def figure(pose: Pose, person: str = "felix") -> Figure:
    made = Figure(Canvas(200, 260), pose, PEOPLE[person], OUTFIT, 0.13, np.array([100.0, 130.0]), 0.5)
    paint_figure(made)
    return made


def part_at(painted: Figure, joint: str) -> str:
    column, row = np.round(painted.flat[INDEX[joint]]).astype(int)
    return next(part for part, number in painted.numbers.items() if number == painted.parts[row, column])


def test_an_upright_figure_has_every_part_where_its_joints_are():
    upright = figure(Pose(0, 0))
    assert {part_at(upright, f"{side}_knee").split("_")[0] for side in ("left", "right")} == {"left", "right"}
    assert part_at(upright, "spine1") == "torso"
    assert set(upright.numbers) >= {"torso", "neck", "head", "left_hand", "right_foot"}
    assert (upright.parts == 0).any(), "the map should be empty beside the figure"


def test_what_is_nearer_covers_what_is_farther():
    """Forearms crossed before the chest lie over the trunk, behind the back they lie under it."""
    before = Pose(0, 0, limbs={f"{side}_forearm": (60, -60) for side in ("left", "right")})
    assert part_at(figure(before), "left_wrist") in {"left_forearm", "left_hand", "right_forearm", "right_hand"}
    assert part_at(figure(POSES["hands-behind"]), "left_wrist") == "torso"


def test_clothes_are_painted_in_the_colours_of_the_outfit():
    painted = figure(Pose(0, 0))
    photo = painted.canvas.develop()
    shirt, trousers = (photo[painted.parts == painted.numbers[part]].mean(axis=0) for part in ("torso", "left_thigh"))
    assert shirt[0] > 2 * shirt[2]
    assert trousers[2] > 2 * trousers[0]


@pytest.mark.parametrize(("head", "shows"), [(0, True), (-25, True), (180, False), (-150, False)])
def test_the_face_shows_where_the_head_faces_the_viewer(head, shows):
    painted = figure(Pose(0, head))
    assert faces_viewer(painted) is shows


def test_a_mark_keeps_its_number():
    blank = Figure(Canvas(20, 20), Pose(0, 0), PEOPLE["ada"], OUTFIT, 0.01, np.zeros(2), 0.0)
    square = np.array([[2.0, 2], [8, 2], [8, 8], [2, 8]])
    blank.mark("hand", square)
    blank.mark("head", square + 10)
    blank.mark("hand", square + np.array([10.0, 0]))
    assert blank.numbers == {"hand": 1, "head": 2}
    assert (blank.parts[5, 5], blank.parts[15, 15], blank.parts[5, 15], blank.parts[0, 0]) == (1, 2, 1, 0)
