"""dlib's 68 points, and those of the face mesh where the head is turned or the two disagree.

dlib's trees are the better ones on faces that look into the camera and fail on others; the mesh follows a head until it
is in profile. How far they are apart is the doubt of a point.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Keypoints, Uncertainty
from core.models.faces.dlib_landmarks import Dlib68Landmarker
from core.models.faces.face_mesh import FaceMesh, Mesh
from core.models.faces.interfaces import LocatedPoints
from core.models.weights import sha256_of_all

# On labelled real faces (the table in the README) dlib's mean error grows from 1.6 % of the diagonal, where the two are
# less than 4 % apart on average, to 9.0 % where they are more; the mesh stays at 2.4 and 3.5 %.
_TURNED: Final = 35.0  # degrees, as the mesh sees them
_APART: Final = 0.04  # mean distance of the two, in diagonals of the face
_LEAST_SCORE: Final = 0.5  # from which the mesh says that it sees a face
# A point whose two places are d diagonals apart has the confidence exp(-d / 0.08): about the share of such points that
# lie within 3 % of the diagonal of the truth (0.95, 0.87, 0.73, 0.63, 0.51, 0.23 at d of .005, .015, .025, .04, .075,
# .15).
_FADING: Final = 0.08


class DlibMeshLandmarker:
    """A landmarker that states its doubt, see `core.models.faces.interfaces.DoubtingLandmarker`."""

    name = "dlib-mesh"

    def __init__(self, dlib68: Path, face_mesh: Path) -> None:
        """Load both; errors as `Dlib68Landmarker` and `FaceMesh`."""
        self._dlib, self._mesh = Dlib68Landmarker(dlib68), FaceMesh(face_mesh)
        self.weights_sha256 = sha256_of_all([dlib68, face_mesh])
        rule: dict[str, object] = {"turned": _TURNED, "apart": _APART, "score": _LEAST_SCORE, "fading": _FADING}
        rule["doubt"] = "half the distance"
        self.settings: dict[str, object] = {"dlib": self._dlib.settings, "mesh": self._mesh.settings, "rule": rule}

    def locate(
        self, image: NDArray[np.uint8], corners: NDArray, sources: Sequence[str] | None = None
    ) -> list[Keypoints]:
        """68 points of every face, all visible, with a confidence each; parameters as `Dlib68Landmarker.locate`."""
        return [points for points, _ in self.estimate(image, corners, sources)]

    def estimate(
        self, image: NDArray[np.uint8], corners: NDArray, sources: Sequence[str] | None = None
    ) -> list[LocatedPoints]:
        """As `locate`, with how far dlib and the mesh disagree about each point."""
        boxes = np.asarray(corners, np.float64).reshape(-1, 4)
        by_dlib = self._dlib.locate(image, boxes, sources)
        meshes = [self._mesh.look(image, box) for box in boxes]
        return [
            (better_of(points.points, mesh), disagreement(points.points, mesh))
            for points, mesh in zip(by_dlib, meshes, strict=True)
        ]


def better_of(by_dlib: NDArray, mesh: Mesh) -> Keypoints:
    """The better of both for one face, with the confidence that follows from how far apart they are.

    Parameters
    ----------
    by_dlib
        (68, 2) pixels.
    mesh
        Of the same face.
    """
    by_mesh = mesh.face68()
    apart = distances(by_dlib, by_mesh)
    sees = mesh.score >= _LEAST_SCORE
    takes_mesh = sees and (mesh.turned >= _TURNED or float(apart.mean()) > _APART)
    return Keypoints.of(by_mesh if takes_mesh else by_dlib, confidence=np.exp(-apart / _FADING))


def disagreement(by_dlib: NDArray, mesh: Mesh) -> Uncertainty:
    """The doubt of each of (68, 2) points: the RMS distance of the two places from their mean, half of that between
    them, in pixels."""
    half = np.hypot(*(np.asarray(by_dlib, np.float64) - mesh.face68()).T) / 2
    unknown = np.full(len(half), np.nan, np.float32)
    return Uncertainty(unknown, half.astype(np.float32), unknown)


def distances(by_dlib: NDArray, by_mesh: NDArray) -> Floats:
    """(68,) how far apart two sets of (68, 2) points are, in diagonals of the box around the second."""
    diagonal = np.hypot(*(by_mesh.max(axis=0) - by_mesh.min(axis=0)))
    between = np.hypot(*(np.asarray(by_dlib, np.float64) - by_mesh).T)
    return np.asarray(between / max(diagonal, 1e-6))
