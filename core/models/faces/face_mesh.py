"""MediaPipe's face mesh: 468 points of a face, also where the head is turned away, and the 68 among them.

Kartynnik et al.: Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs, CVPR workshops 2019. The
network looks twice: at the box, and then at the square around its own first answer, turned by the eye corners.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Keypoints
from core.models.tflite import Square, TfliteNetwork

# The mesh's point for each of face68. For every two that change places in a mirror: the pair of points, among all pairs
# of the mesh, that lies nearest to labels of 29 faces in 17 pictures which are not turned far. Chosen on the other
# pictures alone it is 2.6 % of the diagonal from each picture's labels; the list that is usually copied, 2.9 %.
FACE68_IN_MESH: Final = (
    *(127, 234, 132, 215, 172, 136, 149, 176, 152, 400, 378, 365, 397, 435, 361, 454, 356),  # jaw
    *(70, 63, 52, 65, 107, 336, 295, 282, 293, 300),  # brows
    *(168, 197, 5, 4, 75, 99, 2, 328, 305),  # nose
    *(7, 160, 158, 155, 153, 144, 382, 385, 387, 249, 373, 380),  # eyes
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),  # outer lips
    *(62, 38, 13, 268, 292, 317, 14, 87),  # inner lips
)
EYE_CORNERS: Final = (33, 263)  # the outer ones
_EARS: Final = (234, 454)  # where the face ends on both sides

_MARGIN: Final = 1.5  # side of the square, in longer sides of what it is around
_LOOKS: Final = 2


@dataclass(frozen=True)
class Mesh:
    """The mesh of one face.

    Attributes
    ----------
    points
        (468, 3): x and y in pixels of the picture, and z, the depth, in the same unit; nearer is less.
    score
        In [0, 1], how sure it is that a face is there.
    """

    points: Floats
    score: float

    @property
    def turned(self) -> float:
        """By how many degrees the head is turned to a side, 0 where it looks into the camera; never negative."""
        across = self.points[_EARS[1]] - self.points[_EARS[0]]
        return float(np.degrees(np.arctan2(abs(across[2]), np.hypot(*across[:2]))))

    def face68(self) -> Floats:
        """(68, 2) pixels."""
        return np.asarray(self.points[list(FACE68_IN_MESH), :2])


class FaceMesh:
    """The network, loaded."""

    def __init__(self, weights: Path) -> None:
        """Load it; errors as `core.models.tflite.TfliteNetwork`."""
        self._network = TfliteNetwork(weights)
        self.weights_sha256 = self._network.weights_sha256
        self.settings: dict[str, object] = {"margin": _MARGIN, "looks": _LOOKS, "face68": list(FACE68_IN_MESH)}

    def look(self, image: NDArray[np.uint8], corners: NDArray) -> Mesh:
        """The mesh of the face in a box, (4,) pixels of an (H, W, 3) uint8 RGB picture."""
        square = around(np.asarray(corners, np.float64).reshape(2, 2))
        for _ in range(_LOOKS):
            mesh = self._in(image, square)
            eyes = np.diff(mesh.points[list(EYE_CORNERS), :2], axis=0)[0]
            square = around(mesh.points[:, :2], float(np.arctan2(eyes[1], eyes[0])))
        return mesh

    def _in(self, image: NDArray[np.uint8], square: Square) -> Mesh:
        side = self._network.side
        numbers, logit = self._network.run(square.cut_out(image, side))
        table = numbers.reshape(-1, 3)
        points = np.column_stack([square.back(table[:, :2], side), table[:, 2] * (square.side / side)])
        return Mesh(points, float(1 / (1 + np.exp(-np.float64(logit[0])))))


def around(points: NDArray, turn: float = 0.0) -> Square:
    """The square around (K, 2) points, turned by so many radians and larger than they are, as the network learned."""
    cos, sin = np.cos(turn), np.sin(turn)
    turned = np.asarray(points, np.float64) @ np.array([[cos, -sin], [sin, cos]])
    low, high = turned.min(axis=0), turned.max(axis=0)
    middle = np.array([[cos, -sin], [sin, cos]]) @ ((low + high) / 2)
    return Square(middle, max(_MARGIN * float((high - low).max()), 1.0), turn)


class FaceMeshLandmarker:
    """A landmarker, see `core.models.faces.interfaces.Landmarker`; it says nothing of single points' confidence."""

    def __init__(self, weights: Path, *, every: bool = False) -> None:
        """Load the network; with `every` it gives all 468 points, else 68. Errors as `FaceMesh`."""
        self.name = "face-mesh-468" if every else "face-mesh"
        self._mesh, self._every = FaceMesh(weights), every
        self.weights_sha256, self.settings = self._mesh.weights_sha256, self._mesh.settings

    def locate(
        self,
        image: NDArray[np.uint8],
        corners: NDArray,
        sources: Sequence[str] | None = None,  # noqa: ARG002  (its second look no longer depends on the box)
    ) -> list[Keypoints]:
        """68 or 468 points of every face, all visible, without a confidence (NaN); boxes are (N, 4) pixels."""
        meshes = [self._mesh.look(image, box) for box in np.asarray(corners, np.float64).reshape(-1, 4)]
        found = [mesh.points[:, :2] if self._every else mesh.face68() for mesh in meshes]
        return [Keypoints.of(points, confidence=np.full(len(points), np.nan)) for points in found]
