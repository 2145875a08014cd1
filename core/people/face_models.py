"""The three models that see faces, together: where they are, where their points are, who they look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from core.foundation.arrays import Boxes, Keypoints
from core.foundation.stopwatch import spent_on
from core.foundation.workspace import Workspace
from core.models import load_detector, load_encoder, load_landmarker, usual_landmarker
from core.models.faces.interfaces import Detector, Encoder, Landmarker, LocatedPoints, Model, located
from db.writes.models import ensure_model_version

# Indices of face68 whose means are the five points of a detector: eyes, nose tip, mouth corners.
_FIVE = ((36, 37, 38, 39, 40, 41), (42, 43, 44, 45, 46, 47), (30,), (48,), (54,))


@dataclass(frozen=True)
class FaceAnalysis:
    """The faces of one picture: N boxes, N sets of 68 points with their doubt, (N, D) float32 embeddings of unit
    length."""

    boxes: Boxes
    landmarks: Sequence[LocatedPoints]
    vectors: NDArray[np.float32]


@dataclass(frozen=True)
class FaceModels:
    """A detector, a landmarker and an encoder, loaded."""

    detector: Detector
    landmarker: Landmarker
    encoder: Encoder

    @classmethod
    def load(cls, workspace: Workspace, encoder: str | None = None) -> FaceModels:
        """Load what the settings name (or another encoder).

        Raises
        ------
        MissingWeights, BadWeights
            If a model's file is absent or damaged.
        """
        chosen = workspace.settings
        return cls(
            load_detector(chosen.detector, chosen.device, workspace.weights),
            load_landmarker(usual_landmarker(chosen.landmarker, workspace.weights), chosen.device, workspace.weights),
            load_encoder(encoder or chosen.encoder, chosen.device, workspace.weights),
        )

    def analyse(self, pictures: Sequence[NDArray[np.uint8]]) -> list[FaceAnalysis]:
        """Find, landmark and embed the faces of (H, W, 3) uint8 RGB pictures; embeddings go through in one batch."""
        if not pictures:
            return []
        with spent_on("detection"):
            detected = self.detector.detect(pictures)
        landmarks = [
            located(self.landmarker, pixels, boxes.corners) for pixels, boxes in zip(pictures, detected, strict=True)
        ]
        crops = [
            self.encoder.crop(pixels, corners, five)
            for pixels, boxes in zip(pictures, detected, strict=True)
            for corners, five in zip(boxes.corners, boxes.five_points, strict=True)
        ]
        vectors = self.embed(crops)
        ends = np.cumsum([len(boxes) for boxes in detected])[:-1]
        parts = np.split(vectors, ends)
        return [FaceAnalysis(*row) for row in zip(detected, landmarks, parts, strict=True)]

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, D) float32 of what `Encoder.crop` made; (0, D) for none."""
        with spent_on("embedding"):
            return self.encoder.embed(crops) if crops else np.zeros((0, self.encoder.dimension), np.float32)

    def versions(self, *, session: Session) -> tuple[int, int, int]:
        """The ids that rows of the detector, the landmarker and the encoder are stored under."""
        return (
            _version(self.detector, "detector", session=session),
            _version(self.landmarker, "landmarks", session=session),
            _version(self.encoder, "encoder", session=session),
        )


def _version(model: Model, kind: str, *, session: Session) -> int:
    return ensure_model_version(model.name, kind, model.weights_sha256, dict(model.settings), session=session)


def five_points(landmarks: Keypoints) -> NDArray[np.float32]:
    """(5, 2) float32 eyes, nose tip and mouth corners out of 68 points, for a face that a human drew."""
    return np.stack([landmarks.points[list(rows)].mean(axis=0) for rows in _FIVE]).astype(np.float32)
