"""Where everything on a drawn face is: one set of curves that is both painted and recorded as the 68 landmarks.

The landmarks follow the 68-point scheme of C. Sagonas et al., "300 Faces in-the-Wild Challenge" (ICCV Workshops
2013). Curves live in millimetres on the face (x to the picture's right, y down, z towards the viewer, the origin
between the pupils); a `View` turns and scales them into the picture by weak perspective.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from core.drawn.people import Identity
from core.foundation.arrays import Floats

RIGHT, LEFT = -1, 1  # the person's right is at the picture's left


@dataclass(frozen=True)
class Expression:
    """What moves: `mouth_open` and `brow_raise` in mm, `smile` 0 to 1, `eye_open` as a factor, `gaze` in mm."""

    mouth_open: float = 0.0
    smile: float = 0.0
    brow_raise: float = 0.0
    eye_open: float = 1.0
    gaze: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class View:
    """Where the point between the pupils is (pixels), pixels per mm, and the turn of the head in degrees.

    Positive `yaw` turns the nose to the picture's right, positive `pitch` downwards, positive `roll` clockwise.
    """

    centre: tuple[float, float]
    scale: float
    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0

    @cached_property
    def axes(self) -> Floats:
        """(3, 2): where a millimetre along x, y and z goes in the picture, in pixels."""
        cos, sin = (
            [f(math.radians(angle)) for angle in (self.yaw, self.pitch, self.roll)] for f in (math.cos, math.sin)
        )
        turned = np.array([[cos[0], -sin[0] * sin[1]], [0.0, cos[1]], [sin[0], cos[0] * sin[1]]])
        return self.scale * turned @ np.array([[cos[2], sin[2]], [-sin[2], cos[2]]])

    def project(self, points: Floats) -> Floats:
        """(N, 3) mm to (N, 2) pixels."""
        return points @ self.axes + np.array(self.centre)


@dataclass(frozen=True)
class FaceShape:
    """One person's face with one expression, seen in one view; every method gives (N, 2) points in pixels."""

    person: Identity
    expression: Expression
    view: View

    def place(self, xy: ArrayLike, lift: ArrayLike = 0.0) -> Floats:
        """Millimetres on the face's surface, `lift` mm above it, to pixels."""
        flat = np.asarray(xy, np.float64).reshape(-1, 2)
        depth = 10 - 50 * np.minimum(np.abs(flat[:, 0]) / self.person.half_width, 1.3) ** 2 + np.asarray(lift)
        return self.view.project(np.concatenate([flat, depth[:, None]], axis=1))

    def jaw(self, count: int = 17) -> Floats:
        """From the picture's left ear along the chin to the right ear, at equal steps of arc."""
        return self.place(self._jaw_mm(count))

    def _jaw_mm(self, count: int) -> Floats:
        angle = np.linspace(0, np.pi, 401)
        person, drop = self.person, 0.75 * self.expression.mouth_open
        x = -person.half_width * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** person.jaw
        y = (person.chin + 1) * np.sin(angle) ** 1.05
        curve = np.stack([x, y + drop * np.clip(y / person.chin, 0, 1) ** 2], axis=1)
        arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
        at = np.linspace(0, arc[-1], count)
        return np.stack([np.interp(at, arc, curve[:, 0]), np.interp(at, arc, curve[:, 1])], axis=1)

    def skull(self, grow: float = 0.0) -> Floats:
        """The head's outline with the forehead, `grow` mm larger above the ears; a closed polygon."""
        angle = np.linspace(0, np.pi, 41)[1:-1]
        half, crown = self.person.half_width + grow, self.person.crown + grow
        top = np.stack([half * np.cos(angle) * 1.01, -(crown + 0) * np.sin(angle) ** 0.82], axis=1)
        return self.place(np.concatenate([self._jaw_mm(61), top]))

    def lids(self, side: int, at: ArrayLike, grow: float = 0.0) -> tuple[Floats, Floats]:
        """Upper and lower lid at shares `at` from the outer (0) to the inner corner (1)."""
        person = self.person
        u = np.asarray(at, np.float64)
        half = person.eye_width / 2 + grow
        x = side * (person.eye_gap + half * (1 - 2 * u))
        corners = -person.eye_tilt * (1 - u)
        bow = np.sin(np.pi * np.clip(u, 0, 1)) ** 0.72
        height = person.eye_open * self.expression.eye_open + grow
        upper = np.stack([x, corners - 0.6 * height * bow * (1 + 0.12 * (u - 0.5))], axis=1)
        lower = np.stack([x, corners + 0.4 * height * bow * (1 - 0.2 * (u - 0.5))], axis=1)
        return self.place(upper), self.place(lower)

    def brow(self, side: int, at: ArrayLike, edge: float = 0.0) -> Floats:
        """The brow's line at shares `at` from its outer (0) to its inner end (1); its upper edge for `edge` 1."""
        person = self.person
        t = np.asarray(at, np.float64)
        outer, inner = person.eye_gap + 0.5 * person.eye_width + 10, person.eye_gap - 0.5 * person.eye_width - 6
        edge_lift = 0.5 * edge * person.brow_weight * np.sin(np.pi * t)
        lift = edge_lift + person.brow_height + self.expression.brow_raise * (0.7 + 0.3 * t)
        bow = person.brow_arch * np.sin(np.pi * np.clip(t, 0, 1) ** 0.8) + person.brow_tilt * (0.5 - t)
        return self.place(np.stack([side * (outer + (inner - outer) * t), -lift - bow + 3 * (1 - t) ** 2], axis=1), 2)

    def nose(self) -> tuple[Floats, Floats]:
        """Bridge (4 points from between the eyes to the tip) and base (5 points, left to right in the picture)."""
        person = self.person
        length, half = person.nose_length, person.nose_width
        bridge_y = np.array([0.0, 0.27, 0.53, 0.79]) * length
        bridge = self.place(np.stack([np.zeros(4), bridge_y], axis=1), [2, 8, 15, 21])
        base_x = np.array([-0.64, -0.33, 0.0, 0.33, 0.64]) * half
        base_y = length + np.array([-1.2, 0.9, 2.2, 0.9, -1.2])
        return bridge, self.place(np.stack([base_x, base_y], axis=1), [3, 7, 10, 7, 3])

    def lips(self) -> dict[str, Floats]:
        """`outer_top`, `outer_bottom`, `inner_top`, `inner_bottom`: dense lines, left to right in the picture."""
        person, move = self.person, self.expression
        u = np.linspace(-1, 1, 41)
        half = person.mouth_width * (1 + 0.12 * move.smile - 0.004 * move.mouth_open)
        bow = 1 - np.abs(u) ** 2.2
        corners = person.mouth + 0.25 * move.mouth_open - 4.5 * move.smile * np.abs(u) ** 2
        cupid = 1 - 0.22 * np.exp(-((u / 0.14) ** 2))
        opening = move.mouth_open * np.clip(1 - np.abs(u / 0.9) ** 2.5, 0, 1)
        line = {
            "outer_top": corners - 0.25 * opening - person.upper_lip * bow * cupid,
            "inner_top": corners - 0.25 * opening - 0.15 * bow,
            "inner_bottom": corners + 0.75 * opening + 0.15 * bow,
            "outer_bottom": corners + 0.75 * opening + person.lower_lip * bow,
        }
        return {name: self.place(np.stack([u * half, y], axis=1), 3) for name, y in line.items()}

    def landmarks(self) -> Floats:
        """The 68 landmarks, (68, 2) pixels, in the order of `core.foundation.skeletons.FACE68`."""
        brow_at = np.linspace(0.05, 0.94, 5)
        brows = [self.brow(RIGHT, brow_at, 1.0), self.brow(LEFT, brow_at[::-1], 1.0)]
        bridge, base = self.nose()
        return np.concatenate([self.jaw(), *brows, bridge, base, *self._eyes(), self._mouth()])

    def _eyes(self) -> tuple[Floats, Floats]:
        at = np.array([0.0, 0.3, 0.7, 1.0])
        right_top, right_bottom = self.lids(RIGHT, at)
        left_top, left_bottom = self.lids(LEFT, at)
        right = np.concatenate([right_top, right_bottom[[2, 1]]])
        return right, np.concatenate([left_top[::-1], left_bottom[[1, 2]]])

    def _mouth(self) -> Floats:
        lips = self.lips()
        # Shares of the half width (-1 to 1) as places in the 41 samples.
        top, bottom, inner = (np.round((np.array(at) + 1) * 20).astype(int) for at in _LIP_PLACES)
        return np.concatenate(
            [
                lips["outer_top"][top],
                lips["outer_bottom"][bottom],
                lips["inner_top"][inner],
                lips["inner_bottom"][inner[3:0:-1]],
            ]
        )


_LIP_PLACES = ((-1, -0.6, -0.25, 0, 0.25, 0.6, 1), (0.6, 0.3, 0, -0.3, -0.6), (-0.85, -0.3, 0, 0.3, 0.85))
