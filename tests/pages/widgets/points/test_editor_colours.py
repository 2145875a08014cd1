"""The editor's colours as people see them who lack one kind of cones, simulated."""

import re
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from pages.widgets.points import keypoint_editor

HERE = Path(keypoint_editor.__file__).parent
SCRIPT = (HERE / "colours.js").read_text(encoding="utf-8")
COLOURS = dict(re.findall(r'^  (\w+): "(#[0-9a-f]{6})"', SCRIPT, re.MULTILINE))
SCALE = re.findall(r'"(#[0-9a-f]{6})"', re.search(r"SCALE = \[(.*)\]", SCRIPT)[1])

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
EYES = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
APART = 40  # CIELAB units; a difference of 2 is just seen


def lab(colour, eye):
    """CIELAB of ``#rrggbb`` as an eye sees it: lightness 0 to 100, and two of hue."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    x, y, z = XYZ @ np.clip(EYES[eye] @ linear, 0, 1) / [0.95047, 1.0, 1.08883]
    fx, fy, fz = (np.cbrt(v) if v > (6 / 29) ** 3 else v / (3 * (6 / 29) ** 2) + 4 / 29 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def test_the_simulation_knows_what_a_deuteranope_confuses():
    red, green = lab("#b05050", "deuteranopia"), lab("#6a6a4c", "deuteranopia")
    assert np.linalg.norm(red - green) < 20 < np.linalg.norm(lab("#b05050", "all cones") - lab("#6a6a4c", "all cones"))


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("together", [("model", "human", "low"), ("left", "right", "middle")], ids=["points", "lines"])
def test_what_is_told_apart_by_colour_is_told_apart_by_every_eye(eye, together):
    for one, other in combinations(together, 2):
        distance = np.linalg.norm(lab(COLOURS[one], eye) - lab(COLOURS[other], eye))
        assert distance > APART, (one, other)


@pytest.mark.parametrize("eye", EYES)
def test_more_sure_is_lighter_for_every_eye(eye):
    light = [lab(colour, eye)[0] for colour in SCALE]
    assert all(after > before + 5 for before, after in pairwise(light)), light
    assert light[0] > 30, "seen on a dark picture"


def test_the_page_around_the_picture_has_the_same_colours():
    style = (HERE / "editor.css").read_text(encoding="utf-8")
    for name in ("model", "human", "low"):
        assert f"--{name}: {COLOURS[name]};" in style
